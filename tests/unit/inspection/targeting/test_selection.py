"""Who is selected: chance for all alike, then rules, then the score, within what the officer allows."""

from random import Random

import msgspec
import pytest
from tests.unit.inspection.targeting.targeting_kit import BUDGET, CANDIDATE, DAY, MORNING, like

from kouan.inspection.targeting.budget import NO_REASON, PPM, Pace, Spent, check_budget, pace, period_of
from kouan.inspection.targeting.model import Moved
from kouan.inspection.targeting.records import WatchRecord
from kouan.inspection.targeting.rules import hits_of, read_rules, watched_in
from kouan.inspection.targeting.selection import Hit, Scoring, Source, judge, threshold_of
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import GRANTED, Reason, Refused

EASY = Pace(random_ppm=10_000, score_ppm=40_000, left=10, reserved=3)
RULE = Hit(Source.RULE, "cheap", "r1", "customs", "examine", mandatory=False)
WATCH = Hit(Source.WATCH, "W1", "1", "customs", "detain", mandatory=True)
HIGH = Scoring("m1", 700_000, 600_000, (Moved("price_usual_pm", 400, 1200),))
LOW = Scoring("m1", 500_000, 600_000)
UNLUCKY, LUCKY = 10_000, 9_999
"""Lots just above and just below the chance."""


def spent(used: int, seen: int) -> Spent:
    return Spent("examine", MORNING, used, seen)


def test_a_passed_candidate_keeps_the_chance_that_it_had() -> None:
    judged = judge((), LOW, EASY, UNLUCKY, None)
    assert (judged.source, judged.propensity_ppm, judged.spends, judged.why) == (None, 10_000, False, ())


def test_a_drawn_candidate_is_told_to_be_random_with_its_chance() -> None:
    judged = judge((), LOW, EASY, LUCKY, None)
    assert (judged.source, judged.drawn, judged.propensity_ppm) == (Source.RANDOM, True, 10_000)
    assert judged.why == (Reason("targeting.random", {"chance_ppm": 10_000}),)


def test_a_high_score_is_explained_by_the_features_that_moved_it() -> None:
    judged = judge((), HIGH, EASY, UNLUCKY, None)
    assert (judged.source, judged.propensity_ppm, judged.score_ppm, judged.model) == (Source.SCORE, PPM, 700_000, "m1")
    assert [reason.code for reason in judged.why] == ["targeting.score", "targeting.feature"]
    assert judged.why[1].params == {"feature": "price_usual_pm", "value": 400, "milli": 1200}


def test_a_rule_goes_before_the_score_and_names_itself_with_its_version() -> None:
    judged = judge((RULE,), HIGH, EASY, UNLUCKY, None)
    assert judged.source is Source.RULE
    assert judged.why[0] == Reason("targeting.rule", {"name": "cheap", "version": "r1"})


def test_chance_draws_also_what_a_rule_names_so_that_the_sample_stands_for_all() -> None:
    judged = judge((RULE,), None, EASY, LUCKY, None)
    assert (judged.source, judged.drawn, judged.random_ppm, judged.propensity_ppm) == (Source.RULE, True, 10_000, PPM)


def test_what_is_kept_for_chance_is_not_spent_on_rules_and_scores() -> None:
    kept = Pace(10_000, 40_000, left=3, reserved=3)
    judged = judge((RULE,), HIGH, kept, UNLUCKY, None)
    assert (judged.source, judged.propensity_ppm) == (None, 10_000)
    assert judge((RULE,), HIGH, kept, LUCKY, None).source is Source.RANDOM


def test_nothing_is_selected_beyond_the_budget_but_what_is_mandatory() -> None:
    gone = Pace(10_000, 40_000, left=0, reserved=0)
    judged = judge((RULE,), HIGH, gone, 0, None)
    assert (judged.source, judged.propensity_ppm, judged.random_ppm, judged.exhausted) == (None, 0, 0, True)
    assert judged.why == (Reason("targeting.budget_spent"),)
    demanded = judge((WATCH, RULE), None, gone, 0, None)
    assert (demanded.source, demanded.spends, demanded.propensity_ppm) == (Source.WATCH, False, PPM)


def test_without_a_model_it_is_said_that_there_is_no_score() -> None:
    judged = judge((), None, EASY, LUCKY, Reason("targeting.no_model"))
    assert [reason.code for reason in judged.why] == ["targeting.random", "targeting.no_model"]
    assert (judged.score_ppm, judged.model) == (None, None)


def test_the_threshold_lets_the_share_through_that_the_budget_has_room_for() -> None:
    trained = tuple(range(1000))
    assert threshold_of((), trained, 40_000) == 960
    assert threshold_of(tuple(range(500, 1000)), trained, 40_000) == 980
    assert threshold_of((1, 2, 3), trained, 40_000) == 960  # three candidates are no traffic
    assert threshold_of((), trained, 0) > PPM
    assert threshold_of((), (), 40_000) > PPM
    assert threshold_of((), trained, PPM) == 0


