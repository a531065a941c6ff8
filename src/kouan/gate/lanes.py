"""A lane (车道) as a state machine: in service or not, which way, what it lacks; pure.

A lane changes direction only when empty. One whose devices fail is degraded, says which procedures it lacks, and serves
only what it still may (``rules.lane``). One that was stopped (tailgating, a vehicle that broke through) stays closed
until a person opens it.
"""

from typing import assert_never

import msgspec
from msgspec.structs import replace

from kouan.gate.commands import Show
from kouan.gate.procedures import Procedure
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import GRANTED, Granted, Reason, Verdict, refuse


class DeviceOut(msgspec.Struct, frozen=True):
    """A device out of service, since when and why, and the procedures that need it."""

    device: str
    since: Instant
    cause: str
    procedures: tuple[Procedure, ...] = ()


class Lane(msgspec.Struct, frozen=True):
    """One lane.

    ``wanted`` is the direction to which it changes once empty. ``occupied`` says that a vehicle is in it. ``stopped``
    is why it is out of service, None while it is in service. ``barriers`` are the last known positions, by barrier.
    """

    name: str
    direction: Direction
    tidal: bool = False
    wanted: Direction | None = None
    occupied: bool = False
    stopped: Reason | None = None
    out: tuple[DeviceOut, ...] = ()
    barriers: dict[str, str] = msgspec.field(default_factory=lambda: {"release": "unknown", "divert": "unknown"})
    light: str = "off"
    updated_at: Instant = 0

    @property
    def mode(self) -> str:
        """Return ``closed``, ``draining``, ``degraded`` or ``open``, the first that holds."""
        if self.stopped is not None:
            return "closed"
        if self.wanted is not None:
            return "draining"
        return "degraded" if self.lacking else "open"

    @property
    def lacking(self) -> tuple[Procedure, ...]:
        """Return the procedures whose device is out of service, in the order of the procedures."""
        missing = {procedure for device in self.out for procedure in device.procedures}
        return tuple(procedure for procedure in Procedure if procedure in missing)


class VehicleEntered(msgspec.Struct, frozen=True, tag="vehicle_entered"):
    """A vehicle is in the lane."""

    at: Instant


class LaneEmptied(msgspec.Struct, frozen=True, tag="lane_emptied"):
    """No vehicle is in the lane any more."""

    at: Instant


class DirectionWanted(msgspec.Struct, frozen=True, tag="direction_wanted"):
    """A person wants a tidal lane to go the other way."""

    at: Instant
    direction: Direction
    by: str
    reason: str


class LaneStopped(msgspec.Struct, frozen=True, tag="lane_stopped"):
    """The lane goes out of service; ``by`` is None where the platform stopped it."""

    at: Instant
    reason: Reason
    by: str | None = None


class LaneStarted(msgspec.Struct, frozen=True, tag="lane_started"):
    """A person takes the lane into service again."""

    at: Instant
    by: str
    reason: str


class DeviceFailed(msgspec.Struct, frozen=True, tag="device_failed"):
    """A device of the lane is out of service."""

    at: Instant
    device: str
    cause: str
    procedures: tuple[Procedure, ...] = ()


class DeviceCameBack(msgspec.Struct, frozen=True, tag="device_came_back"):
    """A device of the lane works again."""

    at: Instant
    device: str


class BarrierSeen(msgspec.Struct, frozen=True, tag="barrier_seen"):
    """A barrier reports its position."""

    at: Instant
    barrier: str
    position: str


class LightShown(msgspec.Struct, frozen=True, tag="light_shown"):
    """The lane's light was set."""

    at: Instant
    colour: str


LaneFact = (
    VehicleEntered
    | LaneEmptied
    | DirectionWanted
    | LaneStopped
    | LaneStarted
    | DeviceFailed
    | DeviceCameBack
    | BarrierSeen
    | LightShown
)

_UNRECORDED = (VehicleEntered, LaneEmptied, BarrierSeen, LightShown)
"""Facts that change only what a screen shows; what matters of them stands in the passages' entries. A change of
direction that they let happen is recorded all the same."""


class LaneChanged(msgspec.Struct, frozen=True):
    """A lane changed by a fact: which way it goes now, in which mode, and what it lacks."""

    at: Instant
    lane: str
    fact: LaneFact
    direction: Direction
    mode: str
    lacking: tuple[Procedure, ...]


class LaneStep(msgspec.Struct, frozen=True):
    """The next state of a lane, what is recorded, and whether the fact was allowed."""

    lane: Lane
    events: tuple[LaneChanged, ...] = ()
    verdict: Verdict = GRANTED


