"""When people are called because nothing happens, or because what happened must not have."""

from msgspec.structs import replace

from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import Reason
from kouan.yard.events import CallPerson
from kouan.yard.facts import ExitCrossed, Fact, SeenLeaving, TicketTaken
from kouan.yard.settings import YardSettings
from kouan.yard.states import Green, Open, Stay, state_name

PRIORITIES = (3, 2, 1)
"""Priority of the first, second and third call about one state; after that everybody knows. Our choice."""

GREEN_AFTER_US = seconds(1800)
"""How long after the deadline of perishable goods the last call comes. Our choice."""


def green_call_at(green: Green) -> Instant | None:
    """Return when people are called next: at half the time, at the deadline, half an hour after; then not again."""
    times = (green.since + (green.until - green.since) // 2, green.until, green.until + GREEN_AFTER_US)
    return times[green.calls] if green.calls < len(times) else None


def look_again(state: Open, now: Instant, settings: YardSettings) -> tuple[Open, tuple[CallPerson, ...]] | str:
    """Return the state after its deadline, and who is called; "early" where none has passed."""
    stay, calls = state.stay, list[CallPerson]()
    due_at = state.due_at
    if due_at is not None and now >= due_at:
        name = state_name(state)
        span_us = settings.limits.span_us(name)
        minutes = (now - due_at + span_us * (stay.calls + 1)) // seconds(60)
        reason = Reason(f"yard.overdue_{name}", {"plate": stay.plate, "minutes": minutes})
        calls.append(CallPerson(stay.visit, PRIORITIES[stay.calls], reason))
        stay = replace(stay, calls=stay.calls + 1)
        due_at = now + span_us if stay.calls < len(PRIORITIES) else None
    stay, green = _green(stay, now)
    calls.extend(green)
    if not calls:
        return "early"
    return replace(state, stay=stay, due_at=due_at), tuple(calls)


def _green(stay: Stay, now: Instant) -> tuple[Stay, tuple[CallPerson, ...]]:
    green = stay.green
    at = None if green is None else green_call_at(green)
    if green is None or at is None or now < at:
        return stay, ()
    left = (green.until - now) // seconds(60)
    reason = Reason("yard.perishable", {"plate": stay.plate, "minutes_left": left})
    call = CallPerson(stay.visit, PRIORITIES[green.calls], reason)
    return replace(stay, green=replace(green, calls=green.calls + 1)), (call,)


def remind(fact: Fact, cause: str) -> tuple[int, Reason] | None:
    """Return priority and reason of a call about a fact that could not be used, None where it means nothing bad."""
    match fact:
        case SeenLeaving() if cause not in ("over", "exiting"):
            return 1, Reason("yard.leaves_without_leave", {"cause": cause})
        case ExitCrossed(exit=exit_) if cause == "not_let_out":
            return 1, Reason("yard.broke_through", {"exit": exit_})
        case TicketTaken(ticket=ticket) if cause == "unweighed":
            return 3, Reason("yard.unweighed", {"ticket": ticket.number, "cause": ticket.cause or ""})
        case _:
            return None
