"""A table of a file, whatever the file's form: its headers, a sample, and its rows in blocks of bounded size."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec
import polars as pl

from kouan.planning.study.cleaning import OVER, ROW

BLOCK_ROWS = 50_000
"""Rows of a block of an Excel sheet. Our choice: some ten megabytes as Python's own values."""

HEADER_WITHIN = 30
"""Rows within which a table's header stands. Our choice: a title, a date and who printed it take five."""

Tell = Callable[[int], None]
"""Is told how many bytes of a file have been read."""


def untold(_: int) -> None:
    """Tell nobody."""


class Line(msgspec.Struct, frozen=True):
    """A row outside every table: a title, a signature; its number and its text."""

    row: int
    text: str


class Table(Protocol):
    """One table of a file."""

    @property
    def name(self) -> str:
        """The file's name, with the sheet's where there are several."""
        ...

    @property
    def headers(self) -> Sequence[str]:
        """The headers, in the order of the columns ``c0``, ``c1`` …."""
        ...

    @property
    def outside(self) -> Sequence[Line]:
        """Rows above the header that belong to no table."""
        ...

    def sample(self) -> list[list[str]]:
        """Return some hundred rows."""
        ...

    def blocks(self, tell: Tell) -> Iterator[pl.DataFrame]:
        """Yield the rows below the header: their numbers (``row``), their cells as text, and what stood beyond."""
        ...


def frame_of(rows: Sequence[tuple[int, Sequence[str]]], width: int) -> pl.DataFrame:
    """Return numbered rows of cells as a block of ``width`` columns."""
    columns: dict[str, pl.Series] = {ROW: pl.Series([number for number, _ in rows], dtype=pl.UInt32)}
    for place in range(width):
        cells = [row[place] if place < len(row) else "" for _, row in rows]
        columns[f"c{place}"] = pl.Series(cells, dtype=pl.String)
    over = [" ".join(cell for cell in row[width:] if cell.strip()) or None for _, row in rows]
    columns[OVER] = pl.Series(over, dtype=pl.String)
    return pl.DataFrame(columns)
