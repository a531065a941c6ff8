"""A study, from rows to findings."""

import datetime as dt

import msgspec
import polars as pl

from kouan.planning.study.findings import Counts, Example, Rejection, SourceRead, Study, Track
from kouan.planning.study.gathered import FILE, Gathered, Source
from kouan.planning.study.hours import days_of, profile_of
from kouan.planning.study.legs import Leg, legs_of, spread_of, with_legs
from kouan.planning.study.visits import moment, numbers_used_twice, part_passages, part_tickets, visits_of
from kouan.planning.study.weights import carriers_of, nets_that_do_not_add_up, scales_of
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

EXAMPLES = 5
"""Rejected rows that stand beside each reason. Our choice; the list of all is a file of its own."""

MOST_TRACKS = 160
"""Visits drawn in a space-time diagram. Our choice: more are a grey area."""

MOST_CARRIERS = 200
"""Carriers that findings tell of. Our choice."""

FAR_DAYS = 400
"""Days from the middle row's beyond which a time is a mistake. Our choice: a study is of a year at most."""


class Studied(msgspec.Struct, frozen=True):
    """The findings, and the tables from which they come: what is too long for findings is exported from them."""

    study: Study
    visits: pl.DataFrame
    passages: pl.DataFrame
    tickets: pl.DataFrame
    rejected: pl.DataFrame
    duplicates: pl.DataFrame


def study_of(gathered: Gathered) -> Studied:
    """Return what the files show."""
    gathered = _near(gathered)
    passages, tickets = part_passages(gathered.passages), part_tickets(gathered.tickets)
    visits = with_legs(visits_of(passages.rows, tickets.rows))
    weight = gathered.weight
    traffic = days_of(passages.rows, tickets.rows, weight)
    if not traffic:
        raise InvalidValue("files", "study.nothing", "have no row with a time that can be used")
    profiles = tuple(found for way in Direction if (found := profile_of(passages.rows, way, weight)) is not None)
    duplicates = pl.concat([passages.again, tickets.again])
    busiest = max(traffic, key=lambda day: day.entered + day.left).day
    study = Study(
        first_day=traffic[0].day,
        last_day=traffic[-1].day,
        days=len(traffic),
        counts=_counts(gathered, passages.rows, tickets.rows, visits, duplicates),
        sources=tuple(_source(source) for source in gathered.sources),
        rejections=_rejections(gathered),
        spellings=dict(list(gathered.plates.spellings(3).items())[:EXAMPLES]),
        legs=legs_of(visits, len(traffic), weight),
        turn_round=spread_of(visits[Leg.TURN_ROUND.value]),
        profiles=profiles,
        traffic=traffic,
        carriers=carriers_of(tickets.rows)[:MOST_CARRIERS],
        scales=scales_of(tickets.rows),
        busiest_day=busiest,
        tracks=_tracks(visits, busiest),
        missing=_missing(passages.rows, tickets.rows),
        one_vehicle_in=weight,
    )
    return Studied(study, visits, passages.rows, tickets.rows, gathered.rejected, duplicates)


def _near(gathered: Gathered) -> Gathered:
    """Return the rows within 400 days of the middle one; a year written wrong would make a study of decades."""
    times = pl.concat(
        [
            gathered.passages.select(moment().alias("at"), FILE, "row"),
            gathered.tickets.select(pl.coalesce("gross_at", "tare_at").alias("at"), FILE, "row"),
        ]
    )
    middle = times["at"].median()
    if middle is None:
        return gathered
    span = dt.timedelta(days=FAR_DAYS)
    far = times.filter(~pl.col("at").is_between(middle - span, middle + span))  # type: ignore[operator]
    if far.is_empty():
        return gathered
    told = far.select(
        "row", pl.lit("time").alias("field"), pl.col("at").dt.to_string("%Y-%m-%d %H:%M:%S").alias("value"),
        pl.lit("time.far").alias("rule"), FILE,
    )  # fmt: skip
    kept = far.select(FILE, "row").unique()
    return msgspec.structs.replace(
        gathered,
        passages=gathered.passages.join(kept, on=[FILE, "row"], how="anti"),
        tickets=gathered.tickets.join(kept, on=[FILE, "row"], how="anti"),
        rejected=pl.concat([gathered.rejected, told.unique([FILE, "row"])]),
        counted={**gathered.counted, "time.far": kept.height},
    )


def _source(source: Source) -> SourceRead:
    mapping = source.mapping
    columns = {field.value: header for field, header in mapping.columns.items()} if mapping else {}
    kind = mapping.kind.value if mapping else ""
    return SourceRead(source.name, source.rows, source.used, kind, columns, source.refused, source.mend)


