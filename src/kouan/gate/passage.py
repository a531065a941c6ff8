"""A passage (一站式通关): one vehicle, one stop, from the stop loop to the exit curtain; a pure state machine.

``open_passage`` begins one from ``VehicleArrived``; ``step`` takes any fact in any state and never raises. What comes
late, twice or against what is known is recorded with the reason why it was not used, and opens nothing.

How a driver uses it: ``step`` the state with a fact; on ``IssueOrder`` sign the order and step again with
``OrderSigned``, so that both are one unit; append the drafts of all events, guarded by the state's version; then run
the other commands, and come back with ``DeadlinePassed`` at ``next_deadline``.
"""

import msgspec
from msgspec.structs import replace

from kouan.gate.commands import Command, Show
from kouan.gate.dossier import PLATFORM
from kouan.gate.events import Event, FactRecorded, OrderIssued, PassageOpened
from kouan.gate.evidence import Failed
from kouan.gate.facts import (
    BarrierMoved,
    ControllerReported,
    DeadlinePassed,
    EvidenceFound,
    Fact,
    HoldLifted,
    HoldPlaced,
    IdentityBroken,
    LaneFault,
    OrderSigned,
    ReviewConfirmed,
    ReviewDecided,
    VehicleArrived,
    VehicleLeft,
    VerdictReceived,
)
from kouan.gate.intake import (
    alarms_for,
    lift_hold,
    note_fault,
    pass_deadline,
    place_hold,
    take_evidence_fact,
    take_verdict_fact,
)
from kouan.gate.moves import IGNORED, Move, settle
from kouan.gate.ordering import break_identity, doubt_opening, leave, report_order, see_barrier, sign_order
from kouan.gate.papers_search import ask_for_papers
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Procedure
from kouan.gate.review import confirm_review, decide_review
from kouan.gate.states import (
    AwaitingVerdicts,
    Collecting,
    Dossier,
    InReview,
    Opened,
    Ordered,
    PassageState,
    ProcedureRecord,
)
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason


class Step(msgspec.Struct, frozen=True):
    """What a fact leads to: the next state, what is recorded, what is to be done, and when to look again."""

    state: PassageState
    events: tuple[Event, ...] = ()
    commands: tuple[Command, ...] = ()
    next_deadline: Instant | None = None


def open_passage(arrived: VehicleArrived, now: Instant, policy: LanePolicy) -> Step:
    """Begin a passage for a vehicle at the stop line; devices out of service fail their procedures at once."""
    records = tuple(
        _begin(requirement.procedure, requirement.deadline_us, arrived, now)
        for procedure in Procedure
        if (requirement := policy.requirement(procedure)) is not None
        and procedure != Procedure.DECISION
        and (not requirement.directions or arrived.direction in requirement.directions)
    )
    dossier = Dossier(
        passage=arrived.passage,
        port=arrived.port,
        lane=arrived.lane,
        direction=arrived.direction,
        track=arrived.track,
        opened_at=now,
        epoch=arrived.epoch,
        policy=policy.digest,
        procedures=records,
        lacking=arrived.lacking,
        holds=arrived.holds,
    )
    dossier, asked = ask_for_papers(dossier, now)
    show = Show(arrived.lane, "red", (Reason("display.stop"),))
    move = settle(dossier, now, policy).after(show, *asked)
    return _finish(move, (PassageOpened(now, arrived, dossier.policy),))


def _begin(procedure: Procedure, span_us: int, arrived: VehicleArrived, now: Instant) -> ProcedureRecord:
    record = ProcedureRecord(procedure, now, now + span_us)
    if procedure not in arrived.lacking:
        return record
    failed = Failed(source=PLATFORM, at=now, procedure=procedure, cause="out_of_service")
    return replace(record, evidence=failed, finished_at=now)


def step(state: PassageState, fact: Fact, now: Instant, policy: LanePolicy) -> Step:
    """Return what ``fact`` leads to in ``state``; total, deterministic, and the same for the same arguments."""
    taken = _take(state, fact, now, policy)
    if taken == IGNORED:
        return Step(state, next_deadline=deadline_of(state))
    alarms = alarms_for(state, fact)
    if isinstance(taken, str):
        return _finish(Move(state, (), alarms), (FactRecorded(now, fact, used=False, cause=taken),))
    taken = taken.after(*alarms)
    if any(isinstance(event, OrderIssued) for event in taken.events):
        return _finish(taken, ())
    return _finish(taken, (FactRecorded(now, fact, taken.unused is None, taken.unused),))


def _finish(move: Move, first: tuple[Event, ...]) -> Step:
    """Return the step: the fact stands first, and the version rises with everything that is recorded."""
    dossier = move.state.dossier
    state = replace(move.state, dossier=replace(dossier, version=dossier.version + 1))
    return Step(state, (*first, *move.events), move.commands, deadline_of(state))


def deadline_of(state: PassageState) -> Instant | None:
    """Return when a state is to be looked at again if nothing happens."""
    match state:
        case Collecting(dossier):
            return min((record.deadline_at for record in dossier.procedures if not record.ended), default=None)
        case AwaitingVerdicts(_, deadline_at):
            return deadline_at
        case InReview():
            return state.divert_at
        case Ordered():
            return state.report_by
        case Opened():
            return state.leave_by
        case _:
            return None


def _take(state: PassageState, fact: Fact, now: Instant, policy: LanePolicy) -> Move | str:  # noqa: PLR0911 - one a kind
    """Return where a fact leads, or the cause why it is not used."""
    match fact:
        case VehicleArrived():
            return "duplicate" if fact.passage == state.dossier.passage else "another_vehicle"
        case EvidenceFound():
            return take_evidence_fact(state, fact, now, policy)
        case VerdictReceived():
            return take_verdict_fact(state, fact, now, policy)
        case HoldPlaced():
            return place_hold(state, fact, now, policy)
        case HoldLifted():
            return lift_hold(state, fact)
        case ReviewDecided():
            return decide_review(state, fact, now, policy) if isinstance(state, InReview) else "not_in_review"
        case ReviewConfirmed():
            return confirm_review(state, fact, now, policy) if isinstance(state, InReview) else "not_in_review"
        case LaneFault():
            return note_fault(state, fact)
        case DeadlinePassed():
            return pass_deadline(state, now, policy)
        case _:
            return _take_movement(state, fact, now, policy)


Movement = OrderSigned | ControllerReported | BarrierMoved | VehicleLeft | IdentityBroken


def _take_movement(state: PassageState, fact: Movement, now: Instant, policy: LanePolicy) -> Move | str:
    """Return where a fact about the order, the barrier or the vehicle itself leads."""
    match fact:
        case OrderSigned():
            return sign_order(state, fact, now) if isinstance(state, Ordered) else "not_ordered"
        case ControllerReported():
            if isinstance(state, Opened):
                return doubt_opening(state, fact, now, policy)
            return report_order(state, fact, now, policy) if isinstance(state, Ordered) else "not_ordered"
        case BarrierMoved():
            return see_barrier(state, fact)
        case VehicleLeft():
            return leave(state, fact, now)
        case IdentityBroken():
            return break_identity(state, fact, now)
