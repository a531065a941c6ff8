"""Crashes: at the n-th await of a process, and at the moments that matter most; and what they leave on the log."""

import asyncio
from collections.abc import Callable
from typing import Any

from kouan.adapters.lane_controller import frames
from kouan.gate.lane_controller.records import SightKept
from kouan.proving.nemesis.damage import refuses
from kouan.proving.nemesis.plan import FaultAct, FaultKind
from kouan.proving.nemesis.world import World
from kouan.vocabulary.clock import SECOND
from kouan.wiring.twin.node import Node

WAITS_S = 60.0
"""How long a crash waits for its moment. Our choice: two passages of a lane."""


class _Once:
    """A crash that happens once, where the process lives; it counts where work was under way."""

    def __init__(self, world: World, act: FaultAct, node: Node) -> None:
        self.happened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._world = world
        self._act = act
        self._node = node

    def now(self) -> None:
        """Crash here."""
        busy = _busy(self._world, self._node)
        if self.happened.done() or not self._node.crash(self._act.span_us / SECOND):
            return
        if self._act.params.get("power"):
            self._node.before_start(_cut_power(self._world))
        self.happened.set_result(busy)

    def after(self, steps: int) -> None:
        """Crash after so many more awaits of the process."""
        if steps == 0:
            self.now()
        elif self._node.alive:
            self._node.life.at_step(steps, self.now)

    async def wait(self) -> bool:
        """Wait until it happened, or until its time has passed."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.happened), min(WAITS_S, self._world.left_s))
        except TimeoutError:
            self.happened.cancel()
            return False


def _busy(world: World, node: Node) -> bool:
    if node is world.port.controller:
        return True  # it polls and watches its lanes at any time
    if not world.port.platform.alive:
        return False
    driver = world.port.platform.driver
    return driver.settlement.unsettled > 0 or any(lane.runner.open is not None for lane in driver.lanes.values())


def _cut_power(world: World) -> Callable[[], None]:
    def cut() -> None:
        world.port.controller.cut_power()

    return cut


def _node(world: World, act: FaultAct) -> Node:
    return world.port.platform if act.target == "platform" else world.port.controller


async def at_await(world: World, act: FaultAct) -> bool:
    """Crash a process at the n-th await from now."""
    once = _Once(world, act, _node(world, act))
    once.after(act.params["steps"])
    return await once.wait()


async def at_moment(world: World, act: FaultAct) -> bool:
    """Crash a process at the n-th thing of a kind from now, or a few awaits later."""
    once = _Once(world, act, _node(world, act))
    kind, wanted = _MOMENTS[act.kind]
    left = act.params.get("entries", act.params.get("records", 1))

    def moment(data: Any) -> bool:
        nonlocal left
        if once.happened.done():
            return True
        if wanted(data):
            left -= 1
            if left <= 0:
                once.after(act.params.get("steps", 0))
                return True
        return False

    world.when(kind, moment)
    try:
        return await once.wait()
    finally:
        world.forget(kind, moment)


_MOMENTS: dict[FaultKind, tuple[str, Callable[[Any], bool]]] = {
    FaultKind.CRASH_AT_COMMIT: ("platform entry", lambda _: True),
    FaultKind.CRASH_AT_ORDER: ("platform entry", lambda entry: entry.kind == "gate.order/1"),
    FaultKind.CRASH_AT_NONCE: ("controller nonce", lambda record: not isinstance(record, SightKept)),
    FaultKind.CRASH_AT_COMMAND: ("broker accepted", lambda topic: topic.endswith("/barrier/command")),
}


async def medium(world: World, act: FaultAct) -> bool:
    """Let the controller's medium fail its next write, whose process ends by it; then cut the power, if asked for."""
    controller = world.port.controller
    ended = controller.ended_by_itself
    controller.medium.failing = True
    kept: list[tuple[int, int]] = []

    def power_fails() -> None:
        controller.medium.failing = False
        if act.kind is FaultKind.LOG_LOST:
            kept.append((0, len(controller.medium.pending)))
            controller.medium.pending = b""
        else:
            pending = len(controller.medium.pending)
            kept.append((controller.cut_power(), pending))

    if act.kind is not FaultKind.LOG_FULL:
        controller.before_start(power_fails)
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        controller.medium.failing = False
    if act.kind is FaultKind.LOG_FULL:
        return controller.ended_by_itself > ended
    return any(pending and (act.kind is FaultKind.LOG_LOST or 0 < left < pending) for left, pending in kept)


async def log_flipped(world: World, act: FaultAct) -> bool:
    """Change one bit of the controller's log while it is dead: it must notice when it starts."""
    medium = world.port.controller.medium

    def flip() -> Callable[[], None] | None:
        whole = medium.durable
        harmful = _before_last_frame(whole)
        if not harmful:
            return None
        changed = bytearray(whole)
        bit = act.params["bit"] % (8 * harmful)
        changed[bit // 8] ^= 1 << bit % 8
        medium.durable = bytes(changed)

        def restore() -> None:
            medium.durable = whole

        return restore

    return await refuses(world, world.port.controller, flip, act.span_us / SECOND)


def _before_last_frame(data: bytes) -> int:
    """Return where the last frame begins: what is damaged in that one is taken for a torn write."""
    start, offset = 0, len(frames.MAGIC)
    while offset + frames.HEAD_BYTES <= len(data):
        start = offset
        offset += frames.HEAD_BYTES + int.from_bytes(data[offset : offset + 4], "big")
    return start
