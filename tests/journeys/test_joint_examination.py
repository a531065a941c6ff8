"""A lorry that two agencies want to see, from the gate to the yard: real PostgreSQL, the port's own wiring, its API."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from tests.integration.storage.server import Server
from tests.integration.web.test_on_postgres import PostgresWebPort
from tests.integration.web.web_kit import PORT, json_of
from tests.journeys.test_examination import FirstCome
from tests.journeys.test_yard import Port, goods_on_condition
from tests.unit.gate.passage_kit import COAL, NOON, POLICY, Drive, but
from tests.unit.gate.test_passage import left, report
from tests.unit.inspection.papers_kit import IN_DECLARATION, confirmation, line, manifest

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import issue_token, save_account
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.postgres.yard import PostgresYardRecords
from kouan.adapters.signing.sealing import Sealer
from kouan.gate.events import drafts
from kouan.gate.facts import VehicleArrived
from kouan.gate.records import passage_record
from kouan.gate.roles import PapersQuery, record_params
from kouan.gate.states import Diverted
from kouan.inspection.release.lot import LotState
from kouan.journeys.crossing import Crossings
from kouan.journeys.departure import Departures
from kouan.journeys.examination_release import ExaminationToRelease
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.ledger.roles import Statement, Unit, UnitRefused
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused
from kouan.web.app import create_app
from kouan.wiring.examination import ExaminationHearers, ExaminationStores, examination_parts, shipped_roster
from kouan.wiring.yard import YardStores, release_and_yard
from kouan.yard.states import Left, decode_state

API = "/api/v1"
PASSAGE = "ganqimaodu-I3-7"
LOT = f"{IN_DECLARATION}-1"
PLATE = "1234УБА"
CONFIRMATION = "V2025101000042"


class JointPort(PostgresWebPort):
    """A port whose examinations, release and yard are joined as ``kouan run`` joins them."""

    async def open(self) -> "JointPort":
        await self.start()
        stores = YardStores(
            PostgresYardRecords(self.database, PORT.name), self.lots, self.papers, self.ledger, self.subjects
        )
        release = self.services.release
        assert release is not None
        yard = release_and_yard(PORT, stores, release, self.clock, self.chance.randbytes, self.board.alarm)
        assert yard is not None
        self.yard = yard
        crossings = Crossings(self.papers, self.records, self.ledger, yard.arrivals)
        self.joint = examination_parts(
            ExaminationStores(self.examinations, self.papers, self.records, self.ledger, self.services.desk.holds),
            shipped_roster(PORT.name),
            self.rules.examination,
            self.clock,
            FirstCome(),
            ExaminationHearers(
                departures=Departures(self.records, crossings, self.board.alarm),
                release=ExaminationToRelease(self.releasing, self.lots, self.papers),
            ),
        )
        await self.people()
        await self.officer("yardman", Agency.SITE)
        self.app = create_app(dataclasses.replace(self.services, examinations=self.joint.examinations, yard=yard.desk))
        return self

    async def officer(self, name: str, agency: Agency) -> None:
        account = Account(name, name.title(), agency, (Role.INSPECTOR,))
        await self.ledger.append(save_account(account, "test", self.clock.now()))
        self.tokens[name] = self.secret()
        _, unit = issue_token(account, "test", self.tokens[name], self.clock.now(), None)
        await self.ledger.append(unit)

    async def papers_come(self) -> None:
        """Let a broker hand in the manifest and declaration of one lot of coal, and the confirmation of its lorry."""
        goods = [line(gross_kg=32_000)]
        lines = [{"line": 1, "hs_code": "2701121000", "goods": "炼焦煤", "net_kg": 32_000}]
        firm = "91350100M000100Y43"  # one of those that the account acts for
        declared = {
            "number": IN_DECLARATION, "direction": "in", "consignments": goods, "lines": lines, "consignee": firm,
        }  # fmt: skip
        paper = confirmation(number=CONFIRMATION, plate=PLATE, trailer=None, consignments=goods)
        papers = (("manifests", manifest(consignments=goods)), ("declarations", declared), ("confirmations", paper))
        for kind, document in papers:
            answer = await self.machine("carrier").post(f"{API}/papers/{kind}", json=document)
            assert answer.status_code == 201, answer.text

    async def wanted(self, officer: str, kind: str, *steps: str) -> str:
        order = {"plate": PLATE, "kind": kind, "reason": "profile of the day", "steps": list(steps)}
        placed = await (await self.person(officer)).post(f"{API}/holds", json=order)
        assert placed.status_code == 201, placed.text
        return str(json_of(placed)["number"])

    async def divert(self, *holds: str) -> None:
        """Let the gate divert the lorry for these control orders, and its passage be recorded."""
        arrived = VehicleArrived(NOON, PASSAGE, PORT.name, "I3", Direction.IN, 7, 3)
        coal = msgspec.structs.replace(COAL, declaration=IN_DECLARATION)
        drive = Drive(POLICY, arrived, NOON).show(but(papers={"holds": holds, "consignments": (coal,)})).agree()
        left(report(drive, "actuated"))
        assert isinstance(drive.state, Diverted), drive.name
        opened = passage_record(Drive(POLICY, arrived, NOON).state, NOON)
        closed = passage_record(drive.state, NOON)
        for name, record in (("gate.open_passage", opened), ("gate.close_passage", closed)):
            made = drafts(drive.events[:1], PASSAGE, name)
            answer = await self.ledger.append(Unit(tuple(made), (Statement(name, record_params(record)),)))
            assert not isinstance(answer, UnitRefused), answer

    async def worklist(self) -> Any:
        return json_of(await self.machine("inspector").get(f"{API}/examinations"))["items"]

    async def sheet(self, number: str) -> Any:
        return json_of(await self.machine("inspector").get(f"{API}/examinations/{number}"))

    async def to_the_bay(self) -> Any:
        """Let the driver plan and call, and the lorry come; return its sheet."""
        await self.joint.driver.step()
        (item,) = await self.worklist()
        answer = await self.machine("yardman").post(
            f"{API}/examinations/{item['number']}/arrival", json={"bay": item["bay"]}
        )
        assert answer.status_code == 200, answer.text
        return json_of(answer)

    async def report_all(self, number: str, adverse: str = "") -> Any:
        """Let each agency report what it must; ``adverse`` is the agency that finds something."""
        officers = {"customs": "inspector", "border_inspection": "border", "site": "yardman"}
        while True:
            sheet = await self.sheet(number)
            step = next((each for each in sheet["steps"] if not each["done"]), None)
            if step is None:
                return sheet
            told = [each["agency"] for each in step["reports"]]
            agency = next(each for each in step["present"] if each not in told)
            found = [{"code": "stowaway"}] if agency == adverse else []
            body = {"outcome": "adverse" if found else "clear", "found": found}
            path = f"{API}/examinations/{number}/steps/{step['number']}/reports"
            answer = await self.machine(officers[agency]).post(path, json=body)
            assert answer.status_code == 200, answer.text

    async def answer(self, officer: str, number: str, order: str, outcome: str = "release") -> Any:
        said = {"order": order, "outcome": outcome, "reason": "as the sheet says"}
        return await self.machine(officer).post(f"{API}/examinations/{number}/answers", json=said)

    async def holds(self) -> set[str]:
        return {each["number"] for each in json_of(await self.machine("inspector").get(f"{API}/holds"))["items"]}


class StoredYard(Port):
    """The port of the yard's journeys, with its facts in PostgreSQL."""

    def __init__(self, dsn: str) -> None:
        self.database = Database(dsn)

    async def open_storage(self, sealer: Sealer) -> None:
        self.ledger = await PostgresLedger.open_writer(self.database, PORT.name, self.clock, sealer)
        self.papers = PostgresPapersRecords(self.database, PORT.name)
        self.release = PostgresReleaseRecords(self.database, PORT.name)
        self.subjects = PostgresSubjects(self.database, sealer)
        self.visits = PostgresYardRecords(self.database, PORT.name)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("postgres"), durable=False)
    running.start()
    try:
        running.make_template()
        yield running
    finally:
        running.stop()


