"""Case files: what each authority is told of a passage, and when; nobody is told what others decide on."""

import functools
import hashlib
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kouan.gate.case import Case
from kouan.gate.commands import SendCase
from kouan.gate.decide import unusable
from kouan.gate.decision import AgencyVerdict
from kouan.gate.dossier import case_of
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.states import CaseSent, Dossier
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import Instant

Facts = dict[str, str | int | bool]

NEEDED: dict[Authority, tuple[Procedure, ...]] = {
    Authority.BORDER_INSPECTION: (Procedure.PLATES, Procedure.DRIVER, Procedure.PAPERS),
    Authority.CUSTOMS: (
        Procedure.PLATES,
        Procedure.CONTAINER,
        Procedure.SEAL,
        Procedure.WEIGHT,
        Procedure.RADIATION,
        Procedure.HEALTH,
        Procedure.PAPERS,
    ),
    Authority.SITE: (Procedure.POSITIONING, Procedure.PLATES, Procedure.WEIGHT, Procedure.PAPERS),
}
"""The procedures after whose end an authority's case file is complete and sent."""


def send_cases(dossier: Dossier, now: Instant) -> tuple[Dossier, tuple[SendCase, ...]]:
    """Return the case files that are complete and new to their authority, or whose verdict has run out, as commands."""
    case = case_of(dossier)
    commands = []
    for authority, needed in NEEDED.items():
        if not _complete(dossier, needed):
            continue
        digest = _digest(msgspec.json.encode([*_identity(case, authority), facts_for(case, authority)]))
        sent = next((old for old in dossier.cases if old.authority == authority), None)
        if sent is not None and sent.digest == digest and not _ran_out(dossier, sent, now):
            continue
        revision = 1 if sent is None else sent.revision + 1
        others = tuple(old for old in dossier.cases if old.authority != authority)
        dossier = replace(dossier, cases=(*others, CaseSent(authority, revision, digest, now)))
        commands.append(_case(dossier, case, authority, revision))
    return dossier, tuple(commands)


@functools.lru_cache(maxsize=1024)
def _digest(told: bytes) -> str:
    """Return the digest of what an authority is told; most steps of a passage leave that as it was."""
    return hashlib.sha256(canonical(msgspec.json.decode(told))).hexdigest()[:16]


def ask_again(dossier: Dossier, now: Instant) -> Dossier:
    """Return the dossier such that authorities without a usable verdict are sent a new revision of their case."""
    case = case_of(dossier)
    cases = tuple(
        replace(sent, digest="")
        if unusable(_last(dossier, sent.authority), case.revision(sent.authority), now)
        else sent
        for sent in dossier.cases
    )
    return replace(dossier, cases=cases)


def _last(dossier: Dossier, authority: Authority) -> AgencyVerdict | None:
    return next((verdict for verdict in dossier.verdicts if verdict.authority == authority), None)


def case_again(dossier: Dossier) -> tuple[SendCase, ...]:
    """Return the case files that were sent and not answered yet, for a restarted driver to send again."""
    case = case_of(dossier)
    answered = {(verdict.authority, verdict.revision) for verdict in dossier.verdicts}
    return tuple(
        _case(dossier, case, sent.authority, sent.revision)
        for sent in dossier.cases
        if (sent.authority, sent.revision) not in answered
    )


def _case(dossier: Dossier, case: Case, authority: Authority, revision: int) -> SendCase:
    plate, trailer, containers = _identity(case, authority)
    return SendCase(
        authority=authority,
        revision=revision,
        passage=dossier.passage,
        port=dossier.port,
        lane=dossier.lane,
        direction=dossier.direction,
        opened_at=dossier.opened_at,
        plate=plate,
        trailer=trailer,
        containers=containers,
        facts=facts_for(case, authority),
        final=True,
    )


def _complete(dossier: Dossier, needed: tuple[Procedure, ...]) -> bool:
    return all(record.ended for record in dossier.procedures if record.procedure in needed)


