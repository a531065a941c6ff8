"""How an examination goes on: each function returns it as it stands afterwards, or says why that may not be.

``ordered → planned → called → at_bay → steps → results → closed``; who does not come, or moves on to another bay, is
ordered again; whoever has a hold on the vehicle may abandon, which ends no hold. What was found is for the agency whose
hold it is to judge: no result of one agency ends another's (I12).
"""

from collections.abc import Sequence

from msgspec.structs import replace

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination.examination import (
    OPEN,
    PRESENT,
    WAITING,
    Appointment,
    Ask,
    Examination,
    ExaminationState,
    Step,
    Vehicle,
)
from kouan.inspection.examination.merging import merged
from kouan.inspection.examination.rules import ExaminationRules
from kouan.inspection.records import ControlOrderRecord
from kouan.inspection.steps import MAKING, StepKind
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.verdict import Refused, refuse

Moved = Examination | Refused

MINUTE = 60 * SECOND


def ask_of(order: ControlOrderRecord, rules: ExaminationRules) -> Ask | None:
    """Return what a control order asks for; None for a watch, which asks that somebody looks out, not in.

    The steps are those that the order names, as a release regime's does; else those of its kind.
    """
    agency, kind = Agency(order.authority), ControlKind(order.kind)
    if kind is ControlKind.WATCH:
        return None
    named = tuple(StepKind(step) for step in order.steps.split()) if order.steps else ()
    asked = named or rules.asked_by(agency, kind)
    return Ask(order.number, agency, kind, asked, order.reason, order.placed_by, order.placed_at)


def order(number: str, vehicle: Vehicle, asks: Sequence[Ask], rules: ExaminationRules, now: Instant) -> Moved:
    """Begin an examination of a vehicle."""
    if not asks:
        return refuse("examination.nothing_asked", field="asks", mend="must have a control order that asks for steps")
    times = rules.times
    promise_min = times.promise_green_min if vehicle.perishable else times.promise_min
    begun = Examination(
        number=number,
        version=1,
        state=ExaminationState.ORDERED,
        vehicle=vehicle,
        asks=tuple(asks),
        steps=(),
        rules=rules.version,
        ordered_at=now,
        ready_at=now,
        promised_at=now + promise_min * MINUTE,
        changed_at=now,
    )
    return merged(begun, rules)


def ask_more(standing: Examination, ask: Ask, rules: ExaminationRules, now: Instant) -> Moved:
    """Take in another control order, at whatever stage: also one for which a step under way gave the reason."""
    if standing.state not in OPEN:
        return _not_open(standing)
    if standing.ask(ask.number) is not None:
        return refuse("examination.asked_already", field="order", mend="must be another control order")
    moved = merged(changed(standing, now, asks=(*standing.asks, ask)), rules)
    return settled(_replanned(moved), rules)


def withdraw(standing: Examination, number: str, rules: ExaminationRules, now: Instant) -> Moved:
    """Let go of an ask whose control order was lifted or ended; what only it asked for falls away, if not begun."""
    if standing.state not in OPEN:
        return _not_open(standing)
    if standing.ask(number) is None:
        return refuse("examination.not_asked", field="order", mend="must be a control order of this examination")
    left = tuple(ask for ask in standing.asks if ask.number != number)
    moved = merged(changed(standing, now, asks=left), rules)
    return settled(_replanned(moved), rules)


def plan(standing: Examination, appointment: Appointment, now: Instant) -> Moved:
    """Give it a bay and a time, or others; nobody who was called is planned anew."""
    if standing.state not in WAITING:
        return refuse("examination.called_already", field="state", mend="must not have been called")
    if standing.appointment == appointment:
        return standing
    return changed(standing, now, state=ExaminationState.PLANNED, appointment=appointment)


def call(standing: Examination, now: Instant) -> Moved:
    """Call the driver to his bay."""
    if standing.state is not ExaminationState.PLANNED or standing.appointment is None:
        return refuse("examination.not_planned", field="state", mend="must have an appointment")
    return changed(standing, now, state=ExaminationState.CALLED, called_at=now)


def arrive(standing: Examination, bay: str, now: Instant) -> Moved:
    """Note that the vehicle stands at its bay."""
    if standing.state is not ExaminationState.CALLED or standing.appointment is None:
        return refuse("examination.not_called", field="state", mend="must have been called")
    if bay != standing.appointment.bay:
        return refuse("examination.another_bay", field="bay", mend=f"must come to bay {standing.appointment.bay}")
    return changed(standing, now, state=ExaminationState.AT_BAY, arrived_at=now)


def miss(standing: Examination, rules: ExaminationRules, now: Instant) -> Moved:
    """Note that who was called did not come in time: the bay is another's, and he waits again from now on."""
    if standing.state is not ExaminationState.CALLED or standing.called_at is None or standing.appointment is None:
        return refuse("examination.not_called", field="state", mend="must have been called")
    if now < missing_from(standing, rules):
        return refuse("examination.still_time", field="state", mend="must have had his time to come")
    return changed(
        standing, now, state=ExaminationState.ORDERED, appointment=None, called_at=None, ready_at=now,
        no_shows=standing.no_shows + 1,
    )  # fmt: skip


