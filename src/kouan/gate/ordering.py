"""What becomes of an order: reports, the barrier's movements, the vehicle's leaving, and silence."""

from msgspec.structs import replace

from kouan.gate.commands import Command, SendOrder, StopLane
from kouan.gate.events import OrderIssued
from kouan.gate.facts import TRACK_CHANGED, BarrierMoved, ControllerReported, IdentityBroken, OrderSigned, VehicleLeft
from kouan.gate.moves import IGNORED, Move, alarm, close_abandoned, close_left, settle, show_way
from kouan.gate.policy import LanePolicy
from kouan.gate.states import Dossier, Final, InReview, Open, Opened, Ordered, PassageState
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason

MAX_REISSUES = 1
"""Orders after the first on which nobody decided anew. Our choice: a message may be lost once, twice is a fault."""


def sign_order(state: Ordered, fact: OrderSigned, now: Instant) -> Move | str:
    """Take in the signature of the order that was asked for, and send it; or say why not."""
    if fact.order_id != state.order.order_id:
        return "another_order"
    if state.order.jws:
        return "duplicate"
    order = replace(state.order, nonce=fact.nonce, jws=fact.jws)
    send = SendOrder(order.order_id, state.dossier.lane, order.jws, order.expires_at)
    return Move(replace(state, order=order), (OrderIssued(now, fact, order),), (send,))


