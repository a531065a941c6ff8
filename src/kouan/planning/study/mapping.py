"""Which column of a table says what: guessed from its headers and a sample of its rows, confirmed once, kept."""

import functools
import hashlib
import statistics
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingOf

import msgspec

from kouan.planning.study.fields import FIELDS, MASSES, TIMES, Field, Kind, direction_named, directions, titles
from kouan.planning.study.times import forms_of, is_clock, read_moments, series
from kouan.protocols.tables.headers import base, plain, unit_kg
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.plate import PlateNumber
from kouan.vocabulary.places import Direction

SAMPLE_ROWS = 200
"""Rows that a guess looks at. Our choice: an hour of a busy gate."""

HEAVIEST_T = 200
"""Heaviest vehicle in tonnes. Our choice: the heaviest coal trains of the border have 120; 117 t was a day's mean."""

_LONGEST_TITLE = 40
"""Characters from which a cell is no header. Our choice: the longest known one has 26."""

_LONGEST_STOP_S = 3600
"""Median seconds between two times of a row from which they are of a visit, not of a stop. Our choice."""


class Mapping(msgspec.Struct, frozen=True):
    """What a table's columns are: the header of each field, the forms of its times, the unit of its masses.

    ``direction`` holds for all rows where no column tells it; ``guessed`` are fields found by their values alone.
    """

    kind: Kind
    columns: dict[Field, str]
    forms: dict[Field, tuple[str, ...]] = {}
    unit_kg: dict[Field, int] = {}
    direction: Direction | None = None
    guessed: tuple[Field, ...] = ()

    def missing(self) -> tuple[str, ...]:
        """Return what a table must have and this one has not, as field names; empty where it can be used."""
        absent: list[str] = []
        if Field.PLATE not in self.columns:
            absent.append(Field.PLATE.value)
        if not any(field in self.forms for field in self.columns if field in TIMES):
            absent.append("time")
        if self.kind is Kind.PASSAGES and Field.DIRECTION not in self.columns and self.direction is None:
            absent.append(Field.DIRECTION.value)
        if self.kind is Kind.VISITS and Field.IN_AT not in self.columns:
            absent.append(Field.IN_AT.value)
        if self.kind is Kind.TICKETS and not any(field in self.columns for field in MASSES):
            absent.append("mass")
        return tuple(absent)


def fingerprint(headers: Sequence[str]) -> str:
    """Return the name under which a confirmed mapping is kept: tables with the same headers are read alike."""
    return hashlib.sha256("\x1f".join(plain(header) for header in headers).encode()).hexdigest()[:16]


def known_headers(headers: Sequence[str]) -> int:
    """Return how many of the headers are known to a kind of table, of the kind that knows most."""
    return max(len(_named(kind, headers)) for kind in Kind)


def has_plate_title(row: Sequence[str]) -> bool:
    """Return, at little cost, whether a row has the header of a column of plates, as every table's header must."""
    return _has_title(row, _plate_titles())


def has_known_title(row: Sequence[str]) -> bool:
    """Return, at little cost, whether a row has any header that is known to a kind of table."""
    return _has_title(row, _all_titles())


def guess(headers: Sequence[str], rows: Sequence[Sequence[str]], name: str = "") -> Mapping:
    """Return what the columns most likely are; ``name``, of the file or sheet, may tell the direction."""
    values = _values(headers, rows)
    kind = _kind(headers)
    columns = _named(kind, headers)
    by_value = _valued(kind, columns, values)
    columns = {**columns, **by_value}
    if kind is Kind.PASSAGES and Field.DIRECTION not in columns and _far_apart(columns, values):
        kind, columns = Kind.VISITS, _as_visits(columns)
    direction = direction_named(name) if kind is Kind.PASSAGES and Field.DIRECTION not in columns else None
    return completed(Mapping(kind, columns, direction=direction, guessed=tuple(by_value)), values)


def again(known: Mapping, headers: Sequence[str], rows: Sequence[Sequence[str]], name: str = "") -> Mapping:
    """Return a kept mapping for another table with the same headers: forms, units and direction are the table's own."""
    alone = known.kind is Kind.PASSAGES and Field.DIRECTION not in known.columns
    fresh = msgspec.structs.replace(known, direction=direction_named(name) or known.direction if alone else None)
    return completed(fresh, _values(headers, rows))


def completed(mapping: Mapping, values: MappingOf[str, Sequence[str]]) -> Mapping:
    """Return the mapping with the forms of times and the units of masses, as a sample of each header's values tells."""
    forms: dict[Field, tuple[str, ...]] = {}
    days = values.get(mapping.columns.get(Field.DAY, ""), ())
    for field in TIMES:
        header = mapping.columns.get(field)
        if header is None:
            continue
        sample = list(values.get(header, ()))
        if is_clock(sample) and days:
            both = zip(days, sample, strict=True)
            sample = [
                f"{day.strip().split(' ')[0]} {clock.strip()}" for day, clock in both if day.strip() and clock.strip()
            ]
        found = forms_of(sample)
        if found:
            forms[field] = found
    units = {
        field: unit_kg(header) or _unit_by_size(values.get(header, ()))
        for field, header in mapping.columns.items()
        if field in MASSES
    }
    return msgspec.structs.replace(mapping, forms=forms, unit_kg=units)


