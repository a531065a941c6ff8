"""Scores are graded on what came later, by what each candidate stands for, and against a look-up of templates."""

import math
from collections.abc import Sequence
from random import Random

import msgspec
import pytest
from tests.unit.inspection.targeting.targeting_kit import DAY, TWO, examples

from kouan.inspection.targeting.estimate import offence_rate, wilson
from kouan.inspection.targeting.grades import Grade
from kouan.inspection.targeting.grading import (
    SURE_PM,
    Graded,
    Ranked,
    Score,
    ahead_pm,
    average_precision,
    base_rate,
    brier,
    expected_error,
    grade,
    graded,
    precision_at,
    reliability,
    template_lookup,
)
from kouan.inspection.targeting.learning import FEWEST, Example, folds_in_time, training_weight, usable
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import GRANTED, Refused


def ranked(*pairs: tuple[int, bool]) -> list[Ranked]:
    return [Ranked(score, found) for score, found in pairs]


def test_precision_is_the_false_part_of_the_highest_share() -> None:
    graded = ranked(*((1000 - place, place in (0, 1, 50)) for place in range(100)))
    assert precision_at(graded, 10) == 1.0
    assert precision_at(graded, 50) == pytest.approx(2 / 5)
    assert precision_at(graded, 1000) == pytest.approx(3 / 100)


def test_equal_scores_count_alike_whatever_their_order() -> None:
    graded = ranked((5, True), (5, False), (5, False), (5, False))
    assert precision_at(graded, 500) == precision_at(graded[::-1], 500) == 0.25
    assert average_precision(graded) == average_precision(graded[::-1]) == 0.25


def test_average_precision_is_one_where_all_that_is_false_stands_first() -> None:
    assert average_precision(ranked((9, True), (8, True), (3, False))) == 1.0
    assert average_precision(ranked((9, False), (8, True))) == 0.5
    assert average_precision(ranked((9, False))) == 0.0


def test_a_candidate_counts_for_as_many_as_it_stands_for() -> None:
    drawn = Ranked(100, True, weight=99.0)
    pointed_at = Ranked(900, False, weight=1.0)
    assert base_rate([drawn, pointed_at]) == pytest.approx(0.99)
    assert precision_at([drawn, pointed_at], 10) == 0.0
    assert brier([drawn, pointed_at]) == pytest.approx(0.99 * (1 - 0.0001) ** 2 + 0.01 * 0.0009**2)