def report_order(state: Ordered, fact: ControllerReported, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in the lane controller's word on an order; or say why not."""
    if fact.order_id != state.order.order_id:
        return "another_order"
    if fact.outcome == "actuated":
        return _opened(state, fact.at, now, policy)
    if fact.outcome == "refused" and state.moved_at is None and state.left is None:
        return _not_actuated(state, fact.rule or "unknown", now, policy)
    return _trouble(state, "order.uncertain", now, policy)


def doubt_opening(state: Opened, fact: ControllerReported, now: Instant, policy: LanePolicy) -> Move | str:
    """Call a person where the lane controller takes back that the arm moved; or say why not."""
    if fact.order_id != state.order.order_id or fact.outcome != "uncertain":
        return "not_ordered"
    return _trouble(state, "order.never_moved", now, policy)


def _opened(state: Ordered, actuated_at: Instant, now: Instant, policy: LanePolicy) -> Move:
    late: tuple[Command, ...] = ()
    if state.void is not None:
        late = (alarm(state.dossier, 1, "order.opened_though_void", cause=state.void),)
    if state.left is not None:
        return close_left(state, actuated_at, now).after(*late)
    opened = Opened(state.dossier, state.decision, state.order, actuated_at, now + policy.leave_wait_us)
    return Move(opened, (), (*late, show_way(state)))


def _not_actuated(state: Ordered, rule: str, now: Instant, policy: LanePolicy) -> Move:
    """Go on after an order that certainly opened nothing: once again if a hold came between, else to a person."""
    dossier = state.dossier
    if dossier.broken is not None:
        return close_abandoned(dossier, now, dossier.broken, state.decision)
    if state.void is not None or dossier.epoch > state.order.epoch:
        return settle(dossier, now, policy)
    return _trouble(state, "order.refused", now, policy, rule=rule)


def _trouble(state: Ordered | Opened, code: str, now: Instant, policy: LanePolicy, **params: str | int) -> Move:
    trouble = Reason(code, {"order": state.order.order_id, **params})
    call = alarm(state.dossier, 2, code, order=state.order.order_id, **params)
    if state.dossier.broken is not None:
        return close_abandoned(state.dossier, now, state.dossier.broken, state.decision).after(call)
    return settle(replace(state.dossier, trouble=trouble), now, policy).after(call)


def order_silent(state: Ordered, now: Instant, policy: LanePolicy) -> Move:
    """Go on when an order expired and its report did not come: reissue once if certainly nothing was seen to move."""
    dossier = state.dossier
    if state.left is not None:
        return close_left(state, state.moved_at or state.left.at, now)
    if state.moved_at is not None:
        return _opened(state, state.moved_at, now, policy).after(alarm(dossier, 3, "order.unreported"))
    if dossier.broken is not None:
        return close_abandoned(dossier, now, dossier.broken, state.decision)
    if state.void is None and dossier.reissues >= MAX_REISSUES:
        return _trouble(state, "order.unanswered", now, policy)
    return settle(replace(dossier, reissues=dossier.reissues + 1), now, policy)


def see_barrier(state: PassageState, fact: BarrierMoved) -> Move | str:
    """Note that the barrier was seen to open for the order that is out; else it is the lane's affair."""
    if not is_opening(fact):
        return IGNORED
    order = getattr(state, "order", None)
    if order is None or fact.order_id != order.order_id or fact.barrier != order.barrier:
        return "another_order"
    if not isinstance(state, Ordered):
        return IGNORED
    return Move(replace(state, moved_at=fact.at)) if state.moved_at is None else IGNORED


def is_opening(fact: BarrierMoved) -> bool:
    """Say whether a barrier is opening or open."""
    return fact.position in ("opening", "open")


def leave(state: PassageState, fact: VehicleLeft, now: Instant) -> Move | str:
    """Take in that vehicles passed the exit curtain: under the order, which ends the passage, or breaking through."""
    if isinstance(state, Final):
        return "closed"
    if fact.vehicles <= 0:
        return "nobody_left"
    if fact.track != state.dossier.track:
        return "another_track"
    if isinstance(state, Opened) and fact.order_id in (None, state.order.order_id):
        return close_left(state, state.actuated_at, now)
    if isinstance(state, Ordered) and fact.order_id == state.order.order_id:
        return Move(replace(state, left=fact)) if state.left is None else "duplicate"
    return _break_through(state.dossier, now)


def break_identity(state: PassageState, fact: IdentityBroken, now: Instant) -> Move | str:
    """Take in that it may be another vehicle: no order is given any more, and one that is out is void (I3)."""
    if isinstance(state, Final):
        return "closed"
    if fact.cause == TRACK_CHANGED:
        return _gone(state, now)
    if isinstance(state, Opened):
        return "leaving"
    dossier = replace(state.dossier, broken=state.dossier.broken or fact.cause)
    if isinstance(state, Ordered):
        return Move(replace(state, dossier=dossier, void=state.void or "identity"))
    return close_abandoned(dossier, now, fact.cause, state.decision if isinstance(state, InReview) else None)


def _gone(state: Open, now: Instant) -> Move:
    """End the passage of a vehicle in whose place another one stands now."""
    unseen = alarm(state.dossier, 3, "order.crossing_unseen")
    if isinstance(state, Opened):
        return close_left(state, state.actuated_at, now).after(unseen)
    if isinstance(state, Ordered) and state.left is not None:
        return close_left(state, state.moved_at or state.left.at, now)
    if isinstance(state, Ordered) and state.moved_at is not None:
        return close_left(state, state.moved_at, now).after(unseen)
    decision = state.decision if isinstance(state, InReview | Ordered) else None
    return close_abandoned(state.dossier, now, TRACK_CHANGED, decision)


def tailgating(dossier: Dossier, fact: VehicleLeft) -> tuple[Command, ...]:
    """Return what more than one vehicle in one opening calls for: an alarm, and the lane out of service (I5)."""
    if fact.vehicles <= 1:
        return ()
    return (
        alarm(dossier, 1, "order.tailgating", vehicles=fact.vehicles),
        StopLane(dossier.lane, Reason("order.tailgating", {"vehicles": fact.vehicles})),
    )


def _break_through(dossier: Dossier, now: Instant) -> Move:
    """End the passage of a vehicle that left without an order of its own."""
    stop = StopLane(dossier.lane, Reason("order.broke_through"))
    return close_abandoned(dossier, now, "broke_through", None).after(alarm(dossier, 1, "order.broke_through"), stop)
