"""Tables in use: what they ask for at the gate becomes orders and evidence, at hand-in a selection, never silence."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from tests.integration.storage.players import MemoryPlayer
from tests.unit.inspection.rules.rules_kit import document, row, table
from tests.unit.inspection.targeting.targeting_kit import CANDIDATE

from kouan.access.people import Agency
from kouan.adapters.rules.tables import TablesInForce
from kouan.gate.evidence import Consignment, PapersMatched
from kouan.gate.roles import PapersQuery
from kouan.inspection.control_orders import lift_order
from kouan.inspection.rules.at_hand_in import hits_of_tables
from kouan.inspection.rules.document import Kind, RuleDocument
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.journeys.tables_at_gate import TablesAtGate, ask
from kouan.ledger.roles import Unit
from kouan.vocabulary.places import Direction

COAL = Consignment(number="W1", hs_code="2701110000", goods="coal", declared_gross_kg=95_000)
ORE = Consignment(number="W2", hs_code="2601110000", goods="iron ore", declared_gross_kg=20_000)
QUERY = PapersQuery("p-1", "I1", Direction.IN, 1_770_000_000_000_000, "蒙A1234")


class Desk:
    """A papers desk that always finds the same."""

    def __init__(self, *consignments: Consignment, holds: tuple[str, ...] = ()) -> None:
        self.found: PapersMatched | None = PapersMatched(
            source="papers", at=QUERY.at, confirmation="C1", consignments=consignments, holds=holds
        )

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        return self.found


class Standing:
    """One document in force and nothing else."""

    def __init__(self, standing: RuleDocument) -> None:
        self._standing = standing

    def in_force(self, kind: Kind, name: str, at: int) -> RuleDocument | None:
        return self._standing if (kind, name) == (self._standing.kind, self._standing.name) else None


@pytest.fixture
async def player() -> AsyncIterator[MemoryPlayer]:
    opened = MemoryPlayer(Random(1))
    yield opened
    await opened.close()


async def gate(player: MemoryPlayer, desk: Desk, *rows: dict[str, Any], **more: Any) -> tuple[TablesAtGate, Any]:
    ledger = await player.open_writer()
    tables = TablesInForce(Standing(document(table(*rows, **more))))
    return TablesAtGate(desk, tables, player.papers, ledger, player.clock), ledger


async def test_a_row_that_counts_places_an_order_that_says_by_what(player: MemoryPlayer) -> None:
    tables, _ = await gate(player, Desk(ORE, COAL), row(1, "2701*", ">= 90000", steps=["weight"]))
    found = await tables.find_papers(QUERY)
    assert found is not None
    (hold,) = found.holds
    agency, kind, number = hold.split(":", 2)
    assert (agency, kind) == ("customs", "examine")
    order = await player.papers.find_order(number)
    assert order is not None
    digest = document(table(row(1, "2701*", ">= 90000", steps=["weight"]))).digest
    assert (order.plate, order.steps) == ("蒙A1234", "weight")
    assert order.placed_by == f"table customs-at-gate@1 {digest} row r1"


async def test_asking_again_in_the_same_passage_places_nothing_new(player: MemoryPlayer) -> None:
    tables, ledger = await gate(player, Desk(COAL), row(1, "2701*", ""))
    first = await tables.find_papers(QUERY)
    size = await ledger.size()
    assert await tables.find_papers(QUERY) == first
    assert await ledger.size() == size


async def test_an_order_that_was_lifted_holds_the_passage_no_longer(player: MemoryPlayer) -> None:
    tables, ledger = await gate(player, Desk(COAL), row(1, "2701*", ""))
    found = await tables.find_papers(QUERY)
    assert found is not None
    order = await player.papers.find_order(found.holds[0].split(":", 2)[2])
    unit = lift_order(order, Agency.CUSTOMS, "li", "seen", player.clock.now())
    assert isinstance(unit, Unit)
    await ledger.append(unit)
    again = await tables.find_papers(QUERY)
    assert again is not None
    assert again.holds == ()


class Counted:
    """The papers' records; how often an order was looked for is counted."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.looked = 0

    async def find_order(self, number: str) -> Any:
        self.looked += 1
        return await self._records.find_order(number)


