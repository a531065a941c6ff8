"""What the API shows of the gate, and what may be asked of it."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.vocabulary.places import Direction
from kouan.web.fields import LINE, Instant, Password, Shape, Why

ReviewAction = Literal["release", "divert", "refuse", "correct"]
PassageStateName = Literal[
    "collecting",
    "awaiting_verdicts",
    "in_review",
    "ordered",
    "opened",
    "cleared",
    "diverted",
    "refused",
    "abandoned",
]


class Reason(Shape):
    """A message id with its parameters; ``GET /messages/{language}`` has the text."""

    code: str
    params: dict[str, str | int]


class Finding(Shape):
    """One rule that was not satisfied."""

    rule: str
    version: int
    authority: Authority
    outcome: Outcome
    reason: Reason


class Decision(Shape):
    """What was decided, and by which rules."""

    passage: str
    outcome: Outcome
    findings: list[Finding]
    rulebook: str
    rules: list[str]
    epoch: int
    at: Instant
    decider: int
    exceptions: list[str]


class ProcedureView(Shape):
    """One of the ten procedures of a passage; ``evidence`` is as its device or desk gave it, unless ``withheld``.

    ``answers`` say what it comes to, whoever asks: ``need.driver_verified`` in place of a document.
    """

    name: Procedure
    state: Literal["waiting", "running", "done", "failed", "not_required", "late"]
    deadline_at: Instant | None
    started_at: Instant | None
    finished_at: Instant | None
    evidence: dict[str, Any] | None
    finding: bool
    withheld: bool
    answers: list[Reason]


class VerdictView(Shape):
    """What an authority said; ``outcome`` is null until it does on the latest case file. Reasons may be withheld.

    ``answers`` say what it comes to, whoever asks: ``need.customs_holds`` in place of customs' reasons.
    """

    authority: Authority
    outcome: str | None
    reasons: list[Reason]
    at: Instant | None
    withheld: bool
    answers: list[Reason]


class OrderView(Shape):
    """The order that was issued last; its ``nonce`` and signed compact form ``jws`` only for those who may see them."""

    order_id: str
    barrier: Literal["release", "divert"]
    issued_at: Instant
    expires_at: Instant
    nonce: str | None
    jws: str | None


class FirstDecision(Shape):
    """What a first person decided, and a second one is to confirm; why is empty where it is withheld."""

    by: str
    authority: Authority
    action: ReviewAction
    reason: str
    at: Instant


class ReviewItem(Shape):
    """A passage in the review queue; ``allowed`` is what the caller may do, priority 1 is an emergency."""

    passage: str
    lane: str
    plate: str | None
    outcome: Outcome
    priority: Annotated[int, Field(ge=1, le=4)]
    opened_at: Instant
    findings: list[Finding]
    allowed: list[ReviewAction]
    needs_second: bool
    needs_survey: bool
    first: FirstDecision | None
    authority: Authority


class Reviews(Shape):
    """The review queue, most urgent first."""

    items: list[ReviewItem]


class PassageView(Shape):
    """One vehicle, one stop. ``entries`` are the ledger's sequence numbers of everything that was recorded of it.

    ``hub_age_us`` is how old the word of the region's hub was when the vehicle was decided on, in microseconds: null
    before a decision, and where the port has no hub; 2^53 - 1 or more where the port never heard its hub.
    """

    id: str
    lane: str
    direction: Direction
    track: int
    state: PassageStateName
    plate: str | None
    trailer: str | None
    containers: list[str]
    cargo: str | None
    load: str | None
    visit: str | None
    opened_at: Instant
    stopped_at: Instant | None
    decided_at: Instant | None
    ordered_at: Instant | None
    actuated_at: Instant | None
    closed_at: Instant | None
    stop_ms: int | None
    procedures: list[ProcedureView]
    verdicts: list[VerdictView]
    decision: Decision | None
    order: OrderView | None
    review: ReviewItem | None
    entries: list[int]
    hub_age_us: int | None


class PassageSummary(Shape):
    """One line of the list of passages."""

    id: str
    lane: str
    direction: Direction
    plate: str | None
    state: PassageStateName
    outcome: Outcome | None
    opened_at: Instant
    closed_at: Instant | None
    stop_ms: int | None
    cargo: str | None


class Passages(Shape):
    """Passages, newest first."""

    items: list[PassageSummary]


class DeviceOut(Shape):
    """A device out of service."""

    device: str
    since: Instant
    cause: str


class Position(Shape):
    """Where a lane's stop line lies on the drawn map: metres east and north, degrees clockwise from north."""

    x: float
    y: float
    heading: float


class Barriers(Shape):
    """The last known positions of a lane's barriers."""

    release: str
    divert: str


class LaneView(Shape):
    """One lane with the passage in it."""

    lane: str
    direction: Direction
    mode: Literal["open", "closed", "draining", "degraded"]
    tidal: bool
    degraded: list[DeviceOut]
    barriers: Barriers
    light: Literal["red", "green", "off"]
    passage: PassageView | None
    updated_at: Instant
    position: Position


class Turn(Shape):
    """Which way a tidal lane shall go, once it is empty."""

    direction: Direction
    reason: Why


class Because(Shape):
    """Why a lane is opened or closed."""

    reason: Why


Correction = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]


class ReviewDecision(Shape):
    """What a person decides; ``rule`` names one finding, ``password`` is given again for a dangerous act."""

    action: ReviewAction
    reason: Why
    rule: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE)] | None = None
    corrections: Annotated[
        dict[Annotated[str, StringConstraints(max_length=32)], Correction], Field(max_length=8, default_factory=dict)
    ]
    password: Password | None = None


class Confirmation(Shape):
    """That a second person agrees with the first."""

    reason: Why
    password: Password | None = None


class Recorded(Shape):
    """What was asked is in the ledger."""

    state: Literal["recorded"] = "recorded"
