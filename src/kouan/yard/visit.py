"""A yard visit: one vehicle from its arrival to its exit; a pure state machine.

``open_visit`` begins one; ``step`` takes any fact in any state and never raises. What comes late, twice or from another
vehicle is recorded with why it was not used, and moves nothing. Silence calls people, and never lets a vehicle go.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.vocabulary.clock import Instant
from kouan.yard.events import CallPerson, Command, Event, FactTaken, PersonCalled, VehicleHeld, VisitOpened
from kouan.yard.exits import crossed, report, silent
from kouan.yard.facts import (
    Arrived,
    DeadlinePassed,
    ExceptionSigned,
    ExitCrossed,
    ExitReported,
    Fact,
    HandlingBegan,
    HoldMended,
    ReleaseWithdrawn,
    SampleTaken,
    SeenLeaving,
    Tallied,
    TicketTaken,
)
from kouan.yard.move import Move
from kouan.yard.moves import (
    begin_handling,
    excuse,
    hold_goods,
    leave,
    mend,
    sample,
    tally,
    weigh,
)
from kouan.yard.patience import green_call_at, look_again, remind
from kouan.yard.settings import YardSettings
from kouan.yard.states import Came, Green, Held, Leaving, Left, Open, Stay, VisitState, state_name


class Step(msgspec.Struct, frozen=True):
    """What a fact leads to: the next state, what is recorded, what is to be done, and when to look again."""

    state: VisitState
    events: tuple[Event, ...] = ()
    commands: tuple[Command, ...] = ()
    next_deadline: Instant | None = None


def open_visit(arrived: Arrived, settings: YardSettings) -> Step:
    """Begin the visit of a vehicle that arrived."""
    until = arrived.green_until
    stay = Stay(
        visit=arrived.visit,
        site=arrived.site,
        plate=arrived.plate,
        carrier=arrived.carrier,
        purpose=arrived.purpose,
        lot=arrived.lot,
        hs_code=arrived.hs_code,
        opened_at=arrived.at,
        aboard=arrived.aboard,
        passage=arrived.passage,
        gate=arrived.gate,
        loaded=arrived.loaded,
        terms=arrived.terms,
        green=None if until is None else Green(arrived.at, until),
    )
    state = Came(stay, arrived.at + settings.limits.span_us("arrived"))
    return Step(state, (VisitOpened(arrived.at, arrived),), (), deadline_of(state))


def step(state: VisitState, fact: Fact, now: Instant, settings: YardSettings) -> Step:
    """Return what ``fact`` leads to in ``state``; total, deterministic, and the same for the same arguments.

    A deadline that has not passed, or that of a visit that is over, is not recorded.
    """
    if isinstance(state, Left):
        taken: Move | str = "over"
    else:
        taken = _TAKE[type(fact)](state, fact, now, settings)
    if isinstance(fact, DeadlinePassed) and isinstance(taken, str):
        return Step(state, next_deadline=deadline_of(state))
    if isinstance(taken, str):
        return _finish(state, Move(state, calls=_alarm(state, fact, taken)), fact, now, settings, taken)
    return _finish(state, taken, fact, now, settings, None)


_TAKE: Mapping[type, Callable[[Open, Any, Instant, YardSettings], Move | str]] = {
    TicketTaken: weigh,
    HandlingBegan: lambda state, fact, _, __: begin_handling(state, fact),
    Tallied: lambda state, fact, _, __: tally(state, fact),
    SampleTaken: lambda state, fact, _, __: sample(state, fact),
    SeenLeaving: lambda state, fact, now, _: leave(state, fact, now),
    ExceptionSigned: lambda state, fact, now, _: excuse(state, fact, now),
    ExitReported: report,
    ExitCrossed: lambda state, fact, now, _: crossed(state, fact, now),
    HoldMended: lambda state, fact, now, _: mend(state, fact, now),
    ReleaseWithdrawn: lambda state, fact, _, __: hold_goods(state, fact),
    DeadlinePassed: lambda state, _, now, settings: _wait_no_longer(state, now, settings),
}
"""What each kind of fact does to a visit that is not over."""


def _wait_no_longer(state: Open, now: Instant, settings: YardSettings) -> Move | str:
    """Call people to who waits too long; who was ordered out and not heard of since is looked for."""
    if isinstance(state, Leaving) and state.doubt is None and state.due_at is not None and now >= state.due_at:
        return silent(state, now, settings)
    looked = look_again(state, now, settings)
    return looked if isinstance(looked, str) else Move(looked[0], calls=looked[1])


def _alarm(state: VisitState, fact: Fact, cause: str) -> tuple[CallPerson, ...]:
    """Return whom to call where a fact that may not be used means that something is wrong."""
    found = remind(fact, cause)
    return () if found is None else (CallPerson(state.stay.visit, found[0], found[1]),)


def _finish(
    before: VisitState, move: Move, fact: Fact, now: Instant, settings: YardSettings, unused: str | None
) -> Step:
    """Return the step: the fact stands first; a state that was entered gets its time, and nobody called yet."""
    after, stay = move.state, move.state.stay
    entered = state_name(after) != state_name(before)
    stay = replace(stay, version=before.stay.version + 1, calls=0 if entered else stay.calls)
    after = replace(after, stay=stay)
    if entered and not isinstance(after, Left | Leaving):
        after = replace(after, due_at=now + settings.limits.span_us(state_name(after)))
    events: list[Event] = [FactTaken(now, fact, unused), *move.events]
    calls = list(move.calls)
    if isinstance(after, Held) and not isinstance(before, Held):
        events.append(VehicleHeld(now, stay.visit, after.reasons))
        calls.append(CallPerson(stay.visit, move.priority, after.reasons[0]))
    events.extend(PersonCalled(now, call.visit, call.priority, call.reason) for call in calls)
    return Step(after, tuple(events), (*calls, *move.commands), deadline_of(after))


def deadline_of(state: VisitState) -> Instant | None:
    """Return when a visit is to be looked at again if nothing happens."""
    if isinstance(state, Left):
        return None
    green = state.stay.green
    times = [state.due_at, None if green is None else green_call_at(green)]
    return min((at for at in times if at is not None), default=None)


def fold(events: Sequence[VisitOpened | FactTaken], settings: YardSettings) -> VisitState | None:
    """Return the state that recorded events lead to, None where there are none."""
    state: VisitState | None = None
    for event in events:
        if isinstance(event, VisitOpened):
            state = open_visit(event.arrived, settings).state
        elif state is not None:
            state = step(state, event.fact, event.at, settings).state
    return state
