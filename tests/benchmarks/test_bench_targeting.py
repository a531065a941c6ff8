"""A small season of the simulated trade: the score finds fraud, keeps to the budget, and notices drift."""

from typing import Any

import pytest

from kouan.adapters.learning.boosting import Boosting
from kouan.inspection.targeting.grading import Ranked, base_rate, precision_at
from kouan.proving.bench_targeting.figures import BenchSetting, Month, goals_of, leak_check, measure, month_of
from kouan.proving.bench_targeting.season import Course, Season, candidate_of
from kouan.simulator.trade.market import TradeSetting
from kouan.simulator.trade.shipments import Shipment, Trick
from kouan.vocabulary.errors import InvalidValue
from kouan.wiring.targeting import shipped_rules

SMALL = TradeSetting(firms=100, shipments_a_day=80, false_firms_pm=200, drift_day=150)
DRIFTED = 150


@pytest.fixture(scope="module")
def season() -> Season:
    played = Season(Course(trade=SMALL, budget_pm=150, seed=2), Boosting(), shipped_rules())
    played.play(DRIFTED)
    return played


@pytest.mark.slow
def test_the_score_finds_three_times_as_much_as_chance(season: Season) -> None:
    measured = [each for each in season.looked if each.day >= 120]
    assert {each.judged.model for each in measured} != {None}
    ranked = [Ranked(each.judged.score_ppm or 0, each.false) for each in measured]
    assert precision_at(ranked, 50) >= 3 * base_rate(ranked)


@pytest.mark.slow
def test_no_day_spends_more_than_its_budget_and_chance_has_its_share(season: Season) -> None:
    for day in range(DRIFTED):
        assert sum(each.judged.spends for each in season.looked if each.day == day) <= 12
    drawn = sum(each.judged.drawn for each in season.looked if each.judged.model)
    days = len({each.day for each in season.looked if each.judged.model})
    assert drawn / days == pytest.approx(12 * 0.2, rel=0.4)


@pytest.mark.slow
def test_only_what_was_examined_has_a_label(season: Season) -> None:
    assert all((each.example is not None) == (each.judged.source is not None) for each in season.looked)


@pytest.mark.slow
def test_a_drift_of_prices_is_noticed_and_before_it_none_is(season: Season) -> None:
    drifting = season.fork(SMALL)
    drifting.play(DRIFTED + 14)
    assert moved_days(drifting)[-1] > DRIFTED
    assert moved_days(season) == []


def moved_days(season: Season) -> list[int]:
    """Return the days on which prices were noticed to be spread otherwise than in training."""
    return [day for day, reason in season.alarms if reason.params.get("name") == "price_usual_pm"]


def test_what_is_true_of_a_shipment_does_not_reach_its_candidate() -> None:
    shown = Shipment(
        number="S1", at=1, importer="i", exporter="e", agent="a", carrier="c", plate="p", hs_code="1", goods="g",
        origin="MN", route="r", gross_kg=1, value_fen=1, lines=1, true_kg=1, true_hs_code="1",
    )  # fmt: skip
    false = Shipment(**{**{name: getattr(shown, name) for name in shown.__struct_fields__}, "true_kg": 9,
                        "true_hs_code": "2", "trick": Trick.SPLIT})  # fmt: skip
    assert candidate_of(shown) == candidate_of(false)


REACHED: dict[str, Any] = {
    "ratio_to_random": 3.0,
    "leak_check": {"passed": True},
    "drift": {"after_days": 2},
    "quiet_drift": {"after_days": 45},
    "most_spent_on_a_day": 16,
    "budget_a_day": 16,
}


@pytest.mark.parametrize(
    ("goal", "changes"),
    [
        ("finds_3_times_random", {"ratio_to_random": 2.99}),
        ("beats_the_lookup", {"leak_check": {"passed": False}}),
        ("notices_drift", {"drift": {"after_days": None}}),
        ("notices_quiet_drift", {"quiet_drift": {"after_days": None}}),
        ("keeps_the_budget", {"most_spent_on_a_day": 17}),
    ],
)
def test_one_seed_that_misses_a_goal_misses_it_for_all(goal: str, changes: dict[str, Any]) -> None:
    assert set(goals_of([REACHED, REACHED]).values()) == {True}
    goals = goals_of([REACHED, {**REACHED, **changes}])
    assert [name for name, reached in goals.items() if not reached] == [goal]


def test_a_score_is_compared_with_a_look_up_only_where_it_stood() -> None:
    begun = Season(Course(trade=SMALL, budget_pm=150, seed=2), Boosting(), shipped_rules())
    begun.play(1)
    without = month_of(begun, 0, begun.looked)
    assert not without.stood
    assert leak_check([])["passed"] is False
    looked_up = [Ranked(place, place < 5) for place in range(100)]
    scored = [Ranked(100 - place, place < 5) for place in range(100)]
    for score, lookup, passed in ((scored, looked_up, True), (looked_up, scored, False), (scored, scored, False)):
        check = leak_check([Month(0, stood=True, ranked={"score": score, "lookup": lookup})])
        assert (check["months"], check["passed"]) == (1, passed)


def test_a_season_too_short_to_measure_is_refused() -> None:
    class Clock:
        def now(self) -> int:
            return 0

        monotonic = now

    with pytest.raises(InvalidValue):
        measure(BenchSetting(seeds=(1,), months=3), Boosting(), shipped_rules(), Clock(), lambda _: None)
