"""Which rule a lot comes under: on both sides of every midnight at which one changes, by the date that counts."""

import datetime as dt

import pytest
from tests.unit.inspection.release.release_kit import BOOK, COAL, COPPER, DAY, IRON, LEAD, MANGANESE, NOW, rule_for

from kouan.inspection.release.rule import Check, Leaves, Need
from kouan.vocabulary.days import midnight
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

ALL_IRON = ("2601111000", "2601112000", "2601119000", "2601120000", "2601200000")


@pytest.mark.parametrize("code", ALL_IRON)
def test_iron_ore_is_certified_on_request_only_from_the_first_of_june_2020(code: str) -> None:
    switch = midnight(dt.date(2020, 6, 1))
    assert rule_for(code, switch - 1).certificate is Need.REQUIRED
    assert rule_for(code, switch).certificate is Need.ON_REQUEST


@pytest.mark.parametrize("code", ["2607000010", "2608000090"])
def test_lead_and_zinc_follow_on_the_first_of_september_2023(code: str) -> None:
    switch = midnight(dt.date(2023, 9, 1))
    assert rule_for(code, switch - 1).certificate is Need.REQUIRED
    assert rule_for(code, switch).certificate is Need.ON_REQUEST


@pytest.mark.parametrize("code", ["2602000000", "2610000000", "260111", "26011190"])
def test_manganese_chromium_and_iron_under_other_codes_are_certified_to_this_day(code: str) -> None:
    for day in (dt.date(2020, 6, 1), dt.date(2023, 9, 1), dt.date(2026, 11, 22)):
        assert rule_for(code, midnight(day)).certificate is Need.REQUIRED


@pytest.mark.parametrize("code", [IRON, MANGANESE, LEAD])
def test_weight_is_appraised_on_request_from_the_first_of_november_2019(code: str) -> None:
    switch = midnight(dt.date(2019, 11, 1))
    before, after = rule_for(code, switch - 1), rule_for(code, switch)
    assert Check.WEIGHT in before.site_checks
    assert Check.WEIGHT not in after.site_checks
    assert after.checks_on_request == (Check.WEIGHT,)


@pytest.mark.parametrize("code", [IRON, MANGANESE, LEAD])
def test_ores_leave_before_their_result_from_the_day_of_the_announcement(code: str) -> None:
    switch = midnight(dt.date(2018, 10, 19))
    assert rule_for(code, switch - 1).leaves is Leaves.WITH_RESULT
    assert rule_for(code, switch).leaves is Leaves.ON_CONDITION


def test_midnight_is_that_of_china_not_of_greenwich() -> None:
    switch = int(dt.datetime(2020, 5, 31, 16, tzinfo=dt.UTC).timestamp()) * 1_000_000
    assert rule_for(IRON, switch - 1).reference.startswith("iron_ore@2")
    assert rule_for(IRON, switch).reference.startswith("iron_ore@3")


def test_a_rule_goes_by_the_declaration_and_not_by_the_arrival() -> None:
    switch = midnight(dt.date(2023, 9, 1))
    assert rule_for(LEAD, switch - 1, arrived_at=switch + 5 * DAY).reference == "lead_zinc_ore@2"
    assert rule_for(LEAD, switch, arrived_at=switch).reference == "lead_zinc_ore@3"


def test_release_on_unloading_goes_by_the_arrival() -> None:
    switch = midnight(dt.date(2024, 1, 1))
    before, after = rule_for(LEAD, switch - DAY, switch - 1), rule_for(LEAD, switch - DAY, switch)
    assert (before.reference, after.reference) == ("lead_zinc_ore@3", "lead_zinc_ore@3+five_minerals@1")
    assert after.site_checks == (*before.site_checks, Check.UNLOADED)
    assert (after.certificate, after.sampling) == (before.certificate, before.sampling)


def test_release_on_unloading_is_marked_as_unverified() -> None:
    assert [one.unverified for one in BOOK.unloadings] == [True]


@pytest.mark.parametrize("code", ["2701121000", "2701110010", "2702100000", "2704001000"])
def test_coal_has_its_own_rule_that_samples_every_batch(code: str) -> None:
    rule = rule_for(code)
    assert (rule.name, rule.unverified, rule.unloading) == ("coal", True, None)
    assert (rule.sampling, rule.certificate, rule.leaves) == (Need.REQUIRED, Need.REQUIRED, Leaves.WITH_RESULT)


def test_copper_concentrate_is_checked_where_it_goes() -> None:
    rule = rule_for(COPPER)
    assert rule.site_checks == (Check.RADIATION,)
    assert Check.SOLID_WASTE in rule.destination_checks
    assert rule.certificate is Need.REQUIRED


def test_goods_that_no_rule_names_have_one_in_each_direction() -> None:
    for direction in Direction:
        rule = BOOK.choose("8703101100", direction, NOW, NOW)
        assert not isinstance(rule, Refused)
        assert rule.hs == ()


def test_goods_declared_before_all_rules_are_refused() -> None:
    answer = BOOK.choose(COAL, Direction.IN, midnight(dt.date(2018, 4, 20)) - 1, NOW)
    assert isinstance(answer, Refused)
    assert answer.reasons[0].code == "release.no_rule"


def test_every_rule_names_its_source_and_says_what_counts_and_what_becomes_of_lots_under_way() -> None:
    for rule in (*BOOK.rules, *BOOK.unloadings):
        assert rule.source
        assert rule.dated_by in ("declaration", "arrival")
        assert rule.under_way == "keep"
