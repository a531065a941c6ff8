"""From the gate's diversion to a bay and back: whole examinations over a port in memory, driven by its own driver."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration.web.test_ledger_and_papers import CONFIRMATION
from tests.integration.web.web_kit import WebPort

from kouan.access.people import Agency
from kouan.adapters.examination.driver import ExaminationDriver
from kouan.gate.commands import VehicleIdentity
from kouan.gate.decision import Decision, Finding
from kouan.gate.evidence import PapersMatched, PlatesRead
from kouan.gate.procedures import Authority, Outcome
from kouan.gate.records import passage_record
from kouan.gate.roles import PapersQuery
from kouan.gate.states import Diverted, Dossier, Order
from kouan.inspection.control_orders import ControlKind, ControlOrder
from kouan.inspection.examination.bays import BayPlan, BayProblem
from kouan.inspection.examination.examination import (
    Answer,
    AnswerOutcome,
    Examination,
    ExaminationState,
    Report,
    Vehicle,
)
from kouan.inspection.examination.examination import Outcome as Seen
from kouan.inspection.examination.first_come import first_come
from kouan.inspection.examination.planning import parse_roster
from kouan.inspection.steps import StepKind
from kouan.journeys.diversion import Diversions
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Conflict, Fenced, InvalidValue, Unavailable
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason

MINUTE = 60 * SECOND
PICTURE = "a" * 64
OFFICER = '{{ name = "{0}", agency = "{1}", skills = [{2}], begins = "00:00", ends = "24:00" }}'
OFFICERS = (
    OFFICER.format("wang", "customs", '"goods", "scanning", "radiation", "quarantine"'),
    OFFICER.format("zhao", "border_inspection", '"persons"'),
    OFFICER.format("qian", "site", '"handling"'),
)
BAYS = '{ name = "B1", features = ["covered", "dock", "scanner"] }, { name = "B2", features = [] }'
ROSTER = parse_roster(f"bays = [{BAYS}]\nofficers = [{', '.join(OFFICERS)}]")


class FirstCome:
    """A planner that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def plan(self, problem: BayProblem) -> BayPlan:
        self.asked += 1
        return first_come(problem)


