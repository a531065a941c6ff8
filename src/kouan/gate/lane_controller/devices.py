"""What a lane controller learns from the lane's own devices: the vehicle, the arms, crossings and faults."""

from msgspec.structs import replace

from kouan.gate.lane_controller.records import Latched, SightKept
from kouan.gate.lane_controller.state import DeviceMessage, Effect, LaneState, StatusChanged, Step, Write
from kouan.gate.lane_controller.view import Opening, VehicleView, see_loop, see_vehicle
from kouan.protocols.barrier.messages import BarrierChanged, BarrierPosition
from kouan.protocols.lane_order.messages import ActuationOutcome
from kouan.protocols.plate_camera.messages import PlateRead
from kouan.protocols.plc.messages import CrossingSeen, Loop, LoopChanged, PlcFault, VehicleMeasured
from kouan.protocols.seal_reader.messages import SealRead

MOST_DEVICES = 32
"""Names of devices that one lane listens to. Our choice: three times as many as a lane has."""

VITAL = ("plc", "barrier")
"""The devices without which a lane opens for nobody; without the others no order can match the vehicle anyway."""

_OPENED = (ActuationOutcome.ACTUATED, ActuationOutcome.UNCERTAIN)


def see(state: LaneState, message: DeviceMessage, now: int) -> Step:
    """Return the lane after a device's message; one that was seen before changes nothing.

    A PLC whose numbers start again was restarted: what it said of the vehicle is void.
    """
    last = state.sequences.get(message.device, (-1, -1))
    restarted = message.seq <= last[0]
    crowded = last[0] < 0 and len(state.sequences) >= MOST_DEVICES
    if crowded or (restarted and message.at <= last[1]):
        return Step(state)
    state = replace(state, sequences={**state.sequences, message.device: (message.seq, message.at)})
    match message:
        case LoopChanged() | VehicleMeasured() | PlateRead() | SealRead():
            return _see_vehicle(state, message, restarted, now)
        case BarrierChanged():
            return _see_barrier(state, message, now)
        case CrossingSeen():
            return _see_crossing(state, message, now)
        case PlcFault():
            others = tuple(code for code in state.faults if code != message.code)
            faults = (*others, message.code)[-MOST_DEVICES:] if message.active else others
            return _kept(state, replace(state, faults=faults))
        case _:
            return Step(state)


def see_status(state: LaneState, changed: StatusChanged, now: int) -> Step:
    """Return the lane after a device came or went.

    While it is away the lane opens for nobody, and what was ordered before it came back is void. What it said before
    stands: what it says of the time between comes late but comes, and one that was restarted tells all anew.
    """
    if changed.device not in VITAL:
        return Step(state)
    away = changed.device in state.offline
    if changed.status.online and not changed.status.faults:
        if not away:
            return Step(state)
        others = tuple(device for device in state.offline if device != changed.device)
        return Step(replace(state, offline=others, view=replace(state.view, since=now)))
    return Step(state if away else replace(state, offline=(*state.offline, changed.device)))


def latch(state: LaneState, cause: str, now: int) -> Step:
    """Return the lane closed to everybody until a person resets it; the first cause stands."""
    cause = state.latch or cause
    return Step(
        replace(state, latch=cause, latched_at=now, resetting=None),
        (Write((Latched(state.setting.lane, cause),)),),
    )


def _see_vehicle(
    state: LaneState, message: LoopChanged | VehicleMeasured | PlateRead | SealRead, restarted: bool, now: int
) -> Step:
    view = state.view
    if restarted and isinstance(message, LoopChanged | VehicleMeasured):
        view = VehicleView(since=now)
    if not isinstance(message, LoopChanged):
        view = see_vehicle(view, message)
    elif message.loop is Loop.STOP:
        view = see_loop(view, message, now)
    return _kept(state, replace(state, view=view))


def _kept(before: LaneState, after: LaneState, effects: tuple[Effect, ...] = ()) -> Step:
    """Return the step to ``after``; what the devices said is written where it changed."""
    sight = _sight(after)
    if sight == _sight(before):
        return Step(after, effects)
    return Step(after, (*effects, Write((replace(sight, sequences=after.sequences),))))


def _sight(state: LaneState) -> SightKept:
    return SightKept(state.setting.lane, state.view, state.positions, state.faults, state.opening)


def _see_barrier(before: LaneState, message: BarrierChanged, now: int) -> Step:
    state = replace(before, positions={**before.positions, message.barrier: message.position})
    opening = state.opening
    if message.position is BarrierPosition.UNKNOWN:
        return _kept(before, state)
    if message.position is BarrierPosition.CLOSED:
        return _see_closed(before, replace(state, opening=_closed(opening, message)), message, now)
    if opening is not None and not opening.ended and opening.barrier in (message.barrier, None):
        return _kept(before, replace(state, opening=replace(opening, moved=True)))
    resumed = _resumed(state, message)
    if resumed is not None:
        return _kept(before, replace(state, opening=resumed))
    latched = latch(state, "barrier_moved_unordered", now)
    return _kept(before, latched.state, latched.effects)


def _see_closed(before: LaneState, state: LaneState, message: BarrierChanged, now: int) -> Step:
    """Return the lane after an arm closed; a person looks where it had opened and nobody knows who crossed (I15)."""
    opening = state.opening
    if opening is None or not opening.resumed or opening.crossed > 0:
        return _kept(before, state)
    if not opening.moved and message.order_id != opening.order_id:
        return _kept(before, state)
    latched = latch(replace(state, opening=replace(opening, resumed=False)), "crossing_missed", now)
    return _kept(before, latched.state, latched.effects)


def _closed(opening: Opening | None, message: BarrierChanged) -> Opening | None:
    """Return the opening after an arm closed: ended, if it was this opening's and had moved."""
    if opening is None or opening.barrier not in (message.barrier, None):
        return opening
    ended = opening.moved or message.order_id == opening.order_id
    return replace(opening, ended=opening.ended or ended)


def _resumed(state: LaneState, message: BarrierChanged) -> Opening | None:
    """Return the ordered opening that was going on when the controller started, where an arm reports it."""
    known = state.known.get(message.order_id) if message.order_id else None
    last = state.opening
    if known is None or known.outcome not in _OPENED or last is None or last.order_id != known.order_id:
        return None
    return replace(last, barrier=message.barrier, moved=True, ended=False) if last.barrier is None else None


def _see_crossing(before: LaneState, message: CrossingSeen, now: int) -> Step:
    if message.vehicles == 0:
        return Step(before)
    state, opening = before, before.opening
    if opening is None or (message.order_id is not None and message.order_id != opening.order_id):
        known = state.known.get(message.order_id) if message.order_id else None
        if known is None or known.outcome not in _OPENED:
            return latch(state, "crossing_unordered", now)
        return latch(state, "tailgating", now) if message.vehicles > 1 else Step(state)
    crossed = opening.crossed + message.vehicles
    state = replace(state, opening=replace(opening, crossed=crossed))
    if crossed == 1:
        return _kept(before, state)
    latched = latch(state, "tailgating", now)
    return _kept(before, latched.state, latched.effects)