def missing_from(standing: Examination, rules: ExaminationRules) -> Instant:
    """Return when a vehicle that was called counts as one that does not come."""
    called, appointment = standing.called_at or 0, standing.appointment
    begins = called if appointment is None else max(called, appointment.starts_at)
    return begins + rules.times.no_show_min * MINUTE


def abandon(standing: Examination, agency: Agency, now: Instant) -> Moved:
    """End an examination without result; every hold stays, and the next order begins another one."""
    if standing.state not in OPEN:
        return _not_open(standing)
    if agency not in [ask.agency for ask in standing.asks]:
        return refuse("examination.not_yours", field="agency", mend="must have asked for something")
    if standing.seals_open:
        return refuse("examination.seal_open", field="seals", mend="must put a seal on first")
    return changed(standing, now, state=ExaminationState.ABANDONED, closed_at=now, outcome="abandoned")


def close(  # noqa: PLR0911 - one a rule
    standing: Examination, holds: Sequence[ControlOrderRecord], now: Instant
) -> Moved:
    """Let the vehicle leave: nothing asked is unanswered, nothing open, and no control order in force on it.

    ``holds`` are the control orders that are in force on the vehicle now, whoever placed them.
    """
    if standing.state is not ExaminationState.RESULTS and standing.asks:
        return refuse("examination.unfinished", field="state", mend="must have the results of every agency")
    if standing.state not in OPEN:
        return _not_open(standing)
    unanswered = [ask.agency.value for ask in standing.asks if not standing.released(ask.number)]
    if unanswered:
        mend = f"must have the release of {' '.join(dict.fromkeys(unanswered))}"
        return refuse("examination.unanswered", field="answers", mend=mend)
    open_ = undone(standing)
    if open_:
        return refuse("examination.steps_left", field="steps", mend=f"must do {' '.join(open_)} first")
    if standing.seals_open:
        return refuse("examination.seal_open", field="seals", mend="must put a seal on first")
    kept = [hold for hold in holds if hold.kind != ControlKind.WATCH]
    if kept:
        numbers = " ".join(f"{hold.authority}:{hold.number}" for hold in kept)
        return refuse("examination.held", field="holds", mend=f"is held by {numbers}")
    return changed(standing, now, state=ExaminationState.CLOSED, closed_at=now, outcome="may_leave")


def out_of_step(
    standing: Examination, holds: Sequence[ControlOrderRecord], rules: ExaminationRules, now: Instant
) -> bool:
    """Say whether the control orders in force on a vehicle ask for something else than its sheet, or let it leave.

    So it is where one is not asked for yet, where one that was released is in force still, and where one is not in
    force any more that was not released.
    """
    in_force = {hold.number for hold in holds}
    asking = {ask.number for hold in holds if (ask := ask_of(hold, rules)) is not None}
    if not asking <= {ask.number for ask in standing.asks}:
        return True
    if any((ask.number in in_force) == standing.released(ask.number) for ask in standing.asks):
        return True
    return not isinstance(close(standing, holds, now), Refused)


def undone(standing: Examination) -> tuple[StepKind, ...]:
    """Return the steps that must be done before the vehicle leaves: what is asked still, and what makes it whole."""
    return tuple(step.kind for step in ahead(standing))


def ahead(standing: Examination) -> tuple[Step, ...]:
    """Return the steps themselves, in the order of the sheet."""
    return tuple(
        step
        for step in standing.steps
        if not step.done and (step.kind in MAKING or any(not standing.released(number) for number in step.asks))
    )


def changed(standing: Examination, now: Instant, **changes: object) -> Examination:
    """Return the examination with these changes, one version on."""
    return replace(standing, **{"version": standing.version + 1, "changed_at": now, **changes})


def settled(standing: Examination, rules: ExaminationRules) -> Examination:
    """Return an examination in the state that its steps and answers say: at its bay, done, or on its way to the next.

    It moves on once nothing is left of what its appointment is for, and never with its seals open.
    """
    left, begun = ahead(standing), any(step.reports for step in standing.steps)
    if not left and (begun or standing.state in PRESENT):
        return replace(standing, state=ExaminationState.RESULTS)
    if standing.state not in PRESENT:
        return standing
    if _stays(standing, left):
        return replace(standing, state=ExaminationState.STEPS if begun else ExaminationState.AT_BAY)
    ready_at = standing.changed_at + (rules.times.move_min or 0) * MINUTE
    return replace(standing, state=ExaminationState.ORDERED, appointment=None, called_at=None, ready_at=ready_at)


def _stays(standing: Examination, left: Sequence[Step]) -> bool:
    appointment = standing.appointment
    if appointment is None:
        return False
    here = appointment.steps
    return not here or standing.seals_open or any(step.number in here for step in left)


def _replanned(standing: Examination) -> Examination:
    """Return an examination whose steps changed before it was called as one that has no appointment yet."""
    if standing.state is not ExaminationState.PLANNED:
        return standing
    return replace(standing, state=ExaminationState.ORDERED, appointment=None)


def _not_open(standing: Examination) -> Refused:
    return refuse("examination.ended", field="state", mend=f"is {standing.state}")
