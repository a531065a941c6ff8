"""What screens show of passages, lanes and the review queue: plain dictionaries, made from states and nothing else."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.gate.decide import standing_findings
from kouan.gate.decision import Decision
from kouan.gate.dossier import case_of, record_of, revision_of
from kouan.gate.evidence import Failed
from kouan.gate.facts import ReviewDecided
from kouan.gate.lanes import Lane
from kouan.gate.moves import priority_of, reviewer_of
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.review import allowed_actions, needs_second, needs_survey
from kouan.gate.roles import PassageRecord
from kouan.gate.rulebook import Rulebook
from kouan.gate.states import (
    AwaitingVerdicts,
    Cleared,
    Collecting,
    Diverted,
    Dossier,
    Final,
    InReview,
    Opened,
    Order,
    Ordered,
    PassageState,
    ProcedureRecord,
    state_name,
)
from kouan.vocabulary.clock import Instant

View = dict[str, Any]
"""One JSON object as the API shows it."""

_PERISHABLE_FIRST = 1
"""How many steps the green channel moves a review up. Our choice: fish die while they wait."""


def decision_of(state: PassageState) -> Decision | None:
    """Return the last decision, if one was made."""
    return None if isinstance(state, Collecting | AwaitingVerdicts) else state.decision


def order_of(state: PassageState) -> Order | None:
    """Return the order that is or was out, if there is one."""
    return state.order if isinstance(state, Ordered | Opened | Cleared | Diverted) else None


def actuated_at_of(state: PassageState) -> Instant | None:
    """Return when the barrier opened for this vehicle, if it did."""
    return state.actuated_at if isinstance(state, Opened | Cleared | Diverted) else None


def stop_ms_of(state: PassageState) -> int | None:
    """Return the time from stopping to the barrier's opening in milliseconds."""
    actuated_at = actuated_at_of(state)
    return None if actuated_at is None else max(actuated_at - state.dossier.opened_at, 0) // 1000


def passage_view(
    state: PassageState, rulebook: Rulebook, entries: Sequence[int] = (), visit: str | None = None
) -> View:
    """Return a passage with all its procedures, its verdicts, decision, order and review."""
    dossier, decision, order = state.dossier, decision_of(state), order_of(state)
    judged = replace(case_of(dossier), judged_at=decision.at) if decision else None
    return {
        "id": dossier.passage,
        "lane": dossier.lane,
        "direction": dossier.direction,
        "track": dossier.track,
        "state": state_name(state),
        **passage_vehicle(dossier),
        "visit": visit,
        "opened_at": dossier.opened_at,
        "stopped_at": dossier.opened_at,
        "decided_at": decision.at if decision else None,
        "ordered_at": order.issued_at if order else None,
        "actuated_at": actuated_at_of(state),
        "closed_at": state.closed_at if isinstance(state, Final) else None,
        "stop_ms": stop_ms_of(state),
        "procedures": [*_procedures(dossier, decision), _decision_procedure(state)],
        "verdicts": _verdicts(dossier),
        "decision": msgspec.to_builtins(decision) if decision else None,
        "order": _order(order) if order else None,
        "review": review_item(state, rulebook) if isinstance(state, InReview) else None,
        "entries": list(entries),
        "hub_age_us": judged.hub_age_us if judged else None,
    }


def passage_vehicle(dossier: Dossier) -> View:
    """Return what is known of the vehicle: what was read goes before what was announced."""
    case = case_of(dossier)
    plates, papers, containers = case.plates, case.papers, case.containers
    announced = papers if papers is not None and papers.confirmation is not None else None
    read_plate = plates.tractor if plates else None
    read_trailer = plates.trailer if plates else None
    return {
        "plate": read_plate or (announced.plate if announced else None),
        "trailer": read_trailer or (announced.trailer if announced else None),
        "containers": list(containers.numbers if containers else announced.containers if announced else ()),
        "cargo": announced.cargo if announced else None,
        "load": announced.load if announced else None,
    }


def _procedures(dossier: Dossier, decision: Decision | None) -> list[View]:
    topics = {finding.rule.split(".", 1)[0] for finding in standing_findings(decision)} if decision else set()
    return [
        _procedure(dossier, procedure, str(procedure) in topics)
        for procedure in Procedure
        if procedure != Procedure.DECISION
    ]


def _procedure(dossier: Dossier, procedure: Procedure, finding: bool) -> View:
    record = record_of(dossier, procedure)
    return {
        "name": procedure,
        "state": _procedure_state(dossier, record),
        "deadline_at": record.deadline_at if record else None,
        "started_at": record.started_at if record else None,
        "finished_at": record.finished_at if record else None,
        "evidence": msgspec.to_builtins(record.evidence) if record and record.evidence else None,
        "finding": finding,
    }


