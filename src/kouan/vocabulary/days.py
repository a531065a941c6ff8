"""Days in China, as rules and papers give them.

A rule is in force from midnight, Asia/Shanghai, of its first day until midnight of the first day on which it no longer
applies. China has had no summer time since 1991 (State Council notice), so the zone is UTC+8 throughout.
"""

import datetime as dt
from typing import Any

from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue

SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def midnight(day: dt.date) -> Instant:
    """Return the instant at which this day begins in China."""
    start = dt.datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return (start - _EPOCH) // dt.timedelta(seconds=1) * SECOND


def day_of(at: Instant) -> dt.date:
    """Return the day in China that an instant falls on."""
    return (_EPOCH + dt.timedelta(microseconds=at)).astimezone(SHANGHAI).date()


def read_day(field: str, value: Any, rule: str) -> Instant:
    """Return the midnight of a day as TOML gives it; raise InvalidValue with the field and the rule for anything else.

    A time of day is refused: it would name an instant, not a day.
    """
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise InvalidValue(field, rule, "must be a day, as in 2025-06-01")
    return midnight(value)
