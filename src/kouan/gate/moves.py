"""How a passage goes on once its facts are in: case files, verdicts, decision, then an order or a person."""

import msgspec
from msgspec.structs import replace

from kouan.gate.case_files import send_cases
from kouan.gate.commands import CallReviewers, Command, IssueOrder, RaiseAlarm, Show, VehicleIdentity
from kouan.gate.decide import SEVERITY, decide, standing_findings, unusable
from kouan.gate.decision import Decision
from kouan.gate.dossier import all_ended, case_of, evidence_of, record_of, revision_of
from kouan.gate.events import DecisionMade, Event, PassageClosed, ReviewOpened
from kouan.gate.evidence import Evidence, PlatesRead, Positioned, SealRead
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.states import (
    Abandoned,
    AwaitingVerdicts,
    Cleared,
    Collecting,
    Diverted,
    Dossier,
    InReview,
    Opened,
    Order,
    Ordered,
    PassageState,
    TurnedBack,
    state_name,
)
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason

IGNORED = "ignored"
"""Why a fact is neither used nor recorded: it says nothing about this passage."""


class Move(msgspec.Struct, frozen=True):
    """The next state, what else is recorded and what is to be done; the fact itself is recorded by ``passage``.

    ``unused`` says why the fact was not used, where the state moved on without it.
    """

    state: PassageState
    events: tuple[Event, ...] = ()
    commands: tuple[Command, ...] = ()
    unused: str | None = None

    def after(self, *commands: Command) -> "Move":
        """Return the move with these commands before its own."""
        return replace(self, commands=(*commands, *self.commands))


def settle(dossier: Dossier, now: Instant, policy: LanePolicy) -> Move:
    """Go on with what is known: wait for procedures, then for verdicts, then decide."""
    dossier, cases = send_cases(dossier, now)
    if not all_ended(dossier):
        return Move(Collecting(dossier), (), cases)
    if all(_usable(dossier, authority, now) for authority in Authority):
        return conclude(dossier, now, policy).after(*cases)
    return Move(
        AwaitingVerdicts(dossier, now + policy.verdict_wait_us), (), (*cases, _show(dossier, "display.checking"))
    )


def _usable(dossier: Dossier, authority: Authority, now: Instant) -> bool:
    verdict = next((found for found in dossier.verdicts if found.authority == authority), None)
    return unusable(verdict, revision_of(dossier, authority), now) is None


def conclude(dossier: Dossier, now: Instant, policy: LanePolicy) -> Move:
    """Decide with what is there, and order or ask a person accordingly; what is missing counts against release."""
    decision = decide(case_of(dossier), dossier.verdicts, dossier.exceptions, policy.rulebook, now)
    made = DecisionMade(now, decision)
    if decision.outcome == Outcome.RELEASE or _goes_at_once(decision, policy):
        move = order(dossier, decision, now, policy)
    else:
        move = review(dossier, decision, now, policy)
    return replace(move, events=(made, *move.events))


def _goes_at_once(decision: Decision, policy: LanePolicy) -> bool:
    return is_diversion(decision.outcome) and policy.review_wait_us.get(decision.outcome, 0) <= 0


def is_grave(outcome: Outcome) -> bool:
    """Say whether only a person may end what this outcome began."""
    return outcome in (Outcome.HOLD, Outcome.REFUSE)


def is_diversion(outcome: Outcome) -> bool:
    """Say whether this outcome sends the vehicle to the inspection yard."""
    return outcome in (
        Outcome.DIVERT_MANUAL,
        Outcome.DIVERT_SCAN,
        Outcome.DIVERT_QUARANTINE,
        Outcome.DIVERT_RADIATION,
    )


def barrier_for(outcome: Outcome) -> str | None:
    """Return the only barrier that an outcome opens; HOLD and REFUSE open none."""
    if outcome == Outcome.RELEASE:
        return "release"
    return "divert" if is_diversion(outcome) else None


def order(dossier: Dossier, decision: Decision, now: Instant, policy: LanePolicy) -> Move:
    """Ask for an order on a decision made just now; a vehicle whose identity broke gets none, ever."""
    barrier = barrier_for(decision.outcome)
    if barrier is None or decision.epoch != dossier.epoch:
        return review(dossier, decision, now, policy)
    if dossier.broken is not None:
        return close_abandoned(dossier, now, dossier.broken, decision)
    dossier = replace(dossier, orders=dossier.orders + 1)
    issued = Order(
        order_id=f"{dossier.passage}-{dossier.orders}",
        barrier=barrier,
        outcome=decision.outcome,
        vehicle=identity_of(dossier),
        epoch=dossier.epoch,
        issued_at=now,
        expires_at=_expiry(dossier, decision, now, policy),
    )
    report_by = issued.expires_at + policy.report_wait_us
    return Move(Ordered(dossier, decision, issued, report_by), (), (_issue(dossier, issued),))


def _expiry(dossier: Dossier, decision: Decision, now: Instant, policy: LanePolicy) -> Instant:
    """Return when an order expires: never after a verdict or a permit on which a release may rest."""
    latest = now + policy.order_lifetime_us
    if decision.outcome != Outcome.RELEASE:
        return latest
    return min([latest, *(verdict.expires_at for verdict in dossier.verdicts), *_permit_end(dossier, now)])