def _procedure_state(dossier: Dossier, record: ProcedureRecord | None) -> str:
    if record is None or (record.waived and record.evidence is None):
        return "not_required"
    if isinstance(record.evidence, Failed):
        return "late" if record.evidence.cause == "late" else "failed"
    if record.evidence is not None:
        return "done"
    return "waiting" if record.procedure == Procedure.PAPERS and not dossier.asked else "running"


def _decision_procedure(state: PassageState) -> View:
    """Return the tenth procedure, which runs once the other nine ended."""
    decision, dossier = decision_of(state), state.dossier
    ends = [record.finished_at for record in dossier.procedures if record.finished_at is not None]
    waits = isinstance(state, Collecting) or (decision is None and isinstance(state, Final))
    return {
        "name": Procedure.DECISION,
        "state": "waiting" if waits else "done" if decision else "running",
        "deadline_at": state.deadline_at if isinstance(state, AwaitingVerdicts) else None,
        "started_at": None if waits else max(ends, default=dossier.opened_at),
        "finished_at": decision.at if decision else None,
        "evidence": None,
        "finding": bool(decision and standing_findings(decision)),
    }


def _verdicts(dossier: Dossier) -> list[View]:
    """Return one line an authority; without an outcome where none has come on the latest case file."""
    lines = []
    for authority in Authority:
        revision = revision_of(dossier, authority)
        found = next((verdict for verdict in dossier.verdicts if verdict.authority == authority), None)
        fresh = found if found is not None and found.revision == revision else None
        lines.append(
            {
                "authority": authority,
                "outcome": fresh.outcome if fresh else None,
                "reasons": msgspec.to_builtins(fresh.reasons) if fresh else [],
                "at": fresh.issued_at if fresh else None,
            }
        )
    return lines


def _order(order: Order) -> View:
    return {
        "order_id": order.order_id,
        "barrier": order.barrier,
        "issued_at": order.issued_at,
        "expires_at": order.expires_at,
        "nonce": order.nonce,
        "jws": order.jws,
    }


def review_item(state: InReview, rulebook: Rulebook, authority: Authority | None = None) -> View:
    """Return a passage as it stands in the review queue, for a person of ``authority`` or of the one that is asked."""
    dossier, decision = state.dossier, state.decision
    asked = reviewer_of(decision)
    reader = authority or asked
    standing = standing_findings(decision)
    own = [finding for finding in standing if finding.authority == reader]
    first = state.first
    return {
        "passage": dossier.passage,
        "lane": dossier.lane,
        "plate": passage_vehicle(dossier)["plate"],
        "outcome": decision.outcome,
        "priority": review_priority(state),
        "opened_at": state.opened_at,
        "findings": msgspec.to_builtins(standing),
        "allowed": list(allowed_actions(decision, reader, rulebook, dossier.opened_at)),
        "needs_second": needs_second(own, rulebook, dossier.opened_at),
        "needs_survey": needs_survey(own, rulebook, dossier.opened_at),
        "first": _decided(first) if first else None,
        "authority": asked,
    }


def _decided(first: ReviewDecided) -> View:
    return {
        "by": first.by,
        "authority": first.authority,
        "action": first.action,
        "reason": first.reason,
        "at": first.at,
    }


def review_priority(state: InReview) -> int:
    """Return the priority, 1 (emergency) to 4 (advisory); perishables in the green channel go before their like."""
    papers = case_of(state.dossier).papers
    hurried = _PERISHABLE_FIRST if papers is not None and papers.green_channel else 0
    return max(priority_of(state.decision) - hurried, 1)


def review_queue(states: Sequence[PassageState], rulebook: Rulebook, authority: Authority | None = None) -> list[View]:
    """Return the review queue: most urgent first, then who waits longest."""
    return in_order([review_item(state, rulebook, authority) for state in states if isinstance(state, InReview)])


def in_order(items: Sequence[View]) -> list[View]:
    """Return items of the review queue, most urgent first, then who waits longest."""
    return sorted(items, key=lambda item: (item["priority"], item["opened_at"], item["passage"]))


def lane_view(lane: Lane, passage: View | None, position: View) -> View:
    """Return a lane with the passage in it; ``position`` is where it lies on the drawn map (metres, degrees)."""
    return {
        "lane": lane.name,
        "direction": lane.direction,
        "mode": lane.mode,
        "tidal": lane.tidal,
        "degraded": [{"device": out.device, "since": out.since, "cause": out.cause} for out in lane.out],
        "barriers": {"release": "unknown", "divert": "unknown", **lane.barriers},
        "light": lane.light,
        "passage": passage,
        "updated_at": lane.updated_at,
        "position": position,
    }


def passage_summary(record: PassageRecord) -> View:
    """Return one line of the list of passages."""
    return {
        "id": record.passage,
        "lane": record.lane,
        "direction": record.direction,
        "plate": record.plate,
        "state": record.state,
        "outcome": record.outcome,
        "opened_at": record.opened_at,
        "closed_at": record.closed_at,
        "stop_ms": record.stop_ms,
        "cargo": record.cargo,
    }
