"""Visits put together again from passages and tickets: who came in, was weighed, and went out, and when.

Passages and weighings of one vehicle are laid in the order of time. A visit begins with an entry, after an exit, or
after a long silence; it ends with an exit. What lies between two of its events is a leg.
"""

import msgspec
import polars as pl

from kouan.planning.study.gathered import FILE
from kouan.vocabulary.places import Direction

REREAD_MIN = 10
"""Minutes within which a second passage of one vehicle in one direction is the first, written twice. Our choice."""

SILENCE_H = 36
"""Hours without an event after which a vehicle's next event begins another visit. Our choice: a day and a night."""

_IN, _OUT, _WEIGHED = 0, 1, 2


class Parted(msgspec.Struct, frozen=True):
    """Rows that count, and those that say again what another row says: ``first_file`` and ``first_row`` name that."""

    rows: pl.DataFrame
    again: pl.DataFrame


def moment() -> pl.Expr:
    """Return the time at which a passage counts: when it stopped, else when it left, else when it queued."""
    return pl.coalesce("stopped_at", "left_at", "queued_at")


def part_passages(passages: pl.DataFrame) -> Parted:
    """Part passages from those written twice: the same vehicle and direction within ten minutes."""
    rows = passages.with_columns(moment().alias("at")).sort("plate", "direction", "at", FILE, "row")
    same = (pl.col("plate") == pl.col("plate").shift()) & (pl.col("direction") == pl.col("direction").shift())
    near = pl.col("at") - pl.col("at").shift() <= pl.duration(minutes=REREAD_MIN)
    return _parted(rows.with_columns((same & near).fill_null(value=False).alias("again")))


def part_tickets(tickets: pl.DataFrame) -> Parted:
    """Part tickets from those printed twice: the same vehicle, times and masses."""
    keys = ["plate", "gross_at", "tare_at", "gross_kg", "tare_kg"]
    rows = tickets.sort(*keys, FILE, "row")
    same = pl.all_horizontal(pl.col(key).eq_missing(pl.col(key).shift()) for key in keys)
    first = pl.int_range(pl.len()) == 0
    return _parted(rows.with_columns((same & ~first).fill_null(value=False).alias("again")))


def _parted(rows: pl.DataFrame) -> Parted:
    told = rows.with_columns(
        pl.when(~pl.col("again")).then(pl.col(name)).forward_fill().alias(f"first_{name}") for name in (FILE, "row")
    )
    return Parted(
        rows.filter(~pl.col("again")).drop("again"),
        told.filter("again").select(FILE, "row", "first_file", "first_row", "plate"),
    )


def numbers_used_twice(tickets: pl.DataFrame) -> pl.DataFrame:
    """Return the tickets whose number stands on another ticket of other content."""
    known = tickets.filter(pl.col("ticket").is_not_null())
    return known.filter(pl.col("ticket").is_duplicated()).sort("ticket").select(FILE, "row", "ticket", "plate")


def visits_of(passages: pl.DataFrame, tickets: pl.DataFrame) -> pl.DataFrame:
    """Return the visits, a row each; times of what did not happen, or was not written down, are null.

    ``first_at`` and ``last_at`` are the first and last weighing, ``weighings`` how many there were.
    """
    events = pl.concat([_passages(passages), _weighings(tickets)], how="diagonal").sort("plate", "at", "kind")
    before = pl.col("plate").shift() != pl.col("plate")
    silent = pl.col("at") - pl.col("at").shift() > pl.duration(hours=SILENCE_H)
    begins = before | (pl.col("kind") == _IN) | (pl.col("kind").shift() == _OUT) | silent
    numbered = events.with_columns(begins.fill_null(value=True).cum_sum().alias("visit"))
    entry, leaving, weighed = (pl.col("kind") == kind for kind in (_IN, _OUT, _WEIGHED))

    def at(which: pl.Expr, name: str) -> pl.Expr:
        return pl.when(which).then(pl.col(name))

    return (
        numbered.select(
            "visit", "plate", "carrier",
            at(entry, "queued_at").alias("in_queued_at"), at(entry, "stopped_at").alias("in_at"),
            at(entry, "left_at").alias("in_left_at"), at(entry, "lane").alias("in_lane"),
            at(weighed, "at").alias("weighed_at"), weighed.alias("weighed"), "kg",
            at(leaving, "queued_at").alias("out_queued_at"), at(leaving, "stopped_at").alias("out_at"),
            at(leaving, "left_at").alias("out_left_at"),
        )
        .group_by("visit", maintain_order=True)
        .agg(
            pl.col("plate").first(),
            pl.col("carrier").drop_nulls().first(),
            pl.col("in_queued_at", "in_at", "in_left_at", "in_lane").first(),
            pl.col("weighed_at").min().alias("first_at"),
            pl.col("weighed_at").max().alias("last_at"),
            pl.col("weighed").sum().cast(pl.UInt16).alias("weighings"),
            pl.col("kg").max().alias("gross_kg"),
            pl.col("kg").min().alias("tare_kg"),
            pl.col("out_queued_at", "out_at", "out_left_at").last(),
        )
    )  # fmt: skip


def _passages(passages: pl.DataFrame) -> pl.DataFrame:
    """Return passages as events; where one time alone is written, it stands for the stop."""
    return passages.select(
        pl.col("plate").cast(pl.Categorical),
        moment().alias("at"),
        pl.when(pl.col("direction") == Direction.IN.value).then(_IN).otherwise(_OUT).cast(pl.UInt8).alias("kind"),
        "queued_at",
        pl.coalesce("stopped_at", "left_at").alias("stopped_at"),
        pl.when(pl.col("stopped_at").is_not_null()).then("left_at").alias("left_at"),
        "lane",
        "carrier",
    )


def _weighings(tickets: pl.DataFrame) -> pl.DataFrame:
    """Return the weighings of tickets as events; one time for both masses is one event."""
    parts = [
        tickets.filter(pl.col(f"{name}_at").is_not_null()).select(
            pl.col("plate").cast(pl.Categorical),
            pl.col(f"{name}_at").alias("at"),
            pl.lit(_WEIGHED, dtype=pl.UInt8).alias("kind"),
            "carrier",
            pl.col(f"{name}_kg").alias("kg"),
        )
        for name in ("gross", "tare")
    ]
    return pl.concat(parts)
