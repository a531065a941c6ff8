"""Daily traffic as a regression with errors that remember the day before, fitted in state space (statsmodels).

The logarithm of a day's vehicles is explained by a level, the weekday and the seasons that the history shows; what is
left is an AR(1). Days on which the port was closed are not observed, and none are forecast for days that are closed.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.planning.forecast.calendar import Season, season_of, seasons_in

PATHS = 400
"""Simulated futures from which intervals are taken. Our choice: the 2.5 % of them are ten."""

CLOSED_SHARE = 0.8
"""Share of a weekday's days without anybody from which it is taken to be closed. Our choice."""

Numbers = NDArray[np.float64]


class Opening:
    """On which days the port is open, as its history shows: weekdays on which it seldom opens, and its holidays."""

    def __init__(self, days: Sequence[dt.date], counts: Sequence[float]) -> None:
        shut = [count <= 0 for count in counts]
        self._weekdays = {
            weekday
            for weekday in range(7)
            if (own := [closed for day, closed in zip(days, shut, strict=True) if day.weekday() == weekday])
            and sum(own) >= CLOSED_SHARE * len(own)
        }
        by_season: dict[Season, list[bool]] = {}
        for day, closed in zip(days, shut, strict=True):
            season = season_of(day)
            if season is not None and day.weekday() not in self._weekdays:
                by_season.setdefault(season, []).append(closed)
        self._seasons = {season for season, own in by_season.items() if all(own)}

    def is_open(self, day: dt.date) -> bool:
        """Return whether the port is expected to open."""
        return day.weekday() not in self._weekdays and season_of(day) not in self._seasons


def paths_of(days: Sequence[dt.date], counts: Sequence[float], future: Sequence[dt.date], seed: int) -> Numbers:
    """Return simulated futures, a row a day and a column a path, after a history of consecutive days."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    opening = Opening(days, counts)
    known = np.array(counts, dtype=np.float64)
    logs = np.where(known > 0, np.log(np.maximum(known, 1.0)), np.nan)
    level = float(np.nanmean(logs))
    seasons = sorted(seasons_in([day for day, count in zip(days, counts, strict=True) if count > 0]))
    told = _regressors(days, seasons)
    varied = [column for column in range(told.shape[1]) if np.ptp(told[~np.isnan(logs), column]) > 0]
    fitted = SARIMAX(
        logs - level,
        exog=told[:, varied] if varied else None,
        order=(1, 0, 0),
        trend="c",
        enforce_stationarity=True,
    ).fit(disp=False, maxiter=100)
    ahead = _regressors(future, seasons)[:, varied] if varied else None
    simulated: Any = fitted.simulate(
        len(future), anchor="end", repetitions=PATHS, exog=ahead, rng=np.random.default_rng(seed)
    )
    paths = np.exp(np.asarray(simulated).reshape(len(future), PATHS) + level)
    closed = [place for place, day in enumerate(future) if not opening.is_open(day)]
    paths[closed, :] = 0.0
    return paths


def naive(counts: Sequence[float], ahead: int) -> list[float]:
    """Return the plainest forecast: each day is as the same weekday of the last week."""
    return [float(counts[len(counts) - 7 + place % 7]) for place in range(ahead)]


def _regressors(days: Sequence[dt.date], seasons: Sequence[Season]) -> Numbers:
    """Return a row a day: six weekdays, and the seasons that the history shows."""
    rows = [
        [float(day.weekday() == weekday) for weekday in range(1, 7)]
        + [float(season_of(day) is season) for season in seasons]
        for day in days
    ]
    return np.array(rows, dtype=np.float64).reshape(len(days), 6 + len(seasons))
