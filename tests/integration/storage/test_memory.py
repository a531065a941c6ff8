"""The faults of the in-memory player: what a store does wrong, and what must hold all the same."""

import asyncio
import random
from collections.abc import Iterable

import pytest
from tests.integration.storage.players import MemoryPlayer, raise_epoch, sighting, unit
from tests.integration.storage.test_ledger import appended, assert_chained

from kouan.adapters.memory.disk import Fault
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.ledger.roles import UnitRefused
from kouan.proving.virtual_loop import VirtualLoop, run
from kouan.vocabulary.errors import Corrupt, Fenced, Unavailable


def faults(player: MemoryPlayer, *found: Fault) -> None:
    """Let the next commits meet these faults, one each."""
    left = list(found)
    player.disk.faults.of_commit = lambda: left.pop(0) if left else Fault.NONE


def unreachable(player: MemoryPlayer, times: int) -> None:
    left = [None] * times

    def reachable() -> bool:
        if left:
            left.pop()
            return False
        return True

    player.disk.faults.reachable = reachable


@pytest.mark.parametrize("fault", [Fault.LOSE, Fault.UNCERTAIN, Fault.BUSY, Fault.FAIL])
async def test_a_fault_of_one_commit_is_not_seen_by_callers(memory: MemoryPlayer, fault: Fault) -> None:
    ledger = await memory.open_writer()
    faults(memory, fault)
    answers = await asyncio.gather(*[ledger.append(unit(f"k{n}")) for n in range(10)])
    assert [appended(answer).entries[0].seq for answer in answers] == list(range(1, 11))
    assert not any(appended(answer).repeated for answer in answers)
    assert_chained(await ledger.read())


async def test_an_uncertain_commit_keeps_its_refusals(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer()
    faults(memory, Fault.UNCERTAIN)
    unreachable(memory, 2)
    answers = await asyncio.gather(
        ledger.append(unit("a", guards=(raise_epoch(3),))), ledger.append(unit("b", effects=(sighting("A", 1),)))
    )
    assert answers[0] == UnitRefused("gate.raise_epoch")
    assert appended(answers[1]).entries[0].seq == 1


async def test_a_writer_that_is_fenced_in_doubt_answers_what_was_recorded(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer()
    faults(memory, Fault.UNCERTAIN)
    waiting = asyncio.gather(*[ledger.append(unit(f"k{n}")) for n in range(3)])
    await asyncio.sleep(0.001)
    await memory.open_writer()
    assert [appended(answer).entries[0].seq for answer in await waiting] == [1, 2, 3]
    with pytest.raises(Fenced):
        await ledger.append(unit("later"))


async def test_a_fence_stops_everybody_who_waits(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer()
    faults(memory, Fault.FENCE)
    answers = await asyncio.gather(*[ledger.append(unit(f"k{n}")) for n in range(3)], return_exceptions=True)
    assert all(isinstance(answer, Fenced) for answer in answers)
    assert await ledger.size() == 0


async def test_patience_ends(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer(patience_s=0.1)
    memory.disk.faults.of_commit = lambda: Fault.BUSY
    with pytest.raises(Unavailable):
        await ledger.append(unit("a"))
    faults(memory)
    assert appended(await ledger.append(unit("a"))).entries[0].seq == 1


async def test_closing_tells_those_who_wait(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer()
    memory.disk.faults.of_commit = lambda: Fault.BUSY
    waiting = asyncio.gather(ledger.append(unit("a")), ledger.append(unit("a")), return_exceptions=True)
    await asyncio.sleep(0.001)
    await ledger.close()
    assert all(isinstance(answer, Unavailable) for answer in await waiting)


async def test_a_crash_drops_what_was_not_committed_and_keeps_what_was(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer()
    gate = asyncio.Event()
    memory.disk.faults.delay = gate.wait  # type: ignore[assignment]
    task = asyncio.create_task(ledger.append(unit("lost", effects=(sighting("A", 1),))))
    await asyncio.sleep(0.001)
    ledger.crash()
    gate.set()
    late = asyncio.create_task(ledger.append(unit("late")))
    again = await memory.open_writer()
    assert appended(await again.append(unit("kept"))).entries[0].seq == 1
    assert not task.done()
    assert not late.done()
    assert [entry.key for entry in await again.read()] == ["kept"]
    assert await memory.gate.find_sighting("A") is None
    for waiting in (task, late):
        waiting.cancel()


async def test_a_disk_that_lied_about_flushing_is_found_out(memory: MemoryPlayer) -> None:
    ledger = await memory.open_writer()
    for number in range(5):
        await ledger.append(unit(f"k{number}"))
    ledger.crash()
    memory.disk.ledger("ganqimaodu").lose_last(2)
    with pytest.raises(Corrupt, match="entry 5"):
        await memory.open_writer()


def rolled(seed: int) -> tuple[str, int]:
    """Append under seeded faults in virtual time; return the root and the size."""
    chance = random.Random(seed)
    player = MemoryPlayer(random.Random(seed + 1))

    async def delay() -> None:
        await asyncio.sleep(chance.random() / 100)

    async def appender(ledger: MemoryLedger, keys: Iterable[str]) -> None:
        for key in keys:
            await asyncio.sleep(chance.random() / 50)
            try:
                appended(await ledger.append(unit(key)))
            except Unavailable:
                await appender(ledger, [key])

    async def main() -> tuple[str, int]:
        ledger = await player.open_writer()
        await asyncio.gather(*[appender(ledger, [f"{number}-{n}" for n in range(20)]) for number in range(10)])
        assert ledger.writer.standing is not None
        return ledger.writer.standing.frontier.root().hex(), await ledger.size()

    player.disk.faults.delay = delay
    player.disk.faults.of_commit = lambda: chance.choice([Fault.NONE] * 6 + [Fault.LOSE, Fault.UNCERTAIN, Fault.FAIL])
    return run(main(), VirtualLoop())


def test_the_same_seed_gives_the_same_root_under_faults() -> None:
    assert rolled(3) == rolled(3)
    assert rolled(3)[1] == 200
    assert rolled(3)[0] != rolled(4)[0]
