"""Inspectors at the bays: drivers come when they are called, officers do each step and report, agencies answer."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind, ControlOrder
from kouan.inspection.examination.examination import (
    PRESENT,
    Answer,
    AnswerOutcome,
    Ask,
    Examination,
    Found,
    Outcome,
    Report,
    Step,
)
from kouan.inspection.steps import StepKind
from kouan.proving.month.lots import Lots
from kouan.proving.month.port import MonthPort
from kouan.proving.month.trips import Strategy, Trip
from kouan.vocabulary.verdict import Refused

NO_SHOW_PM = 20
"""Drivers in per mille that do not come when they are called. Our choice."""

STRAYS = 0.35
"""As ``bench_bays.traffic``: how far the work strays from its planned minutes."""

DRIVE_S, THINKS_S, SENT_BACK_S = (120.0, 480.0), (60.0, 600.0), (3600.0, 14_400.0)
OVERREACH_PM = 200
"""Examinations in per mille in which somebody tries to answer for another agency, and is refused. Our choice."""

PROFILED_PM = 40
"""Lorries in per mille that fit some profile of the agencies, besides targeting. Our choice."""

OWN_ORDERS_PM: Mapping[tuple[Agency, ControlKind], int] = {
    (Agency.BORDER_INSPECTION, ControlKind.EXAMINE): 500,
    (Agency.CUSTOMS, ControlKind.SCAN): 400,
    (Agency.SITE, ControlKind.EXAMINE): 150,
}
"""How many of these each agency places an order on, in per mille: profiles overlap. Our choice."""

FINDS_PM: Mapping[Strategy, Mapping[StepKind, int]] = {
    Strategy.UNDER_WEIGHT: {StepKind.QUANTITY: 900, StepKind.WEIGHT: 950, StepKind.SCAN: 500},
    Strategy.MISDECLARED_GOODS: {StepKind.QUANTITY: 900, StepKind.SCAN: 400, StepKind.APPEARANCE: 300},
    Strategy.PROBING: {StepKind.QUANTITY: 900, StepKind.SCAN: 400, StepKind.APPEARANCE: 300},
    Strategy.IMITATION: {StepKind.QUANTITY: 700, StepKind.SCAN: 400},
    Strategy.SPLIT_LOT: {StepKind.QUANTITY: 600},
    Strategy.UNDERVALUED: {StepKind.QUANTITY: 300, StepKind.APPEARANCE: 200, StepKind.DOCUMENTS: 500},
    Strategy.OUT_OF_LIMITS: {StepKind.APPEARANCE: 150},
    Strategy.SWAPPED_CERTIFICATE: {StepKind.DOCUMENTS: 300},
    Strategy.REPEATED_PERMIT: {StepKind.DOCUMENTS: 300},
}
"""How many offences of a kind a step finds, per mille. Our choice."""

Spawn = Callable[[Coroutine[Any, Any, None]], None]

LOOK_S = 120.0
"""Seconds between two looks of the examinations' driver. Our choice: bays are planned in minutes, a month is long."""

LOOKED_AT = (StepKind.APPEARANCE, StepKind.FOREIGN_MATTER, StepKind.QUANTITY, StepKind.SCAN)
"""What is done with a lorry that targeting has selected: customs' examination, and the scan of controlled goods."""

PICTURE = "a" * 64
"""What stands for the SHA-256 of a photograph, which nobody takes here."""


def detectable_pm(strategy: Strategy) -> int:
    """Return how many offences of a kind an examination that targeting asked for finds, per mille."""
    missed = math.prod(1 - FINDS_PM[strategy].get(step, 0) / 1000 for step in LOOKED_AT)
    return round(1000 * (1 - missed))


