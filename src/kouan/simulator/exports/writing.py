"""Writes visits as an office would, mistakes included, and beside them what is true."""

import datetime as dt
import io
import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl
import xlsxwriter

from kouan.simulator.exports.layouts import LAYOUTS, Layout
from kouan.simulator.exports.truth import (
    DRIFT_KG_A_DAY,
    DRIFTING_SCALE,
    FIRST_DAY,
    SHORT_CARRIER,
    SHORT_KG,
    Sample,
    visits_of,
)

WRONG = 0.002
"""Share of rows that cannot be used: no plate, no time, times or masses that cannot be. Our choice."""

TWICE = 0.003
"""Share of rows written twice. Our choice."""

SPELLED = 0.15
"""Share of plates not written as they should be. Our choice."""

_MOST_EXCEL = 200_000
"""Rows of a file from which Excel's share is left to CSV: writing it would take a minute."""


class Written(msgspec.Struct, frozen=True):
    """What is true of a sample, beside its visits (``truth.csv``)."""

    rows: int
    files: tuple[str, ...]
    visits: int
    wrong_rows: int
    rows_twice: int
    exits_lost: int
    tickets_lost: int
    short_carrier: str
    short_kg: int
    drifting_scale: str
    drift_kg_a_day: float


def write(sample: Sample, folder: Path, names: Sequence[str]) -> Written:
    """Write the files of a sample, its visits parted among layouts by time, and its truth; return what is true."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(sample.seed + 1)
    visits = visits_of(sample).with_row_index("ticket", 1)
    share = -(-visits.height // len(names))
    files: list[str] = []
    counts = _Counts()
    for place, name in enumerate(names):
        part = visits.slice(place * share, share)
        for kind, rows in (("passages", _passages(part, LAYOUTS[name])), ("tickets", _tickets(part, LAYOUTS[name]))):
            layout = LAYOUTS[name]
            if layout.excel and rows.height > _MOST_EXCEL:
                layout = msgspec.structs.replace(layout, excel=False, encoding="utf-8-sig", delimiter=",")
            spoilt = counts.spoil(rows, chance, kind)
            files.append(_file(folder, f"{name}-{kind}", spoilt, layout))
    _truth(visits).write_csv(folder / "truth.csv")
    written = Written(
        counts.rows, tuple(files), visits.height, counts.wrong, counts.twice, int(visits["exit_lost"].sum()),
        int(visits["ticket_lost"].sum()), carrier_name(SHORT_CARRIER), SHORT_KG, str(DRIFTING_SCALE), DRIFT_KG_A_DAY,
    )  # fmt: skip
    (folder / "truth.json").write_bytes(msgspec.json.format(msgspec.json.encode(written)))
    return written


def carrier_name(number: int) -> str:
    """Return what a carrier is called."""
    return f"承运{number:02d}号公司"


def _time(name: str) -> pl.Expr:
    start = dt.datetime.combine(FIRST_DAY, dt.time())
    return pl.lit(start) + pl.duration(seconds=pl.col(name))


def _truth(visits: pl.DataFrame) -> pl.DataFrame:
    times = [name for name in visits.columns if name.endswith("_at")]
    return visits.with_columns(_time(name).dt.to_string("%Y-%m-%d %H:%M:%S").alias(name) for name in times)


def _passages(visits: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Return the passages of visits as text under a layout's headers, in the order of time."""
    parts = []
    for way, before in zip(layout.ways, ("in", "out"), strict=True):
        queued = "queued_at" if before == "in" else "out_queued_at"
        rows = visits if before == "in" else visits.filter(~pl.col("exit_lost"))
        parts.append(
            rows.select(
                pl.col(f"{before}_at").alias("order"), "plate", pl.lit(way).alias("way"),
                pl.format("{}{}", pl.lit("I" if before == "in" else "O"), f"lane_{before}").alias("lane"),
                _carrier(), _time(queued).dt.to_string(layout.clock).alias("queued_at"),
                _time(f"{before}_at").dt.to_string(layout.clock).alias("stopped_at"),
                _time(f"{before}_left_at").dt.to_string(layout.clock).alias("left_at"),
            )
        )  # fmt: skip
    rows = pl.concat(parts).sort("order").with_row_index("number", 1)
    return rows.select(pl.col(name).cast(pl.String).alias(title) for title, name in layout.passages.items())


