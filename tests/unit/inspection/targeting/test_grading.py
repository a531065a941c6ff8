"""Scores are graded on what came later, by what each candidate stands for, and against a look-up of templates."""

import math
from random import Random

import msgspec
import pytest
from tests.unit.inspection.targeting.targeting_kit import DAY, TWO, examples

from kouan.inspection.targeting.estimate import offence_rate, wilson
from kouan.inspection.targeting.grading import (
    Ranked,
    average_precision,
    base_rate,
    brier,
    expected_error,
    grade,
    precision_at,
    reliability,
    template_lookup,
)
from kouan.inspection.targeting.learning import FEWEST, Example, split_in_time, training_weight, usable
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


def test_a_score_that_tells_more_than_a_look_up_passes() -> None:
    made = examples(400, Random(1), template=("x", "y"))
    graded = grade(made[:200], made[200:], lambda each: each.features["telling"] or 0)
    assert graded.verdict is GRANTED
    assert graded.found == sum(each.found for each in made[200:])


def test_a_score_that_a_look_up_beats_fails_and_says_so() -> None:
    made = examples(400, Random(1), tells=False)
    graded = grade(made[:200], made[200:], lambda each: each.features["telling"] or 0)
    assert isinstance(graded.verdict, Refused)
    reason = graded.failed[0]
    assert reason.code == "targeting.lookup_beats"
    assert reason.params["lookup_ppm"] == 1_000_000
    assert int(reason.params["score_ppm"]) < 1_000_000


def test_a_score_that_only_repeats_the_look_up_fails_too() -> None:
    made = examples(400, Random(2), template=("x", "y"))
    assert grade(made[:200], made[200:], template_lookup(made[:200])).failed


def test_a_score_graded_on_hardly_any_offence_fails() -> None:
    made = [msgspec.structs.replace(each, found=each.found and place < 230) for place, each in
            enumerate(examples(400, Random(1), template=("x",)))]  # fmt: skip
    graded = grade(made[:200], made[200:], lambda each: each.features["telling"] or 0)
    assert graded.failed[0].code == "targeting.graded_on_few"


def test_examples_are_parted_in_time_and_what_was_known_late_teaches_nothing() -> None:
    made = list(examples(400, Random(1)))
    late = made[10] = msgspec.structs.replace(made[10], result_at=390 * DAY)
    split = split_in_time(made)
    assert split.at == made[300].at
    assert late not in split.train
    assert late not in split.test
    assert max(each.result_at for each in split.train) < split.at <= min(each.at for each in split.test)
    assert len(split.train) == 298  # without the late one, and the one whose result came with the first of the test


@pytest.mark.parametrize("keep", [FEWEST - 1, 0])
def test_too_few_examples_teach_nothing(keep: int) -> None:
    made = examples(FEWEST, Random(1))[:keep]
    with pytest.raises(InvalidValue) as refusal:
        split_in_time(made)
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