async def test_the_orders_of_several_rows_are_placed_in_one_commit_and_none_is_looked_for(player: MemoryPlayer) -> None:
    tables, ledger = await gate(player, Desk(COAL), row(1, "2701*", ""), row(2, "", ">= 1"))
    tables._papers = papers = Counted(player.papers)
    commits = ledger._file.standing.commits
    found = await tables.find_papers(QUERY)
    assert found is not None
    assert len(found.holds) == await ledger.size() == 2
    assert ledger._file.standing.commits == commits + 1
    assert papers.looked == 0


async def test_an_order_among_the_papers_own_holds_is_neither_looked_for_nor_placed_again(player: MemoryPlayer) -> None:
    desk = Desk(COAL)
    tables, ledger = await gate(player, desk, row(1, "2701*", ""))
    tables._papers = papers = Counted(player.papers)
    desk.found = await tables.find_papers(QUERY)
    assert desk.found is not None
    commits = ledger._file.standing.commits
    assert await tables.find_papers(QUERY) == desk.found
    assert (papers.looked, ledger._file.standing.commits) == (0, commits)


async def test_a_row_that_is_new_is_placed_beside_one_that_stands_and_one_that_was_lifted(player: MemoryPlayer) -> None:
    rows = (row(1, "2701*", ""), row(2, "", ">= 1"))
    tables, ledger = await gate(player, Desk(COAL), *rows, row(3, "", "<= 95000"))
    papers = Desk(COAL).found
    assert papers is not None
    orders = dict(tables._units(ask(tables._tables, papers, QUERY.direction, QUERY.at), QUERY.plate, QUERY.passage))
    (one, first), (two, second), (three, _) = orders.items()
    await ledger.append(first.beside(second))
    unit = lift_order(await player.papers.find_order(one), Agency.CUSTOMS, "li", "seen", player.clock.now())
    assert isinstance(unit, Unit)
    await ledger.append(unit)
    found = await tables.find_papers(QUERY)
    assert found is not None
    assert [hold.split(":", 2)[2] for hold in found.holds] == [two, three]
    assert await player.papers.find_order(three) is not None


async def test_what_the_papers_say_stands_before_what_tables_ask(player: MemoryPlayer) -> None:
    tables, _ = await gate(
        player, Desk(COAL, holds=("site:scan:S1",)), row(1, "2601*", ""), row(2, "27*", "", then="watch")
    )
    found = await tables.find_papers(QUERY)
    assert found is not None
    assert found.holds[0] == "site:scan:S1"
    assert [hold.split(":")[1] for hold in found.holds] == ["scan", "watch"]
    assert list(found.hold_reasons.values()) == ["a word"]


async def test_a_table_that_cannot_decide_detains_and_says_why(player: MemoryPlayer) -> None:
    tables, _ = await gate(player, Desk(COAL), row(1, "@gone", ""))
    found = await tables.find_papers(QUERY)
    assert found is not None
    (hold,) = found.holds
    assert hold.startswith("customs:detain:G-customs-at-gate-")
    assert "rules.list" in hold


async def test_a_vehicle_without_papers_is_the_gates_own_business(player: MemoryPlayer) -> None:
    desk = Desk()
    desk.found = None
    tables, _ = await gate(player, desk, row(1, "", ""))
    assert await tables.find_papers(QUERY) is None


def test_a_row_selects_a_candidate_as_a_targeting_rule_does() -> None:
    features = dict.fromkeys(AT_HAND_IN.names)
    content = table(row(1, "2701*", mandatory=True), row(2, "2601*"), columns=("hs_code",))
    standing = document(content, "customs-at-hand-in")
    (hit,) = hits_of_tables(TablesInForce(Standing(standing)), CANDIDATE, features)
    assert (hit.name, hit.kind, hit.authority, hit.mandatory) == ("r1", "examine", "customs", True)
    assert hit.version == f"customs-at-hand-in@1 {standing.digest}"


def test_a_candidate_that_a_table_cannot_judge_is_examined_in_any_case() -> None:
    standing = document(table(row(1, ">= 5"), columns=("price_usual_pm",)), "customs-at-hand-in")
    (hit,) = hits_of_tables(TablesInForce(Standing(standing)), CANDIDATE, {})
    assert hit.mandatory
    assert hit.name == "customs-at-hand-in.price_usual_pm rules.missing_fact"
