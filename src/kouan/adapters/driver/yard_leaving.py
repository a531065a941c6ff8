"""The yard's exit lanes: their devices to visits, what the lane controller says of their orders, and who drove out."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from kouan.adapters.driver.yard_exit import ExitReading, Settled, Shown
from kouan.adapters.driver.yard_exits import YardExits
from kouan.journeys.yard_arrivals import subject_of
from kouan.journeys.yard_desk import YardDesk
from kouan.ledger.roles import Subjects
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.lane_order.messages import ActuationOutcome, ControllerReport
from kouan.protocols.plate_camera.messages import PlatePosition, PlateRead
from kouan.protocols.plc.messages import CrossingSeen, LoopChanged, VehicleMeasured
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.verdict import Reason, Refused
from kouan.yard.events import CallPerson, Command, OpenExit, VoidOrders
from kouan.yard.exits import may_be_sent, visit_of
from kouan.yard.facts import ExitCrossed, ExitReported
from kouan.yard.states import Leaving, decode_state

SURE_PM = 900
"""Least confidence of a plate, in parts per thousand. Our choice: below it a person reads."""

LATCHED = ("lane.latched", "reset.before_latch", "reset.latched_again")
"""Rules by which a lane controller says that an exit opens for nobody until a person has looked (I5)."""

Do = Callable[[Callable[[], Awaitable[None]], Settled], None]
"""Does something after everything before it, again while the store is away, and settles then what asked for it."""


def nothing() -> None:
    """Settle nothing: no durable message asked for it."""


class Leavings:
    """Lets vehicles out by ``exits``, and takes in what became of it."""

    def __init__(
        self, desk: YardDesk, subjects: Subjects, clock: Clock, tell: Callable[[CallPerson], None], do: Do,
        exits: YardExits,
    ) -> None:  # fmt: skip
        self.exits = exits
        self._desk = desk
        self._subjects = subjects
        self._clock = clock
        self._tell = tell
        self._do = do
        self._readings = {each.name: ExitReading(each.name) for each in desk.settings.exits}

    def carry_out(self, command: Command) -> None:
        """Send an order, or void those that an exit was given; whatever else is asked for is a person's."""
        match command:
            case OpenExit():
                self.exits.send(command)
            case VoidOrders():
                self._do(functools.partial(self.exits.void, command.exit), nothing)
            case _:
                pass

    def device(self, place: str, message: Any, hold: Callable[[], Settled]) -> None:
        """Take in a message of an exit's device; ``hold`` keeps it unsettled until what it returns is called."""
        match message:
            case CrossingSeen():
                self._do(functools.partial(self._cross, place, message), hold())
            case PlateRead() if message.position is not PlatePosition.FRONT or message.confidence_pm < SURE_PM:
                pass
            case LoopChanged() | VehicleMeasured() | PlateRead() | DriverRead():
                shown = self._readings[place].take(message, self._clock.now(), hold())
                if shown is not None:
                    self._do(functools.partial(self._let_out, shown), shown.settle)
            case _:
                pass  # of no use here: what a barrier says is the lane controller's business

    def reported(self, place: str, report: ControllerReport, settled: Settled) -> None:
        """Take in what the lane controller says became of an order, or of a reset, of an exit."""
        self.exits.answered(report.order_id)
        if report.outcome is ActuationOutcome.REFUSED and report.rule in LATCHED:
            self._tell(CallPerson(place, 2, Reason("yard.exit_latched", {"exit": place})))
        self._do(functools.partial(self._report, report), settled)

    def look(self, now: Instant) -> None:
        """Call people to exits where a document was shown to no purpose."""
        for name, reading in self._readings.items():
            if reading.overdue(now):
                self._tell(CallPerson(name, 3, Reason("yard.exit_unread", {"exit": name})))

    async def go_on(self) -> None:
        """Read the exits' epochs, and send once more what an earlier process ordered and is still in force.

        An order whose goods were held is voided instead, as it may not have been.
        """
        await self.exits.start()
        for state in await self._on_their_way():
            if may_be_sent(state, self._clock.now()):
                self.exits.send(OpenExit(state.order))
            elif state.stay.withdrawn is not None and self._clock.now() < state.order.expires_at:
                await self.exits.void(state.order.line.exit)

    async def _let_out(self, shown: Shown) -> None:
        """Let a vehicle out that stands at an exit, with whoever border inspection's terminal found in it."""
        exit_, plate, read = shown.line.exit, shown.plate, shown.document
        subject = await subject_of(self._subjects, read.mrz)
        visit = await self._desk.records.open_visit_of(plate)
        if visit is None or all((each.name, each.site) != (exit_, visit.site) for each in self._desk.settings.exits):
            self._tell(CallPerson(exit_, 3, Reason("yard.not_to_leave", {"exit": exit_, "plate": plate})))
            return
        subjects = (subject,) if read.occupants else ()
        done = await self._desk.visits.leave(visit.visit, read.occupants, subjects, shown.line)
        if isinstance(done, Refused):
            self._tell(CallPerson(visit.visit, 3, done.reasons[0]))

    async def _report(self, report: ControllerReport) -> None:
        visit = visit_of(report.order_id)
        if visit is None or await self._desk.records.find_visit(visit) is None:
            return  # of a reset, or of nobody here
        outcome = report.outcome.value
        fact = ExitReported(report.at, report.order_id, outcome, report.rule, report.uncertainty_us)
        done = await self._desk.visits.reported(visit, fact)
        if isinstance(done, Refused):
            self._tell(CallPerson(visit, 2, done.reasons[0]))

    async def _cross(self, place: str, seen: CrossingSeen) -> None:
        """Take in that vehicles drove out: of the visit that was let out there, or of nobody's."""
        if seen.vehicles <= 0:
            return
        visit = visit_of(seen.order_id or "") or await self._leaving_at(place, seen.track)
        if visit is None or await self._desk.records.find_visit(visit) is None:
            self._tell(CallPerson(place, 1, Reason("yard.broke_through", {"exit": place})))
            return
        fact = ExitCrossed(seen.at, place, seen.track, seen.vehicles, seen.order_id)
        done = await self._desk.visits.crossed(visit, fact)
        if isinstance(done, Refused):
            self._tell(CallPerson(visit, 2, done.reasons[0]))

    async def _leaving_at(self, place: str, track: int) -> str | None:
        """Return the visit whose vehicle was let out at a stop of an exit, None where none was."""
        for state in await self._on_their_way():
            if (state.order.line.exit, state.order.line.track) == (place, track):
                return state.stay.visit
        return None

    async def _on_their_way(self) -> list[Leaving]:
        states = [decode_state(each.document) for each in await self._desk.records.open_visits()]
        return [each for each in states if isinstance(each, Leaving)]
