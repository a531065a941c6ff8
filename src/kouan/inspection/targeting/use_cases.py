"""Setting budgets, selecting, noting results, and putting models in force.

Each use case is pure: it is given what stands and returns the unit that the ledger should record, or a refusal.
"""

from collections.abc import Mapping

import msgspec

from kouan.access.people import Agency
from kouan.inspection.control_orders import AUTHORITIES, ControlKind, ControlOrder
from kouan.inspection.records import params_of
from kouan.inspection.targeting.budget import Budget, check_budget, period_of
from kouan.inspection.targeting.candidate import Candidate
from kouan.inspection.targeting.looking import candidate_of
from kouan.inspection.targeting.model import ModelState, RiskModel, digest_of
from kouan.inspection.targeting.profiles import Addition, examined, seen
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, NoticeRecord, WatchRecord
from kouan.inspection.targeting.rules import PAPER_FIELDS
from kouan.inspection.targeting.selection import Hit, Judged
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason, Refused, refuse

PLACED_BY = "targeting "
"""What ``placed_by`` of a control order begins with that targeting placed; the version of the rules follows."""

KIND, AUTHORITY = ControlKind.EXAMINE, Agency.CUSTOMS
"""What chance and the score ask for, and in whose name: goods are customs' to examine (``domain.md``)."""


def set_budget(budget: Budget) -> Unit | Refused:
    """Set what may be examined from an instant on; nothing is left to chance only for a reason, which is recorded."""
    checked = check_budget(budget)
    if isinstance(checked, Refused):
        return checked
    guard = Statement("targeting.set_budget", params_of(budget))
    return Unit((_draft("budget_set", budget.number, canonical(budget)),), guards=(guard,))


def record_judgement(
    candidate: Candidate,
    features: Mapping[str, int | None],
    judged: Judged,
    hits: tuple[Hit, ...],
    rules: str,
    budget: Budget,
    now: Instant,
) -> tuple[CandidateRecord, Unit]:
    """Return the row of what was decided on a candidate, and the unit that records it and spends the budget.

    The ledger refuses it at ``targeting.spend`` where the budget was spent meanwhile, at ``targeting.judge`` where the
    candidate was judged meanwhile.
    """
    record = _row(candidate, features, judged, hits, rules, budget, now)
    what = "passed" if judged.source is None else "selected"
    body = {"candidate": candidate, "features": features, "judged": judged, "budget": budget.number, "rules": rules}
    draft = _draft(what, candidate.number, canonical({**body, "order": record.order_number}), record.digest[:16])
    period = {"kind": budget.kind, "period": period_of(budget, now)}
    spend = (Statement("targeting.spend", {**period, "most": budget.most}),) if judged.spends else ()
    uncounted = judged.source is not None and not judged.spends
    unit = Unit(
        (draft,),
        guards=(Statement("targeting.judge", params_of(record)), *spend),
        effects=(
            Statement("targeting.count", {**period, "used": int(uncounted), "seen": 1}),
            *(_add(addition) for addition in seen(candidate)),
        ),
    )
    return record, unit


def _row(
    candidate: Candidate,
    features: Mapping[str, int | None],
    judged: Judged,
    hits: tuple[Hit, ...],
    rules: str,
    budget: Budget,
    now: Instant,
) -> CandidateRecord:
    """Return the row of what was decided; the first hit says what is asked for and in whose name, if anything is."""
    first = next((hit for hit in hits if judged.source is not None), None)
    digest = candidate.digest
    return CandidateRecord(
        number=candidate.number,
        digest=digest,
        at=candidate.at,
        judged_at=now,
        importer=candidate.importer,
        hs_code=candidate.hs_code,
        papers=canonical(candidate),
        features=canonical(features),
        why=canonical(judged.why),
        source=None if judged.source is None else judged.source.value,
        drawn=int(judged.drawn),
        random_ppm=judged.random_ppm,
        propensity_ppm=judged.propensity_ppm,
        score_ppm=judged.score_ppm,
        threshold_ppm=judged.threshold_ppm,
        model=judged.model,
        rules=rules,
        budget=budget.number,
        kind=KIND.value if first is None else first.kind,
        authority=AUTHORITY.value if first is None else first.authority,
        order_number=None if judged.source is None else f"T-{candidate.number}-{digest[:8]}",
    )


def order_of(record: CandidateRecord) -> tuple[ControlOrder, Agency, str]:
    """Return the control order of a selected candidate, in whose name, and by whom it is placed."""
    candidate = candidate_of(record)
    reasons = msgspec.json.decode(record.why, type=tuple[Reason, ...])
    order = ControlOrder(
        kind=ControlKind(record.kind),
        reason=reasons[0].code + "".join(f" {name}={value}" for name, value in sorted(reasons[0].params.items())),
        consignment=candidate.consignment,
    )
    return order, Agency(record.authority), PLACED_BY + record.rules


def note_result(record: CandidateRecord | None, *, found: bool, by: str, now: Instant) -> Unit | Refused:
    """Note what the examination of a selected candidate found; whatever was not examined has no result."""
    if record is None or record.source is None:
        return refuse("targeting.not_selected", field="number", mend="must be a candidate that was selected")
    if record.result_at is not None:
        return refuse("targeting.has_result", field="number", mend="must have no result yet")
    body = {"at": now, "by": by, "found": found, "number": record.number}
    additions = examined(candidate_of(record), found=found, at=now)
    params = {"number": record.number, "found": int(found), "result_at": now}
    return Unit(
        (_draft("result", record.number, canonical(body), record.digest[:16], str(int(found))),),
        guards=(Statement("targeting.note_result", params),),
        effects=tuple(_add(addition) for addition in additions),
    )


