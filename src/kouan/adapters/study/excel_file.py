"""Excel files: every visible sheet, and every table of it, below one another or side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from kouan.adapters.study.tables import BLOCK_ROWS, HEADER_WITHIN, Line, Table, Tell, frame_of
from kouan.inspection.importing.rows import text_of
from kouan.planning.study.mapping import SAMPLE_ROWS, has_plate_title, known_headers
from kouan.protocols.tables.reading import Bounds, Cell, read_sheets
from kouan.vocabulary.errors import InvalidValue

MOST_BYTES = 256 * 1024 * 1024
"""Largest Excel file. Our choice: a full sheet of tickets has 60 MB."""

BOUNDS = Bounds(unpacked=1_500_000_000, rows=1_048_576)
"""A sheet has at most 1,048,576 rows (ECMA-376); unpacked, two full ones stay below 1.5 GB. Our choice."""

_Row = tuple[int, Sequence[str]]


class SheetTable:
    """One table of a sheet."""

    def __init__(self, name: str, headers: Sequence[str], outside: Sequence[Line]) -> None:
        self.name = name
        self.headers = headers
        self.outside: Sequence[Line] = outside
        self._blocks: list[pl.DataFrame] = []
        self._waiting: list[_Row] = []

    def add(self, row: _Row) -> None:
        """Take the next row below the header."""
        self._waiting.append(row)
        if len(self._waiting) >= BLOCK_ROWS:
            self.close()

    def close(self) -> None:
        """Keep the rows that wait as a block."""
        if self._waiting:
            self._blocks.append(frame_of(self._waiting, len(self.headers)))
            self._waiting = []

    def sample(self) -> list[list[str]]:
        """Return the first rows."""
        if not self._blocks:
            return []
        cells = [f"c{place}" for place in range(len(self.headers))]
        return [list(row) for row in self._blocks[0].head(SAMPLE_ROWS).select(cells).rows()]

    def blocks(self, tell: Tell) -> Iterator[pl.DataFrame]:
        """Yield the rows below the header, and forget them."""
        while self._blocks:
            yield self._blocks.pop(0)
            tell(0)


def tables_of(path: Path) -> list[Table]:
    """Return the tables of an Excel file; raise InvalidValue where it is none, or too large."""
    if path.stat().st_size > MOST_BYTES:
        raise InvalidValue("file", "file.size", f"{path.name} must have at most {MOST_BYTES} bytes: save it as CSV")
    found: list[Table] = []
    for sheet, rows in read_sheets(path.read_bytes(), BOUNDS):
        found += _tables(f"{path.name} [{sheet}]", rows)
    return found


def _tables(name: str, rows: Iterator[tuple[Cell, ...]]) -> list[Table]:
    """Part a sheet into its tables: one begins at each row of headers, several where a row has them side by side."""
    parting = _Parting(name)
    for number, cells in enumerate(rows, 1):
        row = [text_of(cell) for cell in cells]
        if any(cell.strip() for cell in row):
            parting.take(number, row)
    return parting.done()


class _Parting:
    """Parts rows into tables; where none has a known header, the first row is taken for one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[SheetTable] = []
        self._current: list[tuple[SheetTable, slice]] = []
        self._above: list[_Row] = []

    def take(self, number: int, row: Sequence[str]) -> None:
        parts = _headers(row) if has_plate_title(row) else []
        if parts:
            self._begin(row, parts, [Line(place, " ".join(filter(None, cells))) for place, cells in self._above])
            self._above = []
        elif self._current:
            self._add(number, row)
        else:
            self._above.append((number, row))
            if len(self._above) > HEADER_WITHIN:
                self._begin_unknown()

    def done(self) -> list[Table]:
        if self._above:
            self._begin_unknown()
        for table in self._found:
            table.close()
        return [*self._found]

    def _begin(self, row: Sequence[str], parts: Sequence[slice], outside: Sequence[Line]) -> None:
        tables = [SheetTable(self._name, row[part], outside if not place else ()) for place, part in enumerate(parts)]
        self._current = list(zip(tables, parts, strict=True))
        self._found += tables

    def _begin_unknown(self) -> None:
        (_, header), *rows = self._above
        self._begin(header, [slice(0, len(header))], ())
        self._above = []
        for number, row in rows:
            self._add(number, row)

    def _add(self, number: int, row: Sequence[str]) -> None:
        for table, part in self._current:
            if any(cell.strip() for cell in row[part]):
                table.add((number, row[part]))


def _headers(row: Sequence[str]) -> list[slice]:
    """Return the columns of each table whose headers a row holds: they are parted by columns without one."""
    runs: list[slice] = []
    start: int | None = None
    for place, cell in enumerate([*row, ""]):
        if cell.strip() and start is None:
            start = place
        elif not cell.strip() and start is not None:
            runs.append(slice(start, place))
            start = None
    tables = [run for run in runs if has_plate_title(row[run]) and known_headers(row[run]) >= 2]
    if len(tables) > 1:
        return tables
    return [slice(0, runs[-1].stop)] if runs and known_headers(row) >= 2 else []