@pytest.fixture
async def port(server: Server) -> AsyncIterator[JointPort]:
    opened = await JointPort(server.new_database()).open()
    yield opened
    await opened.close()


async def both_want_it(port: JointPort) -> tuple[str, str]:
    """Let customs and border inspection want the lorry searched, customs scanned too, and the gate divert it."""
    await port.papers_come()
    customs = await port.wanted("inspector", "scan", "scan", "vehicle_search")
    border = await port.wanted("border", "examine")
    await port.divert(f"customs:scan:{customs}", f"border_inspection:examine:{border}")
    return customs, border


async def test_two_agencies_see_a_lorry_once_each_lets_go_of_its_own_hold_and_the_yard_expects_it(
    port: JointPort,
) -> None:
    customs, border = await both_want_it(port)
    sheet = await port.to_the_bay()
    assert {ask["number"] for ask in sheet["asks"]} == {customs, border}
    assert sheet["appointment"]["bay"]
    assert sheet["appointment"]["starts_at"] >= NOON
    (search,) = [step for step in sheet["steps"] if step["kind"] == "vehicle_search"]
    assert set(search["asks"]) == {customs, border}
    assert set(search["present"]) == {"border_inspection", "customs"}
    number = sheet["number"]
    await port.report_all(number)
    assert (await port.answer("inspector", number, border)).status_code == 409
    assert json_of(await port.answer("inspector", number, customs))["closed_at"] is None
    assert await port.holds() == {border}
    done = json_of(await port.answer("border", number, border))
    assert (done["state"], done["outcome"]) == ("closed", "may_leave")
    assert await port.holds() == set()
    await port.joint.driver.step()
    await port.joint.driver.step()
    assert await port.records.find_open_visit(PLATE) is not None
    paper = await port.papers.find_confirmation(CONFIRMATION)
    assert paper is not None
    assert paper.passage == PASSAGE
    visit = await port.yard.desk.records.find_visit(f"yard-{PASSAGE}")
    assert visit is not None
    assert (visit.lot, visit.state) == (LOT, "arrived")
    lot = await port.lots.find_lot(LOT)
    assert lot is not None
    assert lot.state == LotState.ARRIVED


