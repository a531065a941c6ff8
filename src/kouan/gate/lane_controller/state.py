"""What a lane controller knows of one lane, what reaches it and what it asks of its driver."""

import enum
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.gate.lane_controller.clock import ClockEstimate
from kouan.gate.lane_controller.records import Record
from kouan.gate.lane_controller.view import EMPTY, Opening, VehicleView
from kouan.protocols.barrier.messages import Barrier, BarrierChanged, BarrierPosition, OpenBarrier
from kouan.protocols.lane_order.messages import ActuationOutcome, ControllerReport, LaneReset, OpenOrder, PollAnswer
from kouan.protocols.plate_camera.messages import PlateRead
from kouan.protocols.plc.messages import PlcMessage
from kouan.protocols.seal_reader.messages import SealRead
from kouan.protocols.status.messages import DeviceStatus
from kouan.vocabulary.clock import Instant

# What reaches the lane ------------------------------------------------------------------------------------------------


class OrderCame(msgspec.Struct, frozen=True):
    """A signed order, as it came, on the lane's topic."""

    compact: bytes


class ResetCame(msgspec.Struct, frozen=True):
    """A signed reset of the lane's latch, as it came."""

    compact: bytes


class HoldCame(msgspec.Struct, frozen=True):
    """A signed notice of a hold, as it came."""

    compact: bytes


class PollSent(msgspec.Struct, frozen=True):
    """The driver asked the platform for time and epochs under this nonce, as it does each second.

    With it time passes: what is old is forgotten, and what the carrier did not take is reported again.
    """

    nonce: str


class AnswerCame(msgspec.Struct, frozen=True):
    """A signed answer to a poll, as it came."""

    compact: bytes


class StatusChanged(msgspec.Struct, frozen=True):
    """A device of the lane came or went; ``device`` is its topic's name (``plc``)."""

    device: str
    status: DeviceStatus


class IntentWritten(msgspec.Struct, frozen=True):
    """The intent of this order is durable."""

    order_id: str


class IntentTaken(msgspec.Struct, frozen=True):
    """The log holds this order's id or nonce already, perhaps from another lane; nothing was written."""

    order_id: str


class Commanded(msgspec.Struct, frozen=True):
    """The barrier's command was handed to the carrier; ``sure`` is False where the carrier may not have taken it."""

    order_id: str
    sure: bool = True


class OutcomeWritten(msgspec.Struct, frozen=True):
    """The outcome of this order is durable."""

    order_id: str


class ResetWritten(msgspec.Struct, frozen=True):
    """A reset is durable."""

    reset_id: str


class ReportTaken(msgspec.Struct, frozen=True):
    """The carrier took the report of this order."""

    order_id: str


class AnswerRead(msgspec.Struct, frozen=True):
    """An answer to a poll whose signature was checked, once for all lanes; None with the rule by which it is none."""

    answer: PollAnswer | None
    rule: str = ""


DeviceMessage = PlcMessage | PlateRead | SealRead | BarrierChanged
Acknowledgement = IntentWritten | IntentTaken | Commanded | OutcomeWritten | ResetWritten | ReportTaken
Input = (
    OrderCame
    | ResetCame
    | HoldCame
    | PollSent
    | AnswerCame
    | AnswerRead
    | StatusChanged
    | DeviceMessage
    | Acknowledgement
)

# What the lane asks for -----------------------------------------------------------------------------------------------


class Write(msgspec.Struct, frozen=True):
    """Write these records durably, then step with ``then``; where the log refuses them, step with ``refused``."""

    records: tuple[Record, ...]
    then: IntentWritten | OutcomeWritten | ResetWritten | None = None
    refused: IntentTaken | None = None


class Actuate(msgspec.Struct, frozen=True):
    """Send the barrier this command now, once, then step with ``Commanded``."""

    command: OpenBarrier


class Report(msgspec.Struct, frozen=True):
    """Sign and send this report, then step with ``ReportTaken``; where the carrier refuses it, do nothing."""

    report: ControllerReport


Effect = Write | Actuate | Report

# What the lane knows --------------------------------------------------------------------------------------------------


class LaneSetting(msgspec.Struct, frozen=True):
    """Which lane this is, the controller's name, and the platform's keys by key id; no other key signs orders."""

    port: str
    lane: str
    controller: str
    keys: Mapping[str, Ed25519PublicKey]


class Stage(enum.StrEnum):
    """How far an order has come."""

    WRITING = "writing"
    COMMANDING = "commanding"
    SETTLING = "settling"
    DONE = "done"


class Known(msgspec.Struct, frozen=True):
    """An authentic order that this lane has seen; ``told_at`` is the monotonic instant of its last report.

    ``durable`` is False for one that was refused before anything was written of it.
    """

    order_id: str
    issuer: str
    nonce: str
    expires_at: Instant
    stage: Stage
    outcome: ActuationOutcome | None = None
    rule: str | None = None
    at: Instant = 0
    uncertainty_us: int = 0
    told_at: int | None = None
    told: bool = False
    durable: bool = True


class LaneState(msgspec.Struct, frozen=True):
    """One lane, as its controller knows it.

    Until ``settled_at`` a restarted lane takes no order. ``epoch`` is the highest hold epoch heard of, ``epoch_heard``
    whether the platform named one since the start. ``heard_at`` is the monotonic instant of the last answer. ``known``
    holds orders by id; ``rejected`` counts, by rule, what never proved to be the platform's. ``horizons`` are the
    expiries up to which an issuer's orders are forgotten. ``pending`` is the one order that is on its way through the
    log to the barrier, ``resetting`` the one reset on its way to the latch. ``untold`` are the orders, by id, whose
    outcome the carrier has not taken, ``swept_at`` is the monotonic instant at which old ones were last forgotten.
    """

    setting: LaneSetting
    started_at: int
    settled_at: int = 0
    epoch: int = 0
    epoch_heard: bool = False
    clock: ClockEstimate | None = None
    heard_at: int | None = None
    challenges: tuple[tuple[str, int], ...] = ()
    view: VehicleView = EMPTY
    positions: Mapping[Barrier, BarrierPosition] = {}
    opening: Opening | None = None
    latch: str | None = None
    latched_at: int = 0
    faults: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    pending: OpenOrder | None = None
    resetting: LaneReset | None = None
    known: Mapping[str, Known] = {}
    horizons: Mapping[str, Instant] = {}
    sequences: Mapping[str, tuple[int, Instant]] = {}
    rejected: Mapping[str, int] = {}
    untold: tuple[str, ...] = ()
    swept_at: int = 0

    @property
    def in_use(self) -> bool:
        """Whether an order may come: a vehicle stands at the line, or what follows from an order is not over."""
        opening = self.opening is not None and not self.opening.ended
        return self.view.track is not None or opening or self.pending is not None or bool(self.untold)

    def asked_at(self, nonce: str) -> int | None:
        """Return when a poll that is not answered yet was sent under this nonce; None where there is none."""
        for asked, at in self.challenges:  # each answer is looked for in every lane, and a generator costs more
            if asked == nonce:
                return at
        return None


class Step(msgspec.Struct, frozen=True):
    """The lane after one input, and what it asks for, in order."""

    state: LaneState
    effects: tuple[Effect, ...] = ()
