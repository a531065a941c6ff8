"""What a study hands to the flow model."""

import random

import polars as pl

from kouan.planning.study.hours import slot_counts
from kouan.planning.study.legs import Leg
from kouan.planning.study.studying import Studied
from kouan.planning.study.visits import moment
from kouan.planning.traffic import DayOfArrivals, LanesOpen, Observed, Stage, StageTimes, Traffic, checked
from kouan.vocabulary.places import Direction

MOST_SAMPLES = 20_000
"""Spans of a stage that are handed on, drawn evenly. Our choice: quantiles to a percent."""

_STAGES = (
    (Stage.GATE_IN, Leg.STOP_IN, False),
    (Stage.UNLOAD, Leg.BETWEEN_WEIGHINGS, True),
    (Stage.GATE_OUT, Leg.STOP_OUT, False),
)
"""Which leg shows which stage, and whether waiting is in it."""


def traffic_of(studied: Studied, port: str, timezone: str = "Asia/Shanghai", seed: int = 1) -> Traffic:
    """Return the traffic as the files show it; what they do not show is left out and named."""
    arrivals = [day for way in Direction for day in _arrivals(studied.passages, way)]
    profiles = studied.study.profiles
    inbound = next((each for each in profiles if each.direction is Direction.IN), None)
    lanes = tuple(LanesOpen(direction=each.direction, lanes=each.lanes) for each in profiles if any(each.lanes))
    stages = tuple(found for each in _STAGES if (found := _stage(studied.visits, *each, seed)) is not None)
    shown = {stage.stage for stage in stages}
    absent = tuple(f"stage.{stage.value}" for stage in Stage if stage not in shown)
    return checked(
        Traffic(
            port=port,
            timezone=timezone,
            arrivals=tuple(arrivals),
            stages=stages,
            lanes=lanes,
            opens_s=inbound.opens_s if inbound else 0,
            closes_s=inbound.closes_s if inbound else 86_400,
            observed=_observed(studied.visits),
            missing=(*studied.study.missing, *absent),
        )
    )


def _arrivals(passages: pl.DataFrame, way: Direction) -> list[DayOfArrivals]:
    rows = passages.filter(pl.col("direction") == way.value)
    if rows.is_empty():
        return []
    passed = bool(rows["queued_at"].is_null().all())
    counts = slot_counts(rows.select(pl.coalesce("queued_at", moment()).alias("at"))["at"])
    return [DayOfArrivals(day=day, direction=way, counts=slots, passed=passed) for day, slots in counts.items()]


def _stage(visits: pl.DataFrame, stage: Stage, leg: Leg, waiting: bool, seed: int) -> StageTimes | None:
    spans = visits[leg.value].drop_nulls()
    if spans.is_empty():
        return None
    known = [float(span) for span in spans.to_list()]
    drawn = known if len(known) <= MOST_SAMPLES else random.Random(seed).sample(known, MOST_SAMPLES)  # noqa: S311
    return StageTimes(stage=stage, samples_s=tuple(drawn), includes_waiting=waiting)


def _observed(visits: pl.DataFrame) -> tuple[Observed, ...]:
    """Return what each day was, by the day of entry; days without an entry are left out."""
    known = visits.filter(pl.col("in_at").is_not_null())
    whole = pl.col(Leg.TURN_ROUND.value)
    days = (
        known.group_by(pl.col("in_at").dt.date().alias("day"))
        .agg(pl.len().alias("n"), whole.mean().alias("mean"), whole.quantile(0.95, "linear").alias("p95"),
             pl.col(Leg.QUEUE_IN.value).mean().alias("wait"))
        .sort("day")
    )  # fmt: skip
    return tuple(
        Observed(
            day=row["day"],
            visits=row["n"],
            turn_round_s=row["mean"],
            turn_round_p95_s=row["p95"],
            wait_s=row["wait"],
        )
        for row in days.iter_rows(named=True)
    )
