"""The gate without its devices: papers, tables and holds are asked as the lane asks them, and the rulebook decides.

What devices would read is supplied as it truly is, so that only papers, holds and the weight can divert a lorry.
"""

from msgspec.structs import replace

from kouan.gate.commands import VehicleIdentity
from kouan.gate.decide import decide
from kouan.gate.decision import AgencyVerdict, Decision
from kouan.gate.dossier import case_of
from kouan.gate.events import DecisionMade, PassageClosed, drafts
from kouan.gate.evidence import (
    ContainersRead,
    DriverIdentified,
    Evidence,
    HealthChecked,
    PapersMatched,
    PlatesRead,
    Positioned,
    RadiationMeasured,
    SealCondition,
    SealRead,
    Weighed,
    procedure_of,
)
from kouan.gate.procedures import Authority, Outcome
from kouan.gate.records import passage_statement
from kouan.gate.roles import PapersQuery
from kouan.gate.states import CaseSent, Cleared, Diverted, Dossier, Order, ProcedureRecord
from kouan.ledger.roles import Unit
from kouan.proving.month.port import MonthPort
from kouan.proving.month.setting import DAY_US
from kouan.proving.month.traders import AXLES
from kouan.proving.month.trips import Trip
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.places import Direction

STOP_US = 30 * SECOND
"""From the stop to the barrier's opening. Our choice: the published 30 s of a customs gate."""

ORDER_US = 5 * SECOND


class MonthGate:
    """Decides on lorries; each attempt is a passage of its own."""

    def __init__(self, port: MonthPort) -> None:
        self._port = port
        self._count = 0
        self._lanes = [lane.name for lane in port.file.lanes if lane.direction is Direction.IN]

    async def judge(self, trip: Trip) -> Cleared | Diverted | None:
        """Decide on a lorry that stands at the line; None where nothing is announced, so that it has to wait."""
        self._count += 1
        passage, lane = f"month-{self._count:07d}", self._lanes[self._count % len(self._lanes)]
        at = self._port.clock.now()
        query = PapersQuery(passage, lane, Direction.IN, at, trip.plate, trip.trailer)
        papers = await self._port.gate.find_papers(query)
        if papers is None or papers.confirmation is None or not papers.consignments:
            return None
        dossier = self._dossier(query, _evidence(trip, papers, self._count, at))
        verdicts = [_grant(authority, at) for authority in Authority]
        decision = decide(case_of(dossier), verdicts, (), self._port.rulebook, at)
        state = self._state(dossier, decision, trip, at)
        await self._record(state)
        return state

    def _dossier(self, query: PapersQuery, found: tuple[Evidence, ...]) -> Dossier:
        at = query.at
        records = tuple(ProcedureRecord(procedure_of(each), at, at + STOP_US, at, each) for each in found)
        cases = tuple(CaseSent(authority, 1, "", at) for authority in Authority)
        return Dossier(
            passage=query.passage, port=self._port.file.name, lane=query.lane, direction=query.direction,
            track=self._count, opened_at=at, epoch=0, policy="month", procedures=records, version=1, cases=cases,
        )  # fmt: skip

    def _state(self, dossier: Dossier, decision: Decision, trip: Trip, at: Instant) -> Cleared | Diverted:
        vehicle = VehicleIdentity(trip.plate, trip.trailer, trip.seal, AXLES, dossier.track)
        order = Order(f"{dossier.passage}/1", "release", decision.outcome, vehicle, 0, at, at + ORDER_US)
        ends = Cleared if decision.outcome is Outcome.RELEASE else Diverted
        return ends(dossier, decision, order, at, at)

    async def _record(self, state: Cleared | Diverted) -> None:
        """Record decision and end of a passage; of one that is diverted also the row, by which examinations know it."""
        passage, at = state.dossier.passage, state.closed_at
        name = "cleared" if isinstance(state, Cleared) else "diverted"
        events = (DecisionMade(at, state.decision), PassageClosed(at, passage, name, None, None))
        row = () if isinstance(state, Cleared) else (passage_statement(None, state, at),)
        await self._port.ledger.append(Unit(drafts(events, passage, passage), guards=row))


def _evidence(trip: Trip, papers: PapersMatched, track: int, at: Instant) -> tuple[Evidence, ...]:
    said = {"source": "month", "at": at}
    return (
        Positioned(source="month", at=at, track=track, axles=AXLES, length_mm=33_500),
        PlatesRead(source="month", at=at, tractor=trip.plate, trailer=trip.trailer),
        ContainersRead(source="month", at=at, numbers=(), valid=True),
        SealRead(source="month", at=at, number=trip.seal, condition=SealCondition.INTACT),
        Weighed(
            source="month", at=at, mass_kg=trip.tare_kg + trip.true_kg, stable_frames=8,
            calibrated_until=at + DAY_US, zero_checked_at=at - DAY_US // 4,
        ),
        RadiationMeasured(
            source="month", at=at, gamma_alarm=False, neutron_alarm=False, gamma_peak_cps=400, gamma_background_cps=400
        ),
        DriverIdentified(
            source="month", at=at, commitment="month", document_valid=True, document_expired=False, nationality="MNG",
            expected=True, face_score_pm=930, liveness_pm=950, fingerprint_score_pm=None, occupants=1, announced_crew=1,
        ),
        HealthChecked(source="month", at=at, declared=True, symptoms=False, temperature_dc=364, disinfected=True),
        replace(papers, **said),
    )  # fmt: skip


def _grant(authority: Authority, at: Instant) -> AgencyVerdict:
    """Return the word of an authority that has nothing against what its control orders do not name already."""
    return AgencyVerdict(authority, "grant", 1, at, at + DAY_US, f"agency:{authority}")
