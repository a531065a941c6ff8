# ruff: noqa: ARG001 - all rules have one signature, whichever of its parts a rule needs
"""The rules that an authentic order must satisfy at the lane, each by its name, checked twice.

Once when it comes and once when its intent is durable, immediately before the barrier is commanded: what became true in
between (a hold, a broken loop, the order's end) still stops it.
"""

from collections.abc import Callable

from kouan.gate.lane_controller.clock import MOST_UNCERTAIN_US, ClockEstimate
from kouan.gate.lane_controller.state import LaneState
from kouan.gate.lane_controller.view import Opening, normal_plate
from kouan.protocols.barrier.messages import BarrierPosition
from kouan.protocols.lane_order.messages import LaneReset, OpenOrder
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import GRANTED, Refused, Verdict, refuse

LONGEST_SILENCE_US = 5 * SECOND
"""Microseconds without an answer after which the lane counts as disconnected and opens for nobody (I13). Our choice:
the longest life of an order, so that none outlives the platform's voice. No order is pre-authorised for a lane that is
offline."""

COMMANDED_WITHIN_US = SECOND // 10
"""Microseconds within which a command is handed to the carrier or given up; an order must outlast them (I2). Our
choice: a local connection takes a command in far less than a millisecond."""

NEVER_MOVES_US = 15 * SECOND
"""Microseconds after its command from which an arm that was not seen to move will not move any more. Our choice: a
command is carried once and kept for nobody, so that within seconds it has come or is lost; three times an order's life,
for what the barrier says of it to come late."""

Rule = Callable[[LaneState, OpenOrder, int], Verdict]


