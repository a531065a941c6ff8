"""Kept studies (留存的研究): who studied which files, how each table is read, how far it is, and what was found.

The files themselves are kept only until the study is made: what stays is the answer, its report and its workbook.
"""

import datetime as dt
import enum
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from kouan.planning.study.fields import Kind
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction

MOST_FILE_BYTES = 6 * 1024**3
"""Largest file that is brought to a port. Our choice: studies are measured on 5 GiB (``kouan bench study --gib 5``)."""

MOST_FILES = 24
"""Files of one study. Our choice: a year's months in both directions."""

MOST_NAME_BYTES = 200
"""Bytes of a file's name in UTF-8; file systems take 255 (``NAME_MAX``)."""

MOST_STUDIES = 200
"""Studies that a port keeps. Our choice: some years of monthly ones; an old one is deleted to make another."""

MOST_TABLES = 64
"""Tables whose columns are confirmed at once. Our choice: more than two in each file."""

MOST_WHAT_IFS = 20
"""What-ifs that are kept with a study, the newest first. Our choice."""

Texts = dict[str, str]
"""A text by language."""


class StudyState(enum.StrEnum):
    """How far a study is: its files are brought, read, their columns to be confirmed, studied, or it is answered."""

    BRINGING = "bringing"
    READING = "reading"
    TO_CONFIRM = "to_confirm"
    STUDYING = "studying"
    ANSWERED = "answered"


