"""Lots, samples and custody; each test runs on PostgreSQL and in memory."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.inspection.records import DeclarationRecord, params_of
from kouan.inspection.release.pressing import FIRST, NEVER, PRESSING, Place
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord
from kouan.ledger.roles import Appended, Statement, Unit

LOT = LotRecord(
    number="071320261000000001-1", version=1, declaration="071320261000000001", line=1, hs_code="2602000000",
    goods="锰矿", direction="in", mass_kg=80_000, consignee="91150000X", regime="manganese_chromium_ore@2",
    state="declared", declared_at=10, arrived_at=None, deadline=100, changed_at=10, standing=b"{}", rule=b"{}",
)  # fmt: skip
SAMPLE = SampleRecord("S1", LOT.number, None, "SEAL1", "wang", "consignee", "yard A", 20)
LINK = CustodyRecord(LOT.number, 1, LOT.number, "yard A", "yard", None, 20, "wang")


def changed(record: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields)


class Release:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def granted(self, *statements: tuple[str, Any]) -> bool:
        """Append the statements as the guards of one unit; say whether all held."""
        named = [
            Statement(
                name if "." in name else f"release.{name}", given if isinstance(given, dict) else params_of(given)
            )
            for name, given in statements
        ]
        return isinstance(await self._ledger.append(Unit((), tuple(named))), Appended)


@pytest.fixture
async def release(player: Player) -> Release:
    return Release(await player.open_writer())


async def test_a_lot_is_opened_once(player: Player, release: Release) -> None:
    assert await release.granted(("insert_lot", LOT))
    assert not await release.granted(("insert_lot", changed(LOT, goods="铬矿")))
    assert await player.release.find_lot(LOT.number) == LOT
    assert await player.release.find_lot("nobody") is None


async def test_declarations_come_in_the_order_in_which_they_are_looked_at_page_by_page(
    player: Player, release: Release
) -> None:
    lots = [
        ("1", 1, "declared", 300), ("2", 1, "held", 400), ("3", 1, "declared", 90), ("4", 1, "overdue", 500),
        ("5", 1, "free", None), ("6", 1, "declared", 300), ("7", 1, "free", None), ("7", 2, "declared", 600),
    ]  # fmt: skip
    for number, line, state, deadline in lots:
        one = changed(LOT, number=f"{number}-{line}", declaration=number, line=line, state=state, deadline=deadline)
        assert await release.granted(("insert_lot", one))
    records, whole = player.release, ["4", "3", "2", "1", "6", "7"]
    found = await records.declarations_pressing(100, FIRST, 10)
    assert [place.number for place in found] == whole
    assert [(place.late, place.rank, place.deadline) for place in found[:4]] == [
        (0, 1, 500), (0, 5, 90), (1, 4, 400), (1, 5, 300)
    ]  # fmt: skip
    turned, after = list[str](), FIRST
    while page := await records.declarations_pressing(100, after, 2):
        turned, after = [*turned, *(place.number for place in page)], page[-1]
    assert turned == whole


async def test_a_declaration_waits_for_its_full_form_until_it_is_cancelled(player: Player) -> None:
    ledger = await player.open_writer()
    summary = DeclarationRecord("D1", 1, "in", "declared", 0, "d", b"{}", 10, 10, "summary", 100)
    cancelled = changed(summary, number="D2", status="cancelled")
    for paper in (summary, cancelled):
        await ledger.append(Unit((), (Statement("papers.insert_declaration", params_of(paper)),)))
    records, numbers = player.release, [summary.number, cancelled.number, "nobody"]
    assert await records.declarations_pressing(99, FIRST, 10) == []
    assert await records.declarations_pressing(100, FIRST, 10) == [Place(0, len(PRESSING), 100, summary.number)]
    assert await records.declarations_found(99, FIRST, 10, numbers, None) == [
        Place(1, len(PRESSING), 100, summary.number), Place(1, len(PRESSING), NEVER, cancelled.number)
    ]  # fmt: skip
    lot = changed(LOT, number=f"{summary.number}-1", declaration=summary.number, deadline=50)
    assert await Release(ledger).granted(("insert_lot", lot))
    assert await records.declarations_pressing(60, FIRST, 10) == [Place(0, len(PRESSING), 50, summary.number)]


async def test_declarations_are_found_by_number_and_consignee(player: Player, release: Release) -> None:
    for number, consignee, state in (("1", "A", "free"), ("2", "A", "declared"), ("3", "B", "declared")):
        deadline = None if state == "free" else 100
        one = changed(
            LOT, number=f"{number}-1", declaration=number, consignee=consignee, state=state, deadline=deadline
        )
        assert await release.granted(("insert_lot", one))

    async def numbers(sought: list[str] | None, consignee: str | None, limit: int = 10) -> list[str]:
        places = await player.release.declarations_found(50, FIRST, limit, sought, consignee)
        return [place.number for place in places]

    assert await numbers(None, "A") == ["2", "1"]
    assert await numbers(None, "A", 1) == ["2"]
    assert await numbers(["1", "3", "9"], None) == ["3", "1"]
    assert await numbers(["1", "3"], "B") == ["3"]
    assert await numbers([], None) == []
    assert await numbers(None, "nobody") == []


async def test_a_lot_moves_from_the_version_that_was_read(player: Player, release: Release) -> None:
    await release.granted(("insert_lot", LOT))
    moved = changed(LOT, version=2, state="arrived", arrived_at=20, deadline=200, changed_at=20, standing=b'{"a":1}')
    assert await release.granted(("move_lot", moved))
    assert not await release.granted(("move_lot", moved))
    assert not await release.granted(("move_lot", changed(moved, version=4)))
    assert await player.release.find_lot(LOT.number) == moved


async def test_what_a_lot_is_of_never_changes(player: Player, release: Release) -> None:
    await release.granted(("insert_lot", LOT))
    other = changed(LOT, version=2, declaration="x", line=9, direction="out", declared_at=99)
    assert await release.granted(("move_lot", other))
    assert await player.release.find_lot(LOT.number) == changed(LOT, version=2)


async def test_of_two_facts_at_once_one_moves_the_lot(player: Player, release: Release) -> None:
    await release.granted(("insert_lot", LOT))
    held, free = changed(LOT, version=2, state="held"), changed(LOT, version=2, state="free", deadline=None)
    won = await asyncio.gather(release.granted(("move_lot", held)), release.granted(("move_lot", free)))
    assert sorted(won) == [False, True]
    assert await player.release.find_lot(LOT.number) == (held if won[0] else free)


@pytest.mark.parametrize(
    ("state", "deadline", "at", "leaves"),
    [
        ("conditionally_released", 100, 99, True),
        ("conditionally_released", 100, 100, False),
        ("passed", 100, 50, True),
        ("free", None, 10**9, True),
        ("sampled", 100, 50, False),
        ("overdue", 100, 50, False),
        ("recalled", 100, 50, False),
    ],
)
async def test_goods_leave_by_the_state_and_deadline_of_the_moment(
    release: Release, state: str, deadline: int | None, at: int, leaves: bool
) -> None:
    await release.granted(("insert_lot", changed(LOT, state=state, deadline=deadline)))
    read = {"number": LOT.number, "version": LOT.version, "at": at}
    assert await release.granted(("may_leave", read)) is leaves
    assert not await release.granted(("may_leave", read | {"number": "nobody"}))
    assert not await release.granted(("may_leave", read | {"version": LOT.version + 1})), "the lot changed since"


async def test_lots_are_found_by_deadline_state_and_declaration(player: Player, release: Release) -> None:
    second = changed(LOT, number="071320261000000001-2", line=2, deadline=50)
    third = changed(LOT, number="071320261000000002-1", declaration="071320261000000002", state="free", deadline=None)
    fourth = changed(LOT, number="071320261000000003-1", declaration="071320261000000003", state="held", deadline=100)
    for lot in (LOT, second, third, fourth):
        assert await release.granted(("insert_lot", lot))
    records = player.release
    assert list(await records.lots_due(99, 10)) == [second]
    assert list(await records.lots_due(100, 10)) == [second, LOT, fourth]
    assert list(await records.lots_due(100, 1)) == [second]
    assert list(await records.lots_of_declaration(LOT.declaration)) == [LOT, second]
    assert list(await records.lots_waiting("", 10)) == [LOT, second, fourth]
    assert list(await records.lots_waiting(LOT.number, 1)) == [second]
    assert list(await records.lots_in("declared", 10)) == [second, LOT]
    assert list(await records.lots_in("free", 10)) == [third]
    assert await records.next_deadline() == 50


async def test_without_lots_there_is_no_deadline(player: Player, release: Release) -> None:
    assert await player.release.next_deadline() is None


async def test_a_sample_has_one_result(player: Player, release: Release) -> None:
    duplicate = changed(SAMPLE, number="S2", duplicate_of="S1", seal="SEAL2")
    assert await release.granted(("insert_sample", SAMPLE), ("insert_sample", duplicate))
    assert not await release.granted(("insert_sample", changed(SAMPLE, seal="OTHER")))
    result = {"number": "S1", "lot": LOT.number, "result": "R1", "passed": 0}
    assert not await release.granted(("note_result", {**result, "lot": "another"}))
    assert await release.granted(("note_result", result))
    assert not await release.granted(("note_result", {**result, "result": "R2", "passed": 1}))
    assert list(await player.release.samples_of(LOT.number)) == [changed(SAMPLE, result="R1", passed=0), duplicate]


async def test_a_chain_of_custody_has_no_gap_and_no_fork(player: Player, release: Release) -> None:
    second = changed(LINK, step=2, location="road G242", holder="CARRIER-7", seal="CN123", since=30)
    assert not await release.granted(("hand_over", second))
    assert await release.granted(("hand_over", LINK))
    assert not await release.granted(("hand_over", LINK))
    assert await release.granted(("hand_over", second))
    assert not await release.granted(("hand_over", changed(second, holder="CARRIER-8")))
    assert list(await player.release.custody_of(LOT.number)) == [LINK, second]
    assert list(await player.release.custody_of("S1")) == []


async def test_a_unit_that_is_refused_moves_nothing(player: Player, release: Release) -> None:
    await release.granted(("insert_lot", LOT))
    moved = changed(LOT, version=2, state="sampled")
    assert not await release.granted(("move_lot", moved), ("hand_over", changed(LINK, step=7)))
    assert await player.release.find_lot(LOT.number) == LOT