def hold_epoch_is_current(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """Deny wins: an order decided before the latest hold is void (I2, I4)."""
    return refuse("order.epoch_stale") if order.epoch < state.epoch else GRANTED


def platform_was_heard(state: LaneState, order: OpenOrder | LaneReset, now: int) -> Verdict:
    """A lane that does not hear its platform opens for nobody (I13), nor one that was never told its epoch (I4)."""
    if state.heard_at is None or now - state.heard_at > LONGEST_SILENCE_US:
        return refuse("lane.disconnected")
    return GRANTED if state.epoch_heard else refuse("lane.epoch_unknown")


def clock_is_certain(state: LaneState, order: OpenOrder | LaneReset, now: int) -> Verdict:
    """No expiry rests on a clock that may be wrong by more than 250 ms (I10)."""
    return refuse("clock.uncertain") if _certain(state, now) is None else GRANTED


def order_is_in_force(state: LaneState, order: OpenOrder | LaneReset, now: int) -> Verdict:
    """An order is good from its issue to its expiry, whichever way the clock errs (I2)."""
    clock = _certain(state, now)
    if clock is None:
        return refuse("clock.uncertain")
    time, within = clock.platform_time(now), clock.uncertainty_us(now)
    if time + within + COMMANDED_WITHIN_US > order.expires_at:
        return refuse("order.expired")
    if time + within < order.issued_at:
        return refuse("order.from_the_future")
    return GRANTED


def lane_is_not_latched(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """After tailgating, or an arm that moved without an order, a person resets the lane first (I5)."""
    return refuse("lane.latched", cause=state.latch) if state.latch else GRANTED


def devices_are_sound(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """The lane's PLC and barrier are online and report no fault (I15)."""
    if state.offline:
        return refuse("lane.device_offline", device=state.offline[0])
    return refuse("lane.plc_fault", fault=state.faults[0]) if state.faults else GRANTED


def barriers_are_closed(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """Each arm was reported closed, the ordered one at least, and a restarted lane has settled (I5, I15)."""
    if now < state.settled_at:
        return refuse("lane.settling")
    if state.positions.get(order.barrier, BarrierPosition.UNKNOWN) is BarrierPosition.UNKNOWN:
        return refuse("barrier.unknown")
    if any(position is not BarrierPosition.CLOSED for position in state.positions.values()):
        return refuse("barrier.not_closed")
    return GRANTED


def is_lost(opening: Opening, now: int) -> bool:
    """Say whether an opening was never seen to move, nor a vehicle to cross, for so long that its command was lost."""
    seen = opening.moved or opening.crossed or opening.ended
    return not seen and now - opening.since > NEVER_MOVES_US


def nothing_else_is_opening(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """One vehicle an opening: the last one has ended or its command was lost, and no other order is on its way (I5)."""
    opening = state.opening
    if opening is not None and not opening.ended and not is_lost(opening, now):
        return refuse("lane.opening")
    if state.pending is not None and state.pending.order_id != order.order_id:
        return refuse("lane.busy")
    return GRANTED


def vehicle_stands_at_the_line(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """The stop for which the order was given still lasts, and the order was given during it (I3)."""
    clock = _certain(state, now)
    if clock is None:
        return refuse("clock.uncertain")
    if state.view.track is None:
        return refuse("vehicle.absent")
    if state.view.track != order.vehicle.track:
        return refuse("vehicle.track_differs")
    issued = now - (clock.platform_time(now) - order.issued_at)
    if issued + clock.uncertainty_us(now) < state.view.since:
        return refuse("vehicle.judged_before_stop")
    return GRANTED


def vehicle_is_the_one_judged(state: LaneState, order: OpenOrder, now: int) -> Verdict:
    """Axles and plate are those that the lane itself sees; so are trailer and seal where the order names them (I3)."""
    seen, judged = state.view.seen, order.vehicle
    if seen is None or seen.axles is None:
        return refuse("vehicle.not_measured")
    differences = {
        "vehicle.not_alone": not seen.alone,
        "vehicle.axles_differ": seen.axles != judged.axles,
        "vehicle.plate_differs": seen.plate != normal_plate(judged.plate),
        "vehicle.trailer_differs": judged.trailer is not None and seen.trailer != normal_plate(judged.trailer),
        "vehicle.seal_differs": judged.seal is not None and seen.seal != judged.seal,
    }
    return next((refuse(rule) for rule, differs in differences.items() if differs), GRANTED)


def nonce_is_unused(issuer: str, nonce: str, order_id: str, state: LaneState) -> Verdict:
    """An issuer's nonce serves one order (I11)."""
    for known in state.known.values():
        if known.nonce == nonce and known.issuer == issuer and known.order_id != order_id:
            return refuse("order.nonce_used")
    return GRANTED


def order_is_not_forgotten(issuer: str, message: OpenOrder | LaneReset, state: LaneState) -> Verdict:
    """What expired before the log's horizon may have been used, so it is never taken (I11)."""
    forgotten = message.expires_at <= state.horizons.get(issuer, -1)
    return refuse("order.before_horizon") if forgotten else GRANTED


RULES: tuple[Rule, ...] = (
    hold_epoch_is_current,
    platform_was_heard,
    clock_is_certain,
    order_is_in_force,
    lane_is_not_latched,
    devices_are_sound,
    barriers_are_closed,
    nothing_else_is_opening,
    vehicle_stands_at_the_line,
    vehicle_is_the_one_judged,
)
"""All must grant; the first that refuses is reported."""


def judge_order(state: LaneState, issuer: str, order: OpenOrder, now: int) -> Verdict:
    """Return whether the order may open its barrier now, and by which rule not."""
    for rule in RULES:
        verdict = rule(state, order, now)
        if isinstance(verdict, Refused):
            return verdict
    return _judge_use(state, issuer, order, order.order_id)


def judge_reset(state: LaneState, issuer: str, reset: LaneReset, now: int) -> Verdict:
    """Return whether the reset may end the latch: in force, unused, and given after the latch that it ends."""
    for rule in (platform_was_heard, clock_is_certain, order_is_in_force):
        verdict = rule(state, reset, now)
        if isinstance(verdict, Refused):
            return verdict
    clock = _certain(state, now)
    if clock is None:
        return refuse("clock.uncertain")
    issued = now - (clock.platform_time(now) - reset.issued_at)
    if issued + clock.uncertainty_us(now) < state.latched_at:
        return refuse("reset.before_latch")
    return _judge_use(state, issuer, reset, reset.reset_id)


def _judge_use(state: LaneState, issuer: str, message: OpenOrder | LaneReset, name: str) -> Verdict:
    verdict = nonce_is_unused(issuer, message.nonce, name, state)
    return verdict if isinstance(verdict, Refused) else order_is_not_forgotten(issuer, message, state)


def _certain(state: LaneState, now: int) -> ClockEstimate | None:
    """Return the clock where it may be relied upon."""
    clock = state.clock
    return clock if clock is not None and clock.uncertainty_us(now) <= MOST_UNCERTAIN_US else None
