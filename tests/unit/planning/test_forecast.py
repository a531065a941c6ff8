"""A forecast, its calendar and its back-test."""

import datetime as dt
import random

import pytest

from kouan.planning.forecast.calendar import Season, season_of
from kouan.planning.forecast.forecast import LEAST_DAYS, forecast
from kouan.vocabulary.errors import InvalidValue


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (dt.date(2026, 2, 17), Season.SPRING_FESTIVAL),
        (dt.date(2026, 2, 14), Season.SPRING_FESTIVAL),
        (dt.date(2026, 2, 27), None),
        (dt.date(2025, 1, 29), Season.SPRING_FESTIVAL),
        (dt.date(2026, 7, 11), Season.NAADAM),
        (dt.date(2026, 10, 1), Season.CHINA),
        (dt.date(2026, 12, 29), Season.MONGOLIA),
        (dt.date(2026, 11, 23), None),
    ],
)
def test_the_days_unlike_others_are_known(day, season):
    assert season_of(day) is season


def history(days, first=dt.date(2026, 3, 2), closed=(), seed=3):
    """Days with a strong week, noise, and closed weekdays."""
    chance = random.Random(seed)
    found = {}
    for place in range(days):
        day = first + dt.timedelta(days=place)
        if day.weekday() not in closed:
            found[day] = round((900 - 60 * day.weekday()) * chance.lognormvariate(0, 0.08))
    return found


def test_a_port_with_a_week_is_forecast_better_than_by_the_week_before_and_its_intervals_hold():
    found = forecast(history(140), 35)
    assert found.back_test.better
    assert 0.85 <= found.back_test.covered <= 1.0
    by_weekday = {day.day.weekday(): day.vehicles for day in found.days}
    assert by_weekday[0] > by_weekday[4]
    assert all(day.low < day.vehicles < day.high for day in found.days)
    (first, *_) = found.months
    assert (first.month, first.days) == ("2026-07", 12)
    assert sum(day.vehicles for day in found.days[:12]) == pytest.approx(first.vehicles, rel=0.03)


def test_weekdays_on_which_the_port_is_closed_are_forecast_as_closed():
    found = forecast(history(84, closed=(6,)), 14)
    assert [day.high for day in found.days if day.day.weekday() == 6] == [0.0, 0.0]
    assert all(day.low > 0 for day in found.days if day.day.weekday() != 6)


def test_a_season_that_the_history_does_not_show_is_named_not_invented():
    found = forecast(history(120), 30)
    assert found.not_learnt == ("naadam",)


def test_the_same_seed_gives_the_same_forecast():
    assert forecast(history(60), 7, seed=5) == forecast(history(60), 7, seed=5)


def test_too_little_history_is_refused():
    with pytest.raises(InvalidValue, match=str(LEAST_DAYS)):
        forecast(history(30), 7)
    with pytest.raises(InvalidValue, match="1 to"):
        forecast(history(60), 0)
