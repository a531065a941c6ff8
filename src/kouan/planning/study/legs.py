"""The legs of visits: how long each takes, what of it is waiting, and at which hours."""

import enum

import msgspec
import polars as pl

from kouan.planning.traffic import FREE_SHARE

MOST_LEG_H = 24 * 7
"""Hours beyond which a leg is a gap in the files. Our choice: a week."""


class Leg(enum.StrEnum):
    """A stretch of a visit between two things that were written down."""

    QUEUE_IN = "queue_in"
    STOP_IN = "stop_in"
    TO_SCALES = "to_scales"
    BETWEEN_WEIGHINGS = "between_weighings"
    TO_EXIT = "to_exit"
    QUEUE_OUT = "queue_out"
    STOP_OUT = "stop_out"
    TURN_ROUND = "turn_round"


QUEUES = frozenset({Leg.QUEUE_IN, Leg.QUEUE_OUT})
"""Legs that are waiting and nothing else."""

PARTS = tuple(leg for leg in Leg if leg is not Leg.TURN_ROUND)
"""Legs that follow one another; a turn-round holds them all but the queue before the gate."""


class Spread(msgspec.Struct, frozen=True):
    """How long something takes, in seconds: how often it was seen, mean, and the shares below."""

    n: int
    mean_s: float
    p10_s: float
    p50_s: float
    p90_s: float
    p95_s: float


class LegFigures(msgspec.Struct, frozen=True):
    """One leg: its spread, its free time, the hours lost in it a day, and by hour of the day.

    Lost is what exceeds the free time: in a queue all of it, else what a vehicle took longer than the slowest of the
    quickest tenth. By hour of the leg's beginning: ``n``, median and 90 % in seconds, hours lost a day.
    """

    leg: Leg
    spread: Spread
    free_s: float
    lost_h_a_day: float
    share: float
    worst_hour: int
    n_by_hour: tuple[int, ...]
    p50_by_hour: tuple[float, ...]
    p90_by_hour: tuple[float, ...]
    lost_h_by_hour: tuple[float, ...]


_ENDS = {
    Leg.QUEUE_IN: ("in_queued_at", "in_at"),
    Leg.STOP_IN: ("in_at", "in_left_at"),
    Leg.TO_SCALES: ("entered", "first_at"),
    Leg.BETWEEN_WEIGHINGS: ("first_at", "last_at"),
    Leg.TO_EXIT: ("last_inside", "out_reached"),
    Leg.QUEUE_OUT: ("out_queued_at", "out_at"),
    Leg.STOP_OUT: ("out_at", "out_left_at"),
    Leg.TURN_ROUND: ("in_at", "gone"),
}
"""Where each leg begins and ends."""


def with_legs(visits: pl.DataFrame) -> pl.DataFrame:
    """Return visits with the seconds of each leg; null where an end was not written down."""
    ends = visits.with_columns(
        pl.coalesce("in_left_at", "in_at").alias("entered"),
        pl.coalesce("last_at", "in_left_at", "in_at").alias("last_inside"),
        pl.coalesce("out_queued_at", "out_at").alias("out_reached"),
        pl.coalesce("out_left_at", "out_at").alias("gone"),
    )
    spans = {leg: (pl.col(last) - pl.col(first)).dt.total_seconds() for leg, (first, last) in _ENDS.items()}
    spans[Leg.BETWEEN_WEIGHINGS] = pl.when(pl.col("weighings") >= 2).then(spans[Leg.BETWEEN_WEIGHINGS])
    spans[Leg.TO_EXIT] = pl.when(pl.col("entered").is_not_null()).then(spans[Leg.TO_EXIT])
    sane = {leg: pl.when(span.is_between(0, MOST_LEG_H * 3600)).then(span) for leg, span in spans.items()}
    return ends.with_columns(span.cast(pl.Int32).alias(leg.value) for leg, span in sane.items())


def spread_of(seconds: pl.Series) -> Spread | None:
    """Return how long something takes; None where it was never seen."""
    known = seconds.drop_nulls()
    if known.is_empty():
        return None
    shares = [float(known.quantile(share, "linear") or 0.0) for share in (FREE_SHARE, 0.5, 0.9, 0.95)]
    return Spread(len(known), round(float(known.mean() or 0.0), 1), *(round(share, 1) for share in shares))  # type: ignore[arg-type]


def legs_of(visits: pl.DataFrame, days: int, weight: int = 1) -> tuple[LegFigures, ...]:
    """Return the legs that were seen, those in which most hours are lost first.

    ``days`` is how many the files show, ``weight`` how many visits each row stands for.
    """
    found = [each for leg in Leg if (each := _figures(visits, leg, days / weight)) is not None]
    whole = sum(each.lost_h_a_day for each in found if each.leg is not Leg.TURN_ROUND)
    shared = [
        msgspec.structs.replace(each, share=round(each.lost_h_a_day / whole, 4) if whole else 0.0) for each in found
    ]
    return tuple(sorted(shared, key=lambda each: (each.leg is Leg.TURN_ROUND, -each.lost_h_a_day)))


def _figures(visits: pl.DataFrame, leg: Leg, days: float) -> LegFigures | None:
    start = _ENDS[leg][0]
    seen = visits.select(pl.col(leg.value).alias("s"), pl.col(start).dt.hour().alias("hour")).drop_nulls()
    spread = spread_of(seen["s"])
    if spread is None:
        return None
    free = 0.0 if leg in QUEUES else spread.p10_s
    hours = (
        seen.with_columns(((pl.col("s") - free).clip(lower_bound=0) / 3600).alias("lost"))
        .group_by("hour")
        .agg(
            pl.len().alias("n"),
            pl.col("s").median().alias("p50"),
            pl.col("s").quantile(0.9, "linear").alias("p90"),
            pl.col("lost").sum(),
        )
    )
    by_hour = {row["hour"]: row for row in hours.iter_rows(named=True)}
    lost = [by_hour[hour]["lost"] / days if hour in by_hour else 0.0 for hour in range(24)]

    def column(name: str) -> tuple[float, ...]:
        return tuple(round(by_hour[hour][name], 1) if hour in by_hour else 0.0 for hour in range(24))

    return LegFigures(
        leg, spread, round(free, 1), round(sum(lost), 2), 0.0, lost.index(max(lost)),
        tuple(int(n) for n in column("n")), column("p50"), column("p90"), tuple(round(hour, 3) for hour in lost),
    )  # fmt: skip
