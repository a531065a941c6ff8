"""What follows from a vehicle's release: its papers are written off, its visit begins or ends, the yard expects it."""

from kouan.gate.dossier import case_of
from kouan.gate.roles import GateRecords, record_params
from kouan.gate.states import Cleared
from kouan.gate.visit import begin_visit, visit_record
from kouan.inspection.desk import document_of
from kouan.inspection.papers import ConsignmentLine
from kouan.inspection.roles import PapersRecords
from kouan.inspection.use_cases import write_off
from kouan.journeys.yard_arrivals import GateToYard
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Ledger, Statement, Unit, UnitRefused


class Crossings:
    """Follows up releases. Doing so twice changes nothing, so a restarted platform does it again for the latest."""

    def __init__(
        self, papers: PapersRecords, gate: GateRecords, ledger: Ledger, yard: GateToYard | None = None
    ) -> None:
        self._papers = papers
        self._gate = gate
        self._ledger = ledger
        self._yard = yard

    async def cleared(self, state: Cleared) -> str | None:
        """Write off the papers and keep the visit; return the guard that refused the write-off, if one did (I16)."""
        refused = await self._write_off(state)
        await self._visit(state)
        if self._yard is not None:
            await self._yard.cleared(state)
        return refused

    async def _write_off(self, state: Cleared) -> str | None:
        papers = case_of(state.dossier).papers
        if papers is None or papers.confirmation is None:
            return None
        record = await self._papers.find_confirmation(papers.confirmation)
        if record is None or record.passage == state.dossier.passage:
            return None
        paper = document_of(record)
        aboard = paper.consignments or tuple(
            ConsignmentLine(one.number, one.hs_code, one.goods, one.declared_gross_kg) for one in papers.consignments
        )  # a vehicle alone whose confirmation names no goods carries what its batch's manifests hold
        passage, way = state.dossier.passage, paper.direction.value
        answer = await self._ledger.append(write_off(paper.number, passage, aboard, way, state.closed_at))
        return answer.guard if isinstance(answer, UnitRefused) else None

    async def _visit(self, state: Cleared) -> None:
        plates = case_of(state.dossier).plates
        if plates is None or plates.tractor is None:
            return
        passage, at = state.dossier.passage, state.closed_at
        standing = await self._gate.find_open_visit(plates.tractor)
        if standing is None:
            begun = begin_visit(state, plates.tractor)
            await self._keep("visit.begun/1", begun.visit, passage, begun, "gate.open_visit", visit_record(begun))
        elif standing.in_passage != passage:
            params = {"visit": standing.visit, "out_passage": passage, "closed_at": at}
            draft = Draft("visit.ended/1", standing.visit, f"visit:{passage}", canonical({"at": at, **params}))
            await self._ledger.append(Unit((draft,), guards=(Statement("gate.close_visit", params),)))

    async def _keep(self, kind: str, visit: str, passage: str, body: object, name: str, record: object) -> None:
        draft = Draft(kind, visit, f"visit:{passage}", canonical(body))
        guard = Statement(name, record_params(record))  # type: ignore[arg-type]
        await self._ledger.append(Unit((draft,), guards=(guard,)))
