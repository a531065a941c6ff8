"""The demonstration's inspectors and laboratory, over the real API of a port in memory, which knows nothing of them."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from tests.integration.web.web_kit import PASSWORD, WebPort
from tests.journeys.test_examination import Yard, finding
from tests.journeys.test_joint_examination import LOT, PLATE
from tests.unit.inspection.papers_kit import IN_DECLARATION, line

from kouan.access.people import Account as User
from kouan.access.people import Agency, Role
from kouan.access.use_cases import save_account
from kouan.gate.procedures import Authority, Outcome
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination.examination import AnswerOutcome, Examination, ExaminationState
from kouan.inspection.release.facts import Arrived
from kouan.inspection.release.lot import LotState
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.fleet import Fleet
from kouan.simulator.http import Account, Sessions
from kouan.simulator.http_inspection import HttpInspectionDesk
from kouan.simulator.inspectors import Inspectors
from kouan.simulator.laboratory import Laboratory
from kouan.simulator.scenario import Inspection, load_scenario
from kouan.simulator.surroundings import Left
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.places import Direction

BEEF = "0202200000"
SETTING = Inspection(pace=0.5, settles_s=(600, 1_200), laboratory_s=(4 * 3_600, 5 * 3_600), fails=0.0)


class Bays(Yard):
    """A yard at which simulated officers work, a first and a second of each authority."""

    async def open(self, monkeypatch: pytest.MonkeyPatch) -> "Bays":
        hashed = await self.port.hasher.hash(PASSWORD)
        officers = {}
        for agency in (Agency.BORDER_INSPECTION, Agency.CUSTOMS, Agency.SITE):
            pair = (f"sim-{agency}-1", f"sim-{agency}-2")
            for name in pair:
                user = User(name, name, agency, (Role.DUTY_OFFICER,), password_hash=hashed)
                await self.port.ledger.append(save_account(user, "test", self.port.clock.now()))
            officers[agency.value] = (Account(pair[0], PASSWORD), Account(pair[1], PASSWORD))
        real, transport = httpx.AsyncClient, httpx.ASGITransport(self.port.app)
        monkeypatch.setattr(httpx, "AsyncClient", lambda **parts: real(**({"transport": transport} | parts)))
        self.sessions = Sessions("http://port.test")
        self.desk = HttpInspectionDesk(self.sessions, officers)
        self.onward: list[Left] = []
        given = (self.desk, SETTING, self.port.clock, self.slept)
        self.inspectors = Inspectors(*given, Random(3), 1.0, self.onward.append)
        self.laboratory = Laboratory(*given, Random(4), 1.0)
        return self

    async def slept(self, span_s: float) -> None:
        raise AssertionError("rounds are made one by one")

    async def work(self, rounds: int = 400) -> Examination:
        """Let half a minute pass at a time until the one examination ended."""
        await self.driver.step()
        number = (await self.only()).number
        for _ in range(rounds):
            self.port.clock.advance(30)
            await self.driver.step()
            await self.inspectors._round()
            one = await self.examining.find(number)
            if one.closed_at is not None:
                return one
        raise AssertionError(f"still {one.state}")


def lorry(*anomalies: Anomaly) -> Lorry:
    fleet = Fleet(Random(1), Clock(), load_scenario("calm"), {"coking_coal_containers": 1.0}, "0706")
    made = fleet.loaded(Direction.IN)
    papers = msgspec.structs.replace(made.papers, plate=PLATE)
    return msgspec.structs.replace(made, papers=papers, anomalies=anomalies)


class Clock:
    def now(self) -> int:
        return 1_760_000_000_000_000

    def monotonic(self) -> int:
        return self.now()


@pytest.fixture
async def bays(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bays]:
    port = await WebPort().start()
    opened = await Bays(port).open(monkeypatch)
    yield opened
    await opened.sessions.close()
    await port.close()


async def test_a_lorry_with_nothing_wrong_is_examined_by_two_agencies_and_drives_on(bays: Bays) -> None:
    await bays.hold(Agency.BORDER_INSPECTION, ControlKind.EXAMINE)
    await bays.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_RADIATION, "radiation.gamma"))
    bays.inspectors.expect(Left(lorry(), "divert"))
    done = await bays.work()
    assert (done.state, done.outcome) == (ExaminationState.CLOSED, "may_leave")
    assert all(step.clear for step in done.steps)
    assert {answer.agency for answer in done.answers} == {Agency.CUSTOMS, Agency.BORDER_INSPECTION}
    assert bays.onward == []
    await bays.inspectors._round()
    assert [left.lorry.papers.plate for left in bays.onward] == [PLATE]


async def test_what_is_truly_aboard_is_found_and_the_lorry_kept_until_two_people_let_it_go(bays: Bays) -> None:
    await bays.hold(Agency.BORDER_INSPECTION, ControlKind.EXAMINE)
    await bays.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    bays.inspectors.expect(Left(lorry(Anomaly.STOWAWAY), "divert"))
    done = await bays.work()
    found = {thing.code for step in done.steps for report in step.reports for thing in report.found}
    assert found == {"stowaway"}
    border = [answer for answer in done.answers if answer.agency is Agency.BORDER_INSPECTION]
    assert [answer.outcome for answer in border] == [AnswerOutcome.KEEP, AnswerOutcome.RELEASE]
    assert (border[1].override, border[1].confirmed_by) == (True, "sim-border_inspection-2")
    assert border[1].at - border[0].at >= 600 * 10**6


async def test_a_diverted_lorry_that_nobody_examines_goes_home_in_the_end(bays: Bays) -> None:
    bays.inspectors.expect(Left(lorry(), "divert"))
    await bays.inspectors._round()
    assert bays.onward == []
    bays.port.clock.advance(2 * 3_600)
    await bays.inspectors._round()
    assert len(bays.onward) == 1


def declared(net_kg: int, version: int = 1) -> dict[str, Any]:
    """Return the declaration of one lot of beef."""
    goods = [line(hs_code=BEEF, goods="冻牛肉", gross_kg=30_000)]
    lines = [{"line": 1, "hs_code": BEEF, "goods": "冻牛肉", "net_kg": net_kg}]
    who = {"consignee": "91350100M000100Y43"}
    return {
        "number": IN_DECLARATION,
        "direction": "in",
        "consignments": goods,
        "lines": lines,
        "version": version,
        **who,
    }


async def handed_in(port: WebPort, paper: dict[str, Any]) -> None:
    taken = await port.machine("carrier").post("/api/v1/papers/declarations", json=paper)
    assert taken.status_code == 201, taken.text


async def lot_of(port: WebPort) -> tuple[LotState, int]:
    record = await port.lots.find_lot(LOT)
    return LotState(record.state), record.mass_kg


async def test_customs_samples_a_lot_and_the_laboratory_answers_after_hours(bays: Bays) -> None:
    port, laboratory = bays.port, bays.laboratory
    await port.people()
    await handed_in(port, declared(30_000))
    await port.releasing.tell(LOT, Arrived(), "test", "arrived")
    for _ in range(2):
        await laboratory._round()
    sampled, _ = await lot_of(port)
    assert sampled in (LotState.SAMPLED, LotState.CONDITIONALLY_RELEASED)
    port.clock.advance(3 * 3_600)
    await laboratory._round()
    assert ((await lot_of(port))[0], laboratory.results) == (sampled, 0)
    port.clock.advance(3 * 3_600)
    await laboratory._round()
    assert laboratory.results == 1
    assert (await lot_of(port))[0] is LotState.PASSED
    for _ in range(14):
        port.clock.advance(1_800)
        await laboratory._round()
    assert ((await lot_of(port))[0], laboratory.certificates) == (LotState.FREE, 1)
    await handed_in(port, declared(29_000, version=2))
    await handed_in(port, declared(29_500, version=3))
    assert await lot_of(port) == (LotState.FREE, 29_000)
    path = f"/api/v1/papers/supporting/certificate/CERT-{LOT}?reason=mistaken"
    revoked = await port.machine("duty").delete(path)
    assert revoked.status_code == 204, revoked.text
    assert (await lot_of(port))[0] is LotState.PASSED
