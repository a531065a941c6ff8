"""One lane: lorries drive in, stand at the stop line before every device, and drive on when a barrier opens."""

import asyncio
from collections.abc import Mapping
from random import Random

import msgspec

from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.plc.messages import Curtain, Loop
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.approach import Approach, Arrived
from kouan.simulator.devices.barrier import AtLine, Opened
from kouan.simulator.equipment import Equipment
from kouan.simulator.examination import Examination
from kouan.simulator.surroundings import Left, Surroundings
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.clock import Instant
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

TAKES_PLACE_S = (2.0, 4.0)
"""How long a lorry takes to stand where another one drove off, in seconds. Our choice: as short as it can be done."""


Approaches = Mapping[Direction, Approach]


class _Cue(msgspec.Struct, frozen=True):
    """Something that the driver of a crossing acts on: an open arm, his own impatience, or another who takes his place.

    ``swap`` says whether the PLC counts the other one as another stop; None where nobody takes the place.
    """

    crossing: str
    opened: Opened | None = None
    swap: bool | None = None


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
        self._followed = False
        self._examination = Examination(name, around, random, lambda: self._present)

    def opened(self, opened: Opened) -> None:
        """Take note that an arm is up; the driver sees it, or nobody does and the arm comes down again."""
        if self._present is not None:
            self._cues.put_nowait(_Cue(self._present.crossing, opened))
        else:
            self._around.spawn(self._close_unused(opened.barrier))

    def told_back(self) -> None:
        """Take note that the display tells the driver at the line to turn back."""
        if self._present is not None:
            self._cues.put_nowait(_Cue(self._present.crossing))

    def swap(self, *, counted: bool) -> bool:
        """Let the lorry at the line drive off and the next one take its place; say whether one stands there.

        The PLC does not count the other one's stop unless ``counted``: it keeps the number of the one before.
        """
        if self._present is None or self.equipment.barriers.opening:
            return False
        self._cues.put_nowait(_Cue(self._present.crossing, swap=counted))
        return True

    def follow_closely(self, closely: bool) -> None:
        """Let a second lorry slip through behind the next one that drives out, or not."""
        self._followed = closely

    def restart_plc(self) -> bool:
        """Restart the PLC, which finds anew what stands on its loops; say whether a vehicle stood at the line."""
        lane, lorry = self.equipment, self._present
        lane.plc.restart(at_line=lorry is not None)
        if lorry is not None:
            lane.barriers.at_line = AtLine.of(lorry, lane.plc.track)
        return lorry is not None

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
        await self._drive_in(arrived.lorry, approach_s)
        next_one: Arrived | None = arrived
        while next_one is not None:
            next_one = await self._stand(next_one)

    async def _stand(self, arrived: Arrived) -> Arrived | None:
        """Stand at the line until it drives off; return who took its place meanwhile, None where nobody did."""
        lorry = arrived.lorry
        before = self.equipment.disturbances
        track, stopped_at = self.equipment.plc.track, self._around.clock.now()
        self._around.diary.stopped(lorry, self.name, track, arrived.at, stopped_at)
        self.stopped += 1
        if self.equipment.troubled:
            self._around.diary.disturbed(lorry.crossing, self.name, track, "device")
        self._examination.begin(self.equipment, lorry)
        # Persons who decide live on the wall clock, so a faster field does not make a driver less patient with them.
        patience_s = self._around.scenario.people.patience_s * max(1.0, self._around.speed)
        self._examination.later(lorry, patience_s, lambda _: self._cues.put_nowait(_Cue(lorry.crossing)))
        self._around.spawn(self._around.traders.follow_up(lorry))
        cue = await self._wait_for_cue(lorry)
        # Garbage and failures while it stood there are the port's own trouble with this vehicle.
        if self.equipment.disturbances > before:
            self._around.diary.disturbed(lorry.crossing, self.name, track, "device")
        self.gone += 1
        if cue.swap is not None:
            return await self._give_way(lorry, track, counted=cue.swap)
        if cue.opened is None:
            await self._back_out(lorry, track)
        else:
            await self._drive_out(lorry, track, cue.opened)
        return None

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
        self._stop(lorry, counted=True)

    def _stop(self, lorry: Lorry, *, counted: bool) -> None:
        lane = self.equipment
        lane.plc.loop(Loop.STOP, occupied=True, counted=counted)
        lane.barriers.at_line = AtLine.of(lorry, lane.plc.track)
        self._present = lorry
        for barrier in lane.barriers.open_barriers:
            # Somebody opened while nobody stood here: a driver who sees an open arm drives on.
            opened = Opened(barrier, lane.barriers.order_of(barrier) or "", self._around.clock.now())
            self._cues.put_nowait(_Cue(lorry.crossing, opened))

    async def _wait_for_cue(self, lorry: Lorry) -> _Cue:
        while True:
            cue = await self._cues.get()
            if cue.crossing == lorry.crossing:
                return cue

    async def _give_way(self, lorry: Lorry, track: int, *, counted: bool) -> Arrived:
        """Drive off sideways, and let the next one stop in its place; where none waits, one that nobody announced."""
        self._leave_line()
        now = self._around.clock.now()
        self._around.diary.left(lorry, self.name, track, exit="withdrew", order_id=None, lifted_at=None, left_at=now)
        self._around.left(Left(lorry, "withdrew"))
        direction = self.equipment.signs.direction or self._direction
        if self._approaches[direction].ready:
            arrived = await self._approaches[direction].next()
        else:
            arrived = Arrived(self._around.fleet.loaded(direction), now)
        place_s = self._random.uniform(*TAKES_PLACE_S)
        self._around.spawn(self.equipment.scale.weigh(arrived.lorry.gross_kg, place_s, 1.0))
        await self._around.sleep(place_s)
        self._stop(arrived.lorry, counted=counted)
        return arrived

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
        if not lorry.has(Anomaly.TAILGATER) and not self._followed:
            return 1
        self._followed = False
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
