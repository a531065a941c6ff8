"""A forecast with its intervals, and its error on days held out beside the seasonal-naive one's, told first."""

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from kouan.planning.forecast.calendar import seasons_in
from kouan.planning.forecast.model import naive, paths_of
from kouan.vocabulary.errors import InvalidValue

LEAST_DAYS = 42
"""Shortest history: four weeks to learn from and two to test on. Our choice."""

FOLD_DAYS, MOST_FOLDS = 7, 8
"""Days of each test, and how many tests at most. Our choice: the last two months."""

MOST_DAYS = 400
"""Longest horizon. Our choice: a year and what it takes to plan it."""


class DayAhead(msgspec.Struct, frozen=True):
    """One day to come: the middle of what may be, and where 95 of 100 futures lie."""

    day: dt.date
    vehicles: float
    low: float
    high: float


class MonthAhead(msgspec.Struct, frozen=True):
    """One month to come, of which ``days`` are forecast."""

    month: str
    days: int
    vehicles: float
    low: float
    high: float


class BackTest(msgspec.Struct, frozen=True):
    """How the model did on weeks that it had not seen, beside the same weekday of the week before.

    Errors are mean absolute ones in vehicles a day; ``covered`` is the share of days inside the 95 % interval.
    """

    folds: int
    days: int
    error: float
    naive_error: float
    covered: float

    @property
    def better(self) -> bool:
        """Whether the model erred less than the plainest forecast."""
        return self.error < self.naive_error


class Forecast(msgspec.Struct, frozen=True):
    """What is to come, what it is worth, and which seasons lie ahead that the history has not shown."""

    back_test: BackTest
    days: tuple[DayAhead, ...]
    months: tuple[MonthAhead, ...]
    not_learnt: tuple[str, ...]


def forecast(history: Mapping[dt.date, int], ahead: int, seed: int = 1) -> Forecast:
    """Return a forecast of so many days; days within the history that are not given are closed days.

    Raises InvalidValue (``forecast.history``, ``forecast.ahead``) where there is too little to learn from.
    """
    days, counts = _whole(history)
    if len(days) < LEAST_DAYS:
        raise InvalidValue("history", "forecast.history", f"must have {LEAST_DAYS} days or more, not {len(days)}")
    if not 1 <= ahead <= MOST_DAYS:
        raise InvalidValue("ahead", "forecast.ahead", f"must be 1 to {MOST_DAYS} days")
    tested = back_test(days, counts, seed)
    future = [days[-1] + dt.timedelta(days=place) for place in range(1, ahead + 1)]
    paths = paths_of(days, counts, future, seed)
    shown = seasons_in([day for day, count in zip(days, counts, strict=True) if count > 0])
    unknown = sorted(season.value for season in seasons_in(future) - shown)
    return Forecast(tested, _days(future, paths), _months(future, paths), tuple(unknown))


def back_test(days: Sequence[dt.date], counts: Sequence[int], seed: int = 1) -> BackTest:
    """Return the errors on the last weeks, each forecast from what came before it alone."""
    folds = min((len(days) - 28) // FOLD_DAYS, MOST_FOLDS)
    errors, naive_errors, inside = [], [], 0
    for fold in range(folds, 0, -1):
        cut = len(days) - fold * FOLD_DAYS
        held, true = days[cut : cut + FOLD_DAYS], counts[cut : cut + FOLD_DAYS]
        paths = paths_of(days[:cut], counts[:cut], held, seed + fold)
        low, middle, high = np.quantile(paths, (0.025, 0.5, 0.975), axis=1)
        errors += [abs(float(found) - count) for found, count in zip(middle, true, strict=True)]
        naive_errors += [abs(found - count) for found, count in zip(naive(counts[:cut], FOLD_DAYS), true, strict=True)]
        inside += sum(bool(a <= count <= b) for a, count, b in zip(low, true, high, strict=True))
    tested = folds * FOLD_DAYS
    return BackTest(
        folds, tested, round(sum(errors) / tested, 2), round(sum(naive_errors) / tested, 2), round(inside / tested, 3)
    )


def _whole(history: Mapping[dt.date, int]) -> tuple[list[dt.date], list[int]]:
    """Return every day from first to last, zero where nothing was written down."""
    if not history:
        return [], []
    first, last = min(history), max(history)
    days = [first + dt.timedelta(days=place) for place in range((last - first).days + 1)]
    return days, [history.get(day, 0) for day in days]


def _days(future: Sequence[dt.date], paths: np.ndarray) -> tuple[DayAhead, ...]:
    low, middle, high = np.quantile(paths, (0.025, 0.5, 0.975), axis=1)
    return tuple(
        DayAhead(day, round(float(m), 1), round(float(a), 1), round(float(b), 1))
        for day, a, m, b in zip(future, low, middle, high, strict=True)
    )


def _months(future: Sequence[dt.date], paths: np.ndarray) -> tuple[MonthAhead, ...]:
    """Return the sums of each month over each path: days that go together make a month wider than its days."""
    found = []
    for month in dict.fromkeys(day.strftime("%Y-%m") for day in future):
        own = [place for place, day in enumerate(future) if day.strftime("%Y-%m") == month]
        low, middle, high = (float(share) for share in np.quantile(paths[own].sum(axis=0), (0.025, 0.5, 0.975)))
        found.append(MonthAhead(month, len(own), round(middle), round(low), round(high)))
    return tuple(found)
