"""Goods on their way through a port in memory: papers, lots, targeting, a yard; what the browser tests look at."""

from typing import Any

import httpx
from tests.integration.web.test_ledger_and_papers import CONFIRMATION
from tests.integration.web.test_papers_supporting import LICENCE
from tests.integration.web.web_kit import WebPort
from tests.unit.inspection.papers_kit import IN_DECLARATION, declaration, line
from tests.unit.inspection.targeting.targeting_kit import like
from tests.unit.inspection.test_balances import HOLDER, goods

from kouan.access.people import Agency
from kouan.access.roster import LONGEST_US, Duty, keep
from kouan.adapters.clock import SystemClock
from kouan.inspection.balances import Part
from kouan.inspection.examination.examination import Answer, AnswerOutcome
from kouan.journeys.write_off import NetWriteOffs
from kouan.journeys.yard_visits import Delivery
from kouan.ledger.roles import Statement, Unit
from kouan.yard.facts import CarrierTicket
from kouan.yard.tickets import Ticket

API = "/api/v1"
LINE = "MF2025101000017"
OWN, THEIRS, HERE = "1234УБА", "5678УБА", "9012УБА"
LATE = "071320251000000077"
BUDGET = {"most": 20, "exploration_pm": 1000, "expected": 20, "reason": "as agreed with the shift"}


async def hand_in(client: httpx.AsyncClient, path: str, paper: Any) -> None:
    answer = await client.post(f"{API}/papers/{path}", json=paper)
    assert answer.status_code == 201, answer.text


async def full(port: WebPort) -> None:
    """Two declarations, one of them overdue; vehicles of two carriers; a budget with what it selected; a yard."""
    trader, customs = port.machine("carrier"), port.machine("inspector")
    base = declaration(number=LATE, step="summary", consignee=HOLDER, lines=[goods(1, 40_000) | {"hs_code": "260111"}])
    await hand_in(trader, "declarations", base)
    port.clock.advance(16 * 86_400)
    now = port.clock.now()  # the roster of the port's first days has run out
    await port.ledger.append(keep(Duty("D-later", "duty", Agency.CUSTOMS, "gate", now, now + LONGEST_US, "test", now)))
    await hand_in(trader, "supporting/licence", LICENCE | {"valid_from": "2020-01-01"})
    carried = line(number=LINE)
    await hand_in(
        trader, "declarations", declaration(consignee=HOLDER, consignments=[carried], lines=[goods(1, 60_000)])
    )
    certificate = {
        "number": "CERT-1", "certificate": "quality", "issuer": "满洲里海关", "valid_from": "2020-01-01",
        "valid_until": "2020-12-31", "covers": [{"lot": f"{IN_DECLARATION}-1", "mass_kg": 60_000}],
    }  # fmt: skip
    await hand_in(customs, "attested/certificate", certificate)
    office = NetWriteOffs(port.papers, port.ledger, port.clock)
    parts = await office.parts_of(f"{IN_DECLARATION}-1", 40_000)
    assert isinstance(parts, tuple)
    assert all(isinstance(part, Part) for part in parts)
    await office.write_off("T-100", parts, "yard")
    fill_buckets(port)
    await vehicles(port, trader)
    await targeted(port)
    await yard(port)


def fill_buckets(port: WebPort) -> None:
    """Let rates recover as time passes, though the port's clock stands still."""
    real = SystemClock()
    start = real.monotonic()
    setattr(port.clock, "monotonic", lambda: port.clock.now() + real.monotonic() - start)  # noqa: B010


async def vehicles(port: WebPort, trader: httpx.AsyncClient) -> None:
    """An announced lorry whose manifest is missing, one that stands at the gate, and one of another carrier."""
    carried = {
        "number": LINE, "hs_code": "2701121000", "goods": "coking coal", "gross_kg": 32_000,
        "declaration": IN_DECLARATION,
    }  # fmt: skip
    loaded = CONFIRMATION | {"load": "loaded", "cargo": "coking_coal", "consignments": [carried]}
    await hand_in(trader, "confirmations", loaded)
    await hand_in(trader, "confirmations", CONFIRMATION | {"number": "V2025101000044", "plate": HERE})
    other = {"number": "V2025101000043", "plate": THEIRS, "carrier": "CARRIER-02", "sender": "SENDER-02"}
    another = await port.firm("carrier-2", "CARRIER-02", "SENDER-02")
    await hand_in(another, "confirmations", CONFIRMATION | other)
    here = {"number": "V2025101000044", "at": port.clock.now()}
    await port.ledger.append(Unit((), (), (Statement("papers.note_arrival", here),)))


async def targeted(port: WebPort) -> None:
    """Five selected at random, of which one was examined and found."""
    officer = await port.person("duty")
    assert (await officer.post(f"{API}/targeting/budgets", json=BUDGET)).status_code == 201
    judge = port.targeting.targeting.judge
    candidates = [like(number=f"in-W{n}", consignment=f"W{n}", at=port.clock.now()) for n in range(5)]
    record = [await judge(each) for each in candidates][-1]
    assert record.order_number is not None
    kept = Answer(record.order_number, Agency.CUSTOMS, AnswerOutcome.KEEP, "wu", 1, "stones under the coal")
    learned = await port.targeting.targeting.learned(kept)
    assert learned is not None
    await port.ledger.append(learned)


async def yard(port: WebPort) -> None:
    """One lorry that was weighed and waits for a stack, and one whose goods perish."""
    desk = port.yard.desk
    await desk.scales.zero_checked("W1", port.clock.now())
    for passage, plate, site, code, name in (
        ("p1", "3456УБА", "coal", "2701121000", "炼焦煤"),
        ("p2", "7890УБА", "meat", "0204300000", "羊肉"),
    ):
        lot = f"0713202510000000{passage[1]}1-1"
        ticket = CarrierTicket(f"T-{passage}", 30_000)
        done = await desk.visits.deliver(
            Delivery(passage, site, plate, "CARRIER-01", lot, code, name, 60_000, 1, ("bat",), "g", None, ticket)
        )
        assert not hasattr(done, "reasons"), done
    record = await desk.records.find_visit("yard-p1")
    assert record is not None
    await desk.visits.weigh("yard-p1", Ticket("K1", "W1", record.plate, 47_000, port.clock.now()))
