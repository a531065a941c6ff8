"""Offences that are not where the scores promise them are noticed soon, and false notices are as rare as is said."""

from random import Random

import pytest

from kouan.inspection.targeting.drift import RARE_DAYS, Outcome, Share, surprised

PPM = 1_000_000


def days(
    count: int, a_day: int, chance: Random, promised: float, true: float, share: Share = Share.DRAWN
) -> list[Outcome]:
    """Return the results of so many days, of which a true part is false where the scores promise another."""
    return [
        Outcome(day, round(promised * PPM), chance.random() < true, share) for day in range(count) for _ in range(a_day)
    ]


def first_notice(outcomes: list[Outcome], until: int) -> int | None:
    """Return the first day with a notice."""
    for today in range(until):
        if surprised([each for each in outcomes if each.day <= today], today):
            return today
    return None


@pytest.mark.parametrize(("promised", "true"), [(0.4, 0.15), (0.4, 0.75), (0.02, 0.12)])
@pytest.mark.parametrize("share", Share)
def test_far_fewer_or_more_offences_than_promised_are_noticed_within_weeks(
    promised: float, true: float, share: Share
) -> None:
    outcomes = days(30, 8, Random(1), promised, true, share)
    noticed = first_notice(outcomes, 30)
    assert noticed is not None
    (reason,) = surprised([each for each in outcomes if each.day <= noticed], noticed)
    assert (reason.code, reason.params["share"]) == ("targeting.surprised", share.value)
    found, expected = int(reason.params["found"]), int(reason.params["expected"])
    assert (found > expected) == (true > promised)
    assert int(reason.params["sample"]) <= 8 * (noticed + 1)


def test_what_is_told_is_what_came_since_the_change_began() -> None:
    before = days(20, 8, Random(2), 0.4, 0.4)
    after = [
        Outcome(each.day + 20, each.score_ppm, each.found, each.share) for each in days(10, 8, Random(3), 0.4, 0.05)
    ]
    (reason,) = surprised([*before, *after], 29)
    assert 40 <= int(reason.params["sample"]) <= 8 * 14


def test_results_as_promised_are_noticed_no_more_often_than_is_said() -> None:
    chance, notices = Random(4), 0
    for _ in range(150):  # evidence of 30 days is 30 in the mean: a year's is passed by one in twelve at the most
        outcomes = [*days(30, 4, chance, 0.03, 0.03), *days(30, 8, chance, 0.4, 0.4, Share.OTHER_FIRMS)]
        notices += bool(surprised(outcomes, 29))
    assert notices <= 150 * 30 / RARE_DAYS


def test_scores_that_are_off_by_less_than_is_borne_are_left_alone() -> None:
    for seed in range(10):
        assert surprised(days(90, 8, Random(seed), 0.40, 0.44), 89) == ()


def test_the_strongest_evidence_is_still_a_number() -> None:
    certain = [Outcome(day, 999_999, False, Share.DRAWN) for day in range(60) for _ in range(50)]
    change = [Outcome(60 + day, 1, True, Share.DRAWN) for day in range(20) for _ in range(600)]
    (reason,) = surprised([*certain, *change], 79)
    assert (reason.params["found"], reason.params["sample"]) == (20 * 600, 20 * 600)


def test_without_a_result_nothing_is_noticed() -> None:
    assert surprised([], 5) == ()
