"""Supporting papers, balances and what is due; each test runs on PostgreSQL and in memory."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player
from tests.integration.storage.test_papers_records import Papers, changed

from kouan.inspection.balances import BalanceKind, Part
from kouan.inspection.overrun import Overrun
from kouan.inspection.records import (
    BalanceRecord,
    ConsignmentRecord,
    DeclarationRecord,
    ManifestRecord,
    SupportingRecord,
    WriteOffRecord,
)
from kouan.journeys.write_off import NetWriteOffs, WrittenOff
from kouan.vocabulary.verdict import Refused

DECLARATION = DeclarationRecord("D1", 1, "in", "declared", 0, "d", b"{}", 10, 10, "summary", 100)
REPORT = SupportingRecord("third_party_report", "R1", 1, "D1-1 D1-2", "d", b"{}", "active", 10, 10)
BALANCE = BalanceRecord("licence", "L1", "all", 1000, 50, 100)
PAPER = {"kind": "licence", "number": "L1"}
TAKE = {**PAPER, "item": "all", "mass_kg": 300, "at": 60, "overrun_permille": 0}


@pytest.fixture
async def papers(player: Player) -> Papers:
    return Papers(await player.open_writer())


async def test_a_full_declaration_is_due_until_it_comes_and_overdue_once(player: Player, papers: Papers) -> None:
    for record in (DECLARATION, changed(DECLARATION, number="D0"), changed(DECLARATION, number="D9", full_due=200)):
        assert await papers.granted(("insert_declaration", record))
    await papers.granted(("insert_declaration", changed(DECLARATION, number="D5", status="cancelled")))
    due = {at: [record.number for record in await player.papers.declarations_due(at)] for at in (99, 100, 200)}
    assert due == {99: [], 100: ["D0", "D1"], 200: ["D0", "D1", "D9"]}
    assert [record.number for record in await player.papers.declarations_due(200, 2)] == ["D0", "D1"]
    assert not await papers.granted(("note_overdue", {"number": "D1", "at": 99}))
    assert await papers.granted(("note_overdue", {"number": "D1", "at": 101}))
    assert not await papers.granted(("note_overdue", {"number": "D1", "at": 102}))
    full = changed(DECLARATION, version=2, step="full", full_due=None, submitted_at=300, changed_at=300)
    assert await papers.granted(("amend_declaration", full))
    assert await player.papers.find_declaration("D1") == changed(full, submitted_at=10, overdue_at=101)
    assert [record.number for record in await player.papers.declarations_due(200)] == ["D0", "D9"]
    assert not await papers.granted(("note_overdue", {"number": "D1", "at": 400}))


async def test_a_supporting_paper_is_found_by_its_lots_until_it_is_revoked(player: Player, papers: Papers) -> None:
    other = changed(REPORT, kind="laboratory_result", lots="D1-2")
    for record in (REPORT, other):
        assert await papers.granted(("insert_supporting", record))
    assert not await papers.granted(("insert_supporting", REPORT))
    assert await player.papers.supporting_of_lot("D1-2") == [other, REPORT]
    assert await player.papers.supporting_of_lot("D1-1") == [REPORT]
    assert await player.papers.supporting_of_lot("D1") == []
    amended = changed(REPORT, version=2, lots="D1-3", submitted_at=20, changed_at=20)
    assert not await papers.granted(("amend_supporting", changed(amended, version=3)))
    assert await papers.granted(("amend_supporting", amended))
    assert await player.papers.find_supporting("third_party_report", "R1") == changed(amended, submitted_at=10)
    assert await player.papers.supporting_of_lot("D1-1") == []
    assert await player.papers.latest_supporting("laboratory_result", 5) == [other]
    revoke = {"kind": "third_party_report", "number": "R1", "at": 30}
    assert await papers.granted(("revoke_supporting", revoke))
    assert not await papers.granted(("revoke_supporting", revoke))
    assert not await papers.granted(("amend_supporting", changed(amended, version=3)))
    assert await player.papers.supporting_of_lot("D1-3") == []
    assert await player.papers.latest_supporting("third_party_report", 5) == []


async def test_a_balance_is_drawn_on_within_its_mass_and_its_time(player: Player, papers: Papers) -> None:
    assert not await papers.granted(("take_balance", TAKE))
    assert await papers.granted(("grant_balance", BALANCE))
    for wrong in ({"at": 49}, {"at": 100}, {"mass_kg": 0}, {"mass_kg": -5}, {"mass_kg": 1001}, {"item": "other"}):
        assert not await papers.granted(("take_balance", TAKE | wrong)), wrong
    assert await papers.granted(("take_balance", TAKE))
    assert await papers.granted(("take_balance", TAKE | {"mass_kg": 700, "at": 50}))
    assert not await papers.granted(("take_balance", TAKE | {"mass_kg": 1}))
    assert await player.papers.balances(["L1", "L2"]) == [changed(BALANCE, taken_kg=1000)]


async def test_a_balance_is_exceeded_by_no_more_than_its_overrun(player: Player, papers: Papers) -> None:
    await papers.granted(("grant_balance", BALANCE))
    within = TAKE | {"overrun_permille": 30}
    assert await papers.granted(("take_balance", within | {"mass_kg": 1000}))
    assert not await papers.granted(("take_balance", within | {"mass_kg": 31}))
    assert not await papers.granted(("take_balance", TAKE | {"mass_kg": 1}))
    assert await papers.granted(("take_balance", within | {"mass_kg": 30}))
    over = changed(BALANCE, taken_kg=1030, overrun_permille=30)
    assert await player.papers.balances(["L1"]) == [over]
    assert not await papers.granted(("grant_balance", changed(BALANCE, granted_kg=999)))
    assert await papers.granted(("grant_balance", BALANCE))
    assert await player.papers.balances(["L1"]) == [over]


async def test_a_paper_may_not_fall_below_what_is_written_off(player: Player, papers: Papers) -> None:
    await papers.granted(("grant_balance", BALANCE), ("take_balance", TAKE))
    assert not await papers.granted(("grant_balance", changed(BALANCE, granted_kg=299)))
    assert await papers.granted(("grant_balance", changed(BALANCE, granted_kg=300, valid_until=None)))
    assert await player.papers.balances(["L1"]) == [changed(BALANCE, granted_kg=300, valid_until=None, taken_kg=300)]


async def test_items_that_were_drawn_on_stay_in_a_paper(player: Player, papers: Papers) -> None:
    await papers.granted(("grant_balance", BALANCE), ("grant_balance", changed(BALANCE, item="more")))
    await papers.granted(("take_balance", TAKE))
    assert not await papers.granted(("keep_balances", PAPER | {"items": ["more"]}))
    assert not await papers.granted(("keep_balances", PAPER | {"items": []}))
    assert await papers.granted(("keep_balances", PAPER | {"items": ["all"]}))
    found = {record.item: record.state for record in await player.papers.balances(["L1"])}
    assert found == {"all": "active", "more": "closed"}
    assert not await papers.granted(("take_balance", TAKE | {"item": "more"}))
    assert await papers.granted(("grant_balance", changed(BALANCE, item="more", granted_kg=5)))
    assert await papers.granted(("take_balance", TAKE | {"item": "more", "mass_kg": 5}))


async def test_nothing_is_drawn_on_a_closed_paper_and_it_can_be_given_back(player: Player, papers: Papers) -> None:
    await papers.granted(("grant_balance", BALANCE), ("take_balance", TAKE))
    assert await papers.granted(("close_balances", PAPER))
    assert not await papers.granted(("take_balance", TAKE))
    back = {**PAPER, "item": "all", "mass_kg": 200}
    for wrong in ({"mass_kg": 301}, {"mass_kg": 0}, {"mass_kg": -1}, {"item": "other"}):
        assert not await papers.granted(("give_back", back | wrong)), wrong
    assert await papers.granted(("give_back", back))
    assert await player.papers.balances(["L1"]) == [changed(BALANCE, taken_kg=100, state="closed")]


async def test_a_ticket_is_kept_once_and_voided_once(player: Player, papers: Papers) -> None:
    first = WriteOffRecord("T1", "licence", "L1", "all", 300, 60, "yard")
    second = changed(first, kind="declaration", number="D1", item="1")
    assert await papers.granted(("keep_write_off", first), ("keep_write_off", second))
    assert not await papers.granted(("keep_write_off", first))
    await papers.granted(("keep_write_off", changed(first, ticket="T0")))
    assert await player.papers.write_offs("licence", "L1") == [changed(first, ticket="T0"), first]
    assert await player.papers.write_offs_of_ticket("T1") == [second, first]
    assert not await papers.granted(("void_write_offs", {"ticket": "T9", "at": 70}))
    assert await papers.granted(("void_write_offs", {"ticket": "T1", "at": 70}))
    assert not await papers.granted(("void_write_offs", {"ticket": "T1", "at": 71}))
    assert await player.papers.write_offs_of_ticket("T1") == [changed(one, voided_at=70) for one in (second, first)]


async def test_a_batch_with_mass_written_off_is_not_deleted_and_a_deleted_one_is_drawn_on_no_more(
    player: Player, papers: Papers
) -> None:
    manifest = ManifestRecord("M1", 1, "B1", "in", "d", b"{}", "active", 10, 10)
    consignment = ConsignmentRecord("W1", "in", "M1", "B1", "2701129090", "煤", 1000, None)
    balance = BalanceRecord("manifest", "M1", "W1", 1000)
    await papers.granted(("insert_manifest", manifest), ("insert_consignment", consignment), ("grant_balance", balance))
    take = {"kind": "manifest", "number": "M1", "item": "W1", "mass_kg": 300, "at": 60, "overrun_permille": 0}
    await papers.granted(("take_balance", take))
    delete = ("delete_batch", {"batch": "B1", "at": 99})
    assert not await papers.granted(delete)
    await papers.granted(("give_back", {name: take[name] for name in ("kind", "number", "item", "mass_kg")}))
    assert await papers.granted(delete)
    assert await player.papers.balances(["M1"]) == [changed(balance, state="closed")]
    assert not await papers.granted(("take_balance", take))


def _parts(net_kg: int, overrun: Overrun | None = None) -> tuple[Part, ...]:
    licence = Part(BalanceKind.LICENCE, "L1", "all", net_kg, overrun)
    return (licence, Part(BalanceKind.DECLARATION, "D1", "1", net_kg))


async def _offices(player: Player, ledger: Any, *balances: BalanceRecord) -> NetWriteOffs:
    papers = Papers(ledger)
    for balance in balances:
        assert await papers.granted(("grant_balance", balance))
    return NetWriteOffs(player.papers, ledger, player.clock)  # type: ignore[attr-defined]


@pytest.mark.parametrize("permille", [0, 30])
async def test_many_scales_at_once_never_write_off_more_than_a_paper_grants(player: Player, permille: int) -> None:
    overrun = Overrun(permille, "bulk-goods@1") if permille else None
    ledger = await player.open_writer()
    licence = changed(BALANCE, valid_from=None, valid_until=None)
    declaration = BalanceRecord("declaration", "D1", "1", 2000)
    office = await _offices(player, ledger, licence, declaration)
    before = await ledger.size()
    answers = await asyncio.gather(*[office.write_off(f"T{n}", _parts(150 + n, overrun), "yard") for n in range(24)])
    done = [answer for answer in answers if isinstance(answer, WrittenOff)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(done) + len(refused) == 24
    assert {answer.reasons[0].code for answer in refused} == {"papers.exceeded"}
    taken = sum(answer.parts[0].net_kg for answer in done)
    found = {record.kind: record.taken_kg for record in await player.papers.balances(["L1", "D1"])}
    assert found == {"licence": taken, "declaration": taken}
    most_kg = 1000 + permille
    assert most_kg - 174 < taken <= most_kg
    assert await ledger.size() == before + len(done)


async def test_one_ticket_sent_many_times_at_once_is_written_off_once(player: Player) -> None:
    office = await _offices(
        player,
        await player.open_writer(),
        changed(BALANCE, valid_from=None, valid_until=None),
        BalanceRecord("declaration", "D1", "1", 2000),
    )
    answers = await asyncio.gather(*[office.write_off("T1", _parts(400), "yard") for _ in range(8)])
    assert all(isinstance(answer, WrittenOff) for answer in answers)
    assert sum(not answer.repeated for answer in answers if isinstance(answer, WrittenOff)) == 1
    again = await office.write_off("T1", _parts(399), "yard")
    assert isinstance(again, Refused)
    assert again.reasons[0].code == "papers.ticket_used"
    assert [record.taken_kg for record in await player.papers.balances(["L1"])] == [400]
    assert isinstance(await office.void("T1", " ", "yard"), Refused)
    assert not isinstance(await office.void("T1", "wrong lorry", "yard"), Refused)
    assert isinstance(await office.void("T1", "again", "yard"), Refused)
    assert [record.taken_kg for record in await player.papers.balances(["L1", "D1"])] == [0, 0]
    assert isinstance(await office.write_off("T1", _parts(400), "yard"), Refused)


async def test_two_tickets_of_one_number_with_other_masses_leave_one_written_off(player: Player) -> None:
    office = await _offices(
        player,
        await player.open_writer(),
        changed(BALANCE, valid_from=None, valid_until=None),
        BalanceRecord("declaration", "D1", "1", 2000),
    )
    answers = await asyncio.gather(*[office.write_off("T1", _parts(100 + n), "yard") for n in range(6)])
    done = [answer for answer in answers if isinstance(answer, WrittenOff)]
    assert len(done) == 1
    assert [record.taken_kg for record in await player.papers.balances(["L1"])] == [done[0].parts[0].net_kg]
    assert msgspec.structs.asdict(done[0])["repeated"] is False
