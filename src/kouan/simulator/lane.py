"""One lane: lorries drive in, stand at the stop line before every device, and drive on when a barrier opens."""

import asyncio
from collections.abc import Callable, Mapping
from random import Random

import msgspec

from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.plc.messages import Curtain, Loop
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.approach import Approach, Arrived
from kouan.simulator.devices.barrier import AtLine, Opened
from kouan.simulator.equipment import Equipment
from kouan.simulator.fleet import Fleet
from kouan.simulator.roles import Sleep, Spawn
from kouan.simulator.scenario import Scenario
from kouan.simulator.traders import Traders
from kouan.simulator.truth import Diary
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.places import Direction

REACTS_S = (0.4, 0.9)
"""How long a driver takes to move off once the arm is up, in seconds."""

UNUSED_OPENING_S = 30.0
"""How long an arm stays up that was opened for nobody. Our choice."""

ARMS_LOOKED_AT_S = 1.0
"""How often a waiting driver looks whether the arms are down. Our choice."""

PROVES_ZERO_S = 1.0
"""How long a scale shows its zero after a start, in seconds of the wall clock, as its reader measures them."""

CLOSE_BY_S = 0.8
"""How long the first lorry after a start takes to the stop line, in seconds."""

FOLLOWER_BACKS_OFF_S = 25.0
"""How long a lorry that stands too close behind another takes to back off. Our choice."""


Approaches = Mapping[Direction, Approach]


class Left(msgspec.Struct, frozen=True):
    """How a lorry left the lane."""

    lorry: Lorry
    exit: str


class _Cue(msgspec.Struct, frozen=True):
    """Something that a driver at the line acts on: an open arm, or his own impatience."""

    track: int
    opened: Opened | None = None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What all lanes share; ``speed`` is how many of the field's seconds pass in one of the wall clock."""

    clock: Clock
    sleep: Sleep
    spawn: Spawn
    scenario: Scenario
    fleet: Fleet
    traders: Traders
    diary: Diary
    left: Callable[[Left], None]
    tailgated: Callable[[str], None]
    speed: float = 1.0


