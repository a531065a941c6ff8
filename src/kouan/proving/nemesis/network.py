"""Faults of the network: what is lost, late, doubled, overtaken or cut between clients and broker."""

import asyncio
from collections.abc import Callable, Mapping

from kouan.adapters.memory.transit import Faults
from kouan.proving.nemesis.plan import FaultAct, FaultKind
from kouan.proving.nemesis.weather import Count, Front
from kouan.proving.nemesis.world import World
from kouan.vocabulary.clock import SECOND

_FAULTS: Mapping[FaultKind, Callable[[Mapping[str, int]], Faults]] = {
    FaultKind.LOSS: lambda params: Faults(lose_pm=params["lose_pm"]),
    FaultKind.DELAY: lambda params: Faults(delay_s=(params["least_ms"] / 1000, params["most_ms"] / 1000)),
    FaultKind.DUPLICATION: lambda params: Faults(duplicate_pm=params["duplicate_pm"]),
    FaultKind.REORDERING: lambda params: Faults(
        reorder_pm=params["reorder_pm"], delay_s=(0.0, params["most_ms"] / 1000)
    ),
    FaultKind.CUT: lambda _: Faults(cut=True),
    FaultKind.CUT_UP: lambda _: Faults(cut=True),
    FaultKind.CUT_DOWN: lambda _: Faults(cut=True),
    FaultKind.DEAF: lambda _: Faults(cut=True),
    FaultKind.FLAPPING: lambda _: Faults(cut=True),
}

_Done = Callable[[Count], int]

_DONE: Mapping[FaultKind, _Done] = {
    FaultKind.LOSS: lambda count: count.lost,
    FaultKind.DUPLICATION: lambda count: count.doubled,
    FaultKind.REORDERING: lambda count: count.reordered,
}
"""What shows that a fault took effect; of the others it does where a message met them."""


def _front(act: FaultAct) -> Front:
    up, down = act.kind not in (FaultKind.CUT_DOWN, FaultKind.DEAF), act.kind is not FaultKind.CUT_UP
    return Front(act.target, up, down, _FAULTS[act.kind](act.params))


def _ways(front: Front) -> tuple[str, ...]:
    return tuple(way for way, has in (("up", front.up), ("down", front.down)) if has)


async def weather(world: World, act: FaultAct) -> bool:
    """Let a fault last on one link; say whether messages felt it."""
    front = _front(act)
    done: _Done = _DONE.get(act.kind, lambda count: count.met)
    before = done(world.weather.count(front.name, *_ways(front)))
    world.weather.begin(front)
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        world.weather.end(front)
    return done(world.weather.count(front.name, *_ways(front))) > before


async def flapping(world: World, act: FaultAct) -> bool:
    """Cut one link again and again; say whether messages felt it."""
    front = _front(act)
    ends_at = world.clock.now() + act.span_us
    felt = False
    while world.clock.now() < ends_at:
        before = world.weather.count(front.name, "up", "down").met
        world.weather.begin(front)
        try:
            await asyncio.sleep(world.chance.uniform(0.05, act.params["down_ms"] / 1000))
        finally:
            world.weather.end(front)
        felt = felt or world.weather.count(front.name, "up", "down").met > before
        await asyncio.sleep(world.chance.uniform(0.05, act.params["up_ms"] / 1000))
    return felt


async def broker_restart(world: World, act: FaultAct) -> bool:
    """Let the broker be away: every link is cut at once, and what was not acknowledged is sent again."""
    fronts = [Front(name, True, True, Faults(cut=True)) for name in world.weather.names()]
    before = sum(world.weather.count(front.name, "up", "down").met for front in fronts)
    for front in fronts:
        world.weather.begin(front)
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        for front in fronts:
            world.weather.end(front)
    return sum(world.weather.count(front.name, "up", "down").met for front in fronts) > before


async def dropped(world: World, act: FaultAct) -> bool:
    """Let a part of the field lose its connection, and come back with a new one; say whether it had one."""
    cable = world.port.cables[act.target]
    took = cable.drop()
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        cable.mend()
    return took
