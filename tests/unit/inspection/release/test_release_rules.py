"""Rules that nobody should use are refused, with the field and the rule that they break."""

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.inspection.release.release_kit import TEXTS

from kouan.inspection.release.rulebook import parse_book, parse_document, read_book
from kouan.vocabulary.errors import InvalidValue

SHIPPED = [parse_document(text) for text in TEXTS.values()]
Change = Callable[[dict[str, Any]], None]


def spoilt(name: str, **fields: Any) -> list[dict[str, Any]]:
    """The shipped rules with other fields in one of them; None takes a field away."""
    documents = copy.deepcopy(SHIPPED)
    table = next(
        each
        for document in documents
        for each in (*document.get("rule", ()), *document.get("on_unloading", ()))
        if f"{each['name']}@{each['version']}" == name
    )
    for field, value in fields.items():
        if value is None:
            del table[field]
        else:
            table[field] = value
    return documents


def refusal(documents: list[dict[str, Any]]) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        read_book(documents)
    return caught.value


def test_the_shipped_rules_can_be_read() -> None:
    assert len(read_book(SHIPPED).rules) >= 18


@pytest.mark.parametrize(
    ("name", "fields", "rule", "field"),
    [
        ("iron_ore@3", {"sampling": "sometimes"}, "release.shape", "rule[2]"),
        ("iron_ore@3", {"colour": "red"}, "release.shape", "rule[2]"),
        ("iron_ore@3", {"dated_by": None}, "release.shape", "rule[2]"),
        ("iron_ore@3", {"under_way": None}, "release.shape", "rule[2]"),
        ("iron_ore@3", {"under_way": "adopt"}, "release.shape", "rule[2]"),
        ("iron_ore@3", {"source": " "}, "release.source", "rule[2].source"),
        ("iron_ore@3", {"effective_from": "2020-06-01"}, "release.day", "rule[2].effective_from"),
        ("iron_ore@3", {"hs": ["260111100"]}, "release.hs", "rule[2].hs"),
        ("iron_ore@3", {"hs": ["2601111000", "2601111000"]}, "release.hs", "rule[2].hs"),
        ("iron_ore@3", {"directions": []}, "release.directions", "rule[2].directions"),
        ("iron_ore@3", {"site_checks": ["solid_waste"]}, "release.radiation", "rule[2].site_checks"),
        ("iron_ore@3", {"site_checks": ["radiation", "weight"]}, "release.checks", "rule[2].site_checks"),
        ("iron_ore@3", {"certificate": "required"}, "release.certificate", "rule[2].certificate"),
        ("iron_ore@3", {"destination_checks": ["solid_waste"]}, "release.destination", "rule[2].destination_checks"),
        ("iron_ore@3", {"unloading": "x@1"}, "release.unknown_field", "rule[2].unloading"),
        ("iron_ore@3", {"deadlines": {"result_h": 0}}, "release.shape", "rule[2].deadlines"),
        ("iron_ore@2", {"effective_until": dt.date(2019, 11, 1)}, "release.dates", "rule[1].effective_until"),
        ("iron_ore@2", {"effective_until": dt.date(2020, 6, 2)}, "release.unbroken", "rule iron_ore@2.effective_until"),
        ("iron_ore@3", {"effective_until": dt.date(2030, 1, 1)}, "release.unbroken", "rule"),
        ("iron_ore@3", {"dated_by": "arrival"}, "release.dated_by", "rule iron_ore@3.dated_by"),
        ("iron_ore@3", {"hs": ["2602"]}, "release.ambiguous", "rule"),
        ("coal@1", {"hs": ["2703", "2704"]}, "release.coal", "rule"),
        ("coal@1", {"certificate": "none"}, "release.coal", "rule[11]"),
        ("other_ores@1", {"hs": ["25", "26", "2702"]}, "release.coal", None),
        ("five_minerals@1", {"hs": ["27"]}, "release.coal", "on_unloading[0].hs"),
        ("five_minerals@1", {"hs": []}, "release.hs", "on_unloading[0].hs"),
        ("five_minerals@1", {"hs": ["2604"]}, "release.on_unloading", "on_unloading[0].hs"),
        ("five_minerals@1", {"hs": ["7404"]}, "release.on_unloading", "on_unloading[0].hs"),
    ],
)
def test_wrong_rules_are_refused_with_field_and_rule(
    name: str, fields: dict[str, Any], rule: str, field: str | None
) -> None:
    found = refusal(spoilt(name, **fields))
    assert found.rule == rule
    assert field is None or found.field == field


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("id = ", "release.toml"),
        ("id = 'x'", "release.identity"),
        ("id = 'x'\nversion = 1\nrules = []", "release.unknown_field"),
        ("id = 'x'\nversion = 1", "release.whole"),
    ],
)
def test_texts_that_are_no_rules_are_refused(text: str, rule: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_book([text])
    assert caught.value.rule == rule


def test_versions_count_up_with_time() -> None:
    found = refusal(spoilt("iron_ore@3", version=1))
    assert found.rule == "release.version"


def test_rules_with_other_contents_have_another_digest() -> None:
    other = read_book(spoilt("iron_ore@3", source="Somebody else."))
    assert other.digest != read_book(SHIPPED).digest
