"""One examination for all agencies, from the control orders on a vehicle to its leaving.

Control orders are the one mechanism: what the gate diverts a vehicle for becomes one, what an officer, a rule or a
release regime wants done is one, and the vehicle leaves when none is in force on it any more.
"""

import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from kouan.access.people import Agency
from kouan.gate.roles import CAP_SPAN_US, ExceptionRecord, record_params
from kouan.inspection.control_orders import orders_on
from kouan.inspection.examination import moves, results
from kouan.inspection.examination.examination import (
    PRESENT,
    Answer,
    AnswerOutcome,
    Appointment,
    Ask,
    Examination,
    Report,
    Vehicle,
)
from kouan.inspection.examination.records import ExaminationRecords, examination_of, recorded
from kouan.inspection.examination.rules import ExaminationRules
from kouan.inspection.records import ControlOrderRecord
from kouan.inspection.roles import ControlDesk, PapersRecords
from kouan.ledger.roles import Ledger, Statement, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, NotFound
from kouan.vocabulary.verdict import Refused, refuse

TRIES = 4
"""How often a move is tried again where another was faster. Our choice: two officers act at once, not four."""

OVERRIDE = "examination.override"
"""The rule that an override is counted under, among a person's other exceptions."""

CAP = "gate.within_cap"
"""The guard that refuses an override beyond what one person may give in an hour (I12)."""

_Move = Callable[[Examination, Instant], moves.Moved]
_Beside = Callable[[], Awaitable[Unit]]

Learned = Callable[[Answer], Awaitable[Unit | None]]
"""What else becomes durable in one commit with an agency's word, so that no crash comes between; None where nothing."""


Turn = Callable[[], AbstractAsyncContextManager[Any]]
"""Lets one exception of a person be counted and recorded at a time, wherever they give it."""


