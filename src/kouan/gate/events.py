"""What a passage publishes, and how it stands in the ledger.

Each fact that was taken in is one entry, with the instant at which the platform took it in: folding these entries with
``passage.step`` gives every state again. What follows from the facts (decisions, reviews, the end) is an entry as well.
"""

from collections.abc import Sequence

import msgspec

from kouan.gate.decision import Decision
from kouan.gate.facts import (
    BarrierMoved,
    ControllerReported,
    DeadlinePassed,
    EvidenceFound,
    Fact,
    HoldLifted,
    HoldPlaced,
    IdentityBroken,
    LaneFault,
    OrderSigned,
    ReviewConfirmed,
    ReviewDecided,
    VehicleArrived,
    VehicleLeft,
    VerdictReceived,
)
from kouan.gate.procedures import Authority, Outcome
from kouan.gate.states import Order
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Personal
from kouan.vocabulary.clock import Instant


class PassageOpened(msgspec.Struct, frozen=True):
    """A passage began, under the policy with this digest."""

    at: Instant
    fact: VehicleArrived
    policy: str


class FactRecorded(msgspec.Struct, frozen=True):
    """A fact was taken in; where it was not ``used``, ``cause`` says why."""

    at: Instant
    fact: Fact
    used: bool = True
    cause: str | None = None


class OrderIssued(msgspec.Struct, frozen=True):
    """An order was signed; ``fact`` carries its nonce and compact form."""

    at: Instant
    fact: OrderSigned
    order: Order


class DecisionMade(msgspec.Struct, frozen=True):
    """A decision was made."""

    at: Instant
    decision: Decision


class ReviewOpened(msgspec.Struct, frozen=True):
    """A person of ``authority`` is asked; past ``divert_at``, if any, the vehicle is diverted."""

    at: Instant
    passage: str
    authority: Authority
    outcome: Outcome
    divert_at: Instant | None


class ExceptionGiven(msgspec.Struct, frozen=True):
    """An exception from a rule became valid; it is to be looked at again within 24 h (I12)."""

    at: Instant
    passage: str
    rule: str
    authority: Authority
    by: str
    confirmed_by: str | None
    reason: str


class PassageClosed(msgspec.Struct, frozen=True):
    """A passage ended in ``state``; ``stop_us`` is the time from stopping to the barrier's opening, if it opened."""

    at: Instant
    passage: str
    state: str
    cause: str | None
    stop_us: int | None


Event = PassageOpened | FactRecorded | OrderIssued | DecisionMade | ReviewOpened | ExceptionGiven | PassageClosed

_FACT_KINDS: dict[type[Fact], str] = {
    VehicleArrived: "gate.passage_opened/1",
    EvidenceFound: "gate.evidence/1",
    VerdictReceived: "gate.verdict/1",
    HoldPlaced: "gate.hold_seen/1",
    HoldLifted: "gate.hold_seen/1",
    ReviewDecided: "gate.review_decided/1",
    ReviewConfirmed: "gate.review_confirmed/1",
    OrderSigned: "gate.order/1",
    ControllerReported: "gate.actuation/1",
    BarrierMoved: "gate.barrier_moved/1",
    VehicleLeft: "gate.departed/1",
    IdentityBroken: "gate.identity_broken/1",
    LaneFault: "gate.fault_seen/1",
    DeadlinePassed: "gate.deadline/1",
}

_KINDS: dict[type[Event], str] = {
    PassageOpened: "gate.passage_opened/1",
    OrderIssued: "gate.order/1",
    DecisionMade: "gate.decision/1",
    ReviewOpened: "gate.review_opened/1",
    ExceptionGiven: "gate.exception/1",
    PassageClosed: "gate.closed/1",
}


def kind_of(event: Event) -> str:
    """Return the versioned kind under which an event stands in the ledger."""
    return _FACT_KINDS[type(event.fact)] if isinstance(event, FactRecorded) else _KINDS[type(event)]


def drafts(events: Sequence[Event], passage: str, key: str, personal: Sequence[Personal] = ()) -> tuple[Draft, ...]:
    """Return the events as drafts in the passage's stream.

    ``key`` is that of the message that caused them (``Received.key``), or any other that is the same when the same
    cause is taken in again, as ``<passage>/<version>``; the first draft bears it, the others bear it with their number.
    ``personal`` goes with the evidence that commits to it.
    """
    return tuple(
        Draft(
            kind=kind_of(event),
            stream=passage,
            key=f"{key}/{number}" if number else key,
            body=canonical(event),
            personal=tuple(found for found in personal if _commits(event, found)),
        )
        for number, event in enumerate(events)
    )


def _commits(event: Event, personal: Personal) -> bool:
    if not isinstance(event, FactRecorded) or not isinstance(event.fact, EvidenceFound):
        return False
    return getattr(event.fact.evidence, "commitment", None) == personal.commitment