def test_scores_that_are_rates_have_no_calibration_error_and_others_have() -> None:
    chance = Random(4)
    scores = [chance.randrange(0, 1_000_000) for _ in range(20_000)]
    right = [Ranked(score, chance.randrange(1_000_000) < score) for score in scores]
    assert expected_error(right) < 0.02
    doubtful = [msgspec.structs.replace(each, score_ppm=each.score_ppm // 2) for each in right]
    assert expected_error(doubtful) == pytest.approx(0.25, abs=0.02)
    table = reliability(right)
    assert len(table) == 10
    assert [bin_.score_ppm for bin_ in table] == sorted(bin_.score_ppm for bin_ in table)


def test_the_look_up_goes_by_the_nearest_template_it_has_seen() -> None:
    train = [
        Example(f"{place}", 0, 1, {}, template, 1_000_000, False, found)
        for place, (template, found) in enumerate(
            [(("a", "coal"), True), (("a", "coal"), False), (("a", "iron"), True), (("b", "coal"), False)]
        )
    ]
    lookup = template_lookup(train)
    asked = {
        template: lookup(Example("", 0, 0, {}, template, 1_000_000, False, False))
        for template in (("a", "coal"), ("a", "zinc"), ("c", "coal"))
    }
    assert asked == {("a", "coal"): 500_000, ("a", "zinc"): 666_667, ("c", "coal"): 500_000}
    assert template_lookup([])(train[0]) == 0


def halved(made: Sequence[Example], score: Score) -> Grade:
    """Return the grade of a score on the later half of examples."""
    return grade(graded(made[:200], made[200:], score), Random(1))


def telling(each: Example) -> int:
    return each.features["telling"] or 0


def test_a_score_that_tells_more_than_a_look_up_passes() -> None:
    made = examples(400, Random(1), template=("x", "y"))
    passed = halved(made, telling)
    assert passed.verdict is GRANTED
    assert passed.found == sum(each.found for each in made[200:])


def test_a_score_that_a_look_up_beats_fails_and_says_so() -> None:
    failed = halved(examples(400, Random(1), tells=False), telling)
    assert isinstance(failed.verdict, Refused)
    reason = failed.failed[0]
    assert reason.code == "targeting.lookup_beats"
    assert reason.params["lookup_ppm"] == 1_000_000
    assert int(reason.params["score_ppm"]) < 1_000_000


def test_a_score_that_only_repeats_the_look_up_fails_too() -> None:
    made = examples(400, Random(2), template=("x", "y"))
    assert halved(made, template_lookup(made[:200])).failed


def test_a_score_graded_on_hardly_any_offence_fails() -> None:
    made = [msgspec.structs.replace(each, found=each.found and place < 230) for place, each in
            enumerate(examples(400, Random(1), template=("x",)))]  # fmt: skip
    assert [reason.code for reason in halved(made, telling).failed] == ["targeting.graded_on_few"]


def firms_of(*kinds: tuple[int, int, bool]) -> list[Graded]:
    """Return ten candidates of a firm for each kind: what score and look-up give them, and whether one is false."""
    made = examples(10, Random(1))
    return [
        Graded(msgspec.structs.replace(each, template=(f"firm {firm}",), found=found and place == 0), score, lookup)
        for firm, (score, lookup, found) in enumerate(kinds)
        for place, each in enumerate(made)
    ]


def test_a_score_that_is_ahead_by_one_firm_is_ahead_by_luck() -> None:
    one, others, honest = (900, 100, True), (500, 800, True), (600, 500, False)
    assert 0 < ahead_pm(firms_of(one, *[others] * 2, *[honest] * 12), Random(1)) < SURE_PM
    sure = firms_of(*[one] * 6, *[honest] * 12)
    assert ahead_pm(sure, Random(1)) == ahead_pm(sure, Random(1)) >= 990


def test_a_score_whose_lead_may_be_luck_fails_and_says_how_often_it_leads() -> None:
    right, wrong, honest = (900, 100, True), (100, 800, True), (500, 500, False)
    many = firms_of(*[right] * 7, *[wrong] * 6, (100, 800, False), *[honest] * 30)
    doubtful = grade(many, Random(1))
    assert doubtful.average_precision_ppm > doubtful.lookup_average_precision_ppm
    (reason,) = doubtful.failed
    assert reason.code == "targeting.ahead_by_luck"
    assert int(reason.params["ahead_pm"]) == ahead_pm(many, Random(1)) < SURE_PM


def test_each_fold_is_scored_by_all_that_was_known_before_it_and_by_nothing_else() -> None:
    made = list(examples(600, Random(1)))
    late = made[10] = msgspec.structs.replace(made[10], result_at=390 * DAY)
    folds = folds_in_time(made)
    assert [each for fold in folds for each in fold.test] == made[200:]
    assert [len(fold.test) for fold in folds] == [100] * 4
    for fold in folds:
        begins = fold.test[0].at
        assert list(fold.train) == [each for each in made if each.result_at < begins]
        assert all(each.at >= begins for each in fold.test)
    assert [late in fold.train for fold in folds] == [False, False, True, True]


@pytest.mark.parametrize("keep", [FEWEST - 1, 0])
def test_too_few_examples_teach_nothing(keep: int) -> None:
    made = examples(FEWEST, Random(1))[:keep]
    with pytest.raises(InvalidValue) as refusal:
        folds_in_time(made)
    assert refusal.value.rule == "targeting.too_few"


def test_only_what_had_a_chance_to_be_chosen_teaches() -> None:
    made = examples(3, Random(1))
    unknown = msgspec.structs.replace(made[0], propensity_ppm=0)
    assert usable((made[2], unknown, made[1]), TWO) == (made[1], made[2])


def test_an_example_that_knows_its_result_beforehand_is_refused() -> None:
    (one,) = examples(1, Random(1))
    with pytest.raises(InvalidValue) as refusal:
        usable([msgspec.structs.replace(one, result_at=one.at - 1)], TWO)
    assert refusal.value.rule == "targeting.result_early"
    with pytest.raises(InvalidValue) as refusal:
        usable([msgspec.structs.replace(one, features={**one.features, "found": 1})], TWO)
    assert refusal.value.rule == "targeting.feature_unknown"


def test_weights_are_bounded_in_training_and_whole_in_grading() -> None:
    (one,) = examples(1, Random(1))
    rare = msgspec.structs.replace(one, propensity_ppm=10_000)
    assert (rare.weight, training_weight(rare), training_weight(one)) == (100.0, 20.0, 1.0)


def test_the_rate_from_draws_of_unequal_chances_is_unbiased() -> None:
    chance, estimates = Random(9), []
    for _ in range(300):
        drawn = []
        for _ in range(400):
            false = chance.random() < 0.1
            likelihood = 400_000 if chance.random() < 0.5 + 0.3 * false else 50_000
            if chance.randrange(1_000_000) < likelihood:
                drawn.append((likelihood, false))
        rate = offence_rate(drawn)
        assert rate is not None
        assert rate.low_ppm <= rate.rate_ppm <= rate.high_ppm
        estimates.append(rate)
    assert math.fsum(each.rate_ppm for each in estimates) / 300 == pytest.approx(100_000, rel=0.06)
    held = sum(each.low_ppm <= 100_000 <= each.high_ppm for each in estimates)
    assert held >= 270


def test_without_draws_nothing_is_estimated() -> None:
    assert offence_rate([]) is None
    assert offence_rate([(0, True)]) is None


def test_the_interval_is_wilsons() -> None:
    # Newcombe 1998, table I: 81 of 263, Wilson without continuity correction: 0.2553 to 0.3662.
    low, high = wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0.0, 10)[0] == 0.0
