"""How a passage takes in evidence, verdicts, holds, faults and the passing of time."""

from msgspec.structs import replace

from kouan.gate.commands import Command, Show
from kouan.gate.decide import SEVERITY, decide
from kouan.gate.dossier import (
    case_of,
    concerns,
    fail_overdue,
    is_alarm,
    record_of,
    refusal_of,
    refusal_of_verdict,
    take_evidence,
    take_verdict,
    with_record,
)
from kouan.gate.events import DecisionMade
from kouan.gate.evidence import procedure_of
from kouan.gate.facts import (
    BarrierMoved,
    ControllerReported,
    EvidenceFound,
    Fact,
    HoldLifted,
    HoldPlaced,
    LaneFault,
    VehicleLeft,
    VerdictReceived,
)
from kouan.gate.moves import IGNORED, Move, alarm, conclude, review, settle
from kouan.gate.ordering import order_silent, tailgating
from kouan.gate.papers_search import ask_for_papers, is_empty_answer, note_empty_answer
from kouan.gate.policy import LanePolicy
from kouan.gate.review import divert
from kouan.gate.states import (
    AwaitingVerdicts,
    Cleared,
    Collecting,
    Diverted,
    Dossier,
    Final,
    InReview,
    Opened,
    Ordered,
    PassageState,
)
from kouan.vocabulary.clock import Instant


