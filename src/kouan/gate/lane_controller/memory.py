"""What a lane controller remembers of orders, and how it tells of them."""

from msgspec.structs import replace

from kouan.gate.lane_controller.records import KEPT_US
from kouan.gate.lane_controller.state import Known, LaneState, Report, Stage, Step
from kouan.protocols.lane_order.messages import ActuationOutcome, ControllerReport
from kouan.vocabulary.clock import SECOND

TOLD_AGAIN_US = SECOND // 4
"""Least microseconds between two reports of one order, so that a flood of its copies asks for few."""

REFUSED_KEPT_US = 60 * SECOND
"""How long after its expiry a refused order is remembered. It needs no longer: it can never be in force again, and it
opened nothing."""

MOST_REFUSED = 256
"""Refused orders remembered at once; further ones are refused unremembered until old ones are forgotten."""

TIMELESS_US = 24 * 3600 * SECOND
"""Uncertainty, in microseconds, that is reported where the platform's time was never heard: a day says "unknown"."""


def stamped(state: LaneState, known: Known, outcome: ActuationOutcome, rule: str | None, now: int) -> Known:
    """Return the order with what became of it, and when by the platform's clock, as far as that is known."""
    clock = state.clock
    if clock is None:
        return replace(known, outcome=outcome, rule=rule, at=known.expires_at, uncertainty_us=TIMELESS_US)
    return replace(
        known, outcome=outcome, rule=rule, at=max(0, clock.platform_time(now)), uncertainty_us=clock.uncertainty_us(now)
    )


def tell(state: LaneState, known: Known, now: int) -> Step:
    """Return the lane with a report of the order on its way."""
    known = replace(known, told_at=now)
    return Step(know(state, known), (report_of(state, known),))


def tell_again(state: LaneState, known: Known, now: int) -> Step:
    """Answer the copy of a known order with what became of it; it never opens anything again."""
    if known.stage is not Stage.DONE or (known.told_at is not None and now - known.told_at < TOLD_AGAIN_US):
        return Step(state)
    return tell(state, known, now)


def report_of(state: LaneState, known: Known) -> Report:
    """Return the report of an order whose outcome is known."""
    setting = state.setting
    return Report(
        ControllerReport(
            controller=setting.controller,
            port=setting.port,
            lane=setting.lane,
            order_id=known.order_id,
            outcome=known.outcome or ActuationOutcome.UNCERTAIN,
            rule=known.rule,
            at=known.at,
            uncertainty_us=known.uncertainty_us,
        )
    )


def forget(state: LaneState, now: int) -> LaneState:
    """Return the lane without orders that are long over; their issuer's horizon keeps used ones from coming back."""
    if state.clock is None:
        return state
    time = state.clock.platform_time(now) - state.clock.uncertainty_us(now)
    horizons = dict(state.horizons)
    known: dict[str, Known] = {}
    for order_id, order in state.known.items():
        kept_us = KEPT_US if order.durable else REFUSED_KEPT_US
        if order.stage is not Stage.DONE or order.expires_at + kept_us >= time:
            known[order_id] = order
        elif order.durable:
            horizons[order.issuer] = max(order.expires_at, horizons.get(order.issuer, 0))
    if len(known) == len(state.known):
        return state
    untold = tuple(order_id for order_id in state.untold if order_id in known)
    return replace(state, known=known, horizons=horizons, untold=untold)


def know(state: LaneState, known: Known) -> LaneState:
    """Return the lane with this order remembered."""
    untold = state.untold
    if known.stage is Stage.DONE and not known.told:
        untold = untold if known.order_id in untold else (*untold, known.order_id)
    elif known.order_id in untold:
        untold = tuple(order_id for order_id in untold if order_id != known.order_id)
    return replace(state, known={**state.known, known.order_id: known}, untold=untold)


def reject(state: LaneState, rule: str) -> Step:
    """Return the lane with one more message counted that never proved to be the platform's."""
    return Step(replace(state, rejected={**state.rejected, rule: state.rejected.get(rule, 0) + 1}))


def refuse_unwritten(state: LaneState, known: Known, rule: str, now: int) -> Step:
    """Refuse an order that was never intended: nothing is written, and the refusal stands for its lifetime."""
    known = replace(stamped(state, known, ActuationOutcome.REFUSED, rule, now), stage=Stage.DONE, durable=False)
    if sum(not other.durable for other in state.known.values()) < MOST_REFUSED:
        return tell(state, known, now)
    return Step(state, (report_of(state, known),))
