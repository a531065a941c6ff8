"""Shifts, and who read what; each test runs on PostgreSQL and in memory."""

import pytest
from tests.integration.storage.players import PORT, Player

from kouan.access.need import Asking, Purpose
from kouan.access.people import Agency, Principal, Role
from kouan.access.policy import Field
from kouan.access.reads import ReadRecord, note_reads
from kouan.access.shifts import SHIFT_US, close_shift, on_shift, open_shift
from kouan.ledger.roles import Appended, UnitRefused

WANG = Principal("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,))
ASKING = Asking(WANG, PORT, Purpose.CONTROL, True)
HEALTH, PAPERS = frozenset({Field.HEALTH}), frozenset({Field.PAPERS, Field.HEALTH})


async def test_one_shift_is_open_at_a_time_and_ends_once(player: Player) -> None:
    ledger = await player.open_writer()
    assert await player.accounts.find_shift("wang") is None
    shift, unit = open_shift(WANG, 100)
    assert isinstance(await ledger.append(unit), Appended)
    assert await player.accounts.find_shift("wang") == shift
    assert isinstance(await ledger.append(open_shift(WANG, 101)[1]), UnitRefused)
    assert isinstance(await ledger.append(close_shift(WANG, 200)), Appended)
    found = await player.accounts.find_shift("wang")
    assert (found and found.closed_at, on_shift(found, WANG, 201)) == (200, False)
    assert isinstance(await ledger.append(close_shift(WANG, 202)), UnitRefused)
    assert isinstance(await ledger.append(open_shift(WANG, 300)[1]), Appended)


async def test_a_shift_that_was_forgotten_open_ends_by_itself(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(open_shift(WANG, 100)[1])
    found = await player.accounts.find_shift("wang")
    assert [on_shift(found, WANG, now) for now in (99, 100, 99 + SHIFT_US, 100 + SHIFT_US)] == [
        False,
        True,
        True,
        False,
    ]
    assert isinstance(await ledger.append(close_shift(WANG, 100 + SHIFT_US)), UnitRefused)
    assert isinstance(await ledger.append(open_shift(WANG, 100 + SHIFT_US)[1]), Appended)


@pytest.mark.parametrize(
    "other",
    [
        Principal("li", "李", Agency.CUSTOMS, (Role.INSPECTOR,)),
        Principal("wang", "王", Agency.SITE, (Role.INSPECTOR,)),
        Principal("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,), machine=True),
    ],
    ids=["another", "of_another_agency", "a_machine"],
)
def test_a_shift_is_one_persons_for_one_agency(other: Principal) -> None:
    shift, _ = open_shift(WANG, 100)
    assert on_shift(shift, WANG, 150)
    assert not on_shift(shift, other, 150)


async def test_one_entry_is_found_again_by_each_matter_that_was_read(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(note_reads(ASKING, {"passage:P1": HEALTH, "passage:P2": PAPERS}, "a", 100))
    await ledger.append(note_reads(ASKING, {"passage:P1": PAPERS}, "b", 200))
    first = ReadRecord("passage:P1", "access:read:a", 100, "wang", Agency.CUSTOMS, "control", "health")
    second = ReadRecord("passage:P1", "access:read:b", 200, "wang", Agency.CUSTOMS, "control", "health papers")
    assert list(await player.accounts.reads_about("passage:P1")) == [second, first]
    assert list(await player.accounts.reads_about("passage:P1", before=200)) == [first]
    assert list(await player.accounts.reads_about("passage:P1", limit=1)) == [second]
    assert [each.fields for each in await player.accounts.reads_about("passage:P2")] == ["health papers"]
    assert list(await player.accounts.reads_about("passage:P3")) == []
    assert [entry.kind for entry in await ledger.read()] == ["access.read/1"] * 2
