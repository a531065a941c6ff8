"""Who may hold what, until when, and who may let it go."""

from typing import Any

import pytest
from tests.unit.inspection.papers_kit import NOW, Records

from kouan.access.people import Agency
from kouan.inspection.control_orders import (
    ControlOrder,
    Target,
    lift_order,
    order_record,
    orders_on,
    place_order,
    read_order,
)
from kouan.inspection.fields import violations_of
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Refused


def place(records: Records, number: str = "C-1", agency: Agency = Agency.CUSTOMS, **changes: Any) -> Unit | Refused:
    order = read_order({"kind": "scan", "plate": "1234 УБА", "reason": "as told"} | changes)
    assert isinstance(order, ControlOrder), order
    placed = place_order(order_record(order, number, agency, "officer", NOW))
    if isinstance(placed, Unit):
        assert records.apply(placed) is None
    return placed


def on_plate(records: Records, at: int) -> list[str]:
    target = Target(plates=("1234УБА",))
    return [order.number for order in orders_on(target, list(records.orders.values()), at)]


def test_an_order_holds_from_its_beginning_to_its_end() -> None:
    records = Records()
    place(records, valid_from=NOW + SECOND, valid_until=NOW + 2 * SECOND)
    assert [on_plate(records, NOW + at) for at in (0, SECOND, 2 * SECOND - 1, 2 * SECOND)] == [[], ["C-1"], ["C-1"], []]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, {("", "order.target")}),
        ({"plate": "1234УБА", "container": "CSQU3054383"}, {("", "order.target")}),
        ({"plate": "x"}, {("plate", "plate.form")}),
        ({"plate": "1234УБА", "kind": "shout"}, {("kind", "field.choice")}),
        ({"plate": "1234УБА", "reason": " "}, {("reason", "field.text")}),
        ({"plate": "1234УБА", "valid_from": 5, "valid_until": 5}, {("valid_until", "order.validity")}),
    ],
)
def test_an_order_names_one_target_a_kind_a_reason_and_a_span(changes: dict[str, Any], found: set[Any]) -> None:
    order = read_order({"kind": "detain", "reason": "as told"} | changes)
    assert isinstance(order, Refused)
    assert {(each.field, each.rule) for each in violations_of(order)} == found


def test_only_those_who_decide_at_the_gate_place_orders() -> None:
    refused = place(Records(), agency=Agency.TRADE)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "order.authority"


def test_an_order_that_has_ended_already_is_not_placed() -> None:
    assert isinstance(place(Records(), valid_from=1, valid_until=2), Refused)


@pytest.mark.parametrize("other", [Agency.BORDER_INSPECTION, Agency.SITE, Agency.TRADE])
def test_only_the_authority_that_placed_an_order_lifts_it(other: Agency) -> None:
    records = Records()
    place(records)
    refused = lift_order(records.orders["C-1"], other, "officer", "enough", NOW)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "order.not_yours"
    lifted = lift_order(records.orders["C-1"], Agency.CUSTOMS, "another", "enough", NOW)
    assert isinstance(lifted, Unit)
    assert records.apply(lifted) is None
    assert on_plate(records, NOW) == []
    assert isinstance(lift_order(records.orders["C-1"], Agency.CUSTOMS, "another", "enough", NOW), Refused)
    assert records.apply(lifted) == "papers.lift_order"


def test_lifting_needs_a_reason() -> None:
    records = Records()
    place(records)
    assert isinstance(lift_order(records.orders["C-1"], Agency.CUSTOMS, "another", " ", NOW), Refused)
