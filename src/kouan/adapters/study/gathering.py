"""From the files of a study to its rows: each table is read as its mapping says, what is refused is kept beside."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import polars as pl

from kouan.adapters.study import csv_file, excel_file
from kouan.adapters.study.tables import Line, Table, Tell, untold
from kouan.planning.study.cleaning import PASSAGES, REJECTED, TICKETS, Schema, clean, shaped
from kouan.planning.study.fields import Kind
from kouan.planning.study.gathered import FILE, Gathered, Source
from kouan.planning.study.mapping import Mapping, again, guess, require_usable
from kouan.planning.study.plates import Plates
from kouan.protocols.tables.reading import looks_like_excel
from kouan.vocabulary.errors import InvalidValue, NotFound

MOST_KEPT = 4_000_000
"""Usable rows that are kept; beyond, half of the vehicles are, with all their rows. Our choice: what a study makes of
them stays under 2 GB (``kouan bench study --gib 5``), and some thousand vehicles tell as much as all."""

MOST_REJECTED = 500_000
"""Rejected rows that are listed; the others are counted. Our choice."""

Progress = Callable[[str, int, int], None]
"""Is told a file's name, the bytes read of it, and its size."""


class Mappings(Protocol):
    """What is known of tables that were read before."""

    def find(self, headers: Sequence[str]) -> Mapping | None:
        """Return the mapping confirmed for tables with these headers."""
        ...

    def keep(self, headers: Sequence[str], mapping: Mapping) -> None:
        """Remember a confirmed mapping."""
        ...


Confirm = Callable[[Table, Mapping], Mapping]
"""Shows a guess and returns what was confirmed; raises InvalidValue where the table is not to be used."""


def gather(paths: Sequence[Path], mappings: Mappings, confirm: Confirm, progress: Progress) -> Gathered:
    """Return all usable rows of all files, and what was refused: rows, tables and files, each with its reason.

    Only where nothing at all can be used is InvalidValue raised.
    """
    gathering = _Gathering(mappings, confirm, progress)
    for path in paths:
        gathering.take(path)
    return gathering.done()


class _Gathering:
    def __init__(self, mappings: Mappings, confirm: Confirm, progress: Progress) -> None:
        self._mappings = mappings
        self._confirm = confirm
        self._progress = progress
        self._plates = Plates()
        self._rows: dict[Kind, list[pl.DataFrame]] = {Kind.PASSAGES: [], Kind.TICKETS: []}
        self._rejected: list[pl.DataFrame] = []
        self._sources: list[Source] = []
        self._counted: dict[str, int] = {}
        self._kept = self._listed = 0
        self._weight = 1

    def take(self, path: Path) -> None:
        try:
            for table in tables_of(path):
                self._take_table(path, table)
        except InvalidValue as error:
            self._sources.append(Source(path.name, refused=error.rule, mend=error.mend))

    def _take_table(self, path: Path, table: Table) -> None:
        place, size = len(self._sources), path.stat().st_size
        try:
            mapping = self._mapping(table)
        except InvalidValue as error:
            self._sources.append(Source(table.name, refused=error.rule, mend=error.mend, headers=tuple(table.headers)))
            return
        rows, used = 0, 0
        self._refuse(place, _outside(table.outside))
        kind = Kind.TICKETS if mapping.kind is Kind.TICKETS else Kind.PASSAGES
        for block in table.blocks(lambda read: self._progress(table.name, read, size)):
            cleaned = clean(block, table.headers, mapping, self._plates)
            kept = cleaned.rows.with_columns(pl.lit(place).cast(pl.UInt16).alias(FILE))
            self._keep(kind, kept)
            self._refuse(place, cleaned.rejected)
            good = cleaned.rows["row"].n_unique()
            rows, used = rows + good + cleaned.rejected.height, used + good
        self._sources.append(Source(table.name, rows, used, mapping, headers=tuple(table.headers)))

    def _mapping(self, table: Table) -> Mapping:
        known = self._mappings.find(table.headers)
        if known is not None:
            return require_usable(again(known, table.headers, table.sample(), table.name), table.headers)
        mapping = self._confirm(table, guess(table.headers, table.sample(), table.name))
        require_usable(mapping, table.headers)
        self._mappings.keep(table.headers, mapping)
        return mapping

    def _keep(self, kind: Kind, rows: pl.DataFrame) -> None:
        """Keep rows; where they are too many, of every second vehicle only, as often as it takes."""
        self._rows[kind].append(rows.filter(self._drawn()) if self._weight > 1 else rows)
        self._kept += self._rows[kind][-1].height
        while self._kept > MOST_KEPT:
            self._weight *= 2
            self._rows = {
                each: [block.filter(self._drawn()) for block in blocks] for each, blocks in self._rows.items()
            }
            self._kept = sum(block.height for blocks in self._rows.values() for block in blocks)

    def _drawn(self) -> pl.Expr:
        return pl.col("plate").hash(seed=0) % self._weight == 0

    def _refuse(self, place: int, rejected: pl.DataFrame) -> None:
        for rule, rows in rejected.group_by("rule").len().iter_rows():
            self._counted[rule] = self._counted.get(rule, 0) + rows
        listed = rejected.head(MOST_REJECTED - self._listed)
        self._listed += listed.height
        if listed.height:
            self._rejected.append(listed.with_columns(pl.lit(place).cast(pl.UInt16).alias(FILE)))

    def done(self) -> Gathered:
        if not any(source.used for source in self._sources):
            said = "; ".join(f"{source.name}: {source.mend or 'no usable row'}" for source in self._sources)
            raise InvalidValue("files", "study.nothing", f"have no row that can be used ({said})")
        schemas = {Kind.PASSAGES: PASSAGES, Kind.TICKETS: TICKETS}
        passages, tickets = (pl.concat([*self._rows[kind], _none(schema)]) for kind, schema in schemas.items())
        rejected = pl.concat([*self._rejected, _none(REJECTED)])
        return Gathered(passages, tickets, rejected, tuple(self._sources), self._plates, self._counted, self._weight)


def _none(schema: Schema) -> pl.DataFrame:
    return shaped(pl.DataFrame(), schema).clear().with_columns(pl.lit(0).cast(pl.UInt16).alias(FILE))


def _outside(lines: Sequence[Line]) -> pl.DataFrame:
    rows = [(line.row, "", line.text, "row.outside") for line in lines]
    return pl.DataFrame(rows, schema=REJECTED, orient="row")


def tables_of(path: Path, tell: Tell = untold) -> Iterator[Table]:
    """Yield every table of a file; raise NotFound where it cannot be read, InvalidValue where it holds none.

    ``tell`` hears how much of it has been read to find them.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from error
    yield from excel_file.tables_of(path) if looks_like_excel(head) else csv_file.tables_of(path, tell)