def _permit_end(dossier: Dossier, now: Instant) -> tuple[Instant, ...]:
    """Return when the vehicle's permit to pass beforehand ends, if it has one that is in force."""
    case = replace(case_of(dossier), judged_at=now)
    until = case.papers.permit_until if case.papers is not None and case.pre_authorised else None
    return () if until is None else (until,)


def _issue(dossier: Dossier, issued: Order) -> IssueOrder:
    return IssueOrder(
        order_id=issued.order_id,
        passage=dossier.passage,
        port=dossier.port,
        lane=dossier.lane,
        barrier=issued.barrier,
        outcome=issued.outcome,
        vehicle=issued.vehicle,
        epoch=issued.epoch,
        issued_at=issued.issued_at,
        expires_at=issued.expires_at,
    )


def identity_of(dossier: Dossier) -> VehicleIdentity:
    """Return the vehicle that an order is for, as the lane's own devices see it; what was not read stays empty."""
    plates, seal = _seen(dossier, Procedure.PLATES), _seen(dossier, Procedure.SEAL)
    stands = evidence_of(dossier, Procedure.POSITIONING)
    return VehicleIdentity(
        plate=(plates.tractor if isinstance(plates, PlatesRead) else None) or "",
        trailer=plates.trailer if isinstance(plates, PlatesRead) else None,
        seal=seal.number if isinstance(seal, SealRead) else None,
        axles=stands.axles if isinstance(stands, Positioned) else 0,
        track=dossier.track,
    )


def _seen(dossier: Dossier, procedure: Procedure) -> Evidence | None:
    record = record_of(dossier, procedure)
    return None if record is None else record.misread or record.evidence


def review(dossier: Dossier, decision: Decision, now: Instant, policy: LanePolicy) -> Move:
    """Put the passage before a person of the authority whose finding is the gravest."""
    wait = policy.review_wait_us.get(decision.outcome, 0) if is_diversion(decision.outcome) else None
    divert_at = None if wait is None else now + wait
    authority = reviewer_of(decision)
    return Move(
        InReview(dossier, decision, now, divert_at),
        (ReviewOpened(now, dossier.passage, authority, decision.outcome, divert_at),),
        (CallReviewers(dossier.passage, authority, priority_of(decision)), _show(dossier, "display.officer_coming")),
    )


def reviewer_of(decision: Decision) -> Authority:
    """Return the authority of the gravest finding that stands; the site's people where none does."""
    standing = standing_findings(decision)
    if not standing:
        return Authority.SITE
    return max(standing, key=lambda finding: SEVERITY[finding.outcome]).authority


_PRIORITIES: dict[Outcome, int] = {
    Outcome.REFUSE: 2,
    Outcome.HOLD: 2,
    Outcome.DIVERT_RADIATION: 1,
    Outcome.DIVERT_QUARANTINE: 2,
}


def priority_of(decision: Decision) -> int:
    """Return the alarm priority of a decision, 1 (emergency) to 4 (advisory). Our choice: radiation first."""
    if any(finding.outcome == Outcome.DIVERT_RADIATION for finding in standing_findings(decision)):
        return 1
    return _PRIORITIES.get(decision.outcome, 3)


def close_left(state: Ordered | Opened, actuated_at: Instant, now: Instant) -> Move:
    """End a passage whose vehicle left through the barrier that was opened for it."""
    final = Cleared if state.order.barrier == "release" else Diverted
    ended = final(state.dossier, state.decision, state.order, actuated_at, now)
    return _closed(ended, now, None, max(actuated_at - state.dossier.opened_at, 0))


def close_abandoned(dossier: Dossier, now: Instant, cause: str, decision: Decision | None) -> Move:
    """End a passage without an opening that belongs to it."""
    return _closed(Abandoned(dossier, now, cause, decision), now, cause, None)


def close_turned_back(dossier: Dossier, decision: Decision, by: str, now: Instant) -> Move:
    """End a passage that a person refused."""
    return _closed(TurnedBack(dossier, decision, now, by), now, None, None)


def _closed(
    state: Cleared | Diverted | TurnedBack | Abandoned, now: Instant, cause: str | None, stop_us: int | None
) -> Move:
    dossier = state.dossier
    message = "display.turn_back" if isinstance(state, TurnedBack) else "display.closed"
    event = PassageClosed(now, dossier.passage, state_name(state), cause, stop_us)
    return Move(state, (event,), (_show(dossier, message),))


def _show(dossier: Dossier, message: str) -> Show:
    return Show(dossier.lane, "red", (Reason(message),), identity_of(dossier).plate or None)


def show_way(state: Ordered) -> Show:
    """Return the green light and the way that an opened barrier shows."""
    route = "release" if state.order.barrier == "release" else "inspection_yard"
    return Show(state.dossier.lane, "green", (Reason(f"display.{route}"),), state.order.vehicle.plate or None, route)


def alarm(dossier: Dossier, priority: int, code: str, **params: str | int) -> RaiseAlarm:
    """Return an alarm about a passage."""
    return RaiseAlarm(priority, dossier.lane, dossier.passage, Reason(code, params))