def test_the_pace_gives_every_candidate_of_a_period_the_same_chance() -> None:
    paces = [pace(BUDGET, spent(used, seen), 400) for used, seen in ((0, 0), (5, 200), (12, 399), (20, 400))]
    assert {each.random_ppm for each in paces} == {10_000}
    assert {each.score_ppm for each in paces} == {40_000}
    assert [each.left for each in paces] == [20, 15, 8, 0]
    assert [each.reserved for each in paces] == [8, 5, 1, 0]


def test_an_expectation_that_was_too_low_reserves_nothing_below_nought() -> None:
    assert pace(BUDGET, spent(0, 900), 400) == Pace(10_000, 40_000, 20, 0)


@pytest.mark.parametrize("seed", range(3))
def test_over_a_day_no_more_is_spent_than_allowed_and_chance_gets_its_share(seed: int) -> None:
    chance, drawn, days = Random(seed), 0, 200
    for _ in range(days):
        standing = spent(0, 0)
        for _ in range(400):
            score = Scoring("m1", chance.randrange(PPM), 900_000)
            judged = judge((), score, pace(BUDGET, standing, 400), chance.randrange(PPM), None)
            drawn += judged.drawn
            standing = msgspec.structs.replace(standing, used=standing.used + judged.spends, seen=standing.seen + 1)
        assert standing.used <= BUDGET.most
    assert drawn == pytest.approx(days * 4, rel=0.12)


def test_nothing_is_left_to_chance_only_for_a_reason() -> None:
    silent = msgspec.structs.replace(BUDGET, exploration_pm=0, reason=" ")
    refused = check_budget(silent)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "targeting.no_exploration"
    assert check_budget(msgspec.structs.replace(silent, reason="a week of epidemic measures")) is GRANTED


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"period_h": 7}, "targeting.period"),
        ({"most": -1}, "targeting.budget_range"),
        ({"expected": 0}, "targeting.budget_range"),
        ({"exploration_pm": 1001}, "targeting.share_range"),
        ({"effective_from": MORNING - 1}, "targeting.budget_past"),
        ({"reason": ""}, NO_REASON),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(changes: dict[str, object], rule: str) -> None:
    refused = check_budget(msgspec.structs.replace(BUDGET, **changes))
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == rule


def test_periods_begin_at_midnight_in_china() -> None:
    assert period_of(BUDGET, MORNING) == MORNING
    assert period_of(BUDGET, MORNING + DAY - 1) == MORNING
    shifts = msgspec.structs.replace(BUDGET, period_h=8)
    assert period_of(shifts, MORNING + DAY // 2) == MORNING + DAY // 3


RULES = b"""
version = 1
[[rule]]
name = "cheap"
effective_from = 2024-10-04
effective_until = 2024-10-05
when = [{ field = "price_usual_pm", is = "at_most", value = 600 }, { field = "hs_code", is = "begins", value = "27" }]
[[rule]]
name = "firm"
effective_from = 2020-01-01
mandatory = true
when = [{ field = "importer", is = "equal", value = "importer" }]
"""


def test_a_rule_names_a_candidate_that_meets_all_its_conditions_on_its_days() -> None:
    rules = read_rules(RULES)
    cheap = {"price_usual_pm": 600}
    named = [hit.name for hit in hits_of(rules, like(at=MORNING), cheap)]
    assert named == ["cheap", "firm"]
    assert [hit.name for hit in hits_of(rules, like(at=MORNING - 1), cheap)] == ["firm"]
    assert [hit.name for hit in hits_of(rules, like(at=MORNING + DAY), cheap)] == ["firm"]
    assert [hit.name for hit in hits_of(rules, like(at=MORNING), {"price_usual_pm": 601})] == ["firm"]
    assert [hit.name for hit in hits_of(rules, like(at=MORNING, hs_code="2601"), cheap)] == ["firm"]
    assert hits_of(rules, like(importer=None), {"price_usual_pm": None}) == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b"version = 'one'", "rules.form"),
        (b"version = ", "rules.form"),
        (b"\xff", "rules.form"),
        (RULES.replace(b"price_usual_pm", b"found"), "rules.field"),
        (RULES.replace(b'"firm"', b'"cheap"'), "rules.name"),
        (RULES.replace(b"mandatory = true", b'authority = "trade"'), "rules.authority"),
        (RULES + b"[[rule]]\nname = 'all'\neffective_from = 2024-10-04\nwhen = []\n", "rules.field"),
    ],
)
def test_rules_of_another_form_are_refused(text: bytes, rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_rules(text)
    assert refusal.value.rule == rule


def test_a_watch_list_names_whatever_of_the_papers_it_watches_for() -> None:
    listed = [
        WatchRecord("W1", "plate", "1234 УБА", "detain", "customs", "a word", "li", 0),
        WatchRecord("W2", "importer", "another", "examine", "customs", "a word", "li", 0),
    ]
    assert [hit.name for hit in watched_in(listed, CANDIDATE)] == ["W1"]
    assert watched_in(listed, CANDIDATE)[0].mandatory
