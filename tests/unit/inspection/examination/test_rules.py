"""A document of examination rules is checked as a whole, and says which field is wrong."""

import pytest
from tests.unit.inspection.examination.sheet_kit import RULES, TEXT

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination.rules import parse_rules
from kouan.inspection.steps import StepKind
from kouan.vocabulary.errors import InvalidValue


def test_the_shipped_rules_are_right_and_a_watch_asks_for_nothing() -> None:
    assert RULES.asked_by(Agency.CUSTOMS, ControlKind.WATCH) == ()
    assert RULES.asked_by(Agency.BORDER_INSPECTION, ControlKind.SCAN) == (StepKind.SCAN,)


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("minutes = 6\nlead", "minutes = 0\nlead", "examination.minutes"),
        ("[steps.persons]", "[steps.nothing]", "examination.form"),
        ('enables = "opens"', 'enables = "seals"', "examination.enables"),
        ('scan = ["scan"]\nquarantine = ["quarantine"]', 'scan = ["scan"]', "examination.orders"),
        ('detain = ["documents", "appearance"]', 'detain = ["reseal"]', "examination.orders"),
        (
            "shared = true\ntogether = true\n\n[steps.open_seal]",
            "together = true\n\n[steps.open_seal]",
            "examination.together",
        ),
        (
            'skill = "persons"\n\n[steps.documents]',
            'skill = "persons"\nopens = true\n\n[steps.documents]',
            "examination.order",
        ),
        ("[times]", "[time]", "examination.form"),
        ("version = 1\n", "version = \n", "examination.toml"),
    ],
)
def test_a_wrong_document_is_refused_with_its_rule(before: str, after: str, rule: str) -> None:
    assert before in TEXT
    with pytest.raises(InvalidValue) as raised:
        parse_rules(TEXT.replace(before, after, 1).encode())
    assert raised.value.rule == rule
