"""What is read from a dossier, and how it takes in evidence, verdicts and holds."""

from msgspec.structs import replace

from kouan.gate.case import Case
from kouan.gate.decision import AgencyVerdict
from kouan.gate.evidence import (
    ContainersRead,
    Evidence,
    Failed,
    Observed,
    PapersMatched,
    PlatesRead,
    RadiationMeasured,
    procedure_of,
)
from kouan.gate.facts import HoldPlaced
from kouan.gate.lane_controller.view import normal_plate
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.states import Dossier, ProcedureRecord
from kouan.vocabulary.clock import Instant

PLATFORM = "platform"
"""The source of evidence that the platform itself states, as that a deadline passed."""


def record_of(dossier: Dossier, procedure: Procedure) -> ProcedureRecord | None:
    """Return how far a procedure is, or None where this lane does not have it."""
    for record in dossier.procedures:  # asked dozens of times a step, and a generator would cost three times that
        if record.procedure == procedure:
            return record
    return None


def with_record(dossier: Dossier, record: ProcedureRecord) -> Dossier:
    """Return the dossier with this procedure's record in place of the old one."""
    return replace(
        dossier,
        procedures=tuple(record if old.procedure == record.procedure else old for old in dossier.procedures),
    )


def evidence_of(dossier: Dossier, procedure: Procedure) -> Evidence | None:
    """Return the evidence of a procedure, or None while there is none or its procedure failed."""
    record = record_of(dossier, procedure)
    return None if record is None or isinstance(record.evidence, Failed) else record.evidence


def all_ended(dossier: Dossier) -> bool:
    """Say whether no procedure is awaited any more."""
    return all(record.ended for record in dossier.procedures)


def case_of(dossier: Dossier) -> Case:
    """Return the case as it stands now."""
    records = dossier.procedures  # asked several times a step: lists, because generators take twice their time
    return Case(
        passage=dossier.passage,
        port=dossier.port,
        lane=dossier.lane,
        direction=dossier.direction,
        at=dossier.opened_at,
        epoch=dossier.epoch,
        required=tuple([record.procedure for record in records if not record.waived]),
        evidence=tuple([record.evidence for record in records if record.evidence is not None]),
        lacking=dossier.lacking,
        revisions=tuple([(case.authority, case.revision) for case in dossier.cases]),
        holds=tuple(f"{hold.authority}:{hold.kind}:{hold.number}" for hold in dossier.holds if concerns(dossier, hold)),
        lifted=dossier.lifted,
        contradicted=tuple([record.procedure for record in records if record.contradicted]),
        trouble=dossier.trouble,
        whys={hold.number: hold.why for hold in dossier.holds if hold.why},
        hub_heard_at=dossier.hub_heard_at,
    )


def revision_of(dossier: Dossier, authority: Authority) -> int | None:
    """Return the revision of the case file that an authority was sent last, or None while it was sent none."""
    return next((case.revision for case in dossier.cases if case.authority == authority), None)


def refusal_of(dossier: Dossier, evidence: Evidence) -> str | None:
    """Return why evidence is not used: ``not_asked``, ``another_track``, ``late``, ``duplicate``; None where it is."""
    record = record_of(dossier, procedure_of(evidence))
    if record is None:
        return "not_asked"
    if getattr(evidence, "track", dossier.track) != dossier.track:
        return "another_track"
    if record.evidence is None or (is_alarm(evidence) and not is_alarm(record.evidence)):
        return None
    if isinstance(record.evidence, Failed):
        return "late"
    return "duplicate" if isinstance(evidence, Failed) or _says_the_same(evidence, record.evidence) else None


def is_alarm(evidence: Evidence) -> bool:
    """Say whether this is a radiation alarm."""
    return isinstance(evidence, RadiationMeasured) and (evidence.gamma_alarm or evidence.neutron_alarm)


_CIRCUMSTANCES = dict.fromkeys((*Observed.__struct_fields__, "hub_age_us", "seen_before_us"))


def _says_the_same(one: Evidence, other: Evidence) -> bool:
    """Compare what was found, not by which device, when, how surely and on which picture."""
    if type(one) is not type(other):
        return False
    fields = [name for name in one.__struct_fields__ if name not in _CIRCUMSTANCES]
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def take_evidence(dossier: Dossier, evidence: Evidence, now: Instant, policy: LanePolicy) -> Dossier:
    """Return the dossier with evidence that ``refusal_of`` let pass; a second, other reading marks a contradiction.

    The first reading stays, unless the second is a radiation alarm: an alarm is never replaced.
    """
    record = record_of(dossier, procedure_of(evidence))
    if record is None:
        return dossier
    if record.evidence is None or is_alarm(evidence):
        record = replace(record, evidence=evidence, finished_at=now)
    else:
        record = replace(record, contradicted=True)
    dossier = with_record(dossier, record)
    return waive(dossier, policy) if isinstance(evidence, PapersMatched) else dossier


