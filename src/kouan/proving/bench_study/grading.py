"""Grades a study against the truth that its files were made from."""

from pathlib import Path

import msgspec
import polars as pl


class Grade(msgspec.Struct, frozen=True):
    """How much of the truth a study found.

    ``rebuilt`` is the share of true visits of which every time that was written down stands in one visit of the study,
    and no other; errors are the study's mean less the true one, relative.
    """

    visits: int
    rebuilt: float
    found_visits: int
    queue_error: float
    turn_round_error: float
    unloading_error: float


def grade(found: pl.DataFrame, truth: Path) -> Grade:
    """Return the grade of a study's visits, with legs, against a sample's ``truth.csv``."""
    true = pl.read_csv(truth, try_parse_dates=True).with_columns(
        pl.when(~pl.col("exit_lost")).then("out_at").alias("out_at"),
        pl.when(~pl.col("ticket_lost")).then("gross_at").alias("first_at"),
        pl.when(~pl.col("ticket_lost")).then("tare_at").alias("last_at"),
    )
    ends = ["in_at", "first_at", "last_at", "out_at"]
    times = [pl.col(name).cast(pl.Datetime("us")) for name in ends]
    own = found.select(pl.col("plate").cast(pl.String), *times)
    right = true.select("plate", *times).join(own.unique(), on=["plate", *ends], how="inner", nulls_equal=True)
    return Grade(
        true.height,
        round(right.height / true.height, 5),
        found.height,
        _error(_mean(found, "in_queued_at", "in_at"), _mean(true, "queued_at", "in_at")),
        _error(_mean(found, "in_at", "out_at"), _mean(true, "in_at", "out_at")),
        _error(_mean(found, "first_at", "last_at"), _mean(true, "first_at", "last_at")),
    )


def _mean(rows: pl.DataFrame, first: str, last: str) -> float:
    spans = rows.select((pl.col(last) - pl.col(first)).dt.total_seconds().alias("s")).filter(pl.col("s") > 0)
    return float(spans.mean().item() or 0.0)


def _error(found: float, true: float) -> float:
    return round(found / true - 1, 5) if true else 0.0