def _ran_out(dossier: Dossier, sent: CaseSent, now: Instant) -> bool:
    return any(
        verdict.authority == sent.authority and verdict.revision == sent.revision and now >= verdict.expires_at
        for verdict in dossier.verdicts
    )


def _identity(case: Case, authority: Authority) -> tuple[str | None, str | None, tuple[str, ...]]:
    plates, containers = case.plates, case.containers
    numbers = containers.numbers if containers and authority != Authority.BORDER_INSPECTION else ()
    return (plates.tractor, plates.trailer, numbers) if plates else (None, None, numbers)


def facts_for(case: Case, authority: Authority) -> Facts:
    """Return the part of a case that an authority needs for its own verdict, and nothing else of it."""
    if authority == Authority.BORDER_INSPECTION:
        return {**_papers(case), **_driver(case)}
    if authority == Authority.CUSTOMS:
        return {**_papers(case), **_seal(case), **_weight(case), **_radiation(case), **_health(case), **_goods(case)}
    return {**_papers(case), **_stand(case), **_weight(case)}


def _only_known(facts: Mapping[str, str | int | bool | None]) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


def _papers(case: Case) -> Facts:
    papers = case.papers
    if papers is None:
        return {"papers": False}
    return _only_known(
        {
            "papers": papers.confirmation is not None,
            "confirmation": papers.confirmation,
            "declared_plate": papers.plate,
            "load": papers.load,
            "seen_elsewhere": papers.seen_elsewhere,
        }
    )


def _driver(case: Case) -> Facts:
    found = case.driver
    if found is None:
        return {}
    return _only_known(
        {
            "driver": found.commitment,
            "nationality": found.nationality,
            "document_valid": found.document_valid,
            "document_expired": found.document_expired,
            "driver_expected": found.expected,
            "face_score_pm": found.face_score_pm,
            "liveness_pm": found.liveness_pm,
            "fingerprint_score_pm": found.fingerprint_score_pm,
            "occupants": found.occupants,
            "announced_crew": found.announced_crew,
        }
    )


def _seal(case: Case) -> Facts:
    found = case.seal
    return _only_known({"seal": found.number, "seal_condition": str(found.condition)}) if found else {}


def _weight(case: Case) -> Facts:
    found, papers = case.weight, case.papers
    declared_kg = sum(consignment.declared_gross_kg for consignment in papers.consignments) if papers else None
    return _only_known(
        {
            "mass_kg": found.mass_kg if found else None,
            "declared_gross_kg": declared_kg,
            "tare_kg": papers.tare_kg if papers else None,
        }
    )


def _radiation(case: Case) -> Facts:
    found = case.radiation
    return {"gamma_alarm": found.gamma_alarm, "neutron_alarm": found.neutron_alarm} if found else {}


def _health(case: Case) -> Facts:
    found = case.health
    if found is None:
        return {}
    return {
        "health_declared": found.declared,
        "symptoms": found.symptoms,
        "temperature_dc": found.temperature_dc,
        "disinfected": found.disinfected,
    }


def _goods(case: Case) -> Facts:
    papers, read = case.papers, case.containers
    if papers is None:
        return {}
    return _only_known(
        {
            "cargo": papers.cargo,
            "consignments": len(papers.consignments),
            "cleared": all(consignment.cleared for consignment in papers.consignments),
            "controlled": any(consignment.controlled for consignment in papers.consignments),
            "declared_seals": ",".join(papers.seals)[:200],
            "declared_containers": ",".join(papers.containers)[:200],
            "damage": ",".join(read.damage)[:200] if read else None,
            "late": papers.late,
            "duplicate_of": papers.duplicate_of,
        }
    )


def _stand(case: Case) -> Facts:
    found, papers = case.positioned, case.papers
    return _only_known(
        {
            "axles": found.axles if found else None,
            "length_mm": found.length_mm if found else None,
            "alone": found.alone if found else None,
            "convoy_expected": papers.convoy_expected if papers else None,
            "convoy_present": papers.convoy_present if papers else None,
            "degraded": bool(case.lacking),
        }
    )