class FileTaken(msgspec.Struct, frozen=True):
    """A file that was brought, by its name, its length and its SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class Problem(msgspec.Struct, frozen=True):
    """Why something could not be done: the field, the rule that it breaks, and what would be right."""

    field: str
    rule: str
    mend: str


class Progress(msgspec.Struct, frozen=True):
    """What is being done (``look``, ``study``, ``visits``, ``workbook``, ``fit``, ``what_if``), and how far it is.

    While a table is read, ``read`` of ``size`` bytes of the file that holds it are.
    """

    stage: str
    table: str = ""
    read: int = 0
    size: int = 0


class TableSeen(msgspec.Struct, frozen=True):
    """A table as it would be read: its headers, its first row, and the header of each field.

    ``known`` says that a person confirmed these columns before; ``rule`` and ``mend`` why it cannot be used so, if it
    cannot.
    """

    name: str
    headers: tuple[str, ...]
    first: tuple[str, ...]
    kind: Kind | None
    columns: dict[str, str]
    known: bool = False
    rule: str = ""
    mend: str = ""


class TableConfirmed(msgspec.Struct, frozen=True):
    """What a person says that the columns of every table with these headers are."""

    headers: tuple[str, ...]
    kind: Kind
    columns: dict[str, str]


class LegShown(msgspec.Struct, frozen=True):
    """A leg of the visits: spans in seconds, hours lost a day and in each hour of the day."""

    leg: str
    name: Texts
    visits: int
    median_s: float
    p90_s: float
    free_s: float
    lost_h_a_day: float
    share: float
    worst_hour: int
    lost_h_by_hour: tuple[float, ...]


class QueueShown(msgspec.Struct, frozen=True):
    """A direction by quarter hour: vehicles that came, passed and waited; ``waiting`` is empty where files do not tell.

    ``most_waiting_at`` is local time.
    """

    direction: Direction
    arrived: tuple[float, ...]
    passed: tuple[float, ...]
    waiting: tuple[float, ...]
    waiting_p90: tuple[float, ...]
    most_waiting: int
    most_waiting_at: str


class TracksShown(msgspec.Struct, frozen=True):
    """Visits of the busiest day as ways through the places: seconds of that day at each of them, None if not known."""

    day: dt.date
    places: tuple[Texts, ...]
    points: tuple[tuple[int | None, ...], ...]


class RowShown(msgspec.Struct, frozen=True):
    """A row that was not used: its table, its number, the field, and what stood there; None where that is withheld."""

    source: str
    row: int
    field: str
    value: str | None


class RejectionShown(msgspec.Struct, frozen=True):
    """A reason for which rows were not used: how many, and the first of them."""

    rule: str
    reason: Texts
    rows: int
    examples: tuple[RowShown, ...]


class SourceShown(msgspec.Struct, frozen=True):
    """A table: its rows, how many were used; the rule and the mend where it was not used at all."""

    name: str
    rows: int
    used: int
    kind: str
    rule: str
    mend: str


class FigureShown(msgspec.Struct, frozen=True):
    """A figure with its name."""

    name: str
    text: Texts
    value: float


class Answer(msgspec.Struct, frozen=True):
    """What a study found, as it is shown; ``headline`` are the figures that tell most, ``counts`` how the files fit."""

    first_day: dt.date
    last_day: dt.date
    days: int
    summary: dict[str, tuple[str, ...]]
    not_told: dict[str, tuple[str, ...]]
    headline: tuple[FigureShown, ...]
    legs: tuple[LegShown, ...]
    queues: tuple[QueueShown, ...]
    rejections: tuple[RejectionShown, ...]
    sources: tuple[SourceShown, ...]
    counts: tuple[FigureShown, ...]
    tracks: TracksShown | None = None


class KeptStudy(msgspec.Struct, frozen=True):
    """A study in the list: ``by`` whom, of which files, how far; ``problem`` is why it went no further."""

    number: str
    by: str
    begun_at: Instant
    files: tuple[FileTaken, ...] = ()
    state: StudyState = StudyState.BRINGING
    progress: Progress | None = None
    problem: Problem | None = None


class OpenedStudy(msgspec.Struct, frozen=True):
    """A study with all that is known of it; ``what_ifs`` as the flow model answered them, the newest first."""

    study: KeptStudy
    tables: tuple[TableSeen, ...] = ()
    answer: Answer | None = None
    what_ifs: tuple[dict[str, Any], ...] = ()


class Made(enum.StrEnum):
    """What is made of a study for people to keep, and of what the flow model answered: in Chinese and in English."""

    REPORT = "report.html"
    WORKBOOK = "study.xlsx"
    ANSWERS = "what-if.xlsx"


class Studies(Protocol):
    """Keeps a port's studies and makes them, one at a time, beside the port's own work.

    Every method that names a study raises NotFound where there is none; Conflict where it is not so far, or another
    one is being made.
    """

    async def every(self) -> Sequence[KeptStudy]:
        """Return all studies, the newest first."""
        ...

    async def find(self, number: str) -> OpenedStudy:
        """Return a study with all that is known of it."""
        ...

    async def begin(self, by: str) -> KeptStudy:
        """Begin a study; raise Conflict where as many are kept as may be."""
        ...

    async def bring(self, number: str, name: str, length: int | None, blocks: AsyncIterator[bytes]) -> KeptStudy:
        """Take a file block by block; ``length`` is what it says to be; raise InvalidValue where it cannot be taken."""
        ...

    async def look(self, number: str) -> KeptStudy:
        """Begin to look which tables the files have, and what their columns are taken for."""
        ...

    async def study(self, number: str, tables: Sequence[TableConfirmed]) -> KeptStudy:
        """Begin the study itself, with columns as a person confirmed them; they are kept for the next files."""
        ...

    async def what_if(self, number: str, changes: Sequence[str]) -> KeptStudy:
        """Begin to ask the flow model what changes such as ``lanes_in=14`` would bring."""
        ...

    async def cancel(self, number: str) -> KeptStudy:
        """End what is being done for a study; what was found before stays."""
        ...

    async def delete(self, number: str) -> None:
        """Delete a study with all that is kept of it."""
        ...

    async def made(self, number: str, what: Made, language: str) -> Path:
        """Return the file of a report or a workbook in a language; raise NotFound while it is not made."""
        ...


def without_rows(answer: Answer) -> Answer:
    """Return an answer without what rows say."""
    shown = tuple(
        msgspec.structs.replace(each, examples=tuple(msgspec.structs.replace(row, value=None) for row in each.examples))
        for each in answer.rejections
    )
    return msgspec.structs.replace(answer, rejections=shown)
