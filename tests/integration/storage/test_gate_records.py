"""The gate's projections; each test runs on PostgreSQL and in memory."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import PORT, Player, draft

from kouan.gate.roles import (
    ExceptionRecord,
    LaneRecord,
    PassageRecord,
    Sighting,
    VisitRecord,
    record_params,
)
from kouan.ledger.roles import Appended, Statement, Unit

PASSAGE = PassageRecord(
    passage="p1", version=1, lane="I1", direction="in", track=7, state="collecting", document=b'{"a":1}', plate=None,
    trailer=None, cargo=None, visit=None, outcome=None, review_outcome=None, review_authority=None, opened_at=100,
    updated_at=100, closed_at=None, stop_ms=None,
)  # fmt: skip


def changed(record: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields)


class Gate:
    """Appends one statement a unit and says whether it was granted."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._count = 0

    async def guarded(self, name: str, record: Any) -> bool:
        self._count += 1
        params = record if isinstance(record, dict) else record_params(record)
        unit = Unit((draft(f"k{self._count}", stream="s"),), (Statement(f"gate.{name}", params),))
        return isinstance(await self._ledger.append(unit), Appended)

    async def effected(self, name: str, record: Any) -> None:
        await self._ledger.append(Unit((), (), (Statement(f"gate.{name}", record_params(record)),)))


@pytest.fixture
async def gate(player: Player) -> Gate:
    return Gate(await player.open_writer())


async def test_a_passage_opens_moves_on_and_closes(player: Player, gate: Gate) -> None:
    assert await gate.guarded("open_passage", PASSAGE)
    moved = changed(PASSAGE, version=2, state="in_review", plate="蒙B023H6", review_authority="customs", updated_at=200)
    assert await gate.guarded("update_passage", moved)
    assert await player.gate.open_passages() == [moved]
    assert await player.gate.open_reviews() == [moved]
    ended = changed(moved, version=3, state="cleared", closed_at=300, stop_ms=12_345, outcome="RELEASE")
    assert await gate.guarded("close_passage", ended)
    assert await player.gate.open_passages() == []
    assert await player.gate.open_reviews() == []
    assert await player.gate.find_passage("p1") == ended
    assert await player.gate.find_passage("p2") is None


async def test_a_passage_takes_only_a_later_version(player: Player, gate: Gate) -> None:
    assert await gate.guarded("open_passage", PASSAGE)
    assert not await gate.guarded("update_passage", PASSAGE)
    assert await gate.guarded("update_passage", changed(PASSAGE, version=4))
    assert not await gate.guarded("update_passage", changed(PASSAGE, version=3))
    assert not await gate.guarded("update_passage", changed(PASSAGE, passage="p2", version=5))
    ended = changed(PASSAGE, version=5, closed_at=300)
    assert await gate.guarded("close_passage", ended)
    assert not await gate.guarded("close_passage", changed(ended, version=6))
    assert await player.gate.find_passage("p1") == ended


async def test_one_track_of_a_lane_has_one_open_passage(player: Player, gate: Gate) -> None:
    assert await gate.guarded("open_passage", PASSAGE)
    assert not await gate.guarded("open_passage", PASSAGE)
    assert not await gate.guarded("open_passage", changed(PASSAGE, passage="p2"))
    assert await gate.guarded("open_passage", changed(PASSAGE, passage="p3", track=8))
    assert await gate.guarded("close_passage", changed(PASSAGE, version=2, closed_at=300))
    assert await gate.guarded("open_passage", changed(PASSAGE, passage="p4", opened_at=50))
    assert [record.passage for record in await player.gate.open_passages()] == ["p4", "p3"]