class Gate:
    """The gate's records, with passages that were diverted."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.diverted: list[Any] = []

    async def list_passages(self, state: str | None = None, limit: int = 100, since: int = 0) -> list[Any]:
        assert state == "diverted"
        return [each for each in self.diverted if each.opened_at >= since][:limit]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


class Yard:
    def __init__(self, port: WebPort) -> None:
        self.port = port
        self.gate = Gate(port.records)
        self.planner = FirstCome()
        self.control = port.services.desk.holds
        self.examining = port.examining
        self.alarms: list[tuple[str, str, int, str]] = []
        self.plate_read = True
        self.diversions = Diversions(
            port.examining, self.control, lambda lane, passage, priority, reason: self.alarms.append(
                (lane, passage, priority, reason.code)
            )
        )  # fmt: skip
        self.driver = self.fresh_driver()

    def fresh_driver(self) -> ExaminationDriver:
        driver = ExaminationDriver(
            self.examining, self.diversions, self.gate, self.planner, ROSTER, self.examining._rules, self.port.clock
        )
        self.examining.changed = driver.note
        return driver

    async def divert(self, *findings: Finding) -> Diverted:
        """Let the gate divert a lorry that stands at a line, for these findings."""
        await self.port.arrive()
        state, now = self.port.driver.lanes["I3"].runner.state, self.port.clock.now()
        decision = Decision(state.dossier.passage, findings[0].outcome, findings, "book@1", (), 0, now)
        order = Order("o", "b", findings[0].outcome, VehicleIdentity("1234УБА", None, None, 6, 7), 0, now, now + SECOND)
        diverted = Diverted(self.seen(state.dossier), decision, order, now, now)
        self.gate.diverted.append(passage_record(diverted, now))
        return diverted

    def seen(self, dossier: Dossier) -> Dossier:
        """Return what is known of the lorry: nothing of its plates or papers where nobody could read them."""
        if self.plate_read:
            return dossier
        kept = []
        for record in dossier.procedures:
            found = record.evidence
            if isinstance(found, PlatesRead):
                found = msgspec.structs.replace(found, tractor=None, trailer=None, parsed=False)
            kept.append(msgspec.structs.replace(record, evidence=None if isinstance(found, PapersMatched) else found))
        return msgspec.structs.replace(dossier, procedures=tuple(kept))

    async def hold(self, agency: Agency, kind: ControlKind, *steps: StepKind, **target: str) -> str:
        order = ControlOrder(kind, "profile", **(target or {"plate": "1234УБА"}), steps=steps)
        number = await self.control.place(order, agency, f"{agency}-1")
        assert isinstance(number, str)
        return number

    async def only(self) -> Examination:
        (one,) = await self.examining.going_on()
        return one

    async def to_the_bay(self) -> Examination:
        await self.driver.step()
        one = await self.only()
        assert one.appointment is not None, one.state
        arrived = await self.examining.arrive(one.number, one.appointment.bay, "qian")
        assert isinstance(arrived, Examination), arrived
        return arrived

    async def report_all(self, number: str, adverse: StepKind | None = None) -> None:
        while True:
            one = await self.examining.find(number)
            if all(step.done for step in one.steps):
                return
            if one.state is ExaminationState.ORDERED:  # the rest is done at another bay
                one = await self.to_the_bay()
            here = () if one.appointment is None else one.appointment.steps
            step = next(each for each in one.steps if not each.done and (not here or each.number in here))
            agency = next(each for each in step.present if each not in [report.agency for report in step.reports])
            seals = {StepKind.OPEN_SEAL: one.seals_now, StepKind.RESEAL: (f"N{one.version}",)}.get(step.kind, ())
            outcome = Seen.ADVERSE if step.kind is adverse else Seen.CLEAR
            said = Report(agency, f"{agency}-1", 0, outcome, (), (PICTURE,), tuple(seals), 40_000)
            assert isinstance(await self.examining.report(number, step.number, said), Examination)

    async def release(self, number: str, order: str, agency: Agency) -> Examination:
        word = Answer(order, agency, AnswerOutcome.RELEASE, f"{agency}-1", 0, "clear")
        moved = await self.examining.answer(number, word, stepped_up=True)
        assert isinstance(moved, Examination), moved
        return moved


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    port = await WebPort().start()
    yield Yard(port)
    await port.close()


def finding(authority: Authority, outcome: Outcome, code: str = "seal.differs") -> Finding:
    return Finding("seal.matches", 3, authority, outcome, Reason(code))


async def test_what_the_gate_diverts_for_becomes_each_authoritys_own_hold_and_one_sheet(yard: Yard) -> None:
    await yard.divert(
        finding(Authority.CUSTOMS, Outcome.DIVERT_MANUAL), finding(Authority.BORDER_INSPECTION, Outcome.DIVERT_SCAN)
    )
    await yard.driver.step()
    one = await yard.only()
    assert {(ask.agency, ask.kind) for ask in one.asks} == {
        (Agency.BORDER_INSPECTION, ControlKind.SCAN),
        (Agency.CUSTOMS, ControlKind.EXAMINE),
    }
    assert one.asks[0].by == f"gate {one.vehicle.passage}"
    assert one.vehicle.plate == "1234УБА"
    assert one.vehicle.seals
    orders = await yard.port.papers.orders_in_force(yard.port.clock.now())
    assert {order.number for order in orders} == {ask.number for ask in one.asks}


async def test_a_restarted_driver_orders_nothing_twice(yard: Yard) -> None:
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    await yard.driver.step()
    before = await yard.port.ledger.size()
    restarted = yard.fresh_driver()
    await restarted.step()
    assert [entry.kind for entry in await yard.port.ledger.read(after=before)] == []


async def test_a_diversion_of_long_ago_is_not_followed_up(yard: Yard) -> None:
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    yard.port.clock.advance(7 * 3600)
    await yard.driver.step()
    assert await yard.examining.going_on() == []


async def test_a_diverted_lorry_whose_plate_nobody_read_is_examined_under_its_passages_name_and_leaves(
    yard: Yard,
) -> None:
    yard.plate_read = False
    diverted = await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_MANUAL, "plate.unread"))
    one = await yard.to_the_bay()
    assert one.vehicle.plate == one.vehicle.passage == diverted.dossier.passage
    assert one.vehicle.containers, "what else was read of it still names it"
    box = await yard.hold(Agency.BORDER_INSPECTION, ControlKind.EXAMINE, container=one.vehicle.containers[0])
    await yard.driver.step()
    one = await yard.only()
    assert {ask.agency for ask in one.asks} == {Agency.CUSTOMS, Agency.BORDER_INSPECTION}
    await yard.report_all(one.number)
    await yard.release(one.number, box, Agency.BORDER_INSPECTION)
    (own,) = (ask.number for ask in one.asks if ask.number != box)
    left = await yard.release(one.number, own, Agency.CUSTOMS)
    assert (left.state, left.outcome) == (ExaminationState.CLOSED, "may_leave")
    await yard.fresh_driver().step()
    assert await yard.examining.going_on() == []
    assert yard.alarms == []


async def test_two_lorries_whose_plates_nobody_read_have_a_sheet_each(yard: Yard) -> None:
    yard.plate_read = False
    first = await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_MANUAL))
    other = "ganqimaodu-I3-20251010T000000-8"
    second = msgspec.structs.replace(first, dossier=msgspec.structs.replace(first.dossier, passage=other))
    yard.gate.diverted.append(passage_record(second, yard.port.clock.now()))
    await yard.driver.step()
    assert {each.vehicle.plate for each in await yard.examining.going_on()} == {first.dossier.passage, other}


async def test_a_diverted_lorry_for_which_there_is_no_sheet_calls_a_person_at_every_start(yard: Yard) -> None:
    yard.plate_read = False
    diverted = await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_MANUAL, "hold.lifted_meanwhile"))
    alarm = ("I3", diverted.dossier.passage, 1, "examination.not_ordered")
    await yard.driver.step()
    await yard.driver.step()
    assert yard.alarms == [alarm]
    await yard.fresh_driver().step()
    assert yard.alarms == [alarm, alarm]


async def test_a_radiation_diversion_asks_for_radiation_and_scan_and_takes_two_people(yard: Yard) -> None:
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_RADIATION, "radiation.alarm"))
    one = await yard.to_the_bay()
    assert {step.kind for step in one.steps} == {StepKind.RADIATION, StepKind.SCAN}
    await yard.report_all(one.number)
    asked = await yard.release(one.number, one.asks[0].number, Agency.CUSTOMS)
    assert asked.state is ExaminationState.RESULTS
    agreed = await yard.examining.confirm(one.number, one.asks[0].number, Agency.CUSTOMS, "li", stepped_up=True)
    assert isinstance(agreed, Examination)
    assert agreed.outcome == "may_leave"


async def test_from_the_diversion_to_leaving_each_result_lifts_its_own_order(yard: Yard) -> None:
    await yard.hold(Agency.BORDER_INSPECTION, ControlKind.EXAMINE)
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_MANUAL))
    one = await yard.to_the_bay()
    await yard.report_all(one.number)
    for ask in one.asks:
        standing = await yard.examining.find(one.number)
        assert standing.closed_at is None
        await yard.release(one.number, ask.number, ask.agency)
    left = await yard.examining.find(one.number)
    assert (left.state, left.outcome) == (ExaminationState.CLOSED, "may_leave")
    assert left.seals_now != left.vehicle.seals
    assert await yard.port.papers.orders_in_force(yard.port.clock.now()) == []


async def test_at_the_gate_an_examination_that_goes_on_holds_and_one_that_ended_gives_the_new_seals(yard: Yard) -> None:
    port = yard.port
    paper = {**CONFIRMATION, "plate": "1234 УБА"}
    await port.people()
    carrier = port.machine("carrier")
    handed = await carrier.post("/api/v1/papers/confirmations", json=paper)
    assert handed.status_code < 300, handed.text
    desk = PapersAtGate("ganqimaodu", port.papers, port.records, port.ledger, port.examinations)
    query = PapersQuery("p9", "O1", Direction(paper["direction"]), port.clock.now(), "1234УБА")
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_MANUAL))
    one = await yard.to_the_bay()
    during = await desk.find_papers(query)
    assert during is not None
    assert f"customs:examine:{one.number}" in during.holds
    await yard.report_all(one.number)
    for ask in one.asks:
        left = await yard.release(one.number, ask.number, ask.agency)
    after = await desk.find_papers(query)
    assert after is not None
    assert (after.holds, after.seals) == ((), left.seals_now)


async def test_an_order_of_a_release_regime_on_the_declaration_is_examined_with_its_own_steps(yard: Yard) -> None:
    await yard.divert(finding(Authority.SITE, Outcome.DIVERT_MANUAL))
    await yard.driver.step()
    (declared, *_) = (await yard.only()).vehicle.declarations
    number = await yard.hold(
        Agency.CUSTOMS, ControlKind.EXAMINE, StepKind.FOREIGN_MATTER, StepKind.SAMPLING, declaration=declared
    )
    await yard.driver.step()
    (ask,) = (ask for ask in (await yard.only()).asks if ask.number == number)
    assert ask.steps == (StepKind.FOREIGN_MATTER, StepKind.SAMPLING)


async def test_an_order_that_is_lifted_elsewhere_is_withdrawn_and_the_vehicle_may_leave(yard: Yard) -> None:
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    await yard.driver.step()
    one = await yard.only()
    await yard.control.lift(one.asks[0].number, Agency.CUSTOMS, "wang", "mistaken")
    await yard.driver.step()
    assert (await yard.examining.find(one.number)).outcome == "may_leave"


async def test_a_release_whose_lifting_was_cut_off_is_lifted_by_the_next_look(yard: Yard, monkeypatch: Any) -> None:
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    one = await yard.to_the_bay()
    await yard.report_all(one.number)

    async def cut(*_: Any) -> Any:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(yard.control, "lift", cut)
        with pytest.raises(ConnectionError):
            await yard.release(one.number, one.asks[0].number, Agency.CUSTOMS)
    assert (await yard.examining.find(one.number)).closed_at is None
    await yard.driver.step()
    assert (await yard.examining.find(one.number)).outcome == "may_leave"


async def test_what_cannot_be_followed_up_holds_up_no_other_vehicle(yard: Yard) -> None:
    followed: list[str] = []

    class Broken:
        async def left(self, examination: Examination) -> None:
            followed.append(examination.number)
            if len(followed) == 1:
                raise Conflict("somebody else was faster")
            raise InvalidValue("lot", "lot.number", "is none")

    yard.driver._departures = Broken()
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    await yard.driver.step()
    one = await yard.only()
    await yard.control.lift(one.asks[0].number, Agency.CUSTOMS, "wang", "mistaken")
    for _ in range(4):
        await yard.driver.step()
    assert followed == [one.number, one.number]


async def test_a_store_that_cannot_be_reached_is_waited_for_and_a_newer_writer_ends_the_driver(
    yard: Yard, monkeypatch: Any
) -> None:
    errors: list[Exception] = [Unavailable("gone"), Fenced("another writes")]

    async def step() -> None:
        yard.driver.changed()
        raise errors.pop(0)

    monkeypatch.setattr(yard.driver, "step", step)
    with pytest.raises(Fenced):
        await yard.driver.run()
    assert errors == []


async def test_nobody_who_was_called_is_planned_anew_and_who_does_not_come_waits_again(yard: Yard) -> None:
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    await yard.driver.step()
    called = await yard.only()
    assert called.state is ExaminationState.CALLED
    yard.driver.changed()
    await yard.driver.step()
    assert (await yard.only()).appointment == called.appointment
    yard.port.clock.advance(31 * 60)
    await yard.driver.step()
    again = await yard.only()
    assert (again.no_shows, again.state) == (1, ExaminationState.CALLED)
    assert again.appointment is not None
    assert called.appointment is not None
    assert again.appointment.starts_at > called.appointment.starts_at


async def test_bays_are_planned_when_something_changes_and_not_else(yard: Yard) -> None:
    await yard.driver.step()
    assert yard.planner.asked == 0
    await yard.divert(finding(Authority.CUSTOMS, Outcome.DIVERT_SCAN))
    await yard.driver.step()
    asked = yard.planner.asked
    await yard.driver.step()
    assert (asked, yard.planner.asked) == (1, 1)


async def test_where_vehicles_move_a_lorry_is_called_from_bay_to_bay_and_leaves_with_all_its_results(
    yard: Yard,
) -> None:
    scan = await yard.hold(Agency.CUSTOMS, ControlKind.SCAN)
    people = await yard.hold(Agency.BORDER_INSPECTION, ControlKind.EXAMINE)
    await yard.examining.order("X-1", Vehicle(plate="1234УБА"))
    first = await yard.to_the_bay()
    assert first.appointment is not None
    assert (first.appointment.bay, first.appointment.steps) == ("B2", (1, 3))
    for step in first.appointment.steps:
        said = Report(Agency.BORDER_INSPECTION, "zhao", 0, Seen.CLEAR)
        assert isinstance(await yard.examining.report("X-1", step, said), Examination)
    assert (await yard.only()).state is ExaminationState.ORDERED
    second = await yard.to_the_bay()
    assert second.appointment is not None
    assert second.appointment.bay == "B1"
    assert second.appointment.starts_at >= yard.port.clock.now() + 5 * MINUTE
    await yard.report_all("X-1")
    await yard.release("X-1", scan, Agency.CUSTOMS)
    assert (await yard.release("X-1", people, Agency.BORDER_INSPECTION)).outcome == "may_leave"


class Counting:
    """Records; every question that is asked of them is counted."""

    def __init__(self, records: Any, asked: list[str]) -> None:
        self._records = records
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        self._asked.append(name)
        return getattr(self._records, name)


async def test_a_look_at_which_nothing_changed_asks_once_for_all_vehicles(yard: Yard) -> None:
    for number in range(3):
        await yard.hold(Agency.CUSTOMS, ControlKind.SCAN, plate=f"A000{number}")
        await yard.examining.order(f"X-{number}", Vehicle(plate=f"A000{number}", consignments=(f"W{number}",)))
    await yard.driver.step()
    await yard.driver.step()
    asked: list[str] = []
    yard.examining._records = Counting(yard.examining._records, asked)
    yard.examining._papers = Counting(yard.examining._papers, asked)
    await yard.driver.step()
    assert sorted(asked) == ["open_examinations", "orders_naming"]
    await yard.hold(Agency.CUSTOMS, ControlKind.QUARANTINE, consignment="W1")
    await yard.driver.step()
    assert [len(each.asks) for each in await yard.examining.going_on()] == [1, 2, 1]


async def test_a_hold_of_the_hub_is_not_lifted_here(yard: Yard) -> None:
    order = ControlOrder(ControlKind.SCAN, "wanted", plate="1234УБА")
    await yard.control.place(order, Agency.CUSTOMS, "hub inner-mongolia", "hub-R1-1")
    await yard.divert(finding(Authority.SITE, Outcome.DIVERT_MANUAL))
    one = await yard.to_the_bay()
    await yard.report_all(one.number)
    for ask in one.asks:
        standing = await yard.release(one.number, ask.number, ask.agency)
    assert standing.closed_at is None
    await yard.control.lift("hub-R1-1", Agency.CUSTOMS, "hub inner-mongolia", "found")
    await yard.driver.step()
    assert (await yard.examining.find(one.number)).outcome == "may_leave"
