"""The papers: whether they are there, in time, once only and for all that crosses."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Cargoes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kinds of cargo."""

    cargoes: list[str]


@rule(NoParams)
def papers_present(case: Case, _params: NoParams) -> Verdict:
    """Grant where the vehicle's confirmation (确报) was found, with a manifest wherever goods are aboard."""
    papers = case.papers
    if papers is None:
        return GRANTED
    if papers.confirmation is None:
        return refuse("papers.no_confirmation")
    if papers.load == "loaded" and not papers.consignments:
        return refuse("papers.no_manifest", confirmation=papers.confirmation)
    return GRANTED


@rule(NoParams)
def papers_in_time(case: Case, _params: NoParams) -> Verdict:
    """Grant where the papers came before the term for sending them ahead ran out."""
    papers = case.papers
    return refuse("papers.late") if papers is not None and papers.late else GRANTED


@rule(NoParams)
def manifest_only_once(case: Case, _params: NoParams) -> Verdict:
    """Grant where no other active manifest stands for the same consignment and direction (I16)."""
    papers = case.papers
    if papers is None or papers.duplicate_of is None:
        return GRANTED
    return refuse("papers.duplicate", other=papers.duplicate_of)


@rule(NoParams)
def quantity_not_exceeded(case: Case, _params: NoParams) -> Verdict:
    """Grant where what has crossed of each consignment, and what crosses now, is within its manifest (I16)."""
    papers = case.papers
    for consignment in papers.consignments if papers else ():
        crossing_kg = consignment.crossed_kg + consignment.declared_gross_kg
        if consignment.total_kg is not None and crossing_kg > consignment.total_kg:
            return refuse(
                "papers.exceeded", number=consignment.number, crossing_kg=crossing_kg, total_kg=consignment.total_kg
            )
    return GRANTED


@rule(NoParams)
def convoy_complete(case: Case, _params: NoParams) -> Verdict:
    """Grant where all vehicles that share one consignment's batch number are here: they cross together."""
    papers = case.papers
    if papers is None or papers.convoy_present >= papers.convoy_expected:
        return GRANTED
    return refuse(
        "papers.convoy", batch=papers.batch or "", present=papers.convoy_present, expected=papers.convoy_expected
    )


@rule(Cargoes)
def green_channel_for_perishables(case: Case, params: Cargoes) -> Verdict:
    """Grant where the green channel (绿色通道) is used for the perishable cargoes that it is meant for."""
    papers = case.papers
    if papers is None or not papers.green_channel or papers.cargo in params.cargoes:
        return GRANTED
    return refuse("papers.green_channel", cargo=papers.cargo)
