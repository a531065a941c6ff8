"""One run of the twin in memory, and what it leaves behind."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from kouan.adapters.driver.setting import Watcher
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.simulator.field import Summary
from kouan.simulator.logs import MemoryLog
from kouan.simulator.port_file import FieldPort
from kouan.simulator.scenario import Scenario
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.wiring.port_file import PortFile
from kouan.wiring.twin.port import SimulatedPort
from kouan.wiring.twin.watched import Tell, tell_nobody


class Twin(msgspec.Struct, frozen=True):
    """What a run in memory leaves behind."""

    disk: MemoryDisk
    ledger: MemoryLedger
    truth: MemoryLog
    actuations: MemoryLog
    summary: Summary
    refusals: tuple[str, ...] = ()


async def run_twin(
    port: PortFile,
    field_port: FieldPort,
    scenario: Scenario,
    seed: int,
    clock: Clock,
    stopped: Callable[[], bool],
    watcher: Watcher | None = None,
    crashes: Sequence[Instant] = (),
    *,
    people: bool = False,
    tell: Tell = tell_nobody,
) -> Twin:
    """Run a port and its field in memory until ``stopped``; the same seed gives the same ledger.

    At each of ``crashes`` the platform dies, and starts again ``DEAD_S`` later. ``people`` sit at the desks and decide
    reviews. ``tell`` is told of what happens (``SimulatedPort``).
    """
    twin = SimulatedPort(port, field_port, scenario, seed, clock, tell, watcher=watcher, people=people)
    crashing: asyncio.Task[None] | None = None
    try:
        await twin.start()
        crashing = asyncio.create_task(_crash(twin, clock, crashes), name="crashes")
        await twin.run(stopped)
        summary = twin.field.summary()
    finally:
        if crashing is not None:
            crashing.cancel()
        twin.finish()
    return Twin(twin.disk, twin.platform.ledger, twin.truth, twin.actuations, summary, tuple(twin.office.refusals))


async def _crash(twin: SimulatedPort, clock: Clock, crashes: Sequence[Instant]) -> None:
    for at in crashes:
        await asyncio.sleep(max(0, at - clock.now()) / SECOND)
        twin.platform.crash()
