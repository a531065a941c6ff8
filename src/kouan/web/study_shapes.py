"""What the API shows of studies of a port's own files, and what may be asked of them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field as Bounded
from pydantic import StringConstraints

from kouan.planning.study.fields import Field, Kind
from kouan.planning.study.kept import MOST_TABLES, StudyState
from kouan.protocols.tables.reading import MOST_COLUMNS
from kouan.vocabulary.places import Direction
from kouan.web.fields import LINE, Instant, Line, Shape

Language = Literal["zh", "en"]
Header = Annotated[str, StringConstraints(max_length=500)]
"""A header as it stands in a file, line breaks and all."""

Change = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=LINE)]
"""A change as ``lanes_in=14``."""

MOST_CHANGES = 24
"""Changes of one what-if. Our choice: as many as there are names."""

TextsView = dict[Language, str]
SentencesView = dict[Language, list[str]]


class TableRequest(Shape):
    """What a person says that the columns of every table with these headers are."""

    headers: Annotated[list[Header], Bounded(min_length=1, max_length=MOST_COLUMNS)]
    kind: Kind
    columns: dict[Field, Header]


class ConfirmRequest(Shape):
    """The tables of a study, their columns confirmed."""

    tables: Annotated[list[TableRequest], Bounded(max_length=MOST_TABLES)]


class WhatIfRequest(Shape):
    """What is to be changed."""

    changes: Annotated[list[Change], Bounded(min_length=1, max_length=MOST_CHANGES)]


class FileView(Shape):
    """A file that was brought."""

    name: str
    bytes: int
    sha256: str


class ProgressView(Shape):
    """What is being done, and how much of a table's file is read."""

    stage: str
    table: str
    read: int
    size: int


class ProblemView(Shape):
    """Why a study went no further."""

    field: str
    rule: str
    mend: str


class StudyView(Shape):
    """A study in the list."""

    number: str
    by: Line
    begun_at: Instant
    files: list[FileView]
    state: StudyState
    progress: ProgressView | None
    problem: ProblemView | None


class StudyList(Shape):
    """All studies, the newest first; ``kinds`` are the columns that each kind of table may have."""

    items: list[StudyView]
    kinds: dict[Kind, list[Field]]


class TableView(Shape):
    """A table as it would be read; its first row is shown to who brought it."""

    name: str
    headers: list[str]
    first: list[str]
    kind: Kind | None
    columns: dict[str, str]
    known: bool
    rule: str
    mend: str


class FigureView(Shape):
    """A figure with its name."""

    name: str
    text: TextsView
    value: float


class LegView(Shape):
    """A leg of the visits, in seconds; hours lost a day, and in each hour of the day."""

    leg: str
    name: TextsView
    visits: int
    median_s: float
    p90_s: float
    free_s: float
    lost_h_a_day: float
    share: float
    worst_hour: int
    lost_h_by_hour: list[float]


class QueueView(Shape):
    """A direction by quarter hour; ``waiting`` is empty where the files do not tell."""

    direction: Direction
    arrived: list[float]
    passed: list[float]
    waiting: list[float]
    waiting_p90: list[float]
    most_waiting: int
    most_waiting_at: str


class RowView(Shape):
    """A row that was not used; its value is withheld from who gives no purpose."""

    source: str
    row: int
    field: str
    value: str | None


class RejectionView(Shape):
    """A reason for which rows were not used."""

    rule: str
    reason: TextsView
    rows: int
    examples: list[RowView]


class SourceView(Shape):
    """A table: its rows, how many were used, or why it was not."""

    name: str
    rows: int
    used: int
    kind: str
    rule: str
    mend: str


class TracksView(Shape):
    """Visits of the busiest day: seconds of that day at each place, null where they are not known."""

    day: dt.date
    places: list[TextsView]
    points: list[list[int | None]]


class AnswerView(Shape):
    """What a study found."""

    first_day: dt.date
    last_day: dt.date
    days: int
    summary: SentencesView
    not_told: SentencesView
    headline: list[FigureView]
    legs: list[LegView]
    queues: list[QueueView]
    rejections: list[RejectionView]
    sources: list[SourceView]
    counts: list[FigureView]
    tracks: TracksView | None = None


class IntervalView(Shape):
    """A mean with its 95 % interval."""

    mean: float | None
    low: float | None
    high: float | None
    count: int


class ComparedView(Shape):
    """A measure without the changes and with them, and the mean of the paired differences."""

    measure: str
    before: IntervalView
    after: IntervalView
    difference: IntervalView


class MeasureView(Shape):
    """A comparison, and whether the difference is more than chance."""

    compared: ComparedView
    certain: bool


class ChangedView(Shape):
    """A change: its name, the value before and the one after."""

    name: str
    before: str
    after: str


class LineView(Shape):
    """Vehicles in line at a place in each quarter hour: a quarter of their sum is the vehicle-hours of a day."""

    place: str
    before: list[float]
    after: list[float]


class DayTestedView(Shape):
    """A day that the model had not seen: minutes of a visit as they were, and as it said."""

    day: dt.date
    observed_min: float
    predicted_min: float


class BackTestView(Shape):
    """How wrong the model was on days that it had not seen; errors are shares."""

    fitted_days: int
    days: list[DayTestedView]
    error: IntervalView
    absolute: float


class WhatIfView(Shape):
    """What changes would bring; ``assumed`` are stages that the files do not show."""

    changes: list[str]
    replications: int
    back_test: BackTestView
    assumed: list[str]
    elsewhere_min: float
    places: int | None
    measures: list[MeasureView]
    lines: list[LineView] = Bounded(default_factory=list)
    changed: list[ChangedView] = Bounded(default_factory=list)


class OpenedView(Shape):
    """A study with all that is known of it; ``withheld`` says that what rows say is not shown."""

    study: StudyView
    tables: list[TableView]
    answer: AnswerView | None
    what_ifs: list[WhatIfView]
    withheld: bool