def watch(record: WatchRecord) -> Unit | Refused:
    """Put something of candidates' papers on the watch list of an authority."""
    if record.field not in PAPER_FIELDS:
        return refuse("targeting.watch_field", field="field", mend=f"must be one of {', '.join(PAPER_FIELDS)}")
    if record.authority not in AUTHORITIES:
        return refuse("order.authority", field="authority", mend=f"must be one of {', '.join(AUTHORITIES)}")
    draft = _draft("watched", record.number, canonical(record))
    return Unit((draft,), guards=(Statement("targeting.watch", params_of(record)),))


def unwatch(number: str, authority: Agency, by: str, reason: str, now: Instant) -> Unit | Refused:
    """Take an entry off the watch list of one's own authority."""
    if not reason.strip():
        return refuse("order.reason", field="reason", mend="must say why")
    body = {"at": now, "authority": authority.value, "by": by, "number": number, "reason": reason}
    guard = Statement("targeting.unwatch", {"number": number, "authority": authority.value})
    return Unit((_draft("unwatched", number, canonical(body)),), guards=(guard,))


def hand_in_model(model: RiskModel, by: str, now: Instant) -> Unit:
    """Keep a model with its grade, whatever that is; one that failed can be looked at, and never be put in force."""
    artefact = model.artefact
    data = artefact.encode()
    record = ModelRecord(
        version=model.version,
        digest=digest_of(data),
        trained_from=artefact.trained_from,
        trained_until=artefact.trained_until,
        handed_in_by=by,
        handed_in_at=now,
        grade=canonical(artefact.grade),
        passed=int(not artefact.grade.failed),
        state=ModelState.TRAINED.value,
        artefact=data,
    )
    body = {name: getattr(record, name) for name in ("version", "digest", "trained_from", "trained_until")}
    draft = _draft("model_trained", record.version, canonical({**body, "at": now, "by": by, "grade": artefact.grade}))
    return Unit((draft,), guards=(Statement("targeting.keep_model", params_of(record)),))


def propose_model(record: ModelRecord | None, by: str, reason: str, now: Instant) -> Unit | Refused:
    """Propose, as a first officer, to put a model in force; refused where its grade failed."""
    if record is None or record.state == ModelState.ACTIVE:
        return refuse("targeting.no_such_model", field="version", mend="must be a model that is not in force")
    if not record.passed:
        return refuse("targeting.grade_failed", field="version", mend="must be a model whose grade allows its use")
    body = {"at": now, "by": by, "digest": record.digest, "reason": reason, "version": record.version}
    guard = Statement("targeting.propose_model", {"version": record.version, "by": by})
    return Unit((_draft("model_proposed", record.version, canonical(body), str(now)),), guards=(guard,))


def activate_model(record: ModelRecord | None, by: str, reason: str, now: Instant) -> Unit | Refused:
    """Put a proposed model in force, as a second officer; the one in force before is retired."""
    if record is None or record.state != ModelState.PROPOSED:
        return refuse("targeting.not_proposed", field="version", mend="must be a model that was proposed")
    if record.proposed_by == by:
        return refuse("targeting.same_person", field="version", mend="must be confirmed by another person")
    body = {
        "at": now, "by": by, "digest": record.digest, "proposed_by": record.proposed_by, "reason": reason,
        "version": record.version,
    }  # fmt: skip
    guards = (
        Statement("targeting.retire_models", {}),
        Statement("targeting.activate_model", {"version": record.version, "by": by, "at": now}),
    )
    return Unit((_draft("model_activated", record.version, canonical(body), str(now)),), guards=guards)


def notice_drift(reason: Reason, model: str, day: int, now: Instant) -> Unit:
    """Note, once a day and for each thing that changed, that the trade is not what the model was trained on."""
    number = f"D-{day}-{reason.code.rpartition('.')[2]}-{reason.params.get('name', reason.params.get('share', ''))}"
    record = NoticeRecord(number, now, model, reason.code, canonical(reason.params))
    body = {"at": now, "model": model, "reason": reason}
    return Unit(
        (_draft("drifted", number, canonical(body)),), guards=(Statement("targeting.notice", params_of(record)),)
    )


def acknowledge(number: str, by: str, now: Instant) -> Unit:
    """Note that an officer has seen a notice of drift."""
    draft = _draft("drift_acknowledged", number, canonical({"at": now, "by": by, "number": number}), by)
    return Unit((draft,), guards=(Statement("targeting.acknowledge", {"number": number, "by": by}),))


_REFUSALS = {
    "targeting.set_budget": ("targeting.conflict", "number", "was used before"),
    "targeting.unwatch": ("order.not_yours", "number", "must be an entry of your own authority"),
    "targeting.keep_model": ("targeting.version_taken", "version", "was used before"),
    "targeting.activate_model": ("targeting.same_person", "version", "must be confirmed by another person"),
    "targeting.acknowledge": ("targeting.acknowledged", "number", "must be a notice that nobody has seen"),
}


def refusal_of(guard: str) -> Refused:
    """Return what it means that the ledger refused a unit at this guard."""
    rule, field, mend = _REFUSALS.get(guard, ("targeting.conflict", "number", "was changed at the same time"))
    return refuse(rule, field=field, mend=mend)


def _draft(what: str, stream: str, body: bytes, *distinct: str) -> Draft:
    return Draft(f"targeting.{what}/1", stream, ":".join(("targeting", what, stream, *distinct)), body)


def _add(addition: Addition) -> Statement:
    return Statement("targeting.add_profile", params_of(addition))
