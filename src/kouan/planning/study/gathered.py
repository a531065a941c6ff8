"""What was read of a study's files, before anything is made of it."""

import msgspec
import polars as pl

from kouan.planning.study.mapping import Mapping
from kouan.planning.study.plates import Plates

FILE = "file"
"""The column with the place of a row's table among the sources."""


class Source(msgspec.Struct, frozen=True):
    """One table of a file: its rows, how many were used, how it was read; or why it was refused, and the mend."""

    name: str
    rows: int = 0
    used: int = 0
    mapping: Mapping | None = None
    refused: str = ""
    mend: str = ""
    headers: tuple[str, ...] = ()


class Gathered(msgspec.Struct, frozen=True):
    """All rows of all tables, each with its table's place (``file``) and its own number (``row``).

    ``counted`` is how many rows each rule rejected, of which ``rejected`` lists the first. Where there were too many
    rows to keep, those of one vehicle in ``weight`` were kept.
    """

    passages: pl.DataFrame
    tickets: pl.DataFrame
    rejected: pl.DataFrame
    sources: tuple[Source, ...]
    plates: Plates
    counted: dict[str, int]
    weight: int = 1