def _rejections(gathered: Gathered) -> tuple[Rejection, ...]:
    found = []
    ordered = gathered.rejected.sort(FILE, "row")
    for (rule,), rows in ordered.group_by("rule", maintain_order=True):
        first = rows.head(EXAMPLES).iter_rows(named=True)
        examples = tuple(
            Example(gathered.sources[row[FILE]].name, row["row"], row["field"] or "", (row["value"] or "")[:80])
            for row in first
        )
        found.append(Rejection(str(rule), gathered.counted[str(rule)], examples))
    return tuple(sorted(found, key=lambda one: (-one.rows, one.rule)))


def _counts(
    gathered: Gathered, passages: pl.DataFrame, tickets: pl.DataFrame, visits: pl.DataFrame, duplicates: pl.DataFrame
) -> Counts:
    entered, left = pl.col("in_at").is_not_null(), pl.col("out_at").is_not_null()
    weighed = pl.col("weighings") > 0
    inside = _in_both(passages, tickets)
    told = visits.select(
        (entered & left).sum().alias("whole"),
        (entered & ~left).sum().alias("no_exit"),
        (left & ~entered).sum().alias("no_entry"),
        (weighed & ~entered & inside).sum().alias("no_passage"),
        (entered & ~weighed & inside).sum().alias("no_ticket"),
    ).row(0, named=True)
    again = gathered.tickets.height - tickets.height
    plates = pl.concat([passages["plate"], tickets["plate"]])
    return Counts(
        rows=sum(source.rows for source in gathered.sources),
        used=sum(source.used for source in gathered.sources),
        passages=passages.height,
        tickets=tickets.height,
        vehicles=plates.n_unique(),
        visits=visits.height,
        whole_visits=told["whole"],
        entries_without_exit=told["no_exit"],
        exits_without_entry=told["no_entry"],
        passages_again=duplicates.height - again,
        tickets_again=again,
        ticket_numbers_again=numbers_used_twice(tickets).height,
        nets_wrong=nets_that_do_not_add_up(tickets).height,
        tickets_without_entry=told["no_passage"],
        entries_without_ticket=told["no_ticket"],
        spelled_variously=len(gathered.plates.spellings()),
        plates_of_no_known_form=len(gathered.plates.of_no_known_form()),
    )


def _in_both(passages: pl.DataFrame, tickets: pl.DataFrame) -> pl.Expr:
    """Return whether a visit lies within the days that passages and tickets both show, a day from their ends."""
    if passages.is_empty() or tickets.is_empty():
        return pl.lit(value=False)
    own = (passages["at"], pl.concat([tickets["gross_at"], tickets["tare_at"]]).drop_nulls())
    day = dt.timedelta(days=1)
    first = max(each.min() for each in own) + day  # type: ignore[type-var,operator]
    last = min(each.max() for each in own) - day  # type: ignore[type-var,operator]
    return pl.coalesce("in_at", "first_at").is_between(first, last).fill_null(value=False)


def _tracks(visits: pl.DataFrame, day: dt.date) -> tuple[Track, ...]:
    """Return visits of a day for a space-time diagram, evenly chosen."""
    columns = ["in_queued_at", "in_at", "first_at", "last_at", "out_at"]
    start = dt.datetime.combine(day, dt.time())
    of_day = visits.filter(pl.coalesce(columns).dt.date() == day).sort(pl.coalesce(columns))
    chosen = of_day.gather_every(max(of_day.height // MOST_TRACKS, 1)).head(MOST_TRACKS)
    seconds = chosen.select((pl.col(name) - start).dt.total_seconds().alias(name) for name in columns)
    return tuple(Track(tuple(row)) for row in seconds.iter_rows())


def _missing(passages: pl.DataFrame, tickets: pl.DataFrame) -> tuple[str, ...]:
    """Return what the files do not show, as message ids."""
    absent = []
    if passages.is_empty():
        absent.append("study.no_passages")
    elif passages["queued_at"].null_count() == passages.height:
        absent.append("study.no_queue_times")
    if not passages.is_empty() and (passages["stopped_at"].is_null() | passages["left_at"].is_null()).all():
        absent.append("study.no_stop_times")
    seen = frozenset(passages["direction"].unique().to_list())
    absent += [f"study.no_passages_{way.value}" for way in Direction if seen and way.value not in seen]
    if tickets.is_empty():
        absent.append("study.no_tickets")
    elif tickets["declared_kg"].null_count() == tickets.height:
        absent.append("study.no_declared")
    if not tickets.is_empty() and tickets["scale"].null_count() == tickets.height:
        absent.append("study.no_scales")
    return tuple(absent)
