"""Faults of the platform's store: full, failing, slow, away, fenced; and synchronised data that is lost or flipped."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from kouan.adapters.memory.disk import Fault, LedgerFile
from kouan.proving.nemesis.damage import refuses
from kouan.proving.nemesis.plan import FaultAct, FaultKind
from kouan.proving.nemesis.world import World
from kouan.vocabulary.clock import SECOND

_RATES: Mapping[FaultKind, Fault] = {
    FaultKind.DISK_FULL: Fault.BUSY,
    FaultKind.DISK_ERROR: Fault.FAIL,
    FaultKind.STORE_LOST: Fault.LOSE,
    FaultKind.ANSWER_LOST: Fault.UNCERTAIN,
    FaultKind.FENCED: Fault.FENCE,
}

FENCED_WITHIN_S = 20.0
"""How long is waited for a commit that is fenced. Our choice: a lane that serves commits every second."""


async def commits(world: World, act: FaultAct) -> bool:
    """Let commits go wrong in one way; say whether one did."""
    fault, disk = _RATES[act.kind], world.disk
    before = disk.count[fault]
    disk.rates_pm[fault] = act.params.get("rate_pm", 1000)
    try:
        await asyncio.sleep(act.span_us / SECOND if act.span_us else FENCED_WITHIN_S)
    finally:
        disk.rates_pm.pop(fault, None)
    return disk.count[fault] > before


async def slow(world: World, act: FaultAct) -> bool:
    """Let commits take long; say whether there was one."""
    before = world.disk.count["slow"]
    world.disk.most_s = act.params["most_ms"] / 1000
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        world.disk.most_s = 0.0
    return world.disk.count["slow"] > before


async def away(world: World, act: FaultAct) -> bool:
    """Let the store be out of reach; say whether somebody reached for it."""
    before = world.disk.count["away"]
    world.disk.away = True
    try:
        await asyncio.sleep(act.span_us / SECOND)
    finally:
        world.disk.away = False
    return world.disk.count["away"] > before


async def flipped(world: World, act: FaultAct) -> bool:
    """Change one bit of a committed entry while the platform is dead: it must notice when it starts."""

    def flip(file: LedgerFile) -> None:
        place = max(0, len(file.entries) - act.params["back"])
        entry = file.entries[place]
        body = bytearray(entry.body)
        bit = act.params["bit"] % (8 * len(body))
        body[bit // 8] ^= 1 << bit % 8
        file.entries[place] = replace(entry, body=bytes(body))

    return await _harmed(world, act, flip)


async def lost(world: World, act: FaultAct) -> bool:
    """Take acknowledged entries away while the platform is dead: it must notice when it starts."""
    return await _harmed(world, act, lambda file: file.lose_last(min(act.params["entries"], len(file.entries))))


async def _harmed(world: World, act: FaultAct, harm: Callable[[LedgerFile], None]) -> bool:
    file = world.port.disk.ledger(world.port.name)

    def harmed() -> Callable[[], None] | None:
        if not file.entries:
            return None
        restore = _copied(file)
        harm(file)
        return restore

    return await refuses(world, world.port.platform, harmed, act.span_us / SECOND)


def _copied(file: LedgerFile) -> Callable[[], None]:
    """Return what puts a ledger back as it is now."""
    entries, hashes = list(file.entries), list(file.hashes)
    numbers, streams = dict(file.numbers), {name: list(found) for name, found in file.streams.items()}

    def restore() -> None:
        file.entries[:], file.hashes[:] = entries, hashes
        file.numbers, file.streams = numbers, streams

    return restore
