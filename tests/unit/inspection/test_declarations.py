"""Declarations in two steps, what customs says of them, and their lots."""

import datetime as dt
import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.inspection.papers_kit import IN_DECLARATION, NOW, Records, declaration, line
from tests.unit.inspection.test_balances import HOLDER, goods

from kouan.inspection.lots import lots_of
from kouan.inspection.papers import Declaration, DeclarationStatus
from kouan.inspection.reading import read_declaration
from kouan.inspection.rules.document import Kind
from kouan.inspection.rules.lists import read_list
from kouan.inspection.two_step import (
    DEFAULT_RULES,
    ListedRules,
    TwoStepRule,
    days_left,
    full_due,
    note_overdue,
    rules_of,
)
from kouan.inspection.use_cases import Accepted, as_declared, declaration_of, note_status, submit_declaration
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.days import day_of
from kouan.vocabulary.verdict import Refused

DAY = 86_400 * SECOND
MIDNIGHT = 1_699_977_600 * SECOND
"""The midnight in China with which 2023-11-15 begins, the day of ``NOW``."""


def summary(**changes: Any) -> dict[str, Any]:
    lines = [goods(1, 60_000) | {"hs_code": "260111"}]
    return declaration(step="summary", consignee=HOLDER, lines=lines) | changes


def read(document: dict[str, Any]) -> Declaration:
    paper = read_declaration(document)
    assert isinstance(paper, Declaration), paper
    return paper


def codes(answer: Any) -> list[tuple[str, str]]:
    assert isinstance(answer, Refused), answer
    return [(reason.code, str(reason.params["field"])) for reason in answer.reasons]


def take(records: Records, document: dict[str, Any], now: int = NOW) -> Any:
    paper = read(document)
    answer = submit_declaration(paper, records.declared.get(paper.number), now)
    if isinstance(answer, Accepted) and answer.unit is not None:
        assert records.apply(answer.unit) is None
    return answer


def test_base_items_must_say_who_and_what() -> None:
    wrong = read_declaration(declaration(step="summary"))
    assert codes(wrong) == [("field.required", "consignee"), ("field.required", "lines")]


def test_a_full_declaration_is_due_at_the_midnight_that_ends_its_fourteenth_day() -> None:
    assert day_of(MIDNIGHT) == day_of(NOW) == dt.date(2023, 11, 15)
    assert day_of(MIDNIGHT - 1) == dt.date(2023, 11, 14)
    for handed_in in (MIDNIGHT, NOW, MIDNIGHT + DAY - 1):
        assert full_due(read(summary()), handed_in, DEFAULT_RULES) == MIDNIGHT + 15 * DAY
    assert full_due(read(summary(entered_on="2023-11-10")), NOW, DEFAULT_RULES) == MIDNIGHT + 10 * DAY
    assert full_due(read(declaration()), NOW, DEFAULT_RULES) is None


def test_a_rule_holds_from_its_first_midnight_to_its_last() -> None:
    changed = dt.date(2023, 11, 15)
    rules = (
        TwoStepRule(effective_from=dt.date(2023, 1, 1), effective_until=changed, days=14, source="before"),
        TwoStepRule(effective_from=changed, days=7, source="after"),
    )
    assert full_due(read(summary()), MIDNIGHT - 1, rules) == MIDNIGHT - DAY + 15 * DAY
    assert full_due(read(summary()), MIDNIGHT, rules) == MIDNIGHT + 8 * DAY
    assert codes(full_due(read(summary(entered_on="2019-08-23")), NOW, DEFAULT_RULES)) == [
        ("declaration.two_step", "step")
    ]


THRESHOLDS = Path(__file__).parents[3] / "ports" / "rules" / "reference-thresholds.toml"


def test_the_days_come_from_the_dated_thresholds_of_the_port() -> None:
    text = THRESHOLDS.read_text(encoding="utf-8")
    (shipped,) = rules_of(read_list("thresholds", text.encode()))
    (default,) = DEFAULT_RULES
    assert (shipped.effective_from, shipped.days) == (default.effective_from, default.days)
    for days, held in ((10, [10]), (90, [90]), (91, []), (0, [])):
        changed = text.replace("value = 14", f"value = {days}")
        assert [rule.days for rule in rules_of(read_list("thresholds", changed.encode()))] == held


class Documents:
    """Rule documents of which only thresholds are in force, or nothing."""

    def __init__(self) -> None:
        self.content: bytes | None = None

    def in_force(self, kind: Kind, name: str, at: int) -> Any:
        assert (kind, name) == (Kind.REFERENCE, "thresholds")
        if self.content is None:
            return None
        return SimpleNamespace(content=self.content, digest=hashlib.sha256(self.content).hexdigest())


def test_what_is_in_force_is_asked_each_time_and_nothing_in_force_allows_no_two_steps() -> None:
    documents = Documents()
    rules = ListedRules(documents)
    assert rules(NOW) == ()
    assert codes(submit_declaration(read(summary()), None, NOW, rules)) == [("declaration.two_step", "step")]
    assert isinstance(submit_declaration(read(declaration()), None, NOW, rules), Accepted)
    for days in (14, 7):
        documents.content = THRESHOLDS.read_bytes().replace(b"value = 14", f"value = {days}".encode())
        assert [rule.days for rule in rules(NOW)] == [days]


