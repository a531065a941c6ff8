"""Release conditions of the goods (放行条件), each switched on and off a port by the dates in its rulebook."""

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


@rule(NoParams)
def consignments_cleared(case: Case, _params: NoParams) -> Verdict:
    """Grant where customs has released every consignment aboard."""
    papers = case.papers
    waiting = [consignment.number for consignment in (papers.consignments if papers else ()) if not consignment.cleared]
    return refuse("papers.not_cleared", numbers=", ".join(waiting)) if waiting else GRANTED


@rule(NoParams)
def consignments_declared(case: Case, _params: NoParams) -> Verdict:
    """Grant where every consignment aboard stands in a customs declaration (报关单)."""
    papers = case.papers
    without = [
        consignment.number for consignment in (papers.consignments if papers else ()) if consignment.declaration is None
    ]
    return refuse("papers.undeclared", numbers=", ".join(without)) if without else GRANTED


@rule(NoParams)
def consignments_not_controlled(case: Case, _params: NoParams) -> Verdict:
    """Grant where no consignment aboard, and no declaration of one, is under control (布控)."""
    papers = case.papers
    found = [consignment.number for consignment in (papers.consignments if papers else ()) if consignment.controlled]
    return refuse("papers.controlled", numbers=", ".join(found)) if found else GRANTED


@rule(NoParams)
def transit_cleared(case: Case, _params: NoParams) -> Verdict:
    """Grant where every transit declaration (转关单) aboard is cleared."""
    papers = case.papers
    found = [
        consignment.number for consignment in (papers.consignments if papers else ()) if not consignment.transit_cleared
    ]
    return refuse("papers.transit", numbers=", ".join(found)) if found else GRANTED