def require_usable(mapping: Mapping, headers: Sequence[str]) -> Mapping:
    """Return the mapping; raise InvalidValue (``table.columns``) naming what the table lacks."""
    absent = mapping.missing()
    if absent:
        seen = ", ".join(header for header in headers if header.strip())
        raise InvalidValue("table", "table.columns", f"has no column for {', '.join(absent)}; its headers are: {seen}")
    return mapping


@functools.cache
def _plate_titles() -> frozenset[str]:
    return frozenset(title for kind in Kind for title, field in titles(kind).items() if field is Field.PLATE)


@functools.cache
def _all_titles() -> frozenset[str]:
    return frozenset(title for kind in Kind for title in titles(kind))


def _has_title(row: Sequence[str], known: frozenset[str]) -> bool:
    return any(cell and not cell[0].isdigit() and len(cell) < _LONGEST_TITLE and plain(cell) in known for cell in row)


def _values(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return what stands below each header in the sample, row by row; of two alike the first one counts."""
    sample = rows[:SAMPLE_ROWS]
    found: dict[str, list[str]] = {}
    for place, header in enumerate(headers):
        found.setdefault(header, [row[place] if place < len(row) else "" for row in sample])
    return found


def _kind(headers: Sequence[str]) -> Kind:
    """Return tickets where a mass has a column; else the kind that knows most of the headers, passages in doubt."""
    tickets = _named(Kind.TICKETS, headers)
    if any(field in MASSES for field in tickets):
        return Kind.TICKETS
    visits = _named(Kind.VISITS, headers)
    if Field.IN_AT in visits and Field.OUT_AT in visits:
        return Kind.VISITS
    return Kind.PASSAGES


def _named(kind: Kind, headers: Sequence[str]) -> dict[Field, str]:
    known = titles(kind)
    found: dict[Field, str] = {}
    for header in headers:
        field = known.get(plain(header)) or known.get(base(header))
        if field is not None:
            found.setdefault(field, header)
    return found


def _valued(kind: Kind, columns: MappingOf[Field, str], values: MappingOf[str, Sequence[str]]) -> dict[Field, str]:
    """Return fields that must be there and whose headers nobody knows, by what stands below them."""
    left = {header: sample for header, sample in values.items() if header.strip() and header not in columns.values()}
    found: dict[Field, str] = {}
    if Field.PLATE not in columns:
        plates = next((header for header, sample in left.items() if _share(sample, _is_plate) > 0.5), None)
        if plates is not None:
            found[Field.PLATE] = plates
            del left[plates]
    if kind is Kind.PASSAGES and Field.DIRECTION not in columns:
        ways = next((h for h, sample in left.items() if _share(sample, lambda v: plain(v) in directions()) > 0.8), None)
        if ways is not None:
            found[Field.DIRECTION] = ways
            del left[ways]
    if not any(field in columns for field in TIMES):
        wanted = [Field.WEIGHED_AT] if kind is Kind.TICKETS else [Field.STOPPED_AT, Field.LEFT_AT]
        timed = [header for header, sample in left.items() if forms_of(sample)]
        found.update(zip(wanted, timed, strict=False))
    return found


def _far_apart(columns: MappingOf[Field, str], values: MappingOf[str, Sequence[str]]) -> bool:
    """Return whether the two times of most rows are too far apart for a stop at the gate."""
    if Field.STOPPED_AT not in columns or Field.LEFT_AT not in columns:
        return False
    first, last = (list(values[columns[field]]) for field in (Field.STOPPED_AT, Field.LEFT_AT))
    forms = forms_of(first), forms_of(last)
    if not all(forms) or len(first) != len(last):
        return False
    spans = read_moments(series(last), forms[1]) - read_moments(series(first), forms[0])
    seconds = spans.dt.total_seconds().drop_nulls().to_list()
    return bool(seconds) and statistics.median(seconds) > _LONGEST_STOP_S


def _as_visits(columns: MappingOf[Field, str]) -> dict[Field, str]:
    renamed = {Field.STOPPED_AT: Field.IN_AT, Field.LEFT_AT: Field.OUT_AT}
    moved = {renamed.get(field, field): header for field, header in columns.items()}
    return {field: header for field, header in moved.items() if field in FIELDS[Kind.VISITS]}


def _unit_by_size(sample: Sequence[str]) -> int:
    """Return 1000 where most numbers are too small to be kilograms of a lorry, else 1."""
    numbers = [float(text.replace(",", ".")) for text in sample if text.replace(",", ".").replace(".", "", 1).isdigit()]
    return 1000 if numbers and statistics.median(numbers) < HEAVIEST_T else 1


def _is_plate(text: str) -> bool:
    try:
        PlateNumber.parse(text)
    except InvalidValue:
        return False
    return True


def _share(sample: Sequence[str], test: Callable[[str], bool]) -> float:
    given = [value for value in sample if value.strip()]
    return sum(test(value) for value in given) / max(len(given), 1)