def test_the_full_declaration_ends_the_wait_and_says_at_least_as_much() -> None:
    records = Records()
    take(records, summary())
    assert records.declared[IN_DECLARATION].full_due == MIDNIGHT + 15 * DAY
    assert codes(take(records, declaration(version=2))) == [("declaration.incomplete", "consignee")]
    short = declaration(version=2, consignee=HOLDER, lines=[goods(1, 60_000) | {"hs_code": "260111"}])
    assert codes(take(records, short)) == [("declaration.incomplete", "lines.0.hs_code")]
    assert codes(take(records, declaration(version=2, consignee=HOLDER))) == [("declaration.incomplete", "lines")]
    full = declaration(version=2, consignee=HOLDER, lines=[goods(1, 60_000)])
    assert isinstance(take(records, full, NOW + DAY), Accepted)
    assert records.declared[IN_DECLARATION].full_due is None
    assert codes(take(records, summary(version=3))) == [("declaration.step", "step")]
    assert records.kinds == ["papers.declaration/1"] * 2


def test_base_items_may_be_amended_without_gaining_time() -> None:
    records = Records()
    take(records, summary())
    take(records, summary(version=2, lines=[goods(1, 50_000)]), NOW + 5 * DAY)
    assert records.declared[IN_DECLARATION].full_due == MIDNIGHT + 15 * DAY


def test_an_overdue_declaration_is_noted_and_the_days_are_counted() -> None:
    records = Records()
    take(records, summary())
    record = records.declared[IN_DECLARATION]
    due = MIDNIGHT + 15 * DAY
    counted = [days_left(record, at) for at in (NOW, due - DAY, due - 1, due, due + DAY)]
    assert counted == [15, 1, 1, 0, -1]
    assert records.apply(note_overdue(record, due - 1)) == "papers.note_overdue"
    assert records.apply(note_overdue(record, due)) is None
    assert records.apply(note_overdue(record, due + 1)) == "papers.note_overdue"
    assert records.declared[IN_DECLARATION].overdue_at == due
    assert days_left(replace(record, full_due=None), NOW) is None


def test_only_customs_changes_the_status_and_a_declarant_keeps_it() -> None:
    records = Records()
    take(records, declaration())
    held = note_status(records.declared[IN_DECLARATION], DeclarationStatus.UNDER_CONTROL, NOW)
    assert isinstance(held, Accepted)
    assert held.unit is not None
    assert records.apply(held.unit) is None
    standing = records.declared[IN_DECLARATION]
    assert (standing.status, standing.version) == ("under_control", 2)
    paper = as_declared(read(declaration(version=3, consignments=[line(gross_kg=79_000)])), standing)
    amended = submit_declaration(paper, standing, NOW)
    assert isinstance(amended, Accepted)
    assert amended.unit is not None
    assert records.apply(amended.unit) is None
    assert declaration_of(records.declared[IN_DECLARATION]).status is DeclarationStatus.UNDER_CONTROL
    again = note_status(records.declared[IN_DECLARATION], DeclarationStatus.UNDER_CONTROL, NOW)
    assert isinstance(again, Accepted)
    assert again.unit is None


def test_a_cancelled_declaration_stays_cancelled() -> None:
    records = Records()
    take(records, declaration())
    cancelled = note_status(records.declared[IN_DECLARATION], DeclarationStatus.CANCELLED, NOW)
    assert isinstance(cancelled, Accepted)
    assert cancelled.unit is not None
    assert records.apply(cancelled.unit) is None
    again = note_status(records.declared[IN_DECLARATION], DeclarationStatus.CLEARED, NOW)
    assert codes(again) == [("declaration.cancelled", "status")]
    assert codes(note_status(None, DeclarationStatus.CLEARED, NOW)) == [("declaration.unknown", "number")]


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"lines": [goods(1, 5), goods(1, 6)]}, "line.repeated", "lines.1.line"),
        ({"lines": [goods(1, 80_001)]}, "declaration.net", "lines"),
        ({"lines": [goods(0, 5)]}, "field.range", "lines.0.line"),
        ({"consignee": "91350100M000100Y44"}, "credit_code.check_digit", "consignee"),
        ({"entered_on": "2026-2-1"}, "field.date", "entered_on"),
        ({"entered_on": 20260201}, "field.date", "entered_on"),
        ({"step": "third"}, "field.choice", "step"),
    ],
)
def test_what_is_wrong_is_told_with_field_and_rule(change: dict[str, Any], rule: str, field: str) -> None:
    assert (rule, field) in codes(read_declaration(declaration(**change)))


def test_a_lot_is_a_line_of_goods_with_its_net_mass() -> None:
    paper = read(declaration(consignee=HOLDER, lines=[goods(2, 60_000), goods(1, 5)]))
    lots = lots_of(paper)
    assert [(lot.number, lot.mass_kg, lot.hs_code, lot.consignee) for lot in lots] == [
        (f"{IN_DECLARATION}-2", 60_000, "2601111000", HOLDER),
        (f"{IN_DECLARATION}-1", 5, "2601111000", HOLDER),
    ]
    (bare,) = lots_of(read(declaration()))
    assert (bare.number, bare.mass_kg, bare.consignee, bare.direction) == (f"{IN_DECLARATION}-1", 80_000, "", "in")
