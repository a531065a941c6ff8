"""What a lane controller writes durably, and the log in which it does.

An ``Intent`` is durable before the barrier is commanded, its ``Outcome`` after. An intent without an outcome therefore
means that the barrier may or may not have opened: it is reported as uncertain and never tried again (I1).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from kouan.gate.lane_controller.view import Opening, VehicleView
from kouan.protocols.barrier.messages import Barrier, BarrierPosition
from kouan.protocols.lane_order.messages import ActuationOutcome
from kouan.vocabulary.clock import SECOND, Instant

KEPT_US = 24 * 3600 * SECOND
"""How long after its expiry an order is remembered, in microseconds. Our choice: a day, so that only a platform clock
that is set back by more than a day meets the horizon."""


class Intent(msgspec.Struct, frozen=True, tag="intent"):
    """The order was found good, and its barrier may be commanded from now on."""

    lane: str
    order_id: str
    issuer: str
    nonce: str
    expires_at: Instant


class Outcome(msgspec.Struct, frozen=True, tag="outcome"):
    """What became of an intended order; ``at`` is the platform's time as far as it was known."""

    lane: str
    order_id: str
    outcome: ActuationOutcome
    rule: str | None
    at: Instant
    uncertainty_us: int


class Reported(msgspec.Struct, frozen=True, tag="reported"):
    """The carrier took the report of this order."""

    lane: str
    order_id: str


class EpochRaised(msgspec.Struct, frozen=True, tag="epoch"):
    """Orders of this lane with a lower epoch are void."""

    lane: str
    epoch: int


class Latched(msgspec.Struct, frozen=True, tag="latched"):
    """The lane opens for nobody until a person resets it; without a cause, it was reset."""

    lane: str
    cause: str | None


class ResetTaken(msgspec.Struct, frozen=True, tag="reset"):
    """A signed reset was taken; it will not be taken again."""

    lane: str
    reset_id: str
    issuer: str
    nonce: str
    expires_at: Instant


class SightKept(msgspec.Struct, frozen=True, tag="sight"):
    """What the devices said of vehicle, arms and PLC, for a restarted controller to go on with the same vehicle.

    ``sequences`` are number and time of each device's last message by then, so that a copy of it is known again.
    """

    lane: str
    view: VehicleView
    positions: Mapping[Barrier, BarrierPosition] = {}
    faults: tuple[str, ...] = ()
    opening: Opening | None = None
    sequences: Mapping[str, tuple[int, Instant]] = {}


class Horizon(msgspec.Struct, frozen=True, tag="horizon"):
    """The issuer's orders that expired up to this instant are forgotten, so none of them is ever taken again."""

    issuer: str
    expires_at: Instant


Record = Intent | Outcome | Reported | EpochRaised | Latched | ResetTaken | SightKept | Horizon


class NonceLog(Protocol):
    """The durable log of one lane controller; it serves all of its lanes, so a nonce is used once in any of them."""

    async def read(self) -> Sequence[Record]:
        """Return all records in the order of their writing; raise Corrupt where more than the tail is damaged."""
        ...

    async def append(self, records: Sequence[Record]) -> None:
        """Write the records together; they are durable when this returns.

        Raises Conflict, and writes nothing, when an intent's or reset's order id, or its nonce with the same issuer,
        stands already. Raises Unavailable when the medium fails, and then for ever: what was written is not known.
        """
        ...

    async def compact(self, before: Instant) -> None:
        """Forget the orders that expired before this instant, and what newer records replace."""
        ...

    @property
    def size_bytes(self) -> int:
        """How long the log is."""
        ...


class Uses:
    """Which order ids and nonces a log holds; both of its players refuse a second use by it."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._orders: set[str] = set()
        self._nonces: set[tuple[str, str]] = set()
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Remember the order id and nonce of an intent or reset."""
        if isinstance(record, Intent | ResetTaken):
            self._orders.add(_name(record))
            self._nonces.add((record.issuer, record.nonce))

    def has(self, record: Record) -> bool:
        """Say whether the record would use an order id or a nonce for the second time."""
        if not isinstance(record, Intent | ResetTaken):
            return False
        return _name(record) in self._orders or (record.issuer, record.nonce) in self._nonces


def _name(record: Intent | ResetTaken) -> str:
    return record.order_id if isinstance(record, Intent) else record.reset_id


def compacted(records: Sequence[Record], before: Instant) -> list[Record]:
    """Return the records that still matter: orders that expired before ``before`` fold into their issuer's horizon.

    An intent without an outcome is kept however old it is, because it is still to be reported to a person.
    """
    done = {record.order_id for record in records if isinstance(record, Outcome)}
    kept: list[Record] = []
    horizons: dict[str, Instant] = {}
    latest: dict[tuple[str, str], Record] = {}
    forgotten: set[str] = set()
    for record in records:
        match record:
            case Horizon():
                horizons[record.issuer] = max(record.expires_at, horizons.get(record.issuer, 0))
            case Intent() | ResetTaken() if record.expires_at < before and not (
                isinstance(record, Intent) and record.order_id not in done
            ):
                horizons[record.issuer] = max(record.expires_at, horizons.get(record.issuer, 0))
                forgotten.add(_name(record))
            case EpochRaised() | Latched() | SightKept():
                latest[(type(record).__name__, record.lane)] = record
            case Outcome() | Reported() if record.order_id in forgotten:
                pass
            case _:
                kept.append(record)
    return [Horizon(*pair) for pair in sorted(horizons.items())] + kept + list(latest.values())
