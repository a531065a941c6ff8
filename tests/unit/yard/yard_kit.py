"""A yard to try things in: its settings, facts in order, and answers of the others that a test can change."""

from typing import Any

from kouan.ledger.roles import Draft, Unit
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.verdict import Refused
from kouan.yard.facts import Arrived, CarrierTicket, HandlingBegan, Leave, Purpose, Tallied, Terms, TicketTaken
from kouan.yard.people import Aboard
from kouan.yard.records import LotRecord
from kouan.yard.roles import Released, WrittenOff
from kouan.yard.settings import (
    Block,
    Perishable,
    Reference,
    Scale,
    Site,
    SiteKind,
    Tolerances,
    YardSettings,
)
from kouan.yard.tickets import Ticket

NOW = 1_760_000_000 * SECOND
MINUTE = 60 * SECOND
LORRY = "蒙B023H6"
DOMESTIC = "蒙L12345"
LOT = "071320251000000001-1"
PLACE = "coal/A/1/1"

SETTINGS = YardSettings(
    sites=(
        Site("coal", SiteKind.GENERAL, "煤炭", "coal"),
        Site("bonded", SiteKind.BONDED, "保税", "bonded"),
        Site("grain", SiteKind.GRAIN, "粮食", "grain"),
        Site("meat", SiteKind.MEAT, "肉类", "meat"),
        Site("warehouse", SiteKind.DELIVERY_WAREHOUSE, "交割库", "warehouse"),
    ),
    blocks=(
        Block("A", "coal", ("2701", "2704"), 2, 4, 1_000_000),
        Block("B", "bonded", ("",), 1, 4, 1_000_000),
        Block("G", "grain", ("10", "2701"), 1, 4, 1_000_000),
        Block("M", "meat", ("02",), 1, 4, 100_000, warmest_dc=-180),
        Block("W", "warehouse", ("2701",), 1, 4, 1_000_000),
    ),
    scales=(Scale("W1", "coal"), Scale("W2", "coal"), Scale("W3", "warehouse")),
    perishables=(Perishable("07", 6), Perishable("0703", 4)),
    references=(Reference("蒙BREF01", 49_000),),
    tolerances=Tolerances(pick_up_kg=120, ticket_pm=3),
)


def ticket(mass_kg: int, number: str, **changes: Any) -> Ticket:
    return Ticket(**({"number": number, "scale": "W1", "plate": LORRY, "mass_kg": mass_kg, "at": NOW} | changes))


def delivery(**changes: Any) -> Arrived:
    given = {
        "at": NOW, "visit": "v1", "site": "coal", "plate": LORRY, "carrier": "CARRIER-01",
        "purpose": Purpose.DELIVERY, "lot": LOT, "hs_code": "2701121000", "aboard": Aboard(1, ("a" * 64,)),
        "loaded": CarrierTicket("T1", 80_000),
    }  # fmt: skip
    return Arrived(**(given | changes))


def pick_up(**changes: Any) -> Arrived:
    terms = Terms("order-1", 30_000, NOW + 600 * MINUTE)
    given = {"purpose": Purpose.PICK_UP, "plate": DOMESTIC, "terms": terms, "loaded": None}
    return delivery(**(given | changes))


def weighed(mass_kg: int, number: str, leave: Leave | None = None, **changes: Any) -> TicketTaken:
    return TicketTaken(NOW, ticket(mass_kg, number, **changes), leave)


def handling(place: str = PLACE) -> HandlingBegan:
    return HandlingBegan(NOW, place, "wang")


def tallied(**changes: Any) -> Tallied:
    return Tallied(**({"at": NOW, "by": "wang", "moisture_bp": 800} | changes))


def lot(**changes: Any) -> LotRecord:
    return LotRecord(**({
        "lot": LOT, "version": 1, "site": "coal", "hs_code": "2701121000", "goods": "炼焦煤", "grade": "2701121000",
        "declared_kg": 1_000_000,
    } | changes))  # fmt: skip


class Releases:
    """Plays ``GoodsReleased``: what a test says is released."""

    def __init__(self, answer: Released | Refused) -> None:
        self.answer = answer

    async def of(self, lot: str) -> Released | Refused:
        return self.answer


class Papers:
    """Plays ``WriteOffs``: keeps what was written off, and refuses where a test says so."""

    def __init__(self) -> None:
        self.asked: list[WrittenOff] = []
        self.refuses: Refused | None = None

    async def net(self, written: WrittenOff) -> Unit | Refused:
        self.asked.append(written)
        if self.refuses is not None:
            return self.refuses
        key = f"papers:net:{written.tare_ticket}"
        return Unit((Draft("papers.net_written_off/1", written.lot, key, b'{"net_kg":%d}' % written.net_kg),))

    def refusal(self, guard: str) -> Refused | None:
        return None


class HandClock:
    """A clock that stands still unless moved."""

    def __init__(self, now: Instant = NOW) -> None:
        self._now = now

    def now(self) -> Instant:
        return self._now

    def monotonic(self) -> int:
        return self._now

    def advance(self, span_us: int) -> None:
        self._now += span_us
