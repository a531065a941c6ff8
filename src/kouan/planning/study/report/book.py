"""A study as a workbook: every figure of the report, and the rows behind it."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
import xlsxwriter

from kouan.planning.study.gathered import FILE
from kouan.planning.study.legs import Leg
from kouan.planning.study.report.answered import line_h
from kouan.planning.study.report.model_words import MEASURES, PLACES
from kouan.planning.study.report.words import COUNTS, LEGS, RULES, said, word

if TYPE_CHECKING:
    from kouan.planning.model.asked import Told
    from kouan.planning.study.studying import Studied

MOST_ROWS = 100_000
"""Rows of visits, duplicates and rejected rows in a workbook. Our choice: Excel still opens it in seconds."""

_WIDTH = 16


class _Sheet(msgspec.Struct, frozen=True):
    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]


def book(studied: "Studied", language: str, told: Sequence["Told"] = ()) -> bytes:
    """Return the workbook (.xlsx), its headers in a language; no cell is a formula.

    ``told`` are the flow model's answers; they come first.
    """
    return _written([*_answered(told, language), *_sheets(studied, language)])


def answers_book(told: Sequence["Told"], language: str) -> bytes:
    """Return a workbook of the flow model's answers alone: nothing of any row is in it."""
    return _written(_answered(told, language))


def _written(sheets: Sequence[_Sheet]) -> bytes:
    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as made:
        bold = made.add_format({"bold": True})
        moment = made.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for sheet in sheets:
            page = made.add_worksheet(sheet.name[:31])
            page.set_column(0, max(len(sheet.heads) - 1, 0), _WIDTH)
            page.freeze_panes(1, 0)
            page.write_row(0, 0, sheet.heads, bold)
            for place, row in enumerate(sheet.rows, 1):
                for column, cell in enumerate(row):
                    _write(page, place, column, cell, moment)
    return sink.getvalue()


def rejected_table(studied: "Studied", language: str) -> pl.DataFrame:
    """Return every rejected row with its table, its number, what stood there and why it was not used."""
    names = {place: source.name for place, source in enumerate(studied.study.sources)}
    reasons = {rule: said(words, language) for rule, words in RULES.items()}
    return studied.rejected.sort(FILE, "row").select(
        pl.col(FILE).cast(pl.Int64).replace_strict(names, default="").alias(word("file", language)),
        pl.col("row"),
        pl.col("field"),
        pl.col("value"),
        pl.col("rule"),
        pl.col("rule").replace(reasons).alias(word("reason", language)),
    )


def _write(page: Any, row: int, column: int, cell: Any, moment: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, dt.datetime):
        page.write_datetime(row, column, cell, moment)
    elif isinstance(cell, int | float):
        page.write_number(row, column, cell)
    else:
        page.write_string(row, column, str(cell))


def _sheets(studied: "Studied", language: str) -> list[_Sheet]:
    study = studied.study
    counts = [(said(words, language), getattr(study.counts, name)) for name, words in COUNTS.items()]
    heads = [word(name, language) for name in ("leg", "visits", "median", "p90", "free", "lost", "share", "worst")]
    legs = [
        (
            said(LEGS[leg.leg], language), leg.spread.n, leg.spread.p50_s, leg.spread.p90_s, leg.free_s,
            leg.lost_h_a_day, leg.share, leg.worst_hour,
        )
        for leg in study.legs
    ]  # fmt: skip
    hours = [(hour, *(leg.lost_h_by_hour[hour] for leg in study.legs)) for hour in range(24)]
    leg_names = [said(LEGS[leg.leg], language) for leg in study.legs]
    carriers = [(c.carrier, c.tickets, c.median_kg, c.low_kg, c.high_kg, c.total_kg, c.beyond) for c in study.carriers]
    scales = [(s.scale, s.tickets, s.days, s.offset_kg, s.drift_kg_a_day, s.low, s.high) for s in study.scales]
    days = [(day.day.isoformat(), day.entered, day.left) for day in study.traffic]
    return [
        _Sheet(word("fits", language), ("", ""), counts),
        _Sheet(word("bottlenecks", language), heads, legs),
        _Sheet("lost h by hour", ("hour", *leg_names), hours),
        _Sheet("quarter hours", *_quarters(studied)),
        _Sheet("days", ("day", word("in", language), word("out", language)), days),
        _Sheet("carriers", ("carrier", "tickets", "median kg", "low", "high", "total kg", "beyond 0.5 %"), carriers),
        _Sheet("scales", ("scale", "tickets", "days", "offset kg", "drift kg/day", "low", "high"), scales),
        _frame(
            "visits",
            studied.visits.select("plate", "carrier", *_TIMES, *(leg.value for leg in Leg), "gross_kg", "tare_kg"),
        ),
        _frame("duplicates", studied.duplicates),
        _frame("rejected", rejected_table(studied, language)),
    ]


def _answered(told: Sequence["Told"], language: str) -> list[_Sheet]:
    """Return the measures, the days held out and the lines by the clock, a row for each question and each of them."""
    if not told:
        return []
    asked = [(" ".join(each.changes), each) for each in told]
    measures = [
        (
            changes, said(MEASURES[one.compared.measure], language),
            *(getattr(at, name) for at in (one.compared.before, one.compared.after, one.compared.difference)
              for name in ("mean", "low", "high")),
            word("yes" if one.certain else "no", language),
        )
        for changes, each in asked for one in each.measures
    ]  # fmt: skip
    steps = [f"{word(name, language)} {part}".strip() for name in ("before", "after", "by") for part in ("", "–", "+")]
    days = [
        (changes, day.day.isoformat(), day.observed_min, day.predicted_min)
        for changes, each in asked for day in each.back_test.days
    ]  # fmt: skip
    lines = [
        (
            changes, said(PLACES[line.place], language), word(name, language), line_h(getattr(line, name)),
            *getattr(line, name),
        )
        for changes, each in asked for line in each.lines for name in ("before", "after")
    ]  # fmt: skip
    clock = [f"{slot // 4:02d}:{slot % 4 * 15:02d}" for slot in range(96)]
    change, tested = word("change", language), [word(name, language) for name in ("day", "observed", "said")]
    return [
        _Sheet("what if", (change, word("measure", language), *steps, word("sure", language)), measures),
        _Sheet("days held out", (change, *tested), days),
        _Sheet("lines by clock", (change, word("place", language), "", word("line_h", language), *clock), lines),
    ]


_TIMES = ("in_queued_at", "in_at", "in_left_at", "first_at", "last_at", "out_queued_at", "out_at", "out_left_at")


def _quarters(studied: "Studied") -> tuple[Sequence[str], list[Sequence[Any]]]:
    heads = ["from"]
    columns: list[Sequence[Any]] = [[f"{slot // 4:02d}:{slot % 4 * 15:02d}" for slot in range(96)]]
    for profile in studied.study.profiles:
        for name in ("arrived", "passed", "waiting", "waiting_p90", "lanes"):
            values = getattr(profile, name)
            if values:
                heads.append(f"{profile.direction.value} {name}")
                columns.append(values)
    return heads, [tuple(row) for row in zip(*columns, strict=True)]


def _frame(name: str, rows: pl.DataFrame) -> _Sheet:
    return _Sheet(name, rows.columns, rows.head(MOST_ROWS).rows())
