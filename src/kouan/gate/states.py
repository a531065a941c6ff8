"""The states of a passage. Each is a type, frozen, and holds what is known in it and nothing else."""

import msgspec

from kouan.gate.commands import VehicleIdentity
from kouan.gate.decision import AgencyVerdict, Decision, RuleException
from kouan.gate.evidence import Evidence
from kouan.gate.facts import HoldPlaced, ReviewDecided, VehicleLeft
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason


class ProcedureRecord(msgspec.Struct, frozen=True):
    """One procedure of this passage: ``evidence`` is None while it runs; ``waived`` where this load needs none of it.

    ``fault`` is the code of a device fault that stands while the procedure runs. ``contradicted`` says that a second,
    other reading came in. ``misread`` is what the device had read, where a person corrected it: the lane's own devices
    still see that, so an order names the vehicle by it.
    """

    procedure: Procedure
    started_at: Instant
    deadline_at: Instant
    finished_at: Instant | None = None
    evidence: Evidence | None = None
    waived: bool = False
    fault: str | None = None
    contradicted: bool = False
    misread: Evidence | None = None

    @property
    def ended(self) -> bool:
        """Say whether nothing more is awaited."""
        return self.waived or self.evidence is not None


class CaseSent(msgspec.Struct, frozen=True):
    """The last case file that an authority was sent: its revision, and a digest of what stood in it."""

    authority: Authority
    revision: int
    digest: str
    at: Instant


class Dossier(msgspec.Struct, frozen=True):
    """What is known of a passage in every state.

    ``version`` counts the steps that changed or recorded something. ``epoch`` is the lane's hold epoch, ``policy`` the
    digest of the ``LanePolicy`` in force. ``procedures`` stand in the order of ``Procedure``. ``asked`` says by what
    the papers were asked for so far. ``holds`` are those in force when it stopped or placed since, on whichever
    vehicle, ``lifted`` the numbers of those lifted. ``orders`` counts the orders issued, ``reissues`` those for a
    decision that had one already; ``broken`` says why the vehicle's identity is no longer certain, ``trouble`` why an
    order needs a person. ``hub_heard_at`` is when the hub was heard last, as known when a person acted.
    """

    passage: str
    port: str
    lane: str
    direction: Direction
    track: int
    opened_at: Instant
    epoch: int
    policy: str
    procedures: tuple[ProcedureRecord, ...]
    lacking: tuple[Procedure, ...] = ()
    version: int = 0
    cases: tuple[CaseSent, ...] = ()
    verdicts: tuple[AgencyVerdict, ...] = ()
    exceptions: tuple[RuleException, ...] = ()
    asked: tuple[str, ...] = ()
    holds: tuple[HoldPlaced, ...] = ()
    lifted: tuple[str, ...] = ()
    orders: int = 0
    reissues: int = 0
    broken: str | None = None
    trouble: Reason | None = None
    hub_heard_at: Instant | None = None


class Order(msgspec.Struct, frozen=True):
    """The order that was issued last; ``nonce`` and ``jws`` are empty until it is signed."""

    order_id: str
    barrier: str
    outcome: Outcome
    vehicle: VehicleIdentity
    epoch: int
    issued_at: Instant
    expires_at: Instant
    nonce: str = ""
    jws: str = ""


class Collecting(msgspec.Struct, frozen=True, tag="collecting"):
    """The procedures run side by side."""

    dossier: Dossier


class AwaitingVerdicts(msgspec.Struct, frozen=True, tag="awaiting_verdicts"):
    """All procedures ended; an authority's verdict is awaited until ``deadline_at``."""

    dossier: Dossier
    deadline_at: Instant


class InReview(msgspec.Struct, frozen=True, tag="in_review"):
    """A person's decision is awaited; past ``divert_at``, if any, the vehicle is diverted.

    ``first`` is a first person's decision that a second one must confirm.
    """

    dossier: Dossier
    decision: Decision
    opened_at: Instant
    divert_at: Instant | None = None
    first: ReviewDecided | None = None


class Ordered(msgspec.Struct, frozen=True, tag="ordered"):
    """An order is out: it may be actuated until it expires; past ``report_by`` its silence is dealt with.

    ``void`` says why it should not be any more, if so; the lane controller may not know yet. ``moved_at`` is when the
    barrier was seen to open, ``left`` that the vehicle was seen to leave, both before the lane controller's report.
    """

    dossier: Dossier
    decision: Decision
    order: Order
    report_by: Instant
    void: str | None = None
    moved_at: Instant | None = None
    left: VehicleLeft | None = None


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The barrier opened for this vehicle, which is to have left by ``leave_by``; None once it was called overdue."""

    dossier: Dossier
    decision: Decision
    order: Order
    actuated_at: Instant
    leave_by: Instant | None


class Cleared(msgspec.Struct, frozen=True, tag="cleared"):
    """The vehicle was released and left."""

    dossier: Dossier
    decision: Decision
    order: Order
    actuated_at: Instant
    closed_at: Instant


class Diverted(msgspec.Struct, frozen=True, tag="diverted"):
    """The vehicle left toward the inspection yard, under supervision still."""

    dossier: Dossier
    decision: Decision
    order: Order
    actuated_at: Instant
    closed_at: Instant


class TurnedBack(msgspec.Struct, frozen=True, tag="refused"):
    """A person confirmed that the vehicle may not pass."""

    dossier: Dossier
    decision: Decision
    closed_at: Instant
    by: str


class Abandoned(msgspec.Struct, frozen=True, tag="abandoned"):
    """The passage ended without an opening that belongs to it: the vehicle left or was no longer the same."""

    dossier: Dossier
    closed_at: Instant
    cause: str
    decision: Decision | None = None


Final = Cleared | Diverted | TurnedBack | Abandoned

Open = Collecting | AwaitingVerdicts | InReview | Ordered | Opened

PassageState = Collecting | AwaitingVerdicts | InReview | Ordered | Opened | Cleared | Diverted | TurnedBack | Abandoned

_DECODER: msgspec.json.Decoder[PassageState] = msgspec.json.Decoder(PassageState)


def state_name(state: PassageState) -> str:
    """Return the state's name as screens and projections know it."""
    return str(type(state).__struct_config__.tag)


def encode_state(state: PassageState) -> bytes:
    """Return the state as JSON, for the projection from which a restarted platform resumes."""
    return msgspec.json.encode(state)


def decode_state(document: bytes) -> PassageState:
    """Return the state behind ``encode_state``; raise msgspec.ValidationError for anything else."""
    return _DECODER.decode(document)
