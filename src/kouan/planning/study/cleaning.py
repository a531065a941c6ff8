"""From a table's cells, all text, to rows of one meaning each; what cannot be used is rejected with its reason.

A row is used whole or not at all: an unreadable time or mass rejects it, an empty one does not. The first thing wrong
with a row is its reason.
"""

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from kouan.planning.study.fields import MASSES, TEXTS, TIMES, Field, Kind, directions
from kouan.planning.study.mapping import HEAVIEST_T
from kouan.planning.study.mapping import Mapping as Columns
from kouan.planning.study.plates import Plates
from kouan.planning.study.times import read_moments, trimmed
from kouan.protocols.tables.headers import plain
from kouan.vocabulary.places import Direction

ROW, OVER = "row", "over"
"""Columns beside the table's own: the row's number, and what stood beyond the last header."""

LONGEST_STOP_H, LONGEST_QUEUE_H, LONGEST_VISIT_H = 24, 24 * 7, 24 * 60
"""Hours beyond which a stop in a lane, a queue before it, and a row's own visit are no such thing. Our choice."""

WAYS = pl.Enum([way.value for way in Direction])
"""The directions, as columns keep them."""

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
"""The columns of rows, with their types."""

REJECTED: Schema = {ROW: pl.UInt32, "field": pl.String, "value": pl.String, "rule": pl.String}
"""What is kept of a rejected row: its number, the field, its text, and the rule that it breaks."""

PASSAGES: Schema = {
    ROW: pl.UInt32, "plate": pl.String, "direction": WAYS, "lane": pl.Categorical, "carrier": pl.Categorical,
    "load": pl.Categorical, "queued_at": pl.Datetime("us"), "stopped_at": pl.Datetime("us"),
    "left_at": pl.Datetime("us"),
}  # fmt: skip
"""A passage of the gate; times are local."""

TICKETS: Schema = {
    ROW: pl.UInt32, "plate": pl.String, "ticket": pl.String, "carrier": pl.Categorical, "goods": pl.Categorical,
    "scale": pl.Categorical, "gross_at": pl.Datetime("us"), "tare_at": pl.Datetime("us"), "gross_kg": pl.Int32,
    "tare_kg": pl.Int32, "net_kg": pl.Int32, "declared_kg": pl.Int32,
}  # fmt: skip
"""A weighbridge ticket; one weighing of unknown kind stands as the gross one."""

_TOTALS = r"(?i)^\s*(合计|总计|小计|共计|total|sum|итого|всего|нийт|дүн)"
_BROKEN = "\ufffd"


class Cleaned(msgspec.Struct, frozen=True):
    """Rows of ``PASSAGES`` or ``TICKETS``, and the rows that were rejected."""

    rows: pl.DataFrame
    rejected: pl.DataFrame


class _Rows:
    """The cells of a block of rows; each check marks rows that are wrong, the first mark counts."""

    def __init__(self, block: pl.DataFrame, headers: Sequence[str], mapping: Columns) -> None:
        self.block = block
        self.mapping = mapping
        self._places = {header: f"c{place}" for place, header in reversed(list(enumerate(headers)))}
        self.good = pl.Series([True], dtype=pl.Boolean).new_from_index(0, block.height)
        self.wrong: list[pl.DataFrame] = []

    def has(self, field: Field) -> bool:
        return self.mapping.columns.get(field) in self._places

    def text(self, field: Field) -> pl.Series:
        if not self.has(field):
            return pl.Series(field.value, [None], dtype=pl.String).new_from_index(0, self.block.height)
        return trimmed(self.block[self._places[self.mapping.columns[field]]]).alias(field.value)

    def reject(self, bad: pl.Series, rule: str, field: str, values: pl.Series) -> None:
        """Mark rows as wrong, unless they are already."""
        mask = self.good & bad.fill_null(value=False)
        if not mask.any():
            return
        self.good &= ~mask
        rows = pl.DataFrame({ROW: self.block[ROW].filter(mask), "value": values.filter(mask).cast(pl.String)})
        self.wrong.append(
            rows.select(pl.col(ROW).cast(pl.UInt32), pl.lit(field).alias("field"), "value", pl.lit(rule).alias("rule"))
        )

    def done(self, columns: dict[str, pl.Series], schema: Schema) -> Cleaned:
        rows = pl.DataFrame({ROW: self.block[ROW].cast(pl.UInt32), **columns}).filter(self.good)
        wrong = pl.concat(self.wrong) if self.wrong else pl.DataFrame(schema=REJECTED)
        return Cleaned(shaped(rows, schema), wrong.sort(ROW))


