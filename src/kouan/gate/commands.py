"""What a step asks the driver to do, once the facts that it rests on are durable."""

from collections.abc import Mapping

import msgspec

from kouan.gate.procedures import Authority, Outcome
from kouan.gate.roles import PapersQuery
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason


class VehicleIdentity(msgspec.Struct, frozen=True):
    """The vehicle that an order is for: the order is void for any other (I3)."""

    plate: str
    trailer: str | None
    seal: str | None
    axles: int
    track: int


class IssueOrder(msgspec.Struct, frozen=True, tag="issue_order"):
    """Sign an order with a fresh nonce, and step with ``OrderSigned`` in the same unit."""

    order_id: str
    passage: str
    port: str
    lane: str
    barrier: str
    outcome: Outcome
    vehicle: VehicleIdentity
    epoch: int
    issued_at: Instant
    expires_at: Instant


class SendOrder(msgspec.Struct, frozen=True, tag="send_order"):
    """Send the signed order to the lane, again and again until it is reported on or expires."""

    order_id: str
    lane: str
    jws: str
    expires_at: Instant


class FindPapers(msgspec.Struct, frozen=True, tag="find_papers"):
    """Ask the papers desk, and step with ``EvidenceFound`` (its answer, or ``Failed`` with cause ``none``)."""

    query: PapersQuery


class SendCase(msgspec.Struct, frozen=True, tag="send_case"):
    """Send an authority the part of the case that it needs to know; its verdict must name this revision."""

    authority: Authority
    revision: int
    passage: str
    port: str
    lane: str
    direction: str
    opened_at: Instant
    plate: str | None
    trailer: str | None
    containers: tuple[str, ...]
    facts: Mapping[str, str | int | bool]
    final: bool


class Show(msgspec.Struct, frozen=True, tag="show"):
    """Show message ids on the lane's display, and set its light (``red``, ``green``, ``off``; None leaves it alone)."""

    lane: str
    colour: str | None
    lines: tuple[Reason, ...]
    plate: str | None = None
    route: str | None = None


class RaiseAlarm(msgspec.Struct, frozen=True, tag="raise_alarm"):
    """Raise an alarm of priority 1 (emergency) to 4 (advisory)."""

    priority: int
    lane: str
    passage: str
    reason: Reason


class StopLane(msgspec.Struct, frozen=True, tag="stop_lane"):
    """Take the lane out of service until a person opens it again."""

    lane: str
    reason: Reason


class CallReviewers(msgspec.Struct, frozen=True, tag="call_reviewers"):
    """Put the passage before the people of an authority; it stands in the review queue already."""

    passage: str
    authority: Authority
    priority: int


Command = IssueOrder | SendOrder | FindPapers | SendCase | Show | RaiseAlarm | StopLane | CallReviewers
