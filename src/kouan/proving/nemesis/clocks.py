"""Faults of clocks: a wrong offset for a while, a jump forward or back, a drift."""

import asyncio
import contextlib
from typing import Any

from kouan.proving.nemesis.plan import FaultAct, FaultKind
from kouan.proving.nemesis.world import World
from kouan.vocabulary.clock import SECOND
from kouan.wiring.twin.clocks import SkewedClock

PUT_RIGHT_S = 1.0
"""How long before all heals a clock is put right at the latest."""

DRIVER_WITHIN_S = 20.0
"""How long is waited for a driver to be identified: the last verdict, a decision and an order follow in a second or
two, which a clock may spoil."""


async def _before_decision(world: World) -> None:
    came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def identified(entry: Any) -> bool:
        if entry.kind == "gate.evidence/1" and b'"type":"driver"' in bytes(entry.body) and not came.done():
            came.set_result(None)
        return came.done()

    world.when("platform entry", identified)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(came, min(DRIVER_WITHIN_S, world.left_s))
    world.forget("platform entry", identified)


async def wrong(world: World, act: FaultAct) -> bool:
    """Let one process's clock be wrong, the platform's from before the next decision; say whether it was read."""
    clock: SkewedClock = getattr(world.port.clocks, act.target)
    if act.target == "platform":
        await _before_decision(world)
    span_s = min(act.span_us / SECOND, world.left_s - PUT_RIGHT_S)
    if span_s <= 0:
        return False
    before = clock.reads_wrong
    by_us = act.params.get("by_ms", 0) * 1000
    if act.kind is FaultKind.CLOCK_DRIFT:
        clock.drift(act.params["ppm"])
    else:
        clock.jump(by_us)
    try:
        await asyncio.sleep(span_s)
    finally:
        if act.kind is FaultKind.CLOCK_DRIFT:
            clock.drift(0)
        else:
            clock.jump(-by_us)
    return clock.reads_wrong > before and (by_us != 0 or bool(act.params.get("ppm")))
