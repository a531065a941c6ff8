"""Decision tables: how cells are read, what is wrong with a table in words, and two players that agree on every row."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.inspection.rules.rules_kit import GATE_FACTS, NOW, document, row, shelf, table

from kouan.adapters.rules import zen
from kouan.adapters.rules.tables import Compile, TablesInForce, plain
from kouan.adapters.rules.zen import compiled
from kouan.inspection.rules.cells import Lists, holds_all, met, parse_cell, share
from kouan.inspection.rules.checking import problems_of_table
from kouan.inspection.rules.document import Kind, RuleDocument
from kouan.inspection.rules.facts import FactType
from kouan.inspection.rules.row_index import RowIndex
from kouan.inspection.rules.table import Row, read_table
from kouan.vocabulary.errors import Corrupt, InvalidValue

LISTS = Lists({"minerals": ("2601", "2607")}, {"heavy": 90_000})


class OneDocument:
    """A shelf with one table on it, above the shipped documents."""

    def __init__(self, standing: RuleDocument) -> None:
        self._standing = standing
        self._shelf = shelf()

    def in_force(self, kind: Kind, name: str, at: int) -> RuleDocument | None:
        same = (kind, name) == (self._standing.kind, self._standing.name)
        return self._standing if same else self._shelf.in_force(kind, name, at)


@pytest.fixture(params=[plain, compiled], ids=["plain", "zen"])
def player(request: pytest.FixtureRequest) -> Compile:
    chosen: Compile = request.param
    return chosen


def evaluate(player: Compile, content: bytes, **facts: Any) -> list[str]:
    asked = TablesInForce(OneDocument(document(content)), player).evaluate(
        "customs-at-gate", {**GATE_FACTS, **facts}, NOW
    )
    assert asked is not None
    return [each.id for each in asked.rows]


def told(content: bytes) -> list[tuple[str, str]]:
    return [(one.field, one.rule) for one in problems_of_table("customs-at-gate", content, LISTS)]


def test_collect_returns_every_row_that_is_met_in_order(player: Compile) -> None:
    rows = (row(1, "2701*", ""), row(2, "26*", ""), row(3, "2701*, 2702*", ">= 90000"), row(4, "", "< 90000"))
    assert evaluate(player, table(*rows)) == ["r1", "r3"]


def test_first_returns_the_first_row_that_is_met_and_no_other(player: Compile) -> None:
    rows = (row(1, "2702*", ""), row(2, "2701110000", "1..90000", then="pass"), row(3, "", ""))
    assert evaluate(player, table(*rows, hit="first")) == ["r2"]
    assert evaluate(player, table(*rows, hit="first"), gross_kg=90_001) == ["r3"]


def test_what_is_not_known_meets_only_a_cell_without_a_condition(player: Compile) -> None:
    rows = (row(1, "", "<= 5"), row(2, "", ">= 0"), row(3, "", ""))
    assert evaluate(player, table(*rows, columns=("hs_code", "tare_kg")), tare_kg=None) == ["r3"]


def test_flags_are_yes_or_no(player: Compile) -> None:
    rows = (row(1, "yes"), row(2, "no"), row(3, ""))
    assert evaluate(player, table(*rows, columns=("late",))) == ["r2", "r3"]


def test_a_cell_names_a_list_of_reference_data(player: Compile) -> None:
    assert evaluate(player, table(row(1, "@minerals", "")), hs_code="2601110000") == ["r1"]
    assert evaluate(player, table(row(1, "@minerals", ""))) == []


def test_a_table_that_nobody_approved_asks_for_nothing() -> None:
    assert TablesInForce(shelf()).evaluate("customs-at-gate", GATE_FACTS, NOW) is None


@pytest.mark.parametrize(
    ("facts", "field", "rule"),
    [
        ({"gross_kg": "90000"}, "customs-at-gate.gross_kg", "rules.fact_type"),
        ({"gross_kg": True}, "customs-at-gate.gross_kg", "rules.fact_type"),
        ({"colour": "red"}, "customs-at-gate.colour", "rules.unknown_fact"),
    ],
)
def test_a_fact_of_another_type_is_refused_with_field_and_rule(
    player: Compile, facts: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        evaluate(player, table(row(1, "2701*", "")), **facts)
    assert (caught.value.field, caught.value.rule) == (field, rule)


def test_a_fact_that_is_asked_for_and_missing_is_refused(player: Compile) -> None:
    tables = TablesInForce(OneDocument(document(table(row(1, "2701*", "")))), player)
    with pytest.raises(InvalidValue, match=r"rules\.missing_fact"):
        tables.evaluate("customs-at-gate", {"gross_kg": 5}, NOW)


def test_a_table_in_force_that_cannot_be_read_is_never_taken_for_silence(player: Compile) -> None:
    tables = TablesInForce(OneDocument(document(b'{"hit": "first"}')), player)
    with pytest.raises(Corrupt, match="customs-at-gate"):
        tables.evaluate("customs-at-gate", GATE_FACTS, NOW)


WORD_CELLS = st.sampled_from(["", "2701*", "27*", "2701110000", "26*, 2702*", "@minerals", "2601110000, 27011*"])
WHOLE_CELLS = st.sampled_from(["", ">= 90000", "> 90000", "<= 5", "< 0", "-5..5", "90000", "0..90000", "< @heavy"])
CODES = st.one_of(st.none(), st.sampled_from(["2701110000", "2702", "2601110000", "26", "2", "", "27011"]))
MASSES = st.one_of(st.none(), st.sampled_from([-6, -5, 0, 5, 89_999, 90_000, 90_001]))


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.tuples(WORD_CELLS, WHOLE_CELLS), min_size=1, max_size=12),
    hit=st.sampled_from(["first", "collect"]),
    codes=st.lists(CODES, min_size=1, max_size=4),
    mass=MASSES,
)
def test_the_engine_and_the_plain_player_find_the_same_rows(
    cells: list[tuple[str, str]], hit: str, codes: list[str | None], mass: int | None
) -> None:
    content = table(*(row(number, *both) for number, both in enumerate(cells)), hit=hit)
    read = read_table("customs-at-gate", content, LISTS)
    by_engine, by_hand = compiled(read), plain(read)
    for code in codes:
        facts = {**GATE_FACTS, "hs_code": code, "gross_kg": mass}
        assert by_engine(facts) == by_hand(facts)


@settings(max_examples=100, deadline=None)
@given(
    cells=st.lists(st.tuples(WORD_CELLS, WHOLE_CELLS, st.sampled_from(["", "yes", "no"])), min_size=1, max_size=40),
    asked=st.lists(st.tuples(CODES, MASSES, st.sampled_from([None, True, False])), min_size=1, max_size=8),
)
def test_the_index_names_the_rows_whose_every_cell_is_met(
    cells: list[tuple[str, str, str]], asked: list[tuple[str | None, int | None, bool | None]]
) -> None:
    rows = (row(number, *each) for number, each in enumerate(cells))
    read = read_table("customs-at-gate", table(*rows, columns=("hs_code", "gross_kg", "late")), LISTS)
    index = RowIndex(read)
    for code, mass, late in asked:
        facts = {**GATE_FACTS, "hs_code": code, "gross_kg": mass, "late": late}
        assert tuple(read.rows[place] for place in index.met(facts)) == read.evaluate(facts)


@pytest.mark.parametrize("hit", ["first", "collect"])
def test_an_engine_that_reads_a_table_otherwise_than_its_index_decides_nothing(hit: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(zen, "expression", lambda cell: "" if cell is None else "false")
    wrong = compiled(read_table("customs-at-gate", table(row(1, "2701*", ""), row(2, "", ""), hit=hit), LISTS))
    with pytest.raises(Corrupt, match="read in two ways"):
        wrong(GATE_FACTS)


@given(WHOLE_CELLS, WHOLE_CELLS, MASSES)
def test_what_holds_all_of_another_cell_is_met_wherever_that_is(one: str, other: str, mass: int | None) -> None:
    wide, narrow = (parse_cell(text, FactType.WHOLE, LISTS) for text in (one, other))
    if holds_all(wide, narrow) and met(narrow, mass):
        assert met(wide, mass)
    if met(wide, mass) and met(narrow, mass):
        assert share(wide, narrow)


@given(WORD_CELLS, WORD_CELLS, CODES)
def test_words_that_hold_all_of_others_do_so_for_every_code(one: str, other: str, code: str | None) -> None:
    wide, narrow = (parse_cell(text, FactType.WORD, LISTS) for text in (one, other))
    if holds_all(wide, narrow) and met(narrow, code):
        assert met(wide, code)
    if met(wide, code) and met(narrow, code):
        assert share(wide, narrow)


def test_a_row_behind_one_that_takes_all_it_names_is_told() -> None:
    rows = (row(1, "27*", ""), row(2, "2701*", ">= 5"), row(3, "", ""))
    assert told(table(*rows, hit="first")) == [("rows[r2]", "rules.unreachable")]


def test_a_first_table_without_a_row_for_the_rest_is_not_complete() -> None:
    assert told(table(row(1, "27*", ""), hit="first")) == [("rows", "rules.incomplete")]


def test_rows_that_stop_and_let_pass_the_same_case_contradict_each_other() -> None:
    rows = (row(1, "27*", ""), row(2, "2701*", ">= 5", then="pass"))
    assert told(table(*rows)) == [("rows[r2]", "rules.contradiction")]
    assert told(table(row(1, "27*", ""), row(2, "26*", "", then="pass"))) == []


def test_a_row_that_says_what_another_says_is_told() -> None:
    assert told(table(row(1, "27*", ""), row(2, "27*", ""))) == [("rows[r2]", "rules.twice")]


@pytest.mark.parametrize(
    ("cells", "field", "rule"),
    [
        (('27"', ""), "rows[r1].hs_code", "rules.cell"),
        (("@nothing", ""), "rows[r1].hs_code", "rules.list"),
        (("", "heavy"), "rows[r1].gross_kg", "rules.cell"),
        (("", "9..1"), "rows[r1].gross_kg", "rules.cell"),
        (("",), "rows[r1]", "rules.cells"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_row_and_column(cells: tuple[str, ...], field: str, rule: str) -> None:
    assert told(table(row(1, *cells), row(2, "", "5"))) == [(field, rule)]


def test_a_column_that_no_case_has_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"rules\.unknown_fact"):
        told(table(row(1, ""), columns=("colour",)))


def test_two_hundred_rows_are_read_and_evaluated_alike() -> None:
    chance = random.Random(5)
    rows = [row(n, f"{chance.randrange(2500, 2800)}*", f">= {chance.randrange(10_000, 99_000)}") for n in range(200)]
    read = read_table("customs-at-gate", table(*rows), LISTS)
    engine, by_engine = compiled(read), list[tuple[Row, ...]]()
    for _ in range(50):
        code, mass = f"{chance.randrange(2500, 2800)}110000", chance.randrange(10_000, 99_000)
        facts = {**GATE_FACTS, "hs_code": code, "gross_kg": mass}
        by_engine.append(engine(facts))
        assert by_engine[-1] == plain(read)(facts)
    assert any(by_engine)
