"""Orders, holds and polls between the platform and a lane controller."""

import enum
from collections.abc import Mapping
from typing import Annotated

import msgspec

from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.fields import (
    At,
    Axles,
    Code,
    Count,
    DeviceName,
    Identity,
    Lane,
    LongText,
    Nonce,
    Port,
    Text,
    Track,
)
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue

LONGEST_LIFE_US = 5 * SECOND
"""Longest life of an order in microseconds (``design.md``: expiry within 5 s; invariant I2)."""

RELEASE = "RELEASE"
"""The only outcome that may open the release barrier."""

DIVERSIONS = ("DIVERT_MANUAL", "DIVERT_SCAN", "DIVERT_QUARANTINE", "DIVERT_RADIATION")
"""The outcomes that may open the barrier toward the inspection yard, and nothing else."""

GATE_OUT = "GATE_OUT"
"""The only outcome that may open an exit of the supervised yard (核放): this vehicle leaves with what was weighed."""

OUTCOMES: Mapping[Barrier, tuple[str, ...]] = {
    Barrier.RELEASE: (RELEASE,),
    Barrier.DIVERT: DIVERSIONS,
    Barrier.EXIT: (GATE_OUT,),
}
"""What may open each barrier. So a signature for one barrier is good for no other, whoever asked for it."""


class OrderedVehicle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one vehicle for which an order was given; ``track`` names the stop at which it stood (invariant I3)."""

    plate: Text
    trailer: Text | None = None
    seal: Text | None = None
    axles: Axles
    track: Track


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave to open one barrier once for one vehicle, within at most 5 s of ``issued_at``.

    ``passage`` is the passage of the gate, or the visit to the yard, for which it was decided.

    Raises InvalidValue when made so that outcome and barrier do not belong together (``order.outcome``) or the life
    is not above zero and at most ``LONGEST_LIFE_US`` (``order.life``).
    """

    order_id: Identity
    port: Port
    lane: Lane
    passage: Identity
    barrier: Barrier
    outcome: Code
    vehicle: OrderedVehicle
    epoch: Count
    issued_at: At
    expires_at: At
    nonce: Nonce

    def __post_init__(self) -> None:
        """Refuse an order that contradicts itself."""
        allowed = OUTCOMES[self.barrier]
        if self.outcome not in allowed:
            raise InvalidValue(
                "outcome", "order.outcome", f"must be {' or '.join(allowed)} for the {self.barrier} barrier"
            )
        if not 0 < self.expires_at - self.issued_at <= LONGEST_LIFE_US:
            raise InvalidValue("expires_at", "order.life", f"must be at most {LONGEST_LIFE_US} µs after issued_at")


class HoldNotice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hold on a lane: orders of any lower epoch are void from the moment that this is stored there."""

    port: Port
    lane: Lane
    epoch: Count
    reason: Code


class LaneReset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's leave, signed by the platform, to end a lane's latch (tailgating, an arm that moved without an order).

    It opens nothing. Raises InvalidValue when its life is not above zero and at most ``LONGEST_LIFE_US``
    (``reset.life``).
    """

    reset_id: Identity
    port: Port
    lane: Lane
    by: Identity
    reason: LongText
    issued_at: At
    expires_at: At
    nonce: Nonce

    def __post_init__(self) -> None:
        """Refuse a reset that lives too long."""
        if not 0 < self.expires_at - self.issued_at <= LONGEST_LIFE_US:
            raise InvalidValue("expires_at", "reset.life", f"must be at most {LONGEST_LIFE_US} µs after issued_at")


class Poll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lane controller asks for the time and for the hold epochs of its lanes."""

    controller: DeviceName
    nonce: Nonce
    lanes: Annotated[tuple[Lane, ...], msgspec.Meta(min_length=1, max_length=64)]


class PollAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The platform's time, in microseconds, and the epochs in force, for the poll with this nonce."""

    nonce: Nonce
    time: At
    epochs: Annotated[Mapping[Lane, Count], msgspec.Meta(max_length=64)]


class ActuationOutcome(enum.StrEnum):
    """What a lane controller did with an order; ``uncertain`` after a crash between writing and actuating.

    ``reset`` answers a LaneReset whose ``reset_id`` then stands as the order id.
    """

    ACTUATED = "actuated"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    RESET = "reset"


class ControllerReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of an order, by which rule, when, and how uncertain the controller's clock was (microseconds)."""

    controller: DeviceName
    port: Port
    lane: Lane
    order_id: Identity
    outcome: ActuationOutcome
    rule: Code | None = None
    at: At
    uncertainty_us: Count