class Examinations:
    """What happens to examinations: each act is durable when it is answered; a refusal changed nothing."""

    def __init__(
        self,
        records: ExaminationRecords,
        papers: PapersRecords,
        control: ControlDesk,
        ledger: Ledger,
        clock: Clock,
        rules: Callable[[Instant], ExaminationRules],
        changed: Callable[[Examination, str], None] = lambda _examination, _what: None,
        learned: Learned | None = None,
        turn: Turn = contextlib.nullcontext,
    ) -> None:
        """``rules`` returns those in force at an instant; ``changed`` is told of each durable move, and what it was.

        ``learned`` says what is learned from each agency's word on one of its control orders. Overrides are given in
        ``turn``, as the exceptions at the gate under the same cap are.
        """
        self._records = records
        self._papers = papers
        self._control = control
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self.changed = changed
        self._learned = learned
        self._turn = turn

    async def find(self, number: str) -> Examination:
        """Return one examination; raise NotFound."""
        record = await self._records.find_examination(number)
        if record is None:
            raise NotFound(f"there is no examination {number}")
        return examination_of(record)

    async def going_on(self) -> list[Examination]:
        """Return the examinations that go on, oldest order first."""
        return [examination_of(record) for record in await self._records.open_examinations()]

    async def latest(self, before: Instant | None, limit: int) -> list[Examination]:
        """Return the examinations ordered before an instant, newest first, closed ones among them."""
        return [examination_of(record) for record in await self._records.list_examinations(before, limit)]

    async def holds_on(self, vehicle: Vehicle) -> tuple[ControlOrderRecord, ...]:
        """Return the control orders in force on a vehicle or what it carries."""
        target, now = vehicle.target, self._clock.now()
        return orders_on(target, await self._papers.orders_naming(target.names, now), now)

    async def out_of_step(self, going_on: Sequence[Examination]) -> list[Examination]:
        """Return those of some examinations that ``reconcile`` would change, by one question for all of them."""
        now = self._clock.now()
        rules, targets = self._rules(now), [each.vehicle.target for each in going_on]
        every = dict.fromkeys(name for target in targets for name in target.names)
        named: dict[str | None, list[ControlOrderRecord]] = defaultdict(list)
        for order in await self._papers.orders_naming(list(every), now) if every else ():
            named[order.plate or order.container or order.consignment or order.declaration].append(order)
        return [
            each
            for each, target in zip(going_on, targets, strict=True)
            if moves.out_of_step(each, orders_on(target, [o for n in target.names for o in named[n]], now), rules, now)
        ]

    async def order(self, number: str, vehicle: Vehicle) -> Examination | Refused | None:
        """Examine a vehicle for every control order that is in force on it; None where none asks for anything.

        A vehicle that is being examined is not examined twice: what is new is asked at the examination that goes on.
        """
        standing = await self._records.open_of_plate(vehicle.plate)
        if standing is not None:
            return await self.reconcile(standing.number)
        rules = self._rules(self._clock.now())
        asks = [ask for hold in await self.holds_on(vehicle) if (ask := moves.ask_of(hold, rules)) is not None]
        if not asks:
            return None
        moved = moves.order(number, vehicle, asks, rules, self._clock.now())
        if isinstance(moved, Refused):
            return moved
        said = {"asks": [ask.number for ask in asks], "rules": rules.version, "vehicle": vehicle}
        answer = await self._ledger.append(recorded(moved, "ordered", said))
        if isinstance(answer, UnitRefused):
            return refuse("examination.going_on", field="plate", mend="is being examined already")
        self.changed(moved, "ordered")
        return moved

    async def reconcile(self, number: str) -> Examination:
        """Bring an examination in step with the control orders in force, and let the vehicle go when none is left.

        Doing so twice changes nothing: a restarted platform does it for every examination that goes on.
        """
        examination = await self.find(number)
        if examination.closed_at is not None:
            return examination
        await self._lift_released(examination)
        holds = await self.holds_on(examination.vehicle)
        known = {ask.number for ask in examination.asks}
        for hold in holds:
            ask = moves.ask_of(hold, self._rules(self._clock.now()))
            if ask is not None and ask.number not in known:
                await self._asked(number, ask)
        standing = {hold.number for hold in holds}
        for ask in examination.asks:
            if ask.number not in standing and not examination.released(ask.number):
                await self._withdrawn(number, ask.number)
        return await self._closed(number)

    async def plan(self, number: str, appointment: Appointment) -> Examination | Refused:
        """Give an examination its bay and time."""
        said = {"appointment": appointment}
        return await self._move(number, "planned", said, lambda one, now: moves.plan(one, appointment, now))

    async def call(self, number: str, by: str) -> Examination | Refused:
        """Call the driver to his bay."""
        return await self._move(number, "called", {"by": by}, moves.call)

    async def arrive(self, number: str, bay: str, by: str) -> Examination | Refused:
        """Note that the vehicle stands at its bay."""
        said = {"bay": bay, "by": by}
        return await self._move(number, "arrived", said, lambda one, now: moves.arrive(one, bay, now))

    async def miss(self, number: str) -> Examination | Refused:
        """Note that a vehicle that was called did not come in time."""
        return await self._move(number, "missed", {}, lambda one, now: moves.miss(one, self._rules(now), now))

    async def report(self, number: str, step: int, said: Report) -> Examination | Refused:
        """Take in what an officer found at a step; the time is the platform's."""

        def move(one: Examination, now: Instant) -> moves.Moved:
            return results.report(one, step, msgspec.structs.replace(said, at=now), self._rules(now))

        return await self._move(number, "reported", {"report": said, "step": step}, move)

    async def do_again(self, number: str, step: int, agency: Agency, by: str, reason: str) -> Examination | Refused:
        """Order a step done once more."""
        said = {"agency": agency.value, "by": by, "reason": reason, "step": step}
        return await self._move(
            number, "again", said, lambda one, now: results.do_again(one, step, agency, self._rules(now), now)
        )

    async def answer(self, number: str, said: Answer, *, stepped_up: bool) -> Examination | Refused:
        """Take in an agency's word on one of its control orders; a release lifts that order, and no other."""
        await self.find(number)
        if said.override and not stepped_up:
            return refuse("review.not_stepped_up")

        def move(one: Examination, now: Instant) -> moves.Moved:
            return results.answer(one, msgspec.structs.replace(said, at=now), self._rules(now))

        async def beside() -> Unit:
            learned = None if self._learned is None else await self._learned(said)
            given = self._exception(number, said.by) if said.override else Unit(())
            return given.beside(learned or Unit(()))

        async with self._turn() if said.override else contextlib.nullcontext():
            moved = await self._move(number, "answered", {"answer": said}, move, beside)
        return await self._followed(moved, said.outcome is AnswerOutcome.RELEASE)

    async def confirm(
        self, number: str, ask: str, agency: Agency, by: str, *, stepped_up: bool
    ) -> Examination | Refused:
        """Agree, as a second person, with a release that takes two."""
        await self.find(number)
        if not stepped_up:
            return refuse("review.not_stepped_up")
        said = {"agency": agency.value, "ask": ask, "by": by}
        moved = await self._move(
            number, "confirmed", said, lambda one, now: results.confirm(one, ask, agency, by, self._rules(now), now)
        )
        return await self._followed(moved, follow=True)

    async def abandon(self, number: str, agency: Agency, by: str, reason: str) -> Examination | Refused:
        """End an examination without result; its holds stay."""
        said = {"agency": agency.value, "by": by, "reason": reason}
        return await self._move(number, "abandoned", said, lambda one, now: moves.abandon(one, agency, now))

    def _exception(self, number: str, by: str) -> Unit:
        """Return what counts an override, where its giver has room under the cap: two at once are not both let by."""
        now = self._clock.now()
        cap = {"by": by, "since": now - CAP_SPAN_US, "most": self._rules(now).overrides_per_hour}
        counted = Statement("gate.note_exception", record_params(ExceptionRecord(number, OVERRIDE, by, None, now)))
        return Unit((), (Statement(CAP, cap),), (counted,))

    async def _followed(self, moved: Examination | Refused, follow: bool) -> Examination | Refused:
        return await self.reconcile(moved.number) if follow and isinstance(moved, Examination) else moved

    async def _lift_released(self, examination: Examination) -> None:
        """Lift the control orders that their own agencies released; the hub alone lifts what it placed."""
        for ask in examination.asks:
            answer = examination.answered.get(ask.number)
            if answer is not None and answer.releases:
                order = await self._papers.find_order(ask.number)
                if order is not None and order.lifted_at is None:
                    await self._control.lift(ask.number, answer.agency, answer.by, answer.reason)

    async def _asked(self, number: str, ask: Ask) -> None:
        await self._move(
            number, "asked", {"ask": ask}, lambda one, now: moves.ask_more(one, ask, self._rules(now), now)
        )

    async def _withdrawn(self, number: str, ask: str) -> None:
        await self._move(
            number, "withdrawn", {"ask": ask}, lambda one, now: moves.withdraw(one, ask, self._rules(now), now)
        )

    async def _closed(self, number: str) -> Examination:
        examination = await self.find(number)
        if examination.closed_at is not None or (examination.asks and examination.state not in PRESENT):
            return examination
        holds = await self.holds_on(examination.vehicle)
        moved = await self._move(number, "closed", {}, lambda one, now: moves.close(one, holds, now))
        return examination if isinstance(moved, Refused) else moved

    async def _move(
        self, number: str, what: str, said: Mapping[str, Any], move: _Move, beside: _Beside | None = None
    ) -> Examination | Refused:
        """Move an examination and record it, and what goes ``beside`` it, in one commit.

        Raises NotFound, or Conflict where others are faster again and again.
        """
        for _ in range(TRIES):
            before = await self.find(number)
            moved = move(before, self._clock.now())
            if isinstance(moved, Refused) or moved is before:
                return moved
            unit = recorded(moved, what, said)
            answer = await self._ledger.append(unit if beside is None else unit.beside(await beside()))
            if not isinstance(answer, UnitRefused):
                self.changed(moved, what)
                return moved
            if answer.guard == CAP:
                return refuse(
                    "examination.cap", field="by", mend="gave as many exceptions as one person may in an hour"
                )
        raise Conflict(f"examination {number} is being changed by others")
