"""The port by the clock: who comes, who passes, who waits and how many lanes work, by quarter hour and by day."""

import datetime as dt

import msgspec
import numpy as np
import polars as pl

from kouan.planning.study.visits import moment
from kouan.planning.traffic import SLOT_S, SLOTS
from kouan.vocabulary.places import Direction

_SLOT_US = SLOT_S * 1_000_000
_DAY_US = 86_400_000_000

OPEN_SHARE = 0.02
"""Share of a day's passings before and after which its gate is taken as closed. Our choice: one clock set wrong."""


class Profile(msgspec.Struct, frozen=True):
    """One direction by quarter hour of the day: means over days, and the waiting of nine days in ten.

    ``waiting`` is empty where the files do not show who queued; ``arrived`` are then those who passed.
    """

    direction: Direction
    arrived: tuple[float, ...]
    passed: tuple[float, ...]
    waiting: tuple[float, ...]
    waiting_p90: tuple[float, ...]
    lanes: tuple[int, ...]
    opens_s: int
    closes_s: int
    most_waiting: int
    most_waiting_at: str


class Day(msgspec.Struct, frozen=True):
    """One day's passages by direction."""

    day: dt.date
    entered: int
    left: int


def profile_of(passages: pl.DataFrame, direction: Direction, weight: int = 1) -> Profile | None:
    """Return how a direction looks by the clock, each row counted ``weight`` times; None where nobody went that way."""
    rows = passages.filter(pl.col("direction") == direction.value).with_columns(moment().alias("at"))
    if rows.is_empty():
        return None
    days = rows["at"].dt.date().n_unique()
    queued = rows.filter(pl.col("queued_at").is_not_null() & pl.coalesce("stopped_at", "left_at").is_not_null())
    waiting, p90, most, when = _waiting(queued)
    opens_s, closes_s = _hours(rows)
    return Profile(
        direction,
        _by_slot(rows.select(pl.coalesce("queued_at", "at").alias("at")), days / weight),
        _by_slot(rows, days / weight),
        tuple(mean * weight for mean in waiting),
        tuple(high * weight for high in p90),
        _lanes(rows),
        opens_s,
        closes_s,
        most * weight,
        when,
    )


def days_of(passages: pl.DataFrame, tickets: pl.DataFrame, weight: int = 1) -> tuple[Day, ...]:
    """Return the passages of each day, each counted ``weight`` times; without any, tickets count as entries."""
    if passages.is_empty():
        times = tickets.select(pl.coalesce("gross_at", "tare_at").alias("at"), pl.lit(value=True).alias("entered"))
    else:
        times = passages.select(moment().alias("at"), (pl.col("direction") == Direction.IN.value).alias("entered"))
    counts = (
        times.group_by(pl.col("at").dt.date().alias("day"))
        .agg(pl.col("entered").sum().alias("entered"), (~pl.col("entered")).sum().alias("left"))
        .sort("day")
    )
    return tuple(Day(row["day"], row["entered"] * weight, row["left"] * weight) for row in counts.iter_rows(named=True))


def slot_counts(times: pl.Series) -> dict[dt.date, tuple[int, ...]]:
    """Return how many times fall into each quarter hour of each day."""
    counts = (
        pl.DataFrame({"at": times.drop_nulls()})
        .group_by(pl.col("at").dt.date().alias("day"), _slot().alias("slot"))
        .len()
    )
    found: dict[dt.date, list[int]] = {}
    for day, slot, count in counts.sort("day", "slot").iter_rows():
        found.setdefault(day, [0] * SLOTS)[slot] = count
    return {day: tuple(slots) for day, slots in found.items()}


def _slot() -> pl.Expr:
    return pl.col("at").dt.hour().cast(pl.Int32) * 4 + pl.col("at").dt.minute() // 15


def _by_slot(rows: pl.DataFrame, days: float) -> tuple[float, ...]:
    counts = dict(rows.group_by(_slot().alias("slot")).len().iter_rows())
    return tuple(round(counts.get(slot, 0) / days, 3) for slot in range(SLOTS))


def _lanes(rows: pl.DataFrame) -> tuple[int, ...]:
    """Return the median number of lanes in use in each quarter hour, of days on which any was; zero where unknown."""
    known = rows.filter(pl.col("lane").is_not_null())
    used = known.group_by(pl.col("at").dt.date().alias("day"), _slot().alias("slot")).agg(pl.col("lane").n_unique())
    medians = dict(used.group_by("slot").agg(pl.col("lane").median()).iter_rows())
    return tuple(round(medians.get(slot, 0)) for slot in range(SLOTS))


def _hours(rows: pl.DataFrame) -> tuple[int, int]:
    """Return when the gate begins and ceases to serve on the middle day, in seconds of the day."""
    seconds = pl.col("at").dt.hour().cast(pl.Int32) * 3600 + pl.col("at").dt.minute().cast(pl.Int32) * 60
    days = rows.group_by(pl.col("at").dt.date()).agg(
        seconds.quantile(OPEN_SHARE / 2, "nearest").alias("first"),
        seconds.quantile(1 - OPEN_SHARE / 2, "nearest").alias("last"),
    )
    first, last = (float(days[name].median() or 0.0) for name in ("first", "last"))  # type: ignore[arg-type]
    opens = int(first // SLOT_S) * SLOT_S
    return opens, max(min(-(-int(last) // SLOT_S) * SLOT_S, 86_400), opens + SLOT_S)


def _waiting(queued: pl.DataFrame) -> tuple[tuple[float, ...], tuple[float, ...], int, str]:
    """Return mean and 90 % of vehicles that wait at each quarter hour's end, the most ever, and when that was."""
    if queued.is_empty():
        return (), (), 0, ""
    joined = np.sort(queued["queued_at"].dt.epoch("us").to_numpy())
    served = np.sort(queued.select(pl.coalesce("stopped_at", "left_at")).to_series().dt.epoch("us").to_numpy())
    first = int(joined[0]) // _DAY_US * _DAY_US
    last = (int(served[-1]) // _DAY_US + 1) * _DAY_US
    ends = np.arange(first + _SLOT_US, last + 1, _SLOT_US)
    length = np.searchsorted(joined, ends, "right") - np.searchsorted(served, ends, "right")
    most = int(length.argmax())
    by_slot = length.reshape(-1, SLOTS)
    at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(ends[most]))
    return (
        tuple(round(float(mean), 2) for mean in by_slot.mean(axis=0)),
        tuple(round(float(high), 2) for high in np.quantile(by_slot, 0.9, axis=0)),
        int(length[most]),
        at.strftime("%Y-%m-%d %H:%M"),
    )
