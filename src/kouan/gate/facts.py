"""What can happen to a passage: every input of ``passage.step``, as it is reported and as it is recorded.

A fact holds whole numbers and strings only, so that it can stand in a ledger entry. ``at`` is when its source says that
it happened, in microseconds since the epoch; the time at which the platform took it in is ``step``'s ``now``.
"""

from collections.abc import Mapping

import msgspec

from kouan.gate.decision import AgencyVerdict
from kouan.gate.evidence import Evidence
from kouan.gate.procedures import Authority, Procedure
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction


class HoldPlaced(msgspec.Struct, frozen=True, tag="hold_placed"):
    """A hold was placed, and the lane's epoch rose to ``epoch``, whichever vehicle it is for.

    ``plate``, ``container``, ``consignment`` and ``declaration`` say for which; a hold that names none of them is for
    every vehicle in the lane. ``why`` is told of what is watched for.
    """

    at: Instant
    number: str
    authority: Authority
    kind: str
    epoch: int
    plate: str | None = None
    container: str | None = None
    why: str = ""
    consignment: str | None = None
    declaration: str | None = None


class VehicleArrived(msgspec.Struct, frozen=True, tag="vehicle_arrived"):
    """A vehicle occupies the stop loop: ``track`` is the loop's occupancy count, which names this stop.

    ``epoch`` is the lane's hold epoch; ``lacking`` the procedures whose devices are out of service, which makes the
    lane degraded.
    """

    at: Instant
    passage: str
    port: str
    lane: str
    direction: Direction
    track: int
    epoch: int
    lacking: tuple[Procedure, ...] = ()
    holds: tuple[HoldPlaced, ...] = ()


class EvidenceFound(msgspec.Struct, frozen=True, tag="evidence_found"):
    """A procedure has its evidence, or its failure."""

    at: Instant
    evidence: Evidence


class VerdictReceived(msgspec.Struct, frozen=True, tag="verdict_received"):
    """An authority's verdict on this passage came in, and its signature was checked."""

    at: Instant
    verdict: AgencyVerdict


class HoldLifted(msgspec.Struct, frozen=True, tag="hold_lifted"):
    """A hold was lifted; the epoch rises as well, because decisions made under it are stale."""

    at: Instant
    number: str
    epoch: int


class ReviewDecided(msgspec.Struct, frozen=True, tag="review_decided"):
    """A person decided in the review queue.

    ``action`` is ``release``, ``divert``, ``refuse`` or ``correct``; ``rule`` names the finding that an exception is
    for, None means all of the person's own authority; ``corrections`` are fields read from the pictures by eye (see
    ``review.CORRECTABLE``); ``recent`` is how many exceptions this person gave in the hour before. ``hub_age_us`` is
    how old the hub's word is at ``at``, None where the port has no hub.
    """

    at: Instant
    by: str
    roles: tuple[str, ...]
    authority: Authority
    action: str
    reason: str
    rule: str | None = None
    corrections: Mapping[str, str] = {}
    stepped_up: bool = False
    recent: int = 0
    hub_age_us: int | None = None


class ReviewConfirmed(msgspec.Struct, frozen=True, tag="review_confirmed"):
    """A second person confirmed what the first decided.

    ``recent`` is how many exceptions the first gave in the hour before: others may have been confirmed meanwhile.
    """

    at: Instant
    by: str
    roles: tuple[str, ...]
    authority: Authority
    reason: str
    stepped_up: bool = False
    hub_age_us: int | None = None
    recent: int = 0


class OrderSigned(msgspec.Struct, frozen=True, tag="order_signed"):
    """The driver signed the order that ``IssueOrder`` asked for; ``jws`` is its compact form."""

    at: Instant
    order_id: str
    nonce: str
    jws: str


class ControllerReported(msgspec.Struct, frozen=True, tag="controller_reported"):
    """The lane controller's signed report on an order: ``actuated``, ``refused`` (by ``rule``) or ``uncertain``."""

    at: Instant
    order_id: str
    outcome: str
    rule: str | None = None
    uncertainty_us: int = 0


class BarrierMoved(msgspec.Struct, frozen=True, tag="barrier_moved"):
    """A barrier (``release`` or ``divert``) reports its position, and the order that moved it."""

    at: Instant
    barrier: str
    position: str
    order_id: str | None = None


class VehicleLeft(msgspec.Struct, frozen=True, tag="vehicle_left"):
    """The exit curtain saw ``vehicles`` pass in one opening; more than one is tailgating (I5)."""

    at: Instant
    track: int
    vehicles: int
    order_id: str | None = None


TRACK_CHANGED = "track_changed"
"""Cause of a broken identity: another vehicle stands at the stop line, so this one is certainly gone."""


class IdentityBroken(msgspec.Struct, frozen=True, tag="identity_broken"):
    """It is no longer certain that the vehicle at the stop line is the one that was examined (I3)."""

    at: Instant
    cause: str


class LaneFault(msgspec.Struct, frozen=True, tag="lane_fault"):
    """A device that a procedure needs failed, or came back (``active`` false)."""

    at: Instant
    procedure: Procedure
    device: str
    code: str
    active: bool


class DeadlinePassed(msgspec.Struct, frozen=True, tag="deadline_passed"):
    """The instant passed that the last step gave as ``next_deadline``."""

    at: Instant


Fact = (
    VehicleArrived
    | EvidenceFound
    | VerdictReceived
    | HoldPlaced
    | HoldLifted
    | ReviewDecided
    | ReviewConfirmed
    | OrderSigned
    | ControllerReported
    | BarrierMoved
    | VehicleLeft
    | IdentityBroken
    | LaneFault
    | DeadlinePassed
)