async def test_one_refused_result_keeps_the_lorry_whatever_the_other_agency_says(port: JointPort) -> None:
    customs, border = await both_want_it(port)
    number = (await port.to_the_bay())["number"]
    await port.report_all(number, adverse="border_inspection")
    assert (await port.answer("border", number, border)).status_code == 409
    assert (await port.answer("border", number, border, "keep")).status_code == 200
    assert (await port.answer("inspector", number, customs)).status_code == 409
    await port.joint.driver.step()
    assert await port.holds() == {customs, border}
    assert (await port.sheet(number))["closed_at"] is None
    assert await port.records.find_open_visit(PLATE) is None
    desk = PapersAtGate(PORT.name, port.papers, port.records, port.ledger, port.examinations)
    found = await desk.find_papers(PapersQuery("p9", "O1", Direction.IN, port.clock.now(), PLATE))
    assert found is not None
    assert f"customs:examine:{number}" in found.holds


async def test_a_platform_that_died_after_the_last_release_still_lets_the_lorry_go_and_only_once(
    port: JointPort,
) -> None:
    customs, border = await both_want_it(port)
    number = (await port.to_the_bay())["number"]
    await port.report_all(number)
    for officer, order in (("inspector", customs), ("border", border)):
        await port.answer(officer, number, order)
    for _ in range(2):
        port.joint.driver._ended.clear()
        port.joint.driver._started = False
        await port.joint.driver.step()
    entries = await port.ledger.read(after=0)
    assert [entry.kind for entry in entries].count("visit.begun/1") == 1
    assert [entry.kind for entry in entries].count("papers.written_off/1") == 1


async def test_a_recall_reaches_the_visit_of_the_lorry_that_fetches_the_goods(server: Server) -> None:
    stored = StoredYard(server.new_database())
    yard = await stored.begin()
    await goods_on_condition(yard)
    assert await yard.recall() is LotState.RECALLED
    visit = await yard.yard.records.find_visit("yard-o1")
    assert visit is not None
    assert decode_state(visit.document).stay.withdrawn is not None
    gone = await yard.yard.visits.leave("yard-o1", 1, ("driver",))
    assert isinstance(gone, Refused) or not isinstance(gone.state, Left)
    await yard.ledger.close()
    await stored.database.close()
