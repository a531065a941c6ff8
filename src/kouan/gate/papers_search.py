"""When the papers desk is asked, and by what: by the plate as soon as it is read, else by the containers."""

from msgspec.structs import replace

from kouan.gate.commands import Command, FindPapers
from kouan.gate.dossier import PLATFORM, case_of, record_of, with_record
from kouan.gate.evidence import Evidence, Failed
from kouan.gate.procedures import Procedure
from kouan.gate.roles import PapersQuery
from kouan.gate.states import Dossier
from kouan.vocabulary.clock import Instant

NONE_FOUND = "none"
"""Cause of the ``Failed`` evidence with which the driver says that the desk found nothing."""


def ask_for_papers(dossier: Dossier, now: Instant) -> tuple[Dossier, tuple[Command, ...]]:
    """Ask for the papers if something new is known to look by; fail the procedure if there is nothing to look by."""
    papers = record_of(dossier, Procedure.PAPERS)
    if papers is None or papers.ended:
        return dossier, ()
    case = case_of(dossier)
    plate = case.plates.tractor if case.plates else None
    containers = case.containers.numbers if case.containers else ()
    if plate is not None and "plate" not in dossier.asked:
        asked = ("plate", "containers") if containers else ("plate",)
        return _ask(dossier, asked)
    if not _ended(dossier, Procedure.PLATES) or not _ended(dossier, Procedure.CONTAINER):
        return dossier, ()
    if containers and "containers" not in dossier.asked and (plate is None or "none" in dossier.asked):
        return _ask(dossier, ("containers",))
    if (plate is None and not containers) or "none" in dossier.asked:
        failed = Failed(source=PLATFORM, at=now, procedure=Procedure.PAPERS, cause=NONE_FOUND)
        return with_record(dossier, replace(papers, evidence=failed, finished_at=now)), ()
    return dossier, ()


def _ended(dossier: Dossier, procedure: Procedure) -> bool:
    record = record_of(dossier, procedure)
    return record is None or record.ended


def _ask(dossier: Dossier, asked: tuple[str, ...]) -> tuple[Dossier, tuple[Command, ...]]:
    asking = replace(dossier, asked=tuple(dict.fromkeys((*dossier.asked, *asked))))
    return asking, (FindPapers(papers_query(asking)),)


def papers_query(dossier: Dossier) -> PapersQuery:
    """Return what the papers can be looked up by now."""
    case = case_of(dossier)
    return PapersQuery(
        passage=dossier.passage,
        lane=dossier.lane,
        direction=dossier.direction,
        at=dossier.opened_at,
        plate=case.plates.tractor if case.plates else None,
        trailer=case.plates.trailer if case.plates else None,
        containers=case.containers.numbers if case.containers else (),
    )


def is_empty_answer(dossier: Dossier, evidence: Evidence) -> bool:
    """Say whether this is the desk's answer that it found nothing, while there may still be more to look by."""
    papers = record_of(dossier, Procedure.PAPERS)
    return (
        isinstance(evidence, Failed)
        and evidence.procedure == Procedure.PAPERS
        and evidence.cause == NONE_FOUND
        and papers is not None
        and papers.evidence is None
    )


def note_empty_answer(dossier: Dossier) -> Dossier:
    """Return the dossier with the desk's empty answer noted: containers read later are looked by as well."""
    return replace(dossier, asked=tuple(dict.fromkeys((*dossier.asked, "none"))))