def shaped(rows: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Return rows with exactly the columns of a schema, absent ones null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None).alias(name)).cast(kind) for name, kind in schema.items()
    )


def clean(block: pl.DataFrame, headers: Sequence[str], mapping: Columns, plates: Plates) -> Cleaned:
    """Return the usable rows of a block and its rejected ones; a block has ``row``, ``c0`` to ``cN``, and ``over``."""
    empty = pl.all_horizontal(pl.exclude(ROW, OVER).fill_null("").str.strip_chars() == "")
    rows = _Rows(block.filter(~empty), headers, mapping)
    _check_rows(rows)
    read = plates.read(rows.text(Field.PLATE))
    rows.reject(rows.text(Field.PLATE).is_null(), "plate.missing", "plate", rows.text(Field.PLATE))
    rows.reject(read.is_null(), "plate.form", "plate", rows.text(Field.PLATE))
    moments = {field: _moments(rows, field) for field in TIMES if rows.has(field)}
    texts = {field.value: rows.text(field) for field in TEXTS if rows.has(field)}
    none = pl.all_horizontal(*(found.is_null() for found in moments.values())) if moments else pl.lit(value=True)
    absent = rows.block.select(none.alias("none"))["none"] if moments else rows.good
    rows.reject(absent, "time.missing", "time", rows.text(Field.DAY))
    known = {"plate": read, **texts}
    if mapping.kind is Kind.TICKETS:
        return _tickets(rows, known, moments)
    return _visits(rows, known, moments) if mapping.kind is Kind.VISITS else _passages(rows, known, moments)


def _check_rows(rows: _Rows) -> None:
    """Reject rows with more cells than headers, broken text, headers once more, and lines of totals."""
    block = rows.block
    cells = [name for name in block.columns if name not in (ROW, OVER)]
    if OVER in block.columns:
        rows.reject(block[OVER].is_not_null(), "row.width", "", block[OVER])
    joined = block.select(pl.concat_str(cells, separator=" ", ignore_nulls=True).alias("all"))["all"]
    rows.reject(joined.str.contains(_BROKEN, literal=True), "text.encoding", "", joined)
    header = rows.mapping.columns[Field.PLATE]
    rows.reject(rows.text(Field.PLATE) == header.strip(), "row.header", "plate", joined)
    first = block.select(pl.coalesce(pl.col(cells[:3]).str.strip_chars().replace("", None)).alias("first"))["first"]
    rows.reject(first.str.contains(_TOTALS), "row.total", "", joined)


def _moments(rows: _Rows, field: Field) -> pl.Series:
    """Return a column of times, joined to the row's day where they have none of their own; reject what is no time."""
    texts = rows.text(field)
    if rows.has(Field.DAY):
        alone = texts.str.contains(r"^\d{1,2}[:时]")
        days = rows.text(Field.DAY).str.split(" ").list.first()
        both = pl.select(pl.concat_str(pl.lit(days), pl.lit(texts), separator=" ")).to_series()
        texts = texts.zip_with(~alone.fill_null(value=False), both)
    found = read_moments(texts, rows.mapping.forms.get(field, ()))
    rows.reject(texts.is_not_null() & found.is_null(), "time.form", field.value, texts)
    return found.alias(field.value)