async def test_passages_are_listed_newest_first(player: Player, gate: Gate) -> None:
    for number in range(5):
        state = "cleared" if number % 2 else "collecting"
        await gate.guarded(
            "open_passage", changed(PASSAGE, passage=f"p{number}", track=number, state=state, opened_at=number)
        )
    listed = player.gate.list_passages
    assert [record.passage for record in await listed(limit=3)] == ["p4", "p3", "p2"]
    assert [record.passage for record in await listed(before=3)] == ["p2", "p1", "p0"]
    assert [record.passage for record in await listed(state="cleared")] == ["p3", "p1"]
    assert [record.passage for record in await listed(since=2, before=4)] == ["p3", "p2"]
    assert [record.passage for record in await listed(state="cleared", since=2)] == ["p3"]


async def test_a_passage_knows_its_entries_in_every_stream(player: Player, gate: Gate) -> None:
    ledger = await player.open_writer()
    note = Statement("gate.add_entries", {"passage": "p1"})
    await ledger.append(Unit((draft("a", stream="other"),)))
    await ledger.append(Unit((draft("b", stream="p1"), draft("c", stream="I1"), draft("d", stream="p1")), (), (note,)))
    both = [Unit((draft(key, stream="p1"), draft(key + "x", stream="visit-1")), (), (note,)) for key in ("e", "f")]
    await asyncio.gather(*[ledger.append(unit) for unit in both])
    await ledger.append(Unit((draft("g", stream="p1"),), (), (note,)))
    assert await player.gate.entries_of("p1") == [2, 3, 4, 5, 6, 7, 8, 9]
    assert await player.gate.entries_of("p2") == []


async def test_a_lanes_epoch_rises_one_by_one(player: Player, gate: Gate) -> None:
    for epoch, granted in ((2, False), (1, True), (1, False), (3, False), (2, True)):
        assert await gate.guarded("raise_epoch", {"lane": "I1", "epoch": epoch}) == granted
    assert await player.gate.lane_epochs() == {"I1": 2}


async def test_lanes_keep_their_last_state(player: Player, gate: Gate) -> None:
    for record in (LaneRecord("O1", b"1", 1), LaneRecord("I1", b"2", 2), LaneRecord("O1", b"3", 3)):
        await gate.effected("update_lane", record)
    assert await player.gate.lanes() == [LaneRecord("I1", b"2", 2), LaneRecord("O1", b"3", 3)]


async def test_exceptions_are_counted_for_a_person_and_a_time(player: Player, gate: Gate) -> None:
    for at in (10, 20, 20, 30):
        await gate.effected("note_exception", ExceptionRecord("p1", "seal.matches", "wang", None, at))
    await gate.effected("note_exception", ExceptionRecord("p1", "seal.matches", "li", "wang", 40))
    assert await player.gate.count_exceptions("wang", 10) == 3
    assert await player.gate.count_exceptions("zhao", 0) == 0
    for by, since, most, held in (
        ("wang", 10, 4, True),
        ("wang", 10, 3, False),
        ("wang", 20, 2, True),
        ("zhao", 0, 0, False),
    ):
        assert await gate.guarded("within_cap", {"by": by, "since": since, "most": most}) == held


async def test_the_latest_sighting_of_a_plate_stands(player: Player, gate: Gate) -> None:
    later = Sighting("A", PORT, "I1", "in", "p1", 20)
    for sighting in (later, changed(later, at=10, lane="I2")):
        await gate.effected("note_sighting", sighting)
    assert await player.gate.find_sighting("A") == later
    assert await player.gate.find_sighting("B") is None


async def test_a_vehicle_is_on_one_visit_at_a_time(player: Player, gate: Gate) -> None:
    visit = VisitRecord("v1", "A", "p1", 10)
    assert await gate.guarded("open_visit", visit)
    assert not await gate.guarded("open_visit", changed(visit, visit="v2"))
    assert await player.gate.find_open_visit("A") == visit
    end = {"visit": "v1", "closed_at": 20, "out_passage": "p2"}
    assert await gate.guarded("close_visit", end)
    assert not await gate.guarded("close_visit", end)
    assert await player.gate.find_open_visit("A") is None
    assert await gate.guarded("open_visit", changed(visit, visit="v2"))
