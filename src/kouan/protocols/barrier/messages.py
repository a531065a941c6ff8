"""What a barrier controller tells and takes."""

import enum
from typing import Annotated

import msgspec

from kouan.protocols.fields import DeviceMessage, Identity, Nonce


class Barrier(enum.StrEnum):
    """Which barrier of a lane: out of the port's control, or toward the inspection yard, which stays supervised.

    An exit lane of the supervised yard has one of its own kind, ``exit``, and no other; a gate's lane never has it.
    """

    RELEASE = "release"
    DIVERT = "divert"
    EXIT = "exit"


class BarrierPosition(enum.StrEnum):
    """Where the arm is; ``unknown`` after a start, until the limit switches have been seen."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    UNKNOWN = "unknown"


class BarrierChanged(DeviceMessage, frozen=True, kw_only=True):
    """An arm changed its position; ``boots`` counts the controller's starts, so that a power loss is seen."""

    barrier: Barrier
    position: BarrierPosition
    order_id: Identity | None = None
    boots: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class OpenBarrier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lane controller's command to open one barrier once, under one order and its nonce."""

    barrier: Barrier
    order_id: Identity
    nonce: Nonce
