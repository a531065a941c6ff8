"""The mark beside the database: a ledger that forgot what it held is found out, whole as what is left may look."""

from pathlib import Path

import pytest
from tests.integration.storage.players import KEYS, PORT, TickingClock

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.ledger_mark import LedgerMark
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.signing.sealing import Sealer
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Unit
from kouan.vocabulary.errors import Corrupt


async def ledger_of(entries: int, text: str = "") -> MemoryLedger:
    ledger = await MemoryLedger.open_writer(MemoryDisk(), PORT, TickingClock(), Sealer(KEYS))
    for number in range(entries):
        body = canonical({"number": number, "text": text})
        await ledger.append(Unit((Draft("test.fact/1", "stream", f"key {number}", body),)))
    return ledger


@pytest.fixture
def mark(tmp_path: Path) -> LedgerMark:
    return LedgerMark(DataFolder(tmp_path), PORT)


async def test_a_port_that_was_never_open_has_no_mark_and_opens(mark: LedgerMark) -> None:
    assert mark.read() is None
    await mark.check(await ledger_of(0))


async def test_a_ledger_that_reaches_its_mark_or_goes_beyond_it_opens(mark: LedgerMark) -> None:
    ledger = await ledger_of(5)
    await mark.keep(ledger.writer)
    await mark.check(ledger)
    await ledger.append(Unit((Draft("test.fact/1", "stream", "one more", canonical({})),)))
    await mark.check(ledger)


async def test_a_ledger_that_forgot_its_last_entries_is_refused_and_told_how_far_it_had_come(mark: LedgerMark) -> None:
    await mark.keep((await ledger_of(5)).writer)
    with pytest.raises(Corrupt, match="had come to entry 5, and ends at entry 4 now"):
        await mark.check(await ledger_of(4))
    with pytest.raises(Corrupt, match="ends at entry 0 now"):
        await mark.check(await ledger_of(0))


async def test_a_ledger_that_went_another_way_is_refused(mark: LedgerMark) -> None:
    await mark.keep((await ledger_of(5)).writer)
    with pytest.raises(Corrupt, match="entry 5 of the ledger is not the one that was recorded"):
        await mark.check(await ledger_of(9, "another"))


async def test_a_mark_never_goes_back(mark: LedgerMark) -> None:
    await mark.keep((await ledger_of(5)).writer)
    await mark.keep((await ledger_of(3)).writer)
    kept = mark.read()
    assert kept is not None
    assert kept.sequence == 5


async def test_a_mark_that_cannot_be_read_is_refused(mark: LedgerMark) -> None:
    mark.path.write_bytes(b"{")
    with pytest.raises(Corrupt, match=r"ledger\.mark cannot be read"):
        await mark.check(await ledger_of(1))


async def test_the_mark_of_another_port_is_no_concern_of_this_one(mark: LedgerMark, tmp_path: Path) -> None:
    await LedgerMark(DataFolder(tmp_path), "another").keep((await ledger_of(5)).writer)
    await mark.check(await ledger_of(1))
