"""Drives a port's yard: scales and terminals to visits, and whoever is waited for too long to a person."""

import asyncio
import contextlib
import functools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.yard_alarms import end_alarms
from kouan.adapters.driver.yard_exits import YardExits
from kouan.adapters.driver.yard_leaving import SURE_PM, Leavings, nothing
from kouan.adapters.driver.yard_scale import Found, ScaleReading
from kouan.journeys.yard_arrivals import subject_of
from kouan.journeys.yard_desk import YardDesk
from kouan.ledger.roles import Subjects
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.lane_order.messages import ControllerReport
from kouan.protocols.plate_camera.messages import PlatePosition, PlateRead
from kouan.protocols.stream import Chunk
from kouan.vocabulary.clock import Clock, Instant, seconds
from kouan.vocabulary.errors import Fenced, InvalidValue, KouanError, Unavailable
from kouan.vocabulary.identifiers import PlateNumber
from kouan.vocabulary.verdict import Back, Reason, Refused
from kouan.yard.events import CallPerson, Command
from kouan.yard.records import VisitRecord

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 15.0
"""How often overdue visits are looked for. Our choice: limits are in minutes."""

PLATE_HOLDS_US = seconds(120)
"""How long a plate read at a gate is that of who shows a document there. Our choice: as long as a stop takes."""

AGAIN_S = 2.0
"""How long the yard waits for a store that is away before it tries again. Our choice: a restart takes seconds."""

_Hold = Callable[[Cause], Callable[[], None]]

_Job = tuple[Callable[[], Awaitable[None]], Callable[[], None]]
"""What is to be done, and what lets go of the durable message that asked for it."""


async def _settled() -> None:
    """Owe nobody anything: nobody is joined to this yard."""


