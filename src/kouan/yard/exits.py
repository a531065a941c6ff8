"""Out by a signed order: the exit opens for the vehicle that was decided on, at this stop, at most once.

What a vehicle takes leaves the book with the order, in one commit, so that an order never outlives the release that it
rests on. Where the order surely opened nothing, the goods are in the book again and the vehicle may leave once more.
Where nobody knows whether it did, nothing is ordered again before a person has looked (I1).
"""

from msgspec.structs import replace

from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import Reason
from kouan.yard.events import (
    CallPerson,
    Event,
    ExitOrdered,
    ExitVoided,
    IssueExit,
    LetOut,
    OpenExit,
    VehicleLeft,
    VoidOrders,
)
from kouan.yard.facts import ExitCrossed, ExitOrder, ExitReported, HoldMended, Line, Mend, ReleaseWithdrawn, Signed
from kouan.yard.move import Move, held
from kouan.yard.settings import YardSettings
from kouan.yard.states import Leaving, Left, Open, Ready, Stay

ORDER_LIFE_US = seconds(5)
"""How long an exit's order lives. The longest that a lane controller takes (I2)."""

REPORT_WAIT_US = seconds(10)
"""How long its report is awaited once it expired. Our choice: the yard looks every 15 s, and a report of something that
moved comes within seconds."""

LEAVE_WAIT_US = seconds(120)
"""How long a vehicle may take to drive out under an open barrier. Our choice, as at the gate."""


_OF = "/exit-"
"""Between a visit's name, which holds no slash, and the version at which it was let out: so that no two orders of a
visit have one name."""


def visit_of(order_id: str) -> str | None:
    """Return the visit that an order's name names, None for any other name."""
    visit, of, _ = order_id.rpartition(_OF)
    return visit if of else None


def let_out(stay: Stay, net_kg: int, now: Instant, line: Line | None, signed: Signed | None) -> Move:
    """Let a vehicle out: order its exit to open, or leave that to a person where the site has no exit lane.

    Without a signature the order is asked for; with one it is sent.
    """
    if line is None:
        gone = VehicleLeft(now, stay.visit, stay.plate, net_kg)
        return Move(Left(stay, now, net_kg), (gone,), commands=(LetOut(stay.visit, stay.plate),))
    order = ExitOrder(f"{stay.visit}{_OF}{stay.version}", line, now, now + ORDER_LIFE_US)
    if signed is not None:
        order = replace(order, nonce=signed.nonce, jws=signed.jws)
    state = Leaving(stay, order.expires_at + REPORT_WAIT_US, net_kg, order)
    command = IssueExit(stay.visit, stay.plate, order) if signed is None else OpenExit(order)
    return Move(state, (ExitOrdered(now, stay.visit, stay.plate, net_kg, order),), commands=(command,))


def may_be_sent(state: Leaving, now: Instant) -> bool:
    """Say whether a vehicle's order may still go out: in force, unanswered, and its goods were not held since.

    Sent twice it opens nothing twice: it is one order, with one nonce.
    """
    withdrawn = state.stay.withdrawn is not None and state.stay.turned is None
    return now < state.order.expires_at and state.actuated_at is None and state.doubt is None and not withdrawn


def show_again(state: Leaving, now: Instant) -> Move | str:
    """Send the same order once more to whoever shows himself again while it is in force; else it is no news."""
    return Move(state, commands=(OpenExit(state.order),)) if may_be_sent(state, now) else "exiting"


def report(state: Open, fact: ExitReported, now: Instant, settings: YardSettings) -> Move | str:
    """Take in the lane controller's word on an order; or say why not."""
    if not isinstance(state, Leaving) or fact.order_id != state.order.order_id:
        return "another_order"
    if fact.outcome == "actuated":
        if state.actuated_at is not None:
            return "known"
        return Move(replace(state, actuated_at=fact.at, due_at=now + LEAVE_WAIT_US, doubt=None))
    if fact.outcome == "refused" and state.actuated_at is None:
        return _void(state, now, fact.rule or "unknown")
    return _doubted(state, "yard.exit_uncertain", now, settings)


def crossed(state: Open, fact: ExitCrossed, now: Instant) -> Move | str:
    """Take in that vehicles passed the exit: this one under its order, or somebody who broke through."""
    if fact.vehicles <= 0:
        return "nobody_left"
    order = state.order if isinstance(state, Leaving) else None
    mine = order is not None and (order.line.exit, order.line.track) == (fact.exit, fact.track)
    if not isinstance(state, Leaving) or order is None or not mine or fact.order_id not in (None, order.order_id):
        return "not_let_out"
    calls = () if fact.vehicles == 1 else (_call(state, 1, "yard.exit_tailgating", vehicles=fact.vehicles),)
    return replace(_gone(state, now), calls=calls)


def silent(state: Leaving, now: Instant, settings: YardSettings) -> Move | str:
    """Go on where an order was not reported on, or a vehicle was not seen to drive out: a person looks."""
    return _doubted(state, "yard.exit_unanswered" if state.actuated_at is None else "yard.exit_unseen", now, settings)


def look_out(state: Leaving, fact: HoldMended, now: Instant) -> Move | str:
    """Take in what a person saw of a vehicle of which nobody knew whether it is out."""
    if state.doubt is None:
        return "not_in_doubt"
    if fact.mend is Mend.SEEN_GONE:
        return _gone(state, now)
    return _void(state, now, fact.mend.value) if fact.mend is Mend.STILL_HERE else "exiting"


def hold_order(state: Leaving, fact: ReleaseWithdrawn) -> Move:
    """Hold the goods of a vehicle whose exit is ordered: the order is void from now on, if it was not carried out."""
    stay = replace(state.stay, withdrawn=fact.reason)
    call = CallPerson(stay.visit, 1, fact.reason)
    return Move(replace(state, stay=stay), calls=(call,), commands=(VoidOrders(state.order.line.exit),))


def _gone(state: Leaving, now: Instant) -> Move:
    stay, net_kg = state.stay, state.net_kg
    gone = VehicleLeft(now, stay.visit, stay.plate, net_kg, state.order.order_id)
    return Move(Left(stay, now, net_kg), (gone,))


def _void(state: Leaving, now: Instant, cause: str) -> Move:
    """Take a vehicle back whose order opened nothing: it may leave again, unless its goods were held meanwhile."""
    stay, net_kg = state.stay, state.net_kg
    voided: Event = ExitVoided(now, stay.visit, state.order.order_id, net_kg, cause)
    if stay.withdrawn is not None and stay.turned is None:
        return replace(held(stay, stay.withdrawn), events=(voided,), priority=1)
    seen = cause == Mend.STILL_HERE.value
    calls = () if seen else (_call(state, 3, "yard.exit_refused", exit=state.order.line.exit, rule=cause),)
    return Move(Ready(stay, None, net_kg), (voided,), calls)


def _doubted(state: Leaving, code: str, now: Instant, settings: YardSettings) -> Move | str:
    if state.doubt is not None:
        return "known"
    reason = Reason(code, {"plate": state.stay.plate, "exit": state.order.line.exit})
    doubted = replace(state, doubt=reason, due_at=now + settings.limits.span_us("exiting"))
    return Move(doubted, calls=(CallPerson(state.stay.visit, 2, reason),))


def _call(state: Leaving, priority: int, code: str, **params: str | int) -> CallPerson:
    return CallPerson(state.stay.visit, priority, Reason(code, {"plate": state.stay.plate, **params}))
