"""Faults of the field: vehicles that change places or follow too close, loops, devices, and PLCs that start again."""

import asyncio
from typing import Any

from kouan.protocols.plc.messages import Loop
from kouan.proving.nemesis.plan import FaultAct, FaultKind
from kouan.proving.nemesis.world import World
from kouan.simulator.lane import Lane
from kouan.vocabulary.clock import SECOND

_LOOPS = (Loop.ENTRY, Loop.STOP, Loop.EXIT)
_DECIDED = ("gate.decision/1", "gate.order/1")


def lane_of(world: World, entry: Any) -> Lane | None:
    """Return the lane of a passage's entry."""
    name = entry.stream.removeprefix(f"{world.port.name}-").split("-")[0]
    return world.port.field.lanes.get(name)


async def swapped(world: World, act: FaultAct) -> bool:
    """Let the vehicle at a line drive off as soon as it was decided on, or ordered for, and another take its place."""
    took: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    counted, moment = act.kind is FaultKind.SWAP, act.params["moment"]

    def decided(entry: Any) -> bool:
        lane = lane_of(world, entry) if entry.kind == _DECIDED[min(moment, 1)] else None
        if not took.done() and lane is not None and lane.swap(counted=counted):
            took.set_result(True)
        return took.done()

    world.when("platform entry", decided)
    try:
        return await asyncio.wait_for(took, act.span_us / SECOND)
    except TimeoutError:
        return False
    finally:
        world.forget("platform entry", decided)


async def tailgated(world: World, act: FaultAct) -> bool:
    """Let a second lorry slip through behind the next one that drives out of a lane."""
    seen: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def left(line: Any) -> bool:
        if line.get("event") == "left" and line.get("lane") == act.target and line.get("vehicles", 1) > 1:
            if not seen.done():
                seen.set_result(True)
            return True
        return seen.done()

    lane = world.port.field.lanes[act.target]
    lane.follow_closely(True)
    world.when("field truth", left)
    try:
        return await asyncio.wait_for(seen, act.span_us / SECOND)
    except TimeoutError:
        return False
    finally:
        lane.follow_closely(False)
        world.forget("field truth", left)


async def stuck(world: World, act: FaultAct) -> bool:
    """Let a loop show for a while what it shows now; say whether it missed a change."""
    plc, loop = world.port.field.lanes[act.target].equipment.plc, _LOOPS[act.params["loop"]]
    before = plc.missed
    plc.stick(loop)
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        missed = plc.missed
        plc.unstick(loop)
    return missed > before


async def silent(world: World, act: FaultAct) -> bool:
    """Let a device say nothing for a while; say whether it had something to say."""
    lane, _, device = act.target.partition("/")
    voice = world.port.field.lanes[lane].equipment.voices[device]
    before = voice.swallowed
    voice.mute(True)
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        voice.mute(False)
    return voice.swallowed > before


async def babbling(world: World, act: FaultAct) -> bool:
    """Let a device send garbage and repeat itself, in five bursts; say whether it could."""
    lane, _, device = act.target.partition("/")
    voice = world.port.field.lanes[lane].equipment.voices[device]
    before = voice.garbage_sent
    for _ in range(5):
        voice.babble(act.params["messages"] // 5)
        await asyncio.sleep(act.span_us / 5 / SECOND)
    return voice.garbage_sent > before


async def restarted(world: World, act: FaultAct) -> bool:
    """Start a PLC or a barrier's controller anew; say whether it could be felt."""
    lane = world.port.field.lanes[act.target]
    if act.kind is FaultKind.PLC_RESTART:
        return lane.restart_plc()
    return lane.equipment.barriers.restart()
