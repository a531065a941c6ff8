"""What the lane PLC tells: loops, curtains, the vehicle's profile, crossings and its own faults."""

import enum
from typing import Annotated

import msgspec

from kouan.protocols.fields import Axles, Code, DeviceMessage, Identity, Track


class Loop(enum.StrEnum):
    """Which induction loop in the lane, in the order in which a vehicle meets them."""

    ENTRY = "entry"
    STOP = "stop"
    EXIT = "exit"


class Curtain(enum.StrEnum):
    """Which light curtain across the lane."""

    ENTRY = "entry"
    EXIT = "exit"


class LoopChanged(DeviceMessage, frozen=True, kw_only=True, tag="LoopChanged"):
    """A loop became occupied or free."""

    loop: Loop
    occupied: bool
    track: Track


class CurtainChanged(DeviceMessage, frozen=True, kw_only=True, tag="CurtainChanged"):
    """A light curtain was broken or is whole again."""

    curtain: Curtain
    broken: bool
    track: Track


class VehicleMeasured(DeviceMessage, frozen=True, kw_only=True, tag="VehicleMeasured"):
    """The profile of the vehicle at the stop line: axles, length in millimetres, and whether it stands there alone."""

    track: Track
    axles: Axles
    length_mm: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    alone: bool


class CrossingSeen(DeviceMessage, frozen=True, kw_only=True, tag="CrossingSeen"):
    """How many vehicles passed the exit curtain in one opening; more than one means that somebody tailgated."""

    track: Track
    vehicles: Annotated[int, msgspec.Meta(ge=0, le=100)]
    order_id: Identity | None = None


class PlcFault(DeviceMessage, frozen=True, kw_only=True, tag="PlcFault"):
    """A fault of the PLC or its wiring began or ended."""

    code: Code
    active: bool


PlcMessage = LoopChanged | CurtainChanged | VehicleMeasured | CrossingSeen | PlcFault