class Lane:
    """One lane of the field; ``serve`` is its life."""

    def __init__(self, name: str, direction: Direction, approaches: Approaches, around: Surroundings, random: Random):
        self.name = name
        self.stopped = 0
        self.gone = 0
        self.equipment: Equipment
        self._direction = direction
        self._approaches = approaches
        self._around = around
        self._random = random
        self._timings = around.scenario.timings
        self._cues: asyncio.Queue[_Cue] = asyncio.Queue()
        self._present: Lorry | None = None

    def opened(self, opened: Opened) -> None:
        """Take note that an arm is up; the driver sees it, or nobody does and the arm comes down again."""
        if self._present is not None:
            self._cues.put_nowait(_Cue(self.equipment.plc.track, opened))
        else:
            self._around.spawn(self._close_unused(opened.barrier))

    def told_back(self) -> None:
        """Take note that the display tells the driver at the line to turn back."""
        if self._present is not None:
            self._cues.put_nowait(_Cue(self.equipment.plc.track))

    async def serve(self, first_after_s: float | None = None) -> None:
        """Take one lorry after another for ever.

        The first one begins to drive in after ``first_after_s`` seconds, if given, and from close by.
        """
        self.equipment.boot()
        await self.equipment.scale.prove_zero(PROVES_ZERO_S * self._around.speed)
        approach_s = None
        if first_after_s is not None:
            await self._around.sleep(first_after_s)
            approach_s = CLOSE_BY_S
        while True:
            await self.equipment.signs.wait_for_leave_to_enter()
            while not self.equipment.barriers.closed:
                await self._around.sleep(ARMS_LOOKED_AT_S)
            direction = self.equipment.signs.direction or self._direction
            arrived = await self._approaches[direction].next()
            await self._pass(arrived, self._span(self._timings.approach) if approach_s is None else approach_s)
            approach_s = None

    def _span(self, span: tuple[float, float]) -> float:
        return self._random.uniform(*span)

    async def _pass(self, arrived: Arrived, approach_s: float) -> None:
        lorry = arrived.lorry
        before = self.equipment.disturbances
        await self._drive_in(lorry, approach_s)
        track, stopped_at = self.equipment.plc.track, self._around.clock.now()
        self._around.diary.stopped(lorry, self.name, track, arrived.at, stopped_at)
        self.stopped += 1
        if self.equipment.troubled:
            self._around.diary.disturbed(lorry.crossing, self.name, track, "device")
        self._examine(lorry, track)
        cue = await self._wait_for_cue(track)
        # Garbage and failures while it stood there are the port's own trouble with this vehicle.
        if self.equipment.disturbances > before:
            self._around.diary.disturbed(lorry.crossing, self.name, track, "device")
        if cue.opened is None:
            await self._back_out(lorry, track)
        else:
            await self._drive_out(lorry, track, cue.opened)
        self.gone += 1

    async def _drive_in(self, lorry: Lorry, approach_s: float) -> None:
        lane, around = self.equipment, self._around
        while not self._cues.empty():
            self._cues.get_nowait()
        lane.plc.loop(Loop.ENTRY, occupied=True)
        lane.plc.curtain(Curtain.ENTRY, broken=True)
        around.spawn(lane.portal.watch(lorry, approach_s * 0.8))
        settles_s = self._span(self._timings.weight_settles)
        around.spawn(lane.scale.weigh(lorry.gross_kg, approach_s, settles_s))
        await around.sleep(approach_s * 0.9)
        lane.plc.curtain(Curtain.ENTRY, broken=False)
        lane.plc.loop(Loop.ENTRY, occupied=False)
        await around.sleep(approach_s * 0.1)
        lane.plc.loop(Loop.STOP, occupied=True)
        lane.barriers.at_line = AtLine.of(lorry, lane.plc.track)
        self._present = lorry
        for barrier in lane.barriers.open_barriers:
            # Somebody opened while nobody stood here: a driver who sees an open arm drives on.
            opened = Opened(barrier, lane.barriers.order_of(barrier) or "", self._around.clock.now())
            self._cues.put_nowait(_Cue(lane.plc.track, opened))

    def _examine(self, lorry: Lorry, track: int) -> None:
        lane, timings = self.equipment, self._timings
        follower = lorry.has(Anomaly.TAILGATER) and self._random.random() < 0.5
        self._later(track, self._span(timings.measure), lambda: lane.plc.measure(lorry.rig, alone=not follower))
        if follower:
            self._later(track, FOLLOWER_BACKS_OFF_S, lambda: lane.plc.measure(lorry.rig, alone=True))
        plates_s = self._span(timings.plates)
        self._later(track, plates_s, lambda: self._misread(track, "plate", lane.plates.front(lorry, track)))
        self._later(track, plates_s, lambda: self._misread(track, "trailer", lane.plates.rear(lorry, track)))
        container_s = self._span(timings.container)
        self._later(track, container_s, lambda: self._misread(track, "container", lane.containers.look(lorry, track)))
        self._later(track, self._span(timings.seal), lambda: lane.seals.interrogate(lorry, track))
        self._later(track, self._span(timings.health), lambda: lane.kiosk.examine(lorry, track))
        self._later(track, self._span(timings.disinfection), lambda: lane.disinfection.spray(track))
        self._later(track, self._span(timings.driver), lambda: lane.terminal.identify(lorry, track))
        # Persons who decide live on the wall clock, so a faster field does not make a driver less patient with them.
        patience_s = self._around.scenario.people.patience_s * max(1.0, self._around.speed)
        self._later(track, patience_s, lambda: self._cues.put_nowait(_Cue(track)))
        self._around.spawn(self._around.traders.follow_up(lorry))

    def _later(self, track: int, after_s: float, act: Callable[[], None]) -> None:
        self._around.spawn(self._act_later(track, after_s, act))

    async def _act_later(self, track: int, after_s: float, act: Callable[[], None]) -> None:
        await self._around.sleep(after_s)
        if self._present is not None and self.equipment.plc.track == track:
            act()

    def _misread(self, track: int, what: str, text: str | None) -> None:
        if text is not None:
            now = self._around.clock.now()
            self._around.diary.note("misread", self.name, now, track=track, what=what, read=text)

    async def _wait_for_cue(self, track: int) -> _Cue:
        while True:
            cue = await self._cues.get()
            if cue.track == track:
                return cue

    async def _drive_out(self, lorry: Lorry, track: int, opened: Opened) -> None:
        lane, around = self.equipment, self._around
        await around.sleep(self._random.uniform(*REACTS_S))
        out_s = self._span(self._timings.drive_out)
        order_id = lane.barriers.order_of(opened.barrier)
        lane.plc.curtain(Curtain.EXIT, broken=True)
        lane.plc.loop(Loop.EXIT, occupied=True)
        await around.sleep(out_s * 0.4)
        self._leave_line()
        await around.sleep(out_s * 0.3)
        lane.plc.curtain(Curtain.EXIT, broken=False)
        passed = await self._tailgate(lorry, out_s)
        await around.sleep(out_s * 0.3)
        lane.plc.loop(Loop.EXIT, occupied=False)
        lane.plc.crossed(passed, order_id)
        self._around.diary.left(
            lorry, self.name, track, exit=str(opened.barrier), order_id=order_id, lifted_at=opened.at,
            left_at=around.clock.now(), vehicles=passed,
        )  # fmt: skip
        around.fleet.passed(lorry)
        around.left(Left(lorry, str(opened.barrier)))
        await lane.barriers.lower(opened.barrier)

    async def _tailgate(self, lorry: Lorry, out_s: float) -> int:
        """Let a second lorry slip through close behind; return how many have passed."""
        if not lorry.has(Anomaly.TAILGATER):
            return 1
        await self._around.sleep(0.6)
        self.equipment.plc.curtain(Curtain.EXIT, broken=True)
        await self._around.sleep(out_s * 0.5)
        self.equipment.plc.curtain(Curtain.EXIT, broken=False)
        self._around.tailgated(self.name)
        return 2

    async def _back_out(self, lorry: Lorry, track: int) -> None:
        lane, around = self.equipment, self._around
        self._leave_line()
        lane.plc.loop(Loop.ENTRY, occupied=True)
        lane.plc.curtain(Curtain.ENTRY, broken=True)
        await around.sleep(self._span(self._timings.drive_out))
        lane.plc.curtain(Curtain.ENTRY, broken=False)
        lane.plc.loop(Loop.ENTRY, occupied=False)
        now: Instant = around.clock.now()
        around.diary.left(lorry, self.name, track, exit="withdrew", order_id=None, lifted_at=None, left_at=now)
        around.left(Left(lorry, "withdrew"))

    def _leave_line(self) -> None:
        self._present = None
        self.equipment.scale.leave()
        self.equipment.plc.loop(Loop.STOP, occupied=False)
        self.equipment.barriers.at_line = AtLine()

    async def _close_unused(self, barrier: Barrier) -> None:
        await self._around.sleep(UNUSED_OPENING_S)
        if self._present is None:
            await self.equipment.barriers.lower(barrier)