def _masses(rows: _Rows, field: Field) -> pl.Series:
    """Return a column of masses in kg; reject what is no mass."""
    texts = rows.text(field)
    unit = rows.mapping.unit_kg.get(field, 1)
    tidy = texts.str.replace_all(r"[\s\u00a0']|(?i:kgs?|公斤|千克|吨|кг|тн?)\.?$", "")
    thousands = tidy.str.contains(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$") if unit == 1 else tidy == ""
    plain_numbers = tidy.str.replace_all(",", "", literal=True).zip_with(
        thousands.fill_null(value=False), tidy.str.replace_all(",", ".", literal=True)
    )
    numbers = plain_numbers.cast(pl.Float64, strict=False) * unit
    rows.reject(texts.is_not_null() & ~numbers.is_finite().fill_null(value=False), "mass.form", field.value, texts)
    rows.reject(numbers < 0, "mass.negative", field.value, texts)
    rows.reject(numbers > HEAVIEST_T * 1000, "mass.impossible", field.value, texts)
    return numbers.round(0).set(~numbers.is_between(0, HEAVIEST_T * 1000), None).cast(pl.Int32).alias(field.value)


def _ordered(rows: _Rows, first: pl.Series, last: pl.Series, longest_h: int) -> None:
    """Reject rows in which a later time stands before an earlier one, or too long after it."""
    hours = (last - first).dt.total_seconds() / 3600
    shown = last.dt.to_string("%Y-%m-%d %H:%M:%S")
    rows.reject(hours < 0, "time.order", last.name, shown)
    rows.reject(hours > longest_h, "time.span", last.name, shown)


def _passages(rows: _Rows, known: dict[str, pl.Series], moments: dict[Field, pl.Series]) -> Cleaned:
    if rows.has(Field.DIRECTION):
        texts = rows.text(Field.DIRECTION)
        seen = texts.drop_nulls().unique()
        ways = pl.Series([directions().get(plain(text)) for text in seen], dtype=pl.String)
        found = texts.replace_strict(seen, ways, default=None)
        rows.reject(texts.is_null(), "direction.missing", "direction", texts)
        rows.reject(found.is_null(), "direction.unknown", "direction", texts)
    else:
        found = pl.Series([rows.mapping.direction], dtype=pl.String).new_from_index(0, rows.block.height)
    queued, stopped, left = (moments.get(field) for field in (Field.QUEUED_AT, Field.STOPPED_AT, Field.LEFT_AT))
    if stopped is not None and left is not None:
        _ordered(rows, stopped, left, LONGEST_STOP_H)
    if queued is not None and (stopped is not None or left is not None):
        _ordered(rows, queued, stopped if stopped is not None else left, LONGEST_QUEUE_H)  # type: ignore[arg-type]
    times = {field.value: moment for field, moment in moments.items()}
    return rows.done({**known, **times, "direction": found}, PASSAGES)


def _visits(rows: _Rows, known: dict[str, pl.Series], moments: dict[Field, pl.Series]) -> Cleaned:
    """Return two passages for each visit."""
    entered, exited = moments.get(Field.IN_AT), moments.get(Field.OUT_AT)
    if entered is not None and exited is not None:
        _ordered(rows, entered, exited, LONGEST_VISIT_H)
    if entered is not None and Field.QUEUED_AT in moments:
        _ordered(rows, moments[Field.QUEUED_AT], entered, LONGEST_QUEUE_H)
    parts = []
    for way, at in ((Direction.IN, entered), (Direction.OUT, exited)):
        if at is not None:
            queued = (
                {"queued_at": moments[Field.QUEUED_AT]} if way is Direction.IN and Field.QUEUED_AT in moments else {}
            )
            told = pl.Series([way.value]).new_from_index(0, rows.block.height)
            part = rows.done({**known, **queued, "stopped_at": at, "direction": told}, PASSAGES)
            parts.append(part.rows.filter(pl.col("stopped_at").is_not_null()))
    return Cleaned(pl.concat(parts), rows.done(known, PASSAGES).rejected)


def _tickets(rows: _Rows, known: dict[str, pl.Series], moments: dict[Field, pl.Series]) -> Cleaned:
    masses = {field: _masses(rows, field) for field in MASSES if rows.has(field)}
    if Field.GROSS_KG in masses and Field.TARE_KG in masses:
        gross, tare = masses[Field.GROSS_KG], masses[Field.TARE_KG]
        rows.reject(gross < tare, "mass.order", "gross_kg", rows.text(Field.GROSS_KG))
    columns = {**known, **{field.value: mass for field, mass in masses.items()}}
    columns |= {field.value: moment for field, moment in moments.items()}
    for single, double in ((Field.WEIGHED_AT, Field.GROSS_AT), (Field.MASS_KG, Field.GROSS_KG)):
        if single.value in columns and double.value not in columns:
            columns[double.value] = columns.pop(single.value).alias(double.value)
    weights = [columns[name] for name in ("gross_kg", "tare_kg", "net_kg") if name in columns]
    if weights:
        nothing = pl.select(pl.all_horizontal(*(pl.lit(each.fill_null(0)) == 0 for each in weights))).to_series()
        rows.reject(nothing, "mass.missing", "mass", rows.text(Field.TICKET))
    kept = {name: column for name, column in columns.items() if name in TICKETS}
    return rows.done(kept, TICKETS)