class YardDriver:
    """Takes in what the yard's devices tell, one thing after the other, and once the store that is away is back.

    What waits is bounded: a scale tells a weighing once a vehicle, and the broker sends no more durable messages than
    may be unsettled.
    """

    def __init__(
        self,
        desk: YardDesk,
        subjects: Subjects,
        clock: Clock,
        tell: Callable[[CallPerson], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        exits: YardExits | None = None,
        back: Back | None = None,
    ) -> None:
        """``tell`` calls people, and ``back`` ends their alarms; without ``exits`` this process opens no exit lane.

        ``settle``, which whoever joins the yard to others may set, tells them what was recorded and not told.
        """
        self.settle: Callable[[], Awaitable[None]] = _settled
        self._desk = desk
        self._subjects = subjects
        self._clock = clock
        self._tell = tell
        self._sleep = sleep
        self._back = back
        self._leavings = None if exits is None else Leavings(desk, subjects, clock, tell, self._do, exits)
        self._scales = {each.name: ScaleReading(each.division_kg) for each in desk.settings.scales}
        self._seen: dict[str, tuple[str, Instant]] = {}
        self._jobs: deque[_Job] = deque()
        self._told = asyncio.Event()

    @property
    def places(self) -> tuple[str, ...]:
        """The names of scales, gates and exit lanes, as in their devices' topics."""
        return self._desk.settings.places

    @property
    def epochs(self) -> Mapping[str, int]:
        """The hold epochs of the exit lanes, for which a lane controller asks."""
        return {} if self._leavings is None else self._leavings.exits.epochs

    def carry_out(self, command: Command) -> None:
        """Do what a visit asks for, once everything that it rests on is durable."""
        if isinstance(command, CallPerson):
            self._tell(command)
        elif self._leavings is not None:
            self._leavings.carry_out(command)

    def device(self, place: str, message: Any, cause: Cause, hold: _Hold) -> None:
        """Take in a message of a device; ``hold`` keeps a durable one unsettled until what it returns is called."""
        place = str(place)  # a topic's lane name, which no record holds
        if self._leavings is not None and place in self.epochs:
            self._leavings.device(place, message, lambda: hold(cause))
            return
        match message:
            case Chunk() if place in self._scales:
                self._weigh(place, message)
            case PlateRead(position=PlatePosition.FRONT, confidence_pm=sure) if sure >= SURE_PM:
                self._plate(place, message)
            case DriverRead():
                plate = self._plate_at(place)
                self._do(functools.partial(self._identify, place, plate, message), hold(cause))
            case _:
                pass

    def reported(self, place: str, report: ControllerReport, cause: Cause, hold: _Hold) -> None:
        """Take in what the lane controller says became of an order, or of a reset, of an exit."""
        if self._leavings is not None:
            self._leavings.reported(place, report, hold(cause))

    async def run(self) -> None:
        """Do what devices told, in order, and look for overdue visits; until cancelled.

        What an earlier process ordered of an exit, and is still in force, goes out again. Raises Fenced under a newer
        writer.
        """
        if self._leavings is not None:
            self._do(self._leavings.go_on)
        self._do(self.settle)
        looking = asyncio.get_running_loop().create_task(self._look(), name="yard-look")
        try:
            while True:
                await self._told.wait()
                self._told.clear()
                while not await self.drained():
                    await self._sleep(AGAIN_S)
        finally:
            looking.cancel()
            if self._leavings is not None:
                self._leavings.exits.close()
            with contextlib.suppress(asyncio.CancelledError, Fenced):
                await looking

    async def drained(self) -> bool:
        """Do what waits to be done, in its order; False where the store is away, and the rest waits for it."""
        while self._jobs:
            act, settled = self._jobs[0]
            if not await self._done(act):
                return False
            self._jobs.popleft()
            settled()
        return True

    async def look(self) -> None:
        """Call people to visits whose deadline passed, and to exits where a document was shown to no purpose."""
        await self.settle()
        now = self._clock.now()
        if self._leavings is not None:
            self._leavings.look(now)
        for record in await self._desk.records.open_visits():
            if record.due_at is not None and record.due_at <= now:
                await self._desk.visits.look_again(record.visit)
        if self._back is not None:
            end_alarms(self._back, self._clock.now(), await self._desk.records.open_visits())

    async def _look(self) -> None:
        while True:
            await self._sleep(LOOK_EVERY_S)
            await self._done(self.look)

    def _do(self, act: Callable[[], Awaitable[None]], settled: Callable[[], None] = nothing) -> None:
        self._jobs.append((act, settled))
        self._told.set()

    async def _done(self, act: Callable[[], Awaitable[None]]) -> bool:
        """Do something; False where the store is away, so that it is done again. What cannot be done is logged."""
        try:
            await act()
        except Fenced:
            raise
        except Unavailable as error:
            _log.warning("the yard waits for its store: %s", error)
            return False
        except KouanError as error:
            _log.error("the yard could not do something: %s", error)
        return True

    def _weigh(self, place: str, chunk: Chunk) -> None:
        reading = self._scales[place]
        for found in reading.feed(chunk, self._clock.now()):
            self._found(place, found)

    def _plate(self, place: str, read: PlateRead) -> None:
        try:
            plate = str(PlateNumber.parse(read.text))
        except InvalidValue:
            return
        self._seen[place] = (plate, self._clock.now())
        reading = self._scales.get(place)
        found = None if reading is None else reading.see(plate)
        if found is not None:
            self._found(place, found)

    def _found(self, place: str, found: Found) -> None:
        if found.plate is None:
            self._do(functools.partial(self._zero, place, found.at))
        else:
            self._do(functools.partial(self._weighed, place, found.plate, found.mass_kg, found.at))

    def _plate_at(self, place: str) -> str | None:
        """Return whose document is shown at a gate now: the vehicle's whose plate was read there last, of late."""
        plate, at = self._seen.pop(place, (None, 0))
        return plate if self._clock.now() - at <= PLATE_HOLDS_US else None

    async def _zero(self, place: str, at: Instant) -> None:
        await self._desk.scales.zero_checked(place, at)

    async def _weighed(self, place: str, plate: str, mass_kg: int, at: Instant) -> None:
        weighed = await self._desk.scales.weighed(place, plate, mass_kg, at)
        if weighed.check is not None and weighed.check.finding in ("suspect", "drifting"):
            shown = weighed.check.estimate.median_kg if weighed.check.estimate else 0
            params: Mapping[str, str | int] = {"scale": place, "drift_kg": shown}
            self._tell(CallPerson(place, 2, Reason("yard.scale_drifts", params)))
        if isinstance(weighed.visit, Refused):
            self._tell(CallPerson(place, 3, weighed.visit.reasons[0]))

    async def _identify(self, place: str, plate: str | None, read: DriverRead) -> None:
        """Let a lorry in or out at a gate: with whoever border inspection's terminal found in it."""
        if plate is None:
            self._tell(CallPerson(place, 3, Reason("yard.plate_unread", {"place": place})))
            return
        subject = await subject_of(self._subjects, read.mrz)
        visit = await self._desk.records.open_visit_of(plate)
        if visit is not None and self._desk.settings.has_exit(visit.site) and self._leavings is not None:
            self._tell(CallPerson(visit.visit, 3, Reason("yard.leaves_elsewhere", {"plate": plate, "place": place})))
            return
        done = await self._pass(plate, visit, read.occupants, subject)
        if isinstance(done, Refused):
            self._tell(CallPerson(place, 3, done.reasons[0]))

    async def _pass(self, plate: str, visit: VisitRecord | None, occupants: int, subject: str) -> Refused | None:
        visits, subjects = self._desk.visits, (subject,) if occupants else ()
        if visit is not None:
            left = await visits.leave(visit.visit, occupants, subjects)
            return left if isinstance(left, Refused) else None
        orders = [each for each in await self._desk.records.open_pickups(plate) if each.state == "open"]
        if not orders:
            return Refused((Reason("yard.no_order", {"plate": plate}),))
        order = min(orders, key=lambda each: (each.valid_until, each.number))
        done = await visits.admit(order.number, plate, order.carrier, occupants, subjects)
        return done if isinstance(done, Refused) else None
