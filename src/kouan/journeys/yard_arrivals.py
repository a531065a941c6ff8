"""From the gate to the yard: a loaded vehicle that was cleared inbound is reported to have arrived (``YARD_IN``)."""

from collections.abc import Callable

import msgspec

from kouan.gate.case import Case
from kouan.gate.dossier import case_of
from kouan.gate.driver_identity import identity_of
from kouan.gate.states import Cleared
from kouan.inspection.coverage import covers
from kouan.inspection.desk import document_of
from kouan.inspection.lots import lots_of
from kouan.inspection.papers import VehicleConfirmation
from kouan.inspection.release.lot import Lot
from kouan.inspection.roles import PapersRecords
from kouan.inspection.use_cases import declaration_of
from kouan.journeys.yard_visits import Delivery, Done, YardVisits
from kouan.ledger.roles import Ledger, Subjects
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import TravelDocument
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.events import CallPerson, Command
from kouan.yard.facts import CarrierTicket
from kouan.yard.settings import YardSettings, site_for
from kouan.yard.tickets import Ticket


class _Sealed(msgspec.Struct):
    mrz: tuple[str, ...]


async def subject_of(subjects: Subjects, mrz: tuple[str, ...]) -> str:
    """Return the ledger's name of whoever shows a document, as the gate names people; raise Unavailable."""
    try:
        document = TravelDocument.parse(mrz)
    except InvalidValue:
        document = None
    return await subjects.subject_for(identity_of(document, mrz))


class GateToYard:
    """Reports arrivals; reporting a passage twice changes nothing, so a restarted platform does it again."""

    def __init__(
        self,
        settings: YardSettings,
        visits: YardVisits,
        papers: PapersRecords,
        ledger: Ledger,
        subjects: Subjects,
        tell: Callable[[Command], None],
    ) -> None:
        self._settings = settings
        self._visits = visits
        self._papers = papers
        self._ledger = ledger
        self._subjects = subjects
        self._tell = tell

    async def cleared(self, state: Cleared) -> Done | Refused | None:
        """Report the arrival of a released vehicle; None where it brings nothing to the yard.

        Refused where its goods are not one lot of a known declaration, or no site takes them: a person is called.
        """
        done = await self._report(state)
        if isinstance(done, Refused):
            self._tell(CallPerson(f"yard-{state.dossier.passage}", 2, done.reasons[0]))
        return done

    async def _report(self, state: Cleared) -> Done | Refused | None:
        case = case_of(state.dossier)
        papers, plates = case.papers, case.plates
        if state.dossier.direction != Direction.IN or papers is None or papers.load != "loaded":
            return None
        record = None if papers.confirmation is None else await self._papers.find_confirmation(papers.confirmation)
        if record is None or plates is None or plates.tractor is None:
            return refuse("yard.no_papers", passage=state.dossier.passage)
        confirmation = document_of(record)
        lot = await self._lot(confirmation)
        site = None if lot is None else site_for(self._settings, lot.hs_code)
        if lot is None or site is None:
            return refuse("yard.no_lot" if lot is None else "yard.no_site", passage=state.dossier.passage)
        driver = case.driver
        if driver is None:
            return refuse("yard.no_driver", passage=state.dossier.passage)
        declared_kg = sum(line.gross_kg for line in confirmation.consignments)
        return await self._visits.deliver(
            Delivery(
                passage=state.dossier.passage, site=site.name, plate=plates.tractor, carrier=confirmation.carrier,
                lot=lot.number, hs_code=lot.hs_code, goods=lot.goods, declared_kg=lot.mass_kg, grade=lot.hs_code,
                occupants=driver.occupants,
                subjects=await self._subjects_of(driver.commitment),
                gate=_gate_ticket(case, plates.tractor),
                loaded=CarrierTicket(confirmation.number, declared_kg) if declared_kg else None,
            )
        )  # fmt: skip

    async def _lot(self, confirmation: VehicleConfirmation) -> Lot | None:
        """Return the one lot that a vehicle carries: the line of its declaration with its goods code."""
        numbers = sorted({line.declaration for line in confirmation.consignments if line.declaration})
        found: list[Lot] = []
        for number in numbers:
            record = await self._papers.find_declaration(number)
            if record is None:
                continue
            own = [line for line in confirmation.consignments if line.declaration == number]
            codes = {line.hs_code for line in own if covers(record, line.number)}
            found += [
                lot
                for lot in lots_of(declaration_of(record))
                if any(lot.hs_code.startswith(code) or code.startswith(lot.hs_code) for code in codes)
            ]
        return found[0] if len(found) == 1 else None

    async def _subjects_of(self, commitment: str) -> tuple[str, ...]:
        """Return the ledger's name of the driver at the gate; none where it was forgotten since."""
        payload = await self._ledger.open_personal(commitment)
        if payload is None:
            return ()
        return (await subject_of(self._subjects, msgspec.json.decode(payload, type=_Sealed).mrz),)


def _gate_ticket(case: Case, plate: str) -> Ticket | None:
    """Return the gate's own weighing, so that its weighbridge is compared with the yard's."""
    weight = case.weight
    return None if weight is None else Ticket(f"gate-{case.passage}", str(case.lane), plate, weight.mass_kg, weight.at)
