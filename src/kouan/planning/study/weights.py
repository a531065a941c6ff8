"""What tickets say of weights: nets against what was declared, by carrier; scales against each other, over time."""

import math

import msgspec
import polars as pl

NET_TOLERANCE = 0.005
"""Share by which a net may differ from what was declared. Our choice: a class III scale of 100 t errs by 0.1 %
(OIML R 76) at each of two weighings, rain and fuel add some hundred kilograms."""

LEAST_TICKETS = 8
"""Tickets from which a carrier's or a scale's median is given with an interval. Our choice: below, it says nothing."""

DRIFT_DAYS = 5
"""Days on which a scale must have been used for its drift to be told. Our choice."""


class CarrierNets(msgspec.Struct, frozen=True):
    """One carrier's nets less what was declared, in kg: median with its 95 % interval, and how many lie far out."""

    carrier: str
    tickets: int
    median_kg: float
    low_kg: float
    high_kg: float
    total_kg: int
    beyond: int
    certain: bool


class ScaleDrift(msgspec.Struct, frozen=True):
    """One scale against the others, by the empty weights of vehicles that used several or came again.

    ``offset_kg`` is its median above the vehicles' own; ``drift_kg_a_day`` the slope of its days' medians (Theil-Sen)
    with its 95 % interval, ``drifts`` whether zero lies outside that; None where too few days are known.
    """

    scale: str
    tickets: int
    days: int
    offset_kg: float
    drift_kg_a_day: float | None
    low: float | None
    high: float | None
    drifts: bool


def nets_of(tickets: pl.DataFrame) -> pl.DataFrame:
    """Return the tickets that have a net and a declared mass, with ``net`` and their ``difference`` in kg."""
    net = pl.coalesce(pl.col("gross_kg") - pl.col("tare_kg"), pl.col("net_kg"))
    rows = tickets.with_columns(net.alias("net")).filter(
        pl.col("net").is_not_null() & (pl.col("declared_kg") > 0) & (pl.col("net") > 0)
    )
    return rows.with_columns((pl.col("net") - pl.col("declared_kg")).alias("difference"))


def carriers_of(tickets: pl.DataFrame) -> tuple[CarrierNets, ...]:
    """Return the carriers whose nets can be compared, the furthest out first."""
    rows = nets_of(tickets).filter(pl.col("carrier").is_not_null())
    far = pl.col("difference").abs() > NET_TOLERANCE * pl.col("declared_kg")
    groups = rows.group_by("carrier").agg(
        pl.len().alias("n"),
        pl.col("difference").sort(),
        pl.col("difference").sum().alias("total"),
        far.sum().alias("beyond"),
    )
    found = [_carrier(row) for row in groups.iter_rows(named=True)]
    return tuple(sorted(found, key=lambda one: (not one.certain, -abs(one.median_kg), one.carrier)))


def nets_that_do_not_add_up(tickets: pl.DataFrame) -> pl.DataFrame:
    """Return the tickets whose written net is not gross less tare, beyond a division of 20 kg."""
    net = pl.col("gross_kg") - pl.col("tare_kg")
    return tickets.with_columns(net.alias("net")).filter((net - pl.col("net_kg")).abs() > _DIVISION_KG)


_DIVISION_KG = 20
"""Verification scale interval of most road weighbridges (OIML R 76, class III, 60 t in 3,000 divisions)."""


def scales_of(tickets: pl.DataFrame) -> tuple[ScaleDrift, ...]:
    """Return the scales that weighed empty vehicles which came again, the furthest out first."""
    rows = tickets.filter(pl.col("scale").is_not_null() & pl.col("tare_kg").is_not_null()).with_columns(
        pl.coalesce("tare_at", "gross_at").dt.date().alias("day")
    )
    own = pl.col("tare_kg").median().over("plate")
    known = rows.filter(pl.len().over("plate") >= 2).with_columns((pl.col("tare_kg") - own).alias("above"))
    daily = known.group_by("scale", "day").agg(pl.col("above").median(), pl.len().alias("n")).sort("scale", "day")
    found = [_scale(str(name[0]), days, known) for name, days in daily.group_by("scale", maintain_order=True)]
    return tuple(sorted(found, key=lambda one: (not one.drifts, -abs(one.offset_kg), one.scale)))


def _carrier(row: dict[str, object]) -> CarrierNets:
    differences: list[int] = row["difference"]  # type: ignore[assignment]
    low, middle, high = _median(differences)
    certain = len(differences) >= LEAST_TICKETS and not low <= 0 <= high
    total, beyond = row["total"], row["beyond"]
    return CarrierNets(str(row["carrier"]), len(differences), middle, low, high, int(total), int(beyond), certain)  # type: ignore[call-overload]


def _median(ordered: list[int]) -> tuple[float, float, float]:
    """Return a median within its 95 % interval by order statistics (normal approximation of the binomial)."""
    n = len(ordered)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    half = 0.98 * math.sqrt(n)
    return (
        float(ordered[max(math.floor(n / 2 - half), 0)]),
        middle,
        float(ordered[min(math.ceil(n / 2 + half), n - 1)]),
    )


def _scale(name: str, daily: pl.DataFrame, known: pl.DataFrame) -> ScaleDrift:
    own = known.filter(pl.col("scale") == name)
    offset = float(own["above"].median() or 0.0)  # type: ignore[arg-type]
    if daily.height < DRIFT_DAYS:
        return ScaleDrift(name, own.height, daily.height, offset, None, None, None, drifts=False)
    from scipy import stats  # takes a second of processor time: only studies with scales to compare pay it

    days = daily["day"].cast(pl.Int32).to_list()
    slope, _, low, high = (float(each) for each in stats.theilslopes(daily["above"].to_list(), days))
    drifts = not low <= 0 <= high
    return ScaleDrift(name, own.height, daily.height, offset, round(slope, 2), round(low, 2), round(high, 2), drifts)