class Officers:
    """Everybody who works at the bays; ``tried`` counts attempts to speak for another agency, ``refused`` how many."""

    def __init__(self, port: MonthPort, lots: Lots, spawn: Spawn) -> None:
        """``spawn`` runs something beside all else."""
        self.tried = self.refused = self.merged = self.examinations = self.missed = 0
        self.waited_us: list[int] = []
        self.busy_us: dict[str, int] = {}
        self._port = port
        self._lots = lots
        self._trips: dict[str, Trip] = {}
        self._ended: dict[str, asyncio.Future[Examination]] = {}
        self._spawn = spawn
        self._driver = port.examination.driver
        self._wake = asyncio.Event()
        port.examination.examinations.changed = self.changed

    async def drive(self) -> None:
        """Run the real driver of examinations again and again, as long as any goes on."""
        examining = self._port.examination.examinations
        while True:
            await self._driver.step()
            if await examining.going_on():
                await asyncio.sleep(LOOK_S)
                continue
            self._wake.clear()
            await self._wake.wait()

    async def order_own(self, trip: Trip) -> None:
        """Let agencies place orders of their own on a lorry that is announced."""
        if trip.chance.randrange(1000) >= PROFILED_PM:
            return
        for (agency, kind), share_pm in OWN_ORDERS_PM.items():
            if trip.chance.randrange(1000) < share_pm:
                order = ControlOrder(kind, "own profile", plate=trip.plate)
                await self._port.control.place(order, agency, f"{agency.value}-1", f"A-{trip.number}-{agency.value}")

    async def examined(self, trip: Trip, passage: str) -> Examination:
        """Wait until the examination of a diverted lorry has ended, and return it."""
        self._trips[passage] = trip
        ended: asyncio.Future[Examination] = asyncio.get_running_loop().create_future()
        self._ended[passage] = ended
        self._wake.set()
        return await ended

    def changed(self, examination: Examination, what: str) -> None:
        """Follow an examination's durable moves."""
        self._driver.note(examination, what)
        passage = examination.vehicle.passage or ""
        if what == "ordered":
            self.examinations += 1
        if what == "called":
            self._spawn(self._attend(examination, self._trips[passage]))
        if examination.closed_at is not None and passage in self._ended and not self._ended[passage].done():
            self._count(examination)
            self._ended[passage].set_result(examination)

    def _count(self, examination: Examination) -> None:
        self.merged += len({ask.agency for ask in examination.asks}) > 1
        self.missed += examination.no_shows
        arrived, bay = examination.arrived_at, examination.appointment
        if arrived is not None and bay is not None and examination.closed_at is not None:
            self.waited_us.append(arrived - examination.ordered_at)
            self.busy_us[bay.bay] = self.busy_us.get(bay.bay, 0) + examination.closed_at - arrived

    async def _attend(self, called: Examination, trip: Trip) -> None:
        """Bring a called lorry to its bay, do all that is asked of it, and let each agency answer for itself."""
        await asyncio.sleep(trip.chance.uniform(*DRIVE_S))
        if called.appointment is None or trip.chance.randrange(1000) < NO_SHOW_PM:
            return
        examining, number = self._port.examination.examinations, called.number
        if isinstance(await examining.arrive(number, called.appointment.bay, "site-1"), Refused):
            return
        while True:
            one = await examining.find(number)
            if one.state not in PRESENT:
                return  # it has ended, or goes to another bay once it is called there
            step = next((each for each in one.steps if not each.done), None)
            if step is not None:
                await self._step(one, step, trip)
                continue
            open_asks = [ask for ask in one.asks if ask.number not in one.answered]
            if not open_asks:
                await self._kept(one, trip)
                return
            await self._answer(one, open_asks[0], trip)

    async def _step(self, one: Examination, step: Step, trip: Trip) -> None:
        stray = math.exp(trip.chance.gauss(-(STRAYS**2) / 2, STRAYS))
        await asyncio.sleep(step.minutes * 60 * stray / max(1, len(step.present)))
        by_step = {} if trip.strategy is None else FINDS_PM[trip.strategy]
        shows = trip.chance.randrange(1000) < by_step.get(step.kind, 0)
        agency = next(each for each in step.present if each not in [report.agency for report in step.reports])
        seals = {StepKind.OPEN_SEAL: one.seals_now, StepKind.RESEAL: (f"N{trip.number}{one.version}",)}
        said = Report(
            agency, f"{agency.value}-{1 + trip.chance.randrange(4)}", 0, Outcome.ADVERSE if shows else Outcome.CLEAR,
            (Found("not_as_declared"),) if shows else (), (PICTURE,), tuple(seals.get(step.kind, ())),
            trip.tare_kg + trip.true_kg,
        )  # fmt: skip
        await self._port.examination.examinations.report(one.number, step.number, said)
        if shows:
            trip.found("examination")

    async def _answer(self, one: Examination, ask: Ask, trip: Trip) -> None:
        await asyncio.sleep(trip.chance.uniform(*THINKS_S))
        examining = self._port.examination.examinations
        if ask.agency is not Agency.SITE and trip.chance.randrange(1000) < OVERREACH_PM:
            meddling = Answer(ask.number, Agency.SITE, AnswerOutcome.RELEASE, "site-1", 0, "in the way")
            self.tried += 1
            self.refused += isinstance(await examining.answer(one.number, meddling, stepped_up=True), Refused)
        mine = [step for step in one.steps if ask.number in step.asks]
        clear = all(step.clear for step in mine)
        outcome = AnswerOutcome.RELEASE if clear else AnswerOutcome.KEEP
        said = Answer(ask.number, ask.agency, outcome, f"{ask.agency.value}-1", 0, "as the steps show")
        await examining.answer(one.number, said, stepped_up=True)
        if clear and StepKind.RADIATION in ask.steps:
            await examining.confirm(one.number, ask.number, ask.agency, f"{ask.agency.value}-2", stepped_up=True)

    async def _kept(self, one: Examination, trip: Trip) -> None:
        """Send a lorry back in which something was found: its lot is closed, and each agency lifts its own order."""
        keeping = [ask for ask in one.asks if not one.released(ask.number)]
        if not keeping:
            return
        await asyncio.sleep(trip.chance.uniform(*SENT_BACK_S))
        await self._lots.sent_back(trip)
        first, examining = keeping[0], self._port.examination.examinations
        trip.end = "sent back"
        await examining.abandon(one.number, first.agency, f"{first.agency.value}-1", "goods were sent back")
        for ask in keeping:
            await self._port.control.lift(ask.number, ask.agency, f"{ask.agency.value}-1", "goods were sent back")