def take_evidence_fact(state: PassageState, fact: EvidenceFound, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in evidence while procedures run or verdicts are awaited; after that it comes late."""
    if isinstance(state, Final):
        return "closed"
    if not isinstance(state, Collecting | AwaitingVerdicts):
        return _worsen(state, fact, now, policy)
    dossier = fail_overdue(state.dossier, now)
    if is_empty_answer(dossier, fact.evidence):
        dossier = note_empty_answer(dossier)
    else:
        cause = refusal_of(dossier, fact.evidence)
        if cause is not None:
            return cause if dossier == state.dossier else _too_late(state, dossier, now, policy, cause)
        dossier = take_evidence(dossier, fact.evidence, now, policy)
    dossier, asked = ask_for_papers(dossier, now)
    return _go_on(state, dossier, now, policy).after(*asked)


def _go_on(state: Collecting | AwaitingVerdicts, dossier: Dossier, now: Instant, policy: LanePolicy) -> Move:
    """Settle, but never grant more time for verdicts than was granted first."""
    move = settle(dossier, now, policy)
    if isinstance(state, AwaitingVerdicts) and isinstance(move.state, AwaitingVerdicts):
        waiting = replace(move.state, deadline_at=state.deadline_at)
        said = tuple(command for command in move.commands if not isinstance(command, Show))
        return Move(waiting, move.events, said)
    return move


def _too_late(
    state: Collecting | AwaitingVerdicts, dossier: Dossier, now: Instant, policy: LanePolicy, cause: str
) -> Move:
    """Go on with the deadlines that had passed when evidence came too late for them."""
    dossier, asked = ask_for_papers(dossier, now)
    return replace(_go_on(state, dossier, now, policy).after(*asked), unused=cause)


def _worsen(state: InReview | Ordered | Opened, fact: EvidenceFound, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in late evidence only where it withholds: an alarm, or a reading against what was read (deny wins)."""
    cause = refusal_of(state.dossier, fact.evidence)
    record = record_of(state.dossier, procedure_of(fact.evidence))
    if cause is not None or record is None or record.evidence is None:
        return cause or "late"
    dossier = take_evidence(state.dossier, fact.evidence, now, policy)
    if isinstance(state, InReview):
        return reconsider(state, dossier, now, policy)
    call = (alarm(dossier, 1, "radiation.late_alarm"),) if is_alarm(fact.evidence) else ()
    if isinstance(state, Ordered):
        return Move(replace(state, dossier=dossier, void=state.void or "evidence"), (), call)
    return Move(replace(state, dossier=dossier), (), call)


def reconsider(state: InReview, dossier: Dossier, now: Instant, policy: LanePolicy) -> Move:
    """Decide anew while a person is asked: what is shown grows graver at once, but never ends without the person.

    Where the decision stays as grave as it was or grows graver, the review begins anew; the time until the diversion
    does not.
    """
    fresh = decide(case_of(dossier), dossier.verdicts, dossier.exceptions, policy.rulebook, now)
    if SEVERITY[fresh.outcome] < SEVERITY[state.decision.outcome]:
        return Move(replace(state, dossier=dossier))
    if fresh.findings == state.decision.findings and fresh.outcome == state.decision.outcome:
        return Move(replace(state, dossier=dossier))
    move = review(dossier, fresh, now, policy)
    opened = replace(move.state, opened_at=state.opened_at) if isinstance(move.state, InReview) else move.state
    if isinstance(opened, InReview) and opened.divert_at is not None:
        opened = replace(opened, divert_at=min(opened.divert_at, state.divert_at or opened.divert_at))
    return replace(move, state=opened, events=(DecisionMade(now, fresh), *move.events))


def take_verdict_fact(state: PassageState, fact: VerdictReceived, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in a verdict on the latest case file; once an order is out it can only say that no other may follow."""
    if isinstance(state, Final):
        return "closed"
    cause = refusal_of_verdict(state.dossier, fact.verdict, now)
    if cause is not None:
        return cause
    dossier = take_verdict(state.dossier, fact.verdict)
    if isinstance(state, Collecting):
        return Move(replace(state, dossier=dossier))
    if isinstance(state, AwaitingVerdicts):
        return _go_on(state, dossier, now, policy)
    if isinstance(state, InReview):
        return reconsider(state, dossier, now, policy)
    return _withdraw(state, dossier, fact)


def _withdraw(state: Ordered | Opened, dossier: Dossier, fact: VerdictReceived) -> Move | str:
    """Void an order whose release an authority no longer grants; a grant at this time says nothing."""
    if isinstance(state, Opened) or fact.verdict.outcome == "grant":
        return "late"
    withdrawn = alarm(dossier, 2, f"{fact.verdict.authority}.withdrawn")
    return Move(replace(state, dossier=dossier, void=state.void or "verdict"), (), (withdrawn,))


def place_hold(state: PassageState, fact: HoldPlaced, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in a hold: the epoch rises for every vehicle in the lane; the one that it is on goes to a person (I4)."""
    if isinstance(state, Final):
        return "closed"
    known = any(hold.number == fact.number for hold in state.dossier.holds)
    if known and fact.epoch <= state.dossier.epoch:
        return "duplicate"
    ours = concerns(state.dossier, fact)
    epoch = max(state.dossier.epoch, fact.epoch)
    dossier = replace(state.dossier, epoch=epoch, holds=state.dossier.holds if known else (*state.dossier.holds, fact))
    if isinstance(state, InReview):
        return reconsider(state, dossier, now, policy)
    if isinstance(state, Ordered) and ours:
        return Move(replace(state, dossier=dossier, void=state.void or "hold"))
    late = (alarm(dossier, 1, "hold.too_late", number=fact.number),) if isinstance(state, Opened) and ours else ()
    return Move(replace(state, dossier=dossier), (), late)


def lift_hold(state: PassageState, fact: HoldLifted) -> Move | str:
    """Take in that a hold was lifted; a vehicle that only it kept may go on by a person's word."""
    if isinstance(state, Final):
        return "closed"
    dossier = replace(
        state.dossier,
        epoch=max(state.dossier.epoch, fact.epoch),
        lifted=tuple(dict.fromkeys((*state.dossier.lifted, fact.number))),
    )
    return Move(replace(state, dossier=dossier))


def note_fault(state: PassageState, fact: LaneFault) -> Move | str:
    """Note that a running procedure's device failed or came back: if it does not answer in time, that is why."""
    record = record_of(state.dossier, fact.procedure)
    if not isinstance(state, Collecting) or record is None or record.ended:
        return IGNORED
    noted = replace(record, fault=fact.code if fact.active else None)
    return Move(replace(state, dossier=with_record(state.dossier, noted)))


def pass_deadline(state: PassageState, now: Instant, policy: LanePolicy) -> Move | str:  # noqa: PLR0911 - one a state
    """Do what is due; before its time, nothing."""
    match state:
        case Collecting():
            dossier = fail_overdue(state.dossier, now)
            if dossier == state.dossier:
                return IGNORED
            dossier, asked = ask_for_papers(dossier, now)
            return settle(dossier, now, policy).after(*asked)
        case AwaitingVerdicts() if now >= state.deadline_at:
            return conclude(state.dossier, now, policy)
        case InReview() if state.divert_at is not None and now >= state.divert_at:
            return divert(state, now, policy)
        case Ordered() if now >= state.report_by:
            return order_silent(state, now, policy)
        case Opened() if state.leave_by is not None and now >= state.leave_by:
            overdue = alarm(state.dossier, 3, "order.not_left")
            return Move(replace(state, leave_by=None), (), (overdue,))
        case _:
            return IGNORED


def alarms_for(state: PassageState, fact: Fact) -> tuple[Command, ...]:
    """Return the alarms for a fact that should not have come: an opening without order, a second vehicle in one.

    A second vehicle is one whatever became of the passage: its order may be long uncertain, or another vehicle be here.
    """
    known = state.order.order_id if isinstance(state, Ordered | Opened | Cleared | Diverted) else None
    match fact:
        case BarrierMoved() if fact.order_id is None or fact.order_id != known:
            return (alarm(state.dossier, 1, "order.opened_without"),)
        case ControllerReported(outcome="actuated") if fact.order_id != known:
            return (alarm(state.dossier, 1, "order.opened_without"),)
        case VehicleLeft():
            return tailgating(state.dossier, fact)
        case _:
            return ()