def correct_evidence(dossier: Dossier, evidence: Evidence, now: Instant) -> Dossier:
    """Return the dossier with evidence that a person read by eye, in place of the device's."""
    record = record_of(dossier, procedure_of(evidence))
    if record is None:
        return dossier
    misread = record.misread or record.evidence
    corrected = replace(record, evidence=evidence, finished_at=now, contradicted=False, misread=misread)
    return with_record(dossier, corrected)


def waive(dossier: Dossier, policy: LanePolicy) -> Dossier:
    """Return the dossier with the procedures waived that this load does not need; unknown papers waive nothing."""
    papers = evidence_of(dossier, Procedure.PAPERS)
    load = papers.load if isinstance(papers, PapersMatched) and papers.confirmation is not None else None
    for record in dossier.procedures:
        asked = policy.requirement(record.procedure)
        waived = load is not None and asked is not None and bool(asked.loads) and load not in asked.loads
        if waived != record.waived:
            dossier = with_record(dossier, replace(record, waived=waived))
    return dossier


def fail_overdue(dossier: Dossier, now: Instant) -> Dossier:
    """Return the dossier with every overdue procedure failed: as ``late``, or by its device's fault."""
    for record in dossier.procedures:
        if record.deadline_at <= now and not record.ended:
            cause = "late" if record.fault is None else f"fault:{record.fault}"
            failed = Failed(source=PLATFORM, at=now, confidence_pm=1000, procedure=record.procedure, cause=cause)
            dossier = with_record(dossier, replace(record, evidence=failed, finished_at=now))
    return dossier


def hear_of_hub(dossier: Dossier, at: Instant, age_us: int | None) -> Dossier:
    """Return the dossier with how lately the hub was heard at an instant; None where the port has no hub."""
    if age_us is None:
        return dossier
    return replace(dossier, hub_heard_at=max(at - age_us, dossier.hub_heard_at or 0))


def refusal_of_verdict(dossier: Dossier, verdict: AgencyVerdict, now: Instant) -> str | None:
    """Return why a verdict is not used: ``stale``, ``expired``, ``older`` or ``unknown``; None where it is."""
    sent = next((case for case in dossier.cases if case.authority == verdict.authority), None)
    if sent is None or sent.revision != verdict.revision:
        return "stale"
    if now >= verdict.expires_at:
        return "expired"
    if verdict.outcome not in ("grant", "refuse", "refer"):
        return "unknown"
    had = next((old for old in dossier.verdicts if old.authority == verdict.authority), None)
    if had is None or had.revision != verdict.revision or verdict.issued_at > had.issued_at:
        return None
    return "duplicate" if had == verdict else "older" if verdict.outcome == "grant" else None


def take_verdict(dossier: Dossier, verdict: AgencyVerdict) -> Dossier:
    """Return the dossier with this verdict as its authority's last."""
    others = tuple(old for old in dossier.verdicts if old.authority != verdict.authority)
    return replace(dossier, verdicts=(*others, verdict))


def concerns(dossier: Dossier, hold: HoldPlaced) -> bool:
    """Say whether a hold is on this vehicle or what it carries; one that names nothing is on all."""
    if hold.plate is None and hold.container is None and hold.consignment is None and hold.declaration is None:
        return True
    on_plate = hold.plate is not None and normal_plate(hold.plate) in _plates(dossier)
    return on_plate or hold.container in _containers(dossier) or _carries(dossier, hold)


def _carries(dossier: Dossier, hold: HoldPlaced) -> bool:
    papers = evidence_of(dossier, Procedure.PAPERS)
    return isinstance(papers, PapersMatched) and any(
        each.number == hold.consignment or (each.declaration is not None and each.declaration == hold.declaration)
        for each in papers.consignments
    )


def _plates(dossier: Dossier) -> list[str | None]:
    read, papers = evidence_of(dossier, Procedure.PLATES), evidence_of(dossier, Procedure.PAPERS)
    found = [read.tractor, read.trailer] if isinstance(read, PlatesRead) else []
    found += [papers.plate, papers.trailer] if isinstance(papers, PapersMatched) else []
    return [normal_plate(plate) for plate in found if plate]


def _containers(dossier: Dossier) -> tuple[str, ...]:
    read, papers = evidence_of(dossier, Procedure.CONTAINER), evidence_of(dossier, Procedure.PAPERS)
    found = read.numbers if isinstance(read, ContainersRead) else ()
    return found + papers.containers if isinstance(papers, PapersMatched) else found
