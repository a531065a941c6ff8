"""What the API shows of examinations, and what may be asked of them."""

from typing import Annotated

from pydantic import Field as Bounded

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination.examination import AnswerOutcome, ExaminationState, Outcome
from kouan.inspection.steps import StepKind
from kouan.web.fields import Instant, Line, Number, Password, Plate, Sha256, Shape, Text, Why
from kouan.web.gate_shapes import Reason

MOST_PICTURES = 40
"""Pictures of one report. Our choice: a container from all sides, its doors, seals and what was found."""

SealText = Annotated[Line, Bounded(max_length=40)]


class VehicleShape(Shape):
    """What is examined, as the gate read it and its papers say."""

    plate: Plate
    trailer: Plate | None = None
    containers: Annotated[list[Line], Bounded(max_length=8, default_factory=list)]
    consignments: Annotated[list[Line], Bounded(max_length=64, default_factory=list)]
    declarations: Annotated[list[Line], Bounded(max_length=64, default_factory=list)]
    seals: Annotated[list[SealText], Bounded(max_length=8, default_factory=list)]
    cargo: Text = ""
    perishable: bool = False
    passage: Line | None = None


class FoundShape(Shape):
    """One thing that was found: its code, and free text."""

    code: Line
    text: Text = ""


class ReportRequest(Shape):
    """What an officer reports of a step; pictures by their SHA-256, brought to ``/images`` before."""

    outcome: Outcome
    found: Annotated[list[FoundShape], Bounded(max_length=20, default_factory=list)]
    pictures: Annotated[list[Sha256], Bounded(max_length=MOST_PICTURES, default_factory=list)]
    seals: Annotated[list[SealText], Bounded(max_length=8, default_factory=list)]
    mass_kg: Annotated[int, Bounded(ge=1, le=500_000)] | None = None


class AnswerRequest(Shape):
    """An agency's word on one of its control orders; an override needs the password once more."""

    order: Number
    outcome: AnswerOutcome
    reason: Why
    override: bool = False
    password: Password | None = None


class ConfirmRequest(Shape):
    """That a second person agrees; the password is given again."""

    password: Password | None = None


class ReasonRequest(Shape):
    """Why something is done."""

    reason: Why


class ArrivalRequest(Shape):
    """At which bay the vehicle stands."""

    bay: Line


class AskView(Shape):
    """What one control order asks for; another agency's reason, and who gave it, are empty where ``withheld``."""

    number: str
    agency: Agency
    kind: ControlKind
    steps: list[StepKind]
    reason: str
    by: str
    at: Instant
    withheld: bool


class ReportView(Shape):
    """What was reported; what another agency found shows its outcome only, unless it is read for a purpose."""

    agency: Agency
    by: str
    at: Instant
    outcome: Outcome
    found: list[FoundShape]
    pictures: list[str]
    seals: list[str]
    mass_kg: int | None
    withheld: bool


class StepView(Shape):
    """One step of the sheet, and why it is on it."""

    number: int
    kind: StepKind
    asks: list[str]
    present: list[Agency]
    minutes: int
    because: list[Reason]
    done: bool
    clear: bool
    contradictory: bool
    round: int
    reports: list[ReportView]
    before: list[ReportView]


class AnswerView(Shape):
    """An agency's word; another agency's reason is empty where it is ``withheld``."""

    ask: str
    agency: Agency
    outcome: AnswerOutcome
    by: str
    at: Instant
    reason: str
    override: bool
    two_people: bool
    confirmed_by: str | None
    releases: bool
    withheld: bool


class AssignedView(Shape):
    """An officer of the appointment."""

    officer: str
    agency: Agency
    step: StepKind


class AppointmentView(Shape):
    """Where and when, and with whom; ``steps`` are the numbers of those that are done there, none where all are."""

    bay: str
    starts_at: Instant
    ends_at: Instant
    people: list[AssignedView]
    plan: str
    steps: list[int]


class SealView(Shape):
    """A seal that was opened or put on."""

    seal: str
    put_on: bool
    step: int
    by: str
    at: Instant


class ExaminationView(Shape):
    """One examination as it stands; ``seals_now`` are the seals that the vehicle carries."""

    number: str
    version: int
    state: ExaminationState
    vehicle: VehicleShape
    asks: list[AskView]
    steps: list[StepView]
    answers: list[AnswerView]
    seals: list[SealView]
    seals_now: list[str]
    rules: str
    ordered_at: Instant
    ready_at: Instant
    promised_at: Instant
    changed_at: Instant
    called_at: Instant | None
    arrived_at: Instant | None
    closed_at: Instant | None
    no_shows: int
    outcome: str | None
    appointment: AppointmentView | None


class ExaminationItem(Shape):
    """One line of the worklist; ``mine`` are the steps that the reader's agency has still to report.

    ``left`` are the steps that somebody has still to report, of ``steps`` in all; ``unanswered`` the agencies of which
    a control order still holds the vehicle.
    """

    number: str
    state: ExaminationState
    plate: str
    cargo: str
    agencies: list[Agency]
    unanswered: list[Agency]
    mine: list[StepKind]
    left: list[StepKind]
    steps: int
    bay: str | None
    starts_at: Instant | None
    called_at: Instant | None
    arrived_at: Instant | None
    promised_at: Instant
    ordered_at: Instant
    closed_at: Instant | None
    outcome: str | None
    perishable: bool


class Worklist(Shape):
    """Examinations: those that go on by when they begin, or the latest, newest first."""

    items: list[ExaminationItem]
