"""Papers as EDIFACT messages, for those who are sent them."""

import datetime as dt

from kouan.inspection.papers import Declaration, Manifest
from kouan.inspection.supporting import GateReport
from kouan.protocols.edifact.interchange import Interchange, render
from kouan.protocols.edifact.messages import CargoItem, CargoReport, Content, CustomsResponse, GateMovement, write
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.days import SHANGHAI

Exported = Manifest | Declaration | GateReport


def exported(papers: tuple[Exported, ...], sender: str, recipient: str, reference: str, now: Instant) -> bytes:
    """Return an interchange with a message a paper, CUSCAR, CUSRES or CODECO, under its own ``reference``."""
    messages = tuple(write(_content(paper), str(place)) for place, paper in enumerate(papers, 1))
    return render(Interchange(sender, recipient, minute(now), reference, messages))


def minute(at: Instant) -> str:
    """Return the minute in China of an instant, as CCYYMMDDHHMM."""
    return dt.datetime.fromtimestamp(at // SECOND, SHANGHAI).strftime("%Y%m%d%H%M")


def _content(paper: Exported) -> Content:
    match paper:
        case Manifest():
            items = tuple(
                CargoItem(line.number, line.hs_code, line.goods, line.gross_kg, line.declaration)
                for line in paper.consignments
            )
            direction = paper.direction.value
            return CargoReport(paper.number, paper.version, paper.batch, direction, paper.sender, items)
        case Declaration():
            return CustomsResponse(f"{paper.number}-{paper.version}", paper.number, paper.status.value)
        case GateReport():
            return GateMovement(
                number=paper.number,
                version=paper.version,
                direction=paper.direction.value,
                sender=paper.sender,
                at=minute(paper.at),
                containers=paper.containers,
                plate=paper.plate,
                place=paper.place,
            )
