"""A vehicle's papers, as the gate needs them: found by the desk of ``inspection``, told in the words of ``gate``."""

from collections.abc import Sequence

from kouan.gate.driver_identity import Announced
from kouan.gate.evidence import Consignment, PapersMatched
from kouan.gate.roles import GateRecords, PapersQuery, Sighting
from kouan.gate.visit import seen_elsewhere
from kouan.inspection.desk import (
    Gathered,
    MatchedPapers,
    choose,
    document_of,
    holds_without_papers,
    manifest_of,
    match,
)
from kouan.inspection.reading import read_driver
from kouan.inspection.records import ConfirmationRecord, ControlOrderRecord
from kouan.inspection.roles import PapersRecords
from kouan.inspection.use_cases import note_arrival
from kouan.ledger.roles import Ledger
from kouan.vocabulary.identifiers import nearest_plates

SOURCE = "papers"
"""The source that evidence of papers names."""


class PapersAtGate:
    """Finds papers for the gate, and says who was announced in them; plays ``PapersDesk`` and ``AnnouncedDrivers``."""

    def __init__(self, port: str, papers: PapersRecords, gate: GateRecords, ledger: Ledger) -> None:
        self._port = port
        self._papers = papers
        self._gate = gate
        self._ledger = ledger

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        """Return the papers in force at ``query.at``, or None where nothing was announced and nothing is held."""
        found = await self._confirmation(query)
        orders = await self._papers.orders_in_force(query.at)
        plates = tuple(plate for plate in (query.plate, query.trailer) if plate)
        elsewhere = await self._seen_elsewhere(query)
        if found is None:
            return _without(query, holds_without_papers(plates, query.containers, orders, query.at), elsewhere)
        matched = match(await self._gather(found, orders), plates, query.containers, query.at)
        await self._ledger.append(note_arrival(found.number, query.passage, query.at))
        return _told(matched, query, elsewhere)

    async def announced(self, confirmation: str) -> Announced | None:
        """Return who was announced, None where that is unknown or was forgotten."""
        record = await self._papers.find_confirmation(confirmation)
        if record is None:
            return None
        paper = document_of(record)
        payload = await self._ledger.open_personal(paper.driver)
        documents = () if payload is None else (read_driver(payload).document_number,)
        return Announced(documents, paper.crew_count)

    async def _confirmation(self, query: PapersQuery) -> ConfirmationRecord | None:
        """Look by the plate, then by containers, then by plates that a camera may have misread so, nearest first."""
        if query.plate:
            found = choose(await self._papers.confirmations_of_plate(query.plate, query.direction))
            if found is not None:
                return found
        for container in query.containers:
            found = choose(await self._papers.confirmations_of_container(container, query.direction))
            if found is not None:
                return found
        return await self._near(query)

    async def _near(self, query: PapersQuery) -> ConfirmationRecord | None:
        if not query.plate:
            return None
        known = await self._papers.active_plates(query.direction)
        for plate, _ in nearest_plates(query.plate, known):
            found = choose(await self._papers.confirmations_of_plate(plate, query.direction))
            if found is not None:
                return found
        return None

    async def _gather(self, record: ConfirmationRecord, orders: Sequence[ControlOrderRecord]) -> Gathered:
        paper = document_of(record)
        manifests = await self._papers.manifests_of_batch(record.batch)
        lines = paper.consignments or tuple(line for one in manifests for line in manifest_of(one).consignments)
        numbers = [line.number for line in lines]
        found = await self._papers.consignments(numbers, paper.direction)
        consignments = {consignment.number: consignment for consignment in found}
        names = {line.declaration for line in lines} | {one.declaration for one in consignments.values()}
        declarations = await self._papers.declarations(sorted(name for name in names if name))
        return Gathered(
            confirmation=record,
            consignments=consignments,
            manifested_at={manifest.number: manifest.submitted_at for manifest in manifests},
            declarations={declaration.number: declaration for declaration in declarations},
            batch=await self._papers.confirmations_of_batch(record.batch),
            orders=orders,
        )

    async def _seen_elsewhere(self, query: PapersQuery) -> str | None:
        """Return where this plate stands now, or stood too short a time ago to be here (I6)."""
        if not query.plate:
            return None
        last = await self._gate.find_sighting(query.plate)
        for record in await self._gate.open_passages():
            if record.passage != query.passage and record.plate == query.plate:
                last = Sighting(query.plate, self._port, record.lane, record.direction, record.passage, query.at)
        lane = await self._gate.find_passage(query.passage)
        here = lane.lane if lane is not None else ""
        return seen_elsewhere(last, self._port, here, query.passage, query.at)


def _without(query: PapersQuery, orders: Sequence[ControlOrderRecord], elsewhere: str | None) -> PapersMatched | None:
    if not orders and elsewhere is None:
        return None
    return PapersMatched(source=SOURCE, at=query.at, confirmation=None, holds=_holds(orders), seen_elsewhere=elsewhere)


def _told(matched: MatchedPapers, query: PapersQuery, elsewhere: str | None) -> PapersMatched:
    paper = matched.confirmation
    return PapersMatched(
        source=SOURCE,
        at=query.at,
        confirmation=paper.number,
        late=matched.submitted_at > query.at or bool(matched.missing),
        load=paper.load.value,
        cargo=paper.cargo,
        plate=paper.plate,
        trailer=paper.trailer,
        containers=paper.containers,
        seals=paper.seals,
        tare_kg=paper.tare_kg,
        consignments=tuple(
            Consignment(
                number=one.number,
                hs_code=one.hs_code,
                goods=one.goods,
                declared_gross_kg=one.part_kg,
                declaration=one.declaration,
                cleared=one.cleared and one.transit_cleared,
                crossed_kg=one.crossed_kg,
                total_kg=one.total_kg,
                controlled=one.controlled,
            )
            for one in matched.consignments
        ),
        batch=paper.batch,
        convoy_expected=matched.expected,
        convoy_present=matched.present,
        holds=_holds((*matched.holds, *matched.goods_holds)),
        green_channel=paper.green_channel,
        duplicate_of=matched.duplicate_of,
        seen_elsewhere=elsewhere,
    )


def _holds(orders: Sequence[ControlOrderRecord]) -> tuple[str, ...]:
    return tuple(f"{order.authority}:{order.kind}:{order.number}" for order in orders)
