"""The time before the month: what a port has learned of its trade when the month begins.

Lorries of these days are judged by the port's own targeting, in virtual time, and what it selects is examined and
answered a day later; the gate, the yard and the papers at their counter are left out. Then a model is learned, handed
in, proposed and put in force by two officers, exactly as ``kouan targeting train`` and the desk do it.
"""

import asyncio
from collections import deque
from random import Random

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.learning.boosting import Boosting
from kouan.inspection.examination.examination import Answer, AnswerOutcome
from kouan.inspection.targeting.candidate import Candidate
from kouan.inspection.targeting.looking import lessons
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.training import train
from kouan.proving.month.officers import detectable_pm
from kouan.proving.month.port import MonthPort
from kouan.proving.month.setting import DAY_US
from kouan.proving.month.traders import Traders
from kouan.proving.month.trips import Trip
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue, KouanError
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

ANSWERED_AFTER_US = DAY_US
"""How long after its selection a lorry of the time before is answered for. Our choice: a day, as the bench has it."""

TRAINER = Principal("duty-1", "Duty officer", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
SECOND_OFFICER = Principal("duty-2", "Second duty officer", Agency.CUSTOMS, (Role.DUTY_OFFICER,))


class History:
    """Lives the days before the month, and puts a model in force where there was enough to learn from."""

    def __init__(self, port: MonthPort, traders: Traders, seed: int) -> None:
        """``no_model`` says afterwards why there is no model; None where there is one."""
        self.no_model: str | None = None
        self._port = port
        self._traders = traders
        self._seed = seed
        self._chance = Random(f"before/{seed}")
        self._waiting: deque[tuple[int, CandidateRecord, Trip]] = deque()

    async def live(self, trips: list[Trip]) -> None:
        """Live one day's lorries: each is judged when its papers are complete, its result is known a day later."""
        for trip in sorted(trips, key=lambda each: (each.shipment.at, each.number)):
            await self._answers(until=trip.shipment.at)
            await self.until(trip.shipment.at)
            record = await self._port.targeting.targeting.judge(candidate_of(trip))
            self._traders.seen(trip, looked=record.source is not None)
            if record.source is not None:
                self._waiting.append((self._port.clock.now() + ANSWERED_AFTER_US, record, trip))

    async def _answers(self, until: int) -> None:
        """Let customs answer for what was selected a day ago."""
        while self._waiting and self._waiting[0][0] <= until:
            due, record, trip = self._waiting.popleft()
            await self.until(due)
            await self._answer(record, trip)

    async def learn(self) -> None:
        """Learn a model of all that was examined, and put it in force as two officers do; ``no_model`` says why not."""
        await self._answers(until=self._port.clock.now())
        desk = self._port.targeting
        examples, recent = await lessons(self._port.records.targeting, 0, self._port.clock.now())
        try:
            artefact = train(examples, recent, Boosting(), self._seed)
        except InvalidValue as error:
            self.no_model = error.rule
            return
        kept = await desk.hand_in(TRAINER, self._port.artefacts.put(artefact.encode()))
        if isinstance(kept, Refused):
            raise KouanError(f"the model was refused: {kept.reasons[0].code}")
        proposed = await desk.propose(TRAINER, kept.version, "learned from the time before")
        if isinstance(proposed, Refused):  # its grade forbids its use, as at any port
            self.no_model = ", ".join(reason.code for reason in artefact.grade.failed)
            return
        if isinstance(await desk.activate(SECOND_OFFICER, kept.version, "its grade was read"), Refused):
            raise KouanError("a proposed model could not be put in force")

    async def rest(self) -> None:
        """Answer, in the month, for what was selected on the last day before it."""
        await self._answers(until=self._port.clock.now() + ANSWERED_AFTER_US)

    async def _answer(self, record: CandidateRecord, trip: Trip) -> None:
        """Let customs answer for a selected lorry, with what an examination would have found of it."""
        false = trip.strategy is not None and self._chance.randrange(1000) < detectable_pm(trip.strategy)
        outcome = AnswerOutcome.KEEP if false else AnswerOutcome.RELEASE
        order = record.order_number or ""
        said = Answer(order, Agency.CUSTOMS, outcome, "customs-1", self._port.clock.now(), "as the sheet says")
        learned = await self._port.targeting.targeting.learned(said)
        if learned is not None:
            await self._port.ledger.append(learned)
        await self._port.control.lift(order, Agency(record.authority), "customs-1", "examined")
        if false:
            trip.found("examination")
            self._traders.caught(trip)

    async def until(self, at: int) -> None:
        """Let time pass until an instant."""
        await asyncio.sleep(max(0.0, (at - self._port.clock.now()) / SECOND))


def candidate_of(trip: Trip) -> Candidate:
    """Return the candidate that a lorry's papers make, as targeting would have read it from them."""
    return Candidate(
        number=f"in-W{trip.number}",
        at=trip.shipment.at,
        direction=Direction.IN,
        consignment=f"W{trip.number}",
        declaration=str(trip.declaration),
        plate=trip.plate,
        carrier=trip.shipment.carrier,
        importer=trip.importer,
        exporter=trip.shipment.exporter,
        agent=trip.shipment.agent,
        route=trip.shipment.route,
        hs_code=trip.code,
        goods=trip.goods,
        gross_kg=trip.declared_kg,
        value_fen=trip.value_fen,
        lines=1,
    )
