"""A vehicle's papers, as the gate needs them: found by the desk of ``inspection``, told in the words of ``gate``."""

from collections.abc import Sequence

from msgspec.structs import replace

from kouan.gate.driver_identity import Announced
from kouan.gate.evidence import Consignment, PapersMatched
from kouan.gate.procedures import Authority
from kouan.gate.roles import GateRecords, PapersQuery
from kouan.gate.visit import seen_elsewhere
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.desk import MatchedPapers, document_of, holds_without_papers, match
from kouan.inspection.examination.records import ExaminationRecords, examination_of
from kouan.inspection.lookup import Sought, find_confirmation, gather
from kouan.inspection.reading import read_driver
from kouan.inspection.records import ControlOrderRecord
from kouan.inspection.roles import PapersRecords
from kouan.inspection.use_cases import note_arrival
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Instant

CUSTOMS = Authority.CUSTOMS
"""Whose hold an examination is that is not ended: goods and seals are customs'."""

SOURCE = "papers"
"""The source that evidence of papers names."""


class PapersAtGate:
    """Finds papers for the gate, and says who was announced in them; plays ``PapersDesk`` and ``AnnouncedDrivers``."""

    def __init__(
        self,
        port: str,
        papers: PapersRecords,
        gate: GateRecords,
        ledger: Ledger,
        examinations: ExaminationRecords | None = None,
    ) -> None:
        """``examinations`` are None where the port has no bays for them."""
        self._port = port
        self._papers = papers
        self._gate = gate
        self._ledger = ledger
        self._examinations = examinations

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        """Return the papers in force at ``query.at``, or None where nothing was announced and nothing is held."""
        sought = Sought(query.direction, query.at, query.plate, query.trailer, query.containers)
        elsewhere = await self._seen_elsewhere(query)
        plates = tuple(plate for plate in (query.plate, query.trailer) if plate)
        record = await find_confirmation(self._papers, sought)
        if record is None:
            return await self._without(query, plates, elsewhere)
        gathered = await gather(self._papers, record, (*plates, *query.containers), query.at)
        if record.arrived_at is None:
            await self._ledger.append(note_arrival(record.number, query.passage, query.at))
        told = _told(match(gathered, plates, query.containers, query.at), query, elsewhere)
        return await self._examined(told, record.submitted_at)

    async def announced(self, confirmation: str) -> Announced | None:
        """Return who was announced, None where that is unknown or was forgotten."""
        record = await self._papers.find_confirmation(confirmation)
        if record is None:
            return None
        paper = document_of(record)
        payload = await self._ledger.open_personal(paper.driver)
        documents = () if payload is None else (read_driver(payload).document_number,)
        return Announced(documents, paper.crew_count)

    async def _examined(self, told: PapersMatched, since: Instant) -> PapersMatched:
        """Return what an examination since the papers came left: its hold while it goes on, its seals after it (I7)."""
        if self._examinations is None or told.plate is None:
            return told
        latest = await self._examinations.latest_of_plate(told.plate)
        if latest is None or latest.ordered_at < since:
            return told
        if latest.closed_at is None:
            return replace(told, holds=(*told.holds, f"{CUSTOMS}:{ControlKind.EXAMINE}:{latest.number}"))
        examined = examination_of(latest)
        return replace(told, seals=examined.seals_now) if examined.seals else told

    async def _seen_elsewhere(self, query: PapersQuery) -> str | None:
        """Return where this plate left too short a time ago to be here (I6)."""
        if not query.plate:
            return None
        last = await self._gate.find_sighting(query.plate)
        return seen_elsewhere(last, self._port, query.lane, query.passage, query.at)

    async def _without(
        self, query: PapersQuery, plates: tuple[str, ...], elsewhere: str | None
    ) -> PapersMatched | None:
        named = await self._papers.orders_naming((*plates, *query.containers), query.at)
        orders = holds_without_papers(plates, query.containers, named, query.at)
        if not orders and elsewhere is None:
            return None
        return PapersMatched(
            source=SOURCE,
            at=query.at,
            confirmation=None,
            holds=_holds(orders),
            seen_elsewhere=elsewhere,
            hold_reasons=_reasons(orders),
        )


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
        hold_reasons=_reasons(matched.holds),
        green_channel=paper.green_channel,
        duplicate_of=matched.duplicate_of,
        seen_elsewhere=elsewhere,
    )


def _holds(orders: Sequence[ControlOrderRecord]) -> tuple[str, ...]:
    return tuple(f"{order.authority}:{order.kind}:{order.number}" for order in orders)


def _reasons(orders: Sequence[ControlOrderRecord]) -> dict[str, str]:
    """Return why a vehicle is watched for, by number: that is what an officer has to know of it."""
    return {order.number: order.reason for order in orders if order.kind == ControlKind.WATCH}
