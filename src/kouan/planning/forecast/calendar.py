"""Which days are unlike others: Spring Festival, Naadam, and the other holidays of both sides.

The days come from the library ``holidays``, which follows the State Council's yearly notices and Mongolia's Law on
Public Holidays and Days of Observance.
"""

import datetime as dt
import enum
import functools
from collections.abc import Sequence

import holidays

SPRING_BEFORE, SPRING_AFTER = 3, 9
"""Days before and after the lunar new year on which traffic is unlike itself. Our choice: eight days are off, drivers
leave before and come back after them."""

_LANGUAGE = "en_US"


class Season(enum.StrEnum):
    """What makes a day unlike others."""

    SPRING_FESTIVAL = "spring_festival"
    NAADAM = "naadam"
    CHINA = "holiday_china"
    MONGOLIA = "holiday_mongolia"


def season_of(day: dt.date) -> Season | None:
    """Return what makes a day unlike others; the stronger where it is several."""
    if any(-SPRING_BEFORE <= (day - first).days <= SPRING_AFTER for first in _spring(day.year)):
        return Season.SPRING_FESTIVAL
    mongolia = _days("MN", day.year).get(day, "")
    if day.month == 7 and "National Festival" in mongolia:
        return Season.NAADAM
    if day in _days("CN", day.year):
        return Season.CHINA
    return Season.MONGOLIA if mongolia else None


def seasons_in(days: Sequence[dt.date]) -> frozenset[Season]:
    """Return the seasons that some days show."""
    return frozenset(season for day in days if (season := season_of(day)) is not None)


@functools.cache
def _days(country: str, year: int) -> dict[dt.date, str]:
    return dict(holidays.country_holidays(country, years=year, language=_LANGUAGE))


@functools.cache
def _spring(year: int) -> tuple[dt.date, ...]:
    """Return the lunar new year's day of a year."""
    named = [day for day, name in _days("CN", year).items() if "(Spring Festival)" in name]
    return (min(named),) if named else ()