def _tickets(visits: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    def mass(name: str) -> pl.Expr:
        if layout.unit_kg == 1:
            return pl.col(name).cast(pl.String)
        return (pl.col(name) / layout.unit_kg).round(2).cast(pl.String).str.replace(".", layout.point, literal=True)

    number = pl.col("ticket").cast(pl.String).str.zfill(6)
    rows = (
        visits.filter(~pl.col("ticket_lost"))
        .sort("tare_at")
        .with_columns((pl.col("gross_kg") - pl.col("tare_kg")).alias("net_kg"))
        .select(
            pl.format("T{}{}", _time("gross_at").dt.to_string("%y%m%d"), number).alias("ticket"),
            "plate", _carrier(), pl.col("scale_out").cast(pl.String).alias("scale"),
            _time("gross_at").dt.to_string(layout.clock).alias("gross_at"),
            _time("tare_at").dt.to_string(layout.clock).alias("tare_at"),
            *(mass(f"{name}_kg").alias(f"{name}_kg") for name in ("gross", "tare", "net", "declared")),
        )
    )  # fmt: skip
    return rows.select(pl.col(name).alias(title) for title, name in layout.tickets.items())


def _carrier() -> pl.Expr:
    return pl.format("承运{}号公司", pl.col("carrier").cast(pl.String).str.zfill(2)).alias("carrier")


class _Counts:
    """Spoils rows as people and machines do, and counts what it did."""

    def __init__(self) -> None:
        self.rows = self.wrong = self.twice = 0

    def spoil(self, rows: pl.DataFrame, chance: random.Random, kind: str) -> pl.DataFrame:
        """Return rows with some plates spelled otherwise, some cells that cannot be, some rows twice."""
        plate = next(title for title in rows.columns if "plate" in _fields(title, kind))
        last = next(
            title for title in rows.columns if ("tare_at" if kind == "tickets" else "left_at") in _fields(title, kind)
        )
        plates, times = rows[plate].to_list(), rows[last].to_list()
        again: list[int] = []
        for place in range(len(plates)):
            draw = chance.random()
            if draw < SPELLED:
                plates[place] = _spelled(plates[place], place)
            elif draw < SPELLED + WRONG:
                self.wrong += 1
                if place % 2:
                    plates[place] = ""
                else:
                    times[place] = "25:61"
            elif draw < SPELLED + WRONG + TWICE:
                again.append(place)
        spoilt = rows.with_columns(pl.Series(plate, plates), pl.Series(last, times))
        self.twice += len(again)
        self.rows += rows.height + len(again)
        return pl.concat([spoilt, spoilt[again]])


def _fields(title: str, kind: str) -> set[str]:
    return {getattr(layout, kind)[title] for layout in LAYOUTS.values() if title in getattr(layout, kind)}


def _spelled(plate: str, place: int) -> str:
    """Return a plate as people write it: with blanks and hyphens, in small letters, in full width, with a dot."""
    match place % 4:
        case 0:
            return f"{plate[:2]}·{plate[2:]}" if plate[0] == "蒙" else f"{plate[:4]} {plate[4:]}"
        case 1:
            return plate.lower()
        case 2:
            return f"{plate[:4]}-{plate[4:]}"
        case _:
            return "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in plate)


def _file(folder: Path, name: str, rows: pl.DataFrame, layout: Layout) -> str:
    if layout.excel:
        _excel(folder / f"{name}.xlsx", rows, layout)
        return f"{name}.xlsx"
    sink = io.BytesIO()
    rows.write_csv(sink, separator=layout.delimiter)
    text = (f"{layout.title}\n" if layout.title else "") + sink.getvalue().decode()
    (folder / f"{name}.csv").write_bytes(text.encode(layout.encoding))
    return f"{name}.csv"


def _excel(path: Path, rows: pl.DataFrame, layout: Layout) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        page = book.add_worksheet()
        page.write_string(0, 0, layout.title)
        for place, row in enumerate([tuple(rows.columns), *rows.iter_rows()], 1):
            for column, cell in enumerate(row):
                page.write_string(place, column, cell or "")
