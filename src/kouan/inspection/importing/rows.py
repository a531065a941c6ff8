"""From the rows of a table to documents, and from what is wrong with a document back to its row and column.

Rows with the same number are one document: what they say of the whole must agree, and each may add a part of it (a
consignment, a line of goods, a test item). A document with anything wrong is rejected with all its rows; the other
documents of the file are used.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kouan.inspection.fields import Violation
from kouan.inspection.importing.columns import LISTS, Column, FileKind, found_columns, likely_kind
from kouan.protocols.tables.reading import Cell, Row
from kouan.vocabulary.errors import InvalidValue

_INDEX = re.compile(r"\.\d+")


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong in a file: the row, the column's header where there is one, the field, the rule, the mend."""

    row: int
    column: str
    field: str
    rule: str
    mend: str


class Draft(msgspec.Struct, frozen=True):
    """One document of a file: its JSON, the rows that it stands in, and what is wrong with its cells.

    ``places`` says for each field (``consignments.0.hs_code``) in which row and under which header it was given.
    """

    number: str
    document: dict[str, Any]
    rows: tuple[int, ...]
    places: Mapping[str, tuple[int, str]]
    wrong: tuple[Problem, ...] = ()

    def problems(self, violations: Sequence[Violation]) -> tuple[Problem, ...]:
        """Return what is wrong with the document by row: its cells, and what its reader found beside them."""
        said = {(problem.row, problem.field) for problem in self.wrong}
        found = list(self.wrong)
        for violation in violations:
            row, column = self._place(violation.field)
            if (row, _INDEX.sub("", violation.field)) in said:
                continue
            found.append(Problem(row, column, violation.field, violation.rule, violation.mend))
        first = found[0].row
        rest = [row for row in self.rows if all(problem.row != row for problem in found)]
        found += [
            Problem(row, "", "", "row.document", f"stands with row {first}, which is wrong: mend that one")
            for row in rest
        ]
        return tuple(sorted(found, key=lambda problem: problem.row))

    def _place(self, field: str) -> tuple[int, str]:
        """Return row and header of a field, or of the nearest that was given."""
        if field in self.places:
            return self.places[field]
        name = field
        while "." in name:
            name = name.rpartition(".")[0]
            below = [place for given, place in self.places.items() if given == name or given.startswith(f"{name}.")]
            if below:
                return below[0][0], ""
        return self.rows[0], ""


class Read(msgspec.Struct, frozen=True):
    """What a table holds: its kind, its documents in the order of their first rows, and rows without a number.

    The cells under ``unknown`` headers are not used.
    """

    kind: FileKind
    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]


def read_table(rows: Sequence[Row], kind: FileKind | None = None) -> Read:
    """Return the documents of a table whose first row is its header; raise InvalidValue where it is no such table."""
    header = [str(cell) for cell in rows[0].cells]
    kind = kind or likely_kind(header)
    if kind is None:
        raise InvalidValue("file", "file.kind", "has no header of a paper: say of which kind it is, or use a template")
    columns, unknown = found_columns(kind, header)
    _require_once(header, columns)
    place = next((index for index, column in enumerate(columns) if column and column.fields == ("number",)), None)
    if place is None:
        raise InvalidValue("file", "file.number", f"must have a column for the number of each {kind}")
    groups: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    for row in rows[1:]:
        try:
            number = str(_cell(row, place, columns))
        except InvalidValue as error:
            problems.append(Problem(row.number, header[place].strip(), "number", error.rule, error.mend))
            continue
        if number:
            groups.setdefault(number, []).append(row)
        else:
            mend = "must be given in every row"
            problems.append(Problem(row.number, header[place].strip(), "number", "field.required", mend))
    drafts = tuple(_document(number, own, header, columns) for number, own in groups.items())
    return Read(kind, drafts, tuple(problems), tuple(unknown))


def _require_once(header: Sequence[str], columns: Sequence[Column | None]) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for title, column in zip(header, columns, strict=True):
        if column is None:
            continue
        if column.fields in seen:
            mend = f"{seen[column.fields]!r} and {title!r} say the same: keep one"
            raise InvalidValue("file", "file.column_twice", mend)
        seen[column.fields] = title


def _cell(row: Row, place: int, columns: Sequence[Column | None]) -> Any:
    column = columns[place]
    cell: Cell = row.cells[place] if place < len(row.cells) else ""
    return "" if column is None or _empty(cell) else column.read(cell)


def _empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _document(number: str, rows: Sequence[Row], header: Sequence[str], columns: Sequence[Column | None]) -> Draft:
    builder = _Builder(number, rows)
    for row in rows:
        parts: dict[str, dict[str, Any]] = {}
        titles: dict[str, str] = {}
        for place, column in enumerate(columns):
            if column is None or place >= len(row.cells) or _empty(row.cells[place]):
                continue
            title = header[place].strip()
            try:
                value = column.read(row.cells[place])
            except InvalidValue as error:
                builder.wrong.append(Problem(row.number, title, column.fields[0], error.rule, error.mend))
                continue
            for field in column.fields:
                name, _, rest = field.partition(".")
                if name in LISTS:
                    parts.setdefault(name, {})[rest] = value
                    titles[field] = title
                else:
                    builder.put(row.number, title, field, value)
        builder.add_parts(row.number, parts, titles)
    return builder.draft()


class _Builder:
    """Puts one document together."""

    def __init__(self, number: str, rows: Sequence[Row]) -> None:
        self.wrong: list[Problem] = []
        self._number = number
        self._rows = tuple(row.number for row in rows)
        self._document: dict[str, Any] = {}
        self._places: dict[str, tuple[int, str]] = {}

    def put(self, row: int, title: str, field: str, value: Any) -> None:
        """Set a field of the whole document, which every row that gives it must give alike."""
        name, _, rest = field.partition(".")
        holder = self._document.setdefault(name, {}) if rest else self._document
        key = rest or name
        if key in holder and holder[key] != value:
            first = self._places[field][0]
            self.wrong.append(Problem(row, title, field, "row.differs", f"must be as in row {first}"))
            return
        holder[key] = value
        self._places.setdefault(field, (row, title))

    def add_parts(self, row: int, parts: Mapping[str, dict[str, Any]], titles: Mapping[str, str]) -> None:
        """Add the row's own part of each list, unless one that says the same in the list's own columns stands there.

        A column that two lists share (the goods of a consignment and of a line) makes no part by itself.
        """
        own = _own_fields(titles)
        for name, part in parts.items():
            items: list[Any] = self._document.setdefault(name, [])
            mine = {rest: value for rest, value in part.items() if f"{name}.{rest}" in own}
            known = [{rest: item.get(rest) for rest in mine} for item in items]
            if not mine or mine in known:
                continue
            place = f"{name}.{len(items)}"
            items.append(part)
            for rest in part:
                self._places[f"{place}.{rest}"] = (row, titles[f"{name}.{rest}"])

    def draft(self) -> Draft:
        """Return what was put together."""
        return Draft(self._number, self._document, self._rows, self._places, tuple(self.wrong))


def _own_fields(titles: Mapping[str, str]) -> frozenset[str]:
    """Return the fields of parts whose column fills no other field."""
    counts = Counter(titles.values())
    return frozenset(field for field, title in titles.items() if counts[title] == 1)


def text_of(cell: Cell) -> str:
    """Return a cell as it is written back into a file of rejected rows."""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