def step_lane(lane: Lane, fact: LaneFact, now: Instant) -> LaneStep:
    """Return what a fact leads to; a refusal leaves the lane as it is."""
    verdict = _allowed(lane, fact)
    if verdict != GRANTED:
        return LaneStep(lane, (), verdict)
    taken = _turn_if_empty(_take(lane, fact))
    if taken == lane:
        return LaneStep(lane)
    after = replace(taken, updated_at=now)
    turned = after.direction != lane.direction
    if isinstance(fact, _UNRECORDED) and not turned:
        return LaneStep(after)
    return LaneStep(after, (LaneChanged(now, lane.name, fact, after.direction, after.mode, after.lacking),))


def _allowed(lane: Lane, fact: LaneFact) -> Verdict:
    if isinstance(fact, DirectionWanted) and not lane.tidal:
        return refuse("lane.not_tidal", lane=lane.name)
    if isinstance(fact, DirectionWanted | LaneStarted) and not fact.reason.strip():
        return refuse("review.no_reason")
    return GRANTED


def _take(lane: Lane, fact: LaneFact) -> Lane:  # noqa: PLR0911 - one a kind of fact
    match fact:
        case VehicleEntered():
            return replace(lane, occupied=True)
        case LaneEmptied():
            return replace(lane, occupied=False)
        case DirectionWanted():
            return replace(lane, wanted=None if fact.direction == lane.direction else fact.direction)
        case LaneStopped():
            return replace(lane, stopped=fact.reason)
        case LaneStarted():
            return replace(lane, stopped=None)
        case BarrierSeen():
            return replace(lane, barriers={**lane.barriers, fact.barrier: fact.position})
        case LightShown():
            return replace(lane, light=fact.colour)
        case _:
            return _take_device(lane, fact)


def _take_device(lane: Lane, fact: DeviceFailed | DeviceCameBack) -> Lane:
    others = tuple(device for device in lane.out if device.device != fact.device)
    match fact:
        case DeviceCameBack():
            return replace(lane, out=others)
        case DeviceFailed():
            known = next((device for device in lane.out if device.device == fact.device), None)
            since = fact.at if known is None else known.since
            failed = DeviceOut(fact.device, since, fact.cause, fact.procedures)
            return replace(lane, out=tuple(sorted((*others, failed), key=lambda device: device.device)))
        case _ as never:
            assert_never(never)


def _turn_if_empty(lane: Lane) -> Lane:
    if lane.wanted is None or lane.occupied:
        return lane
    return replace(lane, direction=lane.wanted, wanted=None)


def may_enter(lane: Lane) -> Verdict:
    """Grant where the next vehicle may drive into the lane."""
    if lane.stopped is not None:
        return refuse("lane.closed", lane=lane.name)
    if lane.wanted is not None:
        return refuse("lane.draining", lane=lane.name)
    return GRANTED


CLOSED_ROUTE = "closed"
"""What a lane's display shows as its route while nobody may drive in; else it shows the lane's direction."""


def show_mode(lane: Lane) -> Show:
    """Return what the lane's display tells drivers of its mode: whether they may drive in, and which way it goes.

    The light is the passage's alone: one that a passage has just set may not be known here yet.
    """
    entered = may_enter(lane)
    route = lane.direction.value if isinstance(entered, Granted) else CLOSED_ROUTE
    message = "display.lane_open" if isinstance(entered, Granted) else "display.lane_closed"
    return Show(lane.name, None, (Reason(message),), None, route)


_KINDS: dict[type[LaneFact], str] = {DeviceFailed: "gate.device_fault/1", DeviceCameBack: "gate.device_fault/1"}


def lane_drafts(events: tuple[LaneChanged, ...], key: str) -> tuple[Draft, ...]:
    """Return the changes of a lane as drafts in the lane's stream; ``key`` as for ``events.drafts``."""
    return tuple(
        Draft(
            kind=_KINDS.get(type(event.fact), "gate.lane_changed/1"),
            stream=event.lane,
            key=f"{key}/{number}" if number else key,
            body=canonical(event),
        )
        for number, event in enumerate(events)
    )


def encode_lane(lane: Lane) -> bytes:
    """Return the lane as JSON, for the projection from which a restarted platform resumes."""
    return msgspec.json.encode(lane)


def decode_lane(document: bytes) -> Lane:
    """Return the lane behind ``encode_lane``; raise msgspec.ValidationError for anything else."""
    return msgspec.json.decode(document, type=Lane)
