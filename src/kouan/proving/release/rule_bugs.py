"""Release rules that somebody might write wrongly: a date, a list, a word left out."""

import datetime as dt
from typing import Any

import msgspec


class RuleBug(msgspec.Struct, frozen=True):
    """One wrong set of rules: which field of which rule has which other value, as TOML gives it."""

    name: str
    changes: tuple[tuple[str, str, Any], ...]
    story: str


_ON_REQUEST = "on_request"

RULE_BUGS: tuple[RuleBug, ...] = (
    RuleBug(
        "iron_free_a_day_early",
        (
            ("iron_ore@2", "effective_until", dt.date(2020, 5, 31)),
            ("iron_ore@3", "effective_from", dt.date(2020, 5, 31)),
        ),
        "the last day of the old rule was taken for the first of the new one",
    ),
    RuleBug(
        "iron_free_a_day_late",
        (
            ("iron_ore@2", "effective_until", dt.date(2020, 6, 2)),
            ("iron_ore@3", "effective_from", dt.date(2020, 6, 2)),
        ),
        "after the day was read where the announcement says from the day",
    ),
    RuleBug(
        "a_day_without_a_rule",
        (("iron_ore@2", "effective_until", dt.date(2020, 5, 31)),),
        "only one of two dates was moved",
    ),
    RuleBug(
        "lead_and_zinc_never_switched",
        (("lead_zinc_ore@3", "sampling", "required"), ("lead_zinc_ore@3", "certificate", "required")),
        "the announcement of 2023 was read as one about the site checks only",
    ),
    RuleBug(
        "lead_and_zinc_by_the_day_of_arrival",
        tuple((f"lead_zinc_ore@{version}", "dated_by", "arrival") for version in (1, 2, 3)),
        "goods declared before the switch were given the new rule because they came after it",
    ),
    RuleBug(
        "manganese_on_request",
        (
            ("manganese_chromium_ore@2", "sampling", _ON_REQUEST),
            ("manganese_chromium_ore@2", "certificate", _ON_REQUEST),
        ),
        "manganese and chromium were thought to follow iron",
    ),
    RuleBug(
        "iron_by_its_heading",
        (("iron_ore_other@2", "sampling", _ON_REQUEST), ("iron_ore_other@2", "certificate", _ON_REQUEST)),
        "the exception of five codes was given to the whole heading",
    ),
    RuleBug(
        "no_certificate_of_manganese",
        (("manganese_chromium_ore@2", "certificate", "none"),),
        "the result was thought to be what the buyer needs",
    ),
    RuleBug(
        "coal_is_one_of_the_five",
        (("five_minerals@1", "hs", ["2601", "2602", "2607", "2608", "2701"]),),
        "most of what the port unloads is coal",
    ),
    RuleBug(
        "coal_leaves_before_its_result",
        (("coal@1", "leaves", "on_condition"),),
        "coal was given the regime of the ores to clear the yard",
    ),
    RuleBug(
        "coal_on_request_with_a_source",
        (
            ("coal@1", "sampling", _ON_REQUEST),
            ("coal@1", "certificate", _ON_REQUEST),
            ("coal@1", "unverified", False),
            ("coal@1", "source", "A circular."),
        ),
        "a circular that nobody has seen was entered as the source",
    ),
    RuleBug(
        "coal_shares_a_rule",
        (("coal@1", "hs", ["2701", "2702", "2703", "2704", "2713"]),),
        "petroleum coke was put with coal",
    ),
    RuleBug(
        "copper_without_its_destination",
        (("copper_concentrate@1", "destination_checks", []),),
        "the checks at the destination were left to the destination's customs",
    ),
    RuleBug(
        "copper_without_radiation",
        (("copper_concentrate@1", "site_checks", []),),
        "all checks were moved to the destination",
    ),
    RuleBug(
        "waste_is_not_looked_for",
        (("lead_zinc_ore@3", "site_checks", ["radiation", "foreign_matter", "quantity"]),),
        "without a request there was thought to be nothing to look for",
    ),
    RuleBug(
        "reports_for_three_years",
        (
            (
                "clothing@2",
                "report",
                {"agencies": [], "items": ["fibre_content"], "valid_days": 1095, "retest_per_mille": 50},
            ),
        ),
        "the validity of an agency's listing was taken for that of its reports",
    ),
    RuleBug(
        "reports_never_tested_again",
        (
            (
                "clothing@2",
                "report",
                {"agencies": [], "items": ["fibre_content"], "valid_days": 365, "retest_per_mille": 0},
            ),
        ),
        "random tests were switched off for a busy week",
    ),
    RuleBug(
        "other_goods_forgotten",
        (("other_goods_in@1", "hs", ["87"]),),
        "the rule for all other goods was narrowed",
    ),
    RuleBug(
        "a_moment_for_a_day",
        (("lead_zinc_ore@3", "effective_from", dt.datetime(2023, 9, 1, tzinfo=dt.UTC)),),
        "midnight was written in another zone",
    ),
)
"""Each is refused when read, or seen where the rules are held against the announcements."""
