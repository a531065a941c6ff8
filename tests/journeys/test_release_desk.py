"""The release desk over the in-memory store: whatever is told in whatever order, nothing is sold too early (I22)."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace
from tests.unit.inspection.release.release_kit import BOOK, DAY, HOUR, NOW, lot

from kouan.adapters.driver.release_watch import ReleaseWatch
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.release import MemoryReleaseRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.inspection.papers import ConsignmentLine, Declaration, DeclarationStatus
from kouan.inspection.release.attested import Certified, Report
from kouan.inspection.release.facts import (
    Arrived,
    Asked,
    CheckedThere,
    Disposed,
    Extended,
    Fact,
    Finding,
    Found,
    ReachedDestination,
    RecallOrdered,
    Recovered,
    ReleaseDenied,
    ReleaseGranted,
    ResultIn,
    SiteChecked,
    Way,
    Wish,
)
from kouan.inspection.release.lot import FINAL, LotState, lot_number
from kouan.inspection.release.permits import may_sell
from kouan.inspection.release.records import LotRecord, rule_of, standing_of, state_of
from kouan.inspection.release.rule import Check, Need
from kouan.inspection.release.rulebook import ReleaseBook, make_book
from kouan.inspection.release.samples import Taking
from kouan.inspection.release.standing import site_checks
from kouan.inspection.release.use_cases import Told
from kouan.inspection.supporting import (
    Certificate,
    CertificateKind,
    CoveredLot,
    LaboratoryResult,
    ThirdPartyReport,
)
from kouan.inspection.supporting import TestItem as Item
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.vocabulary.errors import Fenced, NotFound, Unavailable
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import GRANTED, Reason, Refused, Stands

PORT = "ganqimaodu"
KEYS = SealingKeys(wrapping=bytes(range(32)), pepper=bytes(range(32, 64)))
IRON, MANGANESE, COPPER, COAL, CLOTHING = "2601111000", "2602000000", "2603000010", "2701121000", "6109100021"


class HandClock:
    """A clock that stands still unless moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at


class Rules:
    """The shipped rules, with an agency whose reports are accepted."""

    def __init__(self) -> None:
        self._book = make_book([_with_agency(each) for each in BOOK.rules], BOOK.unloadings)

    async def book(self, at: int) -> ReleaseBook:
        return self._book


def _with_agency(each: Any) -> Any:
    return each if each.report is None else replace(each, report=replace(each.report, agencies=("CTI",)))


class Port:
    """A desk over a ledger in memory."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.disk = MemoryDisk()
        self.records = MemoryReleaseRecords(self.disk, PORT)

    async def begin(self) -> "Port":
        sealer = Sealer(KEYS, random.Random(7).randbytes)
        self.ledger = await MemoryLedger.open_writer(self.disk, PORT, self.clock, sealer)
        self.desk = ReleaseDesk(self.records, self.ledger, Rules(), self.clock, random.Random(11))
        self.papers = PapersForRelease(self.desk, self.records, MemoryPapersRecords(self.disk, PORT))
        return self

    async def found(self, number: str) -> LotRecord:
        record = await self.records.find_lot(number)
        assert record is not None
        return record

    async def on_site(self, hs_code: str) -> str:
        """Open a lot, let it arrive and pass its checks; return its number."""
        opened = await self.desk.open(lot(hs_code), NOW)
        assert isinstance(opened, Told)
        number = opened.record.number
        await self.desk.tell(number, Arrived(), "yard", "arrived")
        record = await self.found(number)
        for check in site_checks(standing_of(record), rule_of(record)):
            await self.desk.tell(number, SiteChecked(check, True), "yard", f"check:{check}")
        return number

    async def sample(self, number: str, name: str = "S") -> Told | Refused:
        taking = Taking(f"{name}1", f"{name}-SEAL1", f"{name}2", f"{name}-SEAL2", "yard", "consignee", "lab", "store")
        return await self.desk.take_sample(number, taking, "wang")


@pytest.fixture
async def port() -> Port:
    return await Port().begin()


def certified(record: LotRecord) -> Certified:
    return Certified("C1", rule_of(record).certificate_kind, record.mass_kg, NOW - DAY)


async def test_manganese_goes_its_whole_way(port: Port) -> None:
    number = await port.on_site(MANGANESE)
    await port.sample(number)
    assert (await port.found(number)).state == LotState.CONDITIONALLY_RELEASED
    await port.desk.take_result(number, "S1", "R1", True, "lab")
    await port.desk.certify(number, certified(await port.found(number)), "li")
    assert (await port.found(number)).state == LotState.FREE
    states = [entry["after"] for entry in await moves(port, number)]
    assert states[-4:] == ["conditionally_released", "passed", "certified", "free"]


async def test_a_revoked_certificate_takes_its_goods_back_and_another_one_does_not(port: Port) -> None:
    number = await port.on_site(MANGANESE)
    await port.sample(number)
    await port.desk.take_result(number, "S1", "R1", True, "lab")
    first = certified(await port.found(number))
    await port.desk.certify(number, first, "li")
    assert isinstance(await port.desk.revoke(number, "C9", "customs"), Refused)
    assert (await port.found(number)).state == LotState.FREE
    assert isinstance(await port.desk.revoke(number, "C1", "customs"), Told)
    taken_back = await port.found(number)
    assert taken_back.state == LotState.PASSED
    assert taken_back.deadline is not None
    assert may_sell(standing_of(taken_back), rule_of(taken_back)) is not GRANTED
    assert isinstance(await port.desk.revoke(number, "C1", "customs"), Refused)
    await port.desk.certify(number, replace(first, number="C2"), "li")
    assert (await port.found(number)).state == LotState.FREE


async def test_a_lot_is_opened_once(port: Port) -> None:
    assert isinstance(await port.desk.open(lot(), NOW), Told)
    for _ in range(2):
        again = await port.desk.open(lot(), NOW)
        assert isinstance(again, Refused)
        assert again.reasons[0].code == "release.open_already"


async def test_of_facts_told_at_once_each_counts_and_none_is_lost(port: Port) -> None:
    number = await port.on_site(COAL)
    before = (await port.found(number)).version
    facts = [Found(Finding.MISMATCH), Found(Finding.SOLID_WASTE), Found(Finding.FOREIGN_MATTER)]
    told = [port.desk.tell(number, fact, "wang", f"found:{place}") for place, fact in enumerate(facts)]
    answers = await asyncio.gather(*told)
    assert all(isinstance(answer, Told) for answer in answers)
    assert (await port.found(number)).version == before + 3
    assert [entry["fact"]["finding"] for entry in (await moves(port, number)) if "finding" in entry["fact"]]


async def test_the_same_fact_told_twice_counts_once(port: Port) -> None:
    number = await port.on_site(COAL)
    await port.desk.tell(number, Found(Finding.MISMATCH), "wang", "message-7")
    version = (await port.found(number)).version
    again = await port.desk.tell(number, Found(Finding.MISMATCH), "wang", "message-7")
    assert isinstance(again, Refused)
    assert again.reasons[0].code == "release.told_already"
    assert (await port.found(number)).version == version


async def test_of_two_officers_who_grant_and_deny_at_once_one_is_heard_first(port: Port) -> None:
    number = await port.on_site("8703101100")
    granted, denied = await asyncio.gather(
        port.desk.tell(number, ReleaseGranted(), "wang", "grant"),
        port.desk.tell(number, ReleaseDenied("doubt"), "li", "deny"),
    )
    assert isinstance(granted, Told) is not isinstance(denied, Told)


async def test_facts_with_papers_or_samples_behind_them_are_not_told_alone(port: Port) -> None:
    number = await port.on_site(COAL)
    answer = await port.desk.tell(number, ResultIn("R1", True), "wang", "r")
    assert isinstance(answer, Refused)
    assert answer.reasons[0].code == "release.not_alone"


async def test_a_lot_that_nobody_knows_is_not_found(port: Port) -> None:
    with pytest.raises(NotFound):
        await port.desk.tell("071320261000000009-1", Arrived(), "yard", "a")


async def test_a_sample_number_is_taken_once_in_a_port(port: Port) -> None:
    number = await port.on_site(COAL)
    await port.sample(number)
    await port.desk.open(lot(COAL, number=lot_number("071320261000000002", 1), declaration="071320261000000002"), NOW)
    other = lot_number("071320261000000002", 1)
    await port.desk.tell(other, Arrived(), "yard", "a")
    for check in site_checks(standing_of(await port.found(other)), rule_of(await port.found(other))):
        await port.desk.tell(other, SiteChecked(check, True), "yard", f"check:{check}")
    refused = await port.sample(other)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "release.sample_known"
    assert (await port.found(other)).state == LotState.ON_SITE


async def test_goods_that_failed_are_recalled_from_where_they_were_last(port: Port) -> None:
    number = await port.on_site(MANGANESE)
    await port.sample(number)
    assert await port.desk.hand_over(number, number, "road G242", "CARRIER-7", "CN1", "yard") is GRANTED
    assert await port.desk.hand_over(number, number, "smelter, Baotou", "SMELTER-1", None, "yard") is GRANTED
    await port.desk.take_result(number, "S1", "R1", False, "lab")
    recalled = (await moves(port, number))[-1]
    assert recalled["after"] == "recalled"
    assert recalled["last_known"]["location"] == "smelter, Baotou"
    assert [link.holder for link in await port.records.custody_of("S1")] == ["wang", "lab"]


async def test_custody_of_a_strangers_sample_is_not_noted(port: Port) -> None:
    number = await port.on_site(COAL)
    assert isinstance(await port.desk.hand_over(number, "S9", "lab", "lab", None, "wang"), Refused)


async def test_a_hold_is_lifted_by_two_officers(port: Port) -> None:
    number = await port.on_site(COAL)
    await port.desk.tell(number, Found(Finding.MISMATCH), "wang", "found")
    await port.desk.lift(number, "counted again", "wang")
    alone = await port.desk.lift(number, "counted again", "wang")
    assert isinstance(alone, Refused)
    assert (await port.found(number)).state == LotState.HELD
    await port.desk.lift(number, "counted again", "li")
    assert (await port.found(number)).state == LotState.ON_SITE


async def test_the_watch_notes_deadlines_and_calls_a_person(port: Port) -> None:
    number = await port.on_site(MANGANESE)
    await port.sample(number)
    assert await port.desk.wake() == []
    port.clock.at = NOW + 240 * HOUR
    (overdue,) = await port.desk.wake()
    assert (overdue.record.state, overdue.calls) == (LotState.OVERDUE, False)
    assert await port.desk.wake() == []
    port.clock.at += 24 * HOUR
    (escalated,) = await port.desk.wake()
    assert escalated.calls
    assert [record.number for record in await port.records.lots_in("escalated", 10)] == [number]


async def test_the_watch_wakes_by_itself_and_ends_when_it_is_cancelled(port: Port) -> None:
    number = await port.on_site(COAL)
    port.clock.at += 30 * DAY
    called: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()

    def alarm(lane: str, passage: str, priority: int, reason: Reason) -> None:
        called.set_result(reason)

    await port.desk.wake()
    port.clock.at += 30 * DAY
    watch = asyncio.ensure_future(ReleaseWatch(port.desk, port.records, port.clock, alarm, poll_s=0.001).run())
    async with asyncio.timeout(10):
        reason = await called
    assert (reason.code, reason.params["lot"]) == ("release.calls", number)
    assert (await port.found(number)).state == LotState.ESCALATED
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


async def test_the_watch_ends_the_alarm_of_a_lot_that_somebody_has_seen_to(port: Port) -> None:
    number = await port.on_site(COAL)
    for days in (30, 30):
        port.clock.at += days * DAY
        await port.desk.wake()
    assert (await port.found(number)).state == LotState.ESCALATED
    stands: list[bool] = []
    looked, ended = asyncio.Event(), asyncio.Event()

    def back(code: str, before: int, still: Stands) -> None:
        assert (code, before) == ("release.calls", port.clock.now())
        stands.append(still({"lot": number, "regime": ""}))
        (looked if stands[-1] else ended).set()

    watch = ReleaseWatch(port.desk, port.records, port.clock, lambda *_: None, poll_s=0.001, back=back)
    watching = asyncio.ensure_future(watch.run())
    async with asyncio.timeout(10):
        await looked.wait()
        assert stands[0], "it is escalated"
        assert not isinstance(await port.desk.tell(number, Extended("waits for the laboratory"), "wang", "x1"), Refused)
        await ended.wait()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_the_watch_ends_under_a_newer_writer_and_outlives_a_silent_store(port: Port) -> None:
    await port.on_site(COAL)
    port.clock.at += 30 * DAY
    looks = 0

    class Silent(MemoryReleaseRecords):
        async def lots_due(self, at: int, limit: int) -> Any:
            nonlocal looks
            looks += 1
            raise Unavailable("gone") if looks == 1 else Fenced("another writer")

    records = Silent(port.disk, PORT)
    desk = ReleaseDesk(records, port.ledger, Rules(), port.clock, random.Random(1))
    with pytest.raises(Fenced):
        await ReleaseWatch(desk, records, port.clock, lambda *_: None, poll_s=0.001).run()
    assert looks == 2


async def test_papers_open_lots_and_carry_them_to_their_end(port: Port) -> None:
    number = lot_number("071320261000000001", 1)
    line = ConsignmentLine("W1", "260200", "锰矿", 80_000, None)
    paper = Declaration(
        number="071320261000000001", version=1, direction=Direction.IN, status=DeclarationStatus.DECLARED,
        consignments=(line,),
    )  # fmt: skip
    assert [type(answer) for answer in await port.papers.declared(paper, NOW, "broker")] == [Told]
    full = replace(paper, version=2, consignments=(replace(line, hs_code=MANGANESE),))
    assert [type(answer) for answer in await port.papers.declared(full, NOW, "broker")] == [Told]
    assert (await port.found(number)).hs_code == MANGANESE
    assert await port.papers.declared(full, NOW, "broker") == []
    await port.desk.tell(number, Arrived(), "yard", "arrived")
    record = await port.found(number)
    for check in site_checks(standing_of(record), rule_of(record)):
        await port.desk.tell(number, SiteChecked(check, True), "yard", f"check:{check}")
    await port.sample(number)
    result = LaboratoryResult(
        number="R1", version=1, laboratory="lab", lot=number, sample="S1",
        items=(Item("Mn", "44.1", True),), reported_on="2026-11-22",
    )  # fmt: skip
    assert isinstance(await port.papers.tested(result, "lab"), Told)
    weight = Certificate(
        number="C0", version=1, certificate=CertificateKind.WEIGHT, issuer="customs",
        covers=(CoveredLot(number, 80_000),), valid_from="2026-11-20",
    )  # fmt: skip
    assert [type(answer) for answer in await port.papers.certified(weight, "li")] == [Refused]
    quality = replace(weight, number="C1", certificate=CertificateKind.QUALITY, valid_until="2026-11-22")
    assert [type(answer) for answer in await port.papers.certified(quality, "li")] == [Told]
    assert (await port.found(number)).state == LotState.FREE


async def test_goods_that_are_declared_as_others_are_held_under_the_rule_of_what_they_are(port: Port) -> None:
    number = await port.on_site("8703101100")
    line = ConsignmentLine("W1", MANGANESE, "锰矿", 80_000, None)
    paper = Declaration(
        number="071320261000000001", version=2, direction=Direction.IN, status=DeclarationStatus.DECLARED,
        consignments=(line,),
    )  # fmt: skip
    answers = await port.papers.declared(paper, NOW, "broker")
    assert [type(answer) for answer in answers] == [Told, Told]
    held = await port.found(number)
    assert (held.state, held.hs_code) == (LotState.HELD, MANGANESE)
    assert held.regime.startswith("manganese_chromium_ore@2")
    assert standing_of(held).passed == ()


async def test_goods_that_have_left_are_recalled_where_they_turn_out_to_be_others(port: Port) -> None:
    number = await port.on_site(MANGANESE)
    await port.sample(number)
    line = ConsignmentLine("W1", COAL, "煤", 80_000, None)
    paper = Declaration(
        number="071320261000000001", version=2, direction=Direction.IN, status=DeclarationStatus.DECLARED,
        consignments=(line,),
    )  # fmt: skip
    await port.papers.declared(paper, NOW, "broker")
    assert (await port.found(number)).state == LotState.RECALLED


async def test_a_cancelled_declaration_closes_lots_that_never_came(port: Port) -> None:
    await port.desk.open(lot(), NOW)
    paper = Declaration(
        number="071320261000000001", version=2, direction=Direction.IN, status=DeclarationStatus.CANCELLED,
        consignments=(ConsignmentLine("W1", MANGANESE, "锰矿", 80_000, None),),
    )  # fmt: skip
    await port.papers.declared(paper, NOW, "broker")
    assert (await port.found(lot().number)).state == LotState.RETURNED


async def test_a_result_without_items_or_with_a_bad_one_passes_nothing(port: Port) -> None:
    number = await port.on_site(COAL)
    await port.sample(number)
    empty = LaboratoryResult(
        number="R1", version=1, laboratory="lab", lot=number, sample="S1", items=(), reported_on="2026-11-22"
    )
    await port.papers.tested(empty, "lab")
    assert (await port.found(number)).state == LotState.HELD


async def test_reports_are_accepted_for_their_lots_with_the_items_that_passed(port: Port) -> None:
    number = await port.on_site(CLOTHING)
    items = rule_of(await port.found(number)).report
    assert items is not None
    tested = tuple(Item(item, "1", True) for item in items.items)
    paper = ThirdPartyReport(
        number="T1", version=1, agency="CTI", standard="GB 18401", lots=(number,),
        items=(replace(tested[0], passed=False), *tested[1:]), valid_from="2026-11-01", valid_until="2027-10-31",
    )  # fmt: skip
    assert [type(answer) for answer in await port.papers.reported(paper, "broker")] == [Refused]
    good = replace(paper, items=tested)
    assert [type(answer) for answer in await port.papers.reported(good, "broker")] == [Told]
    assert (await port.found(number)).state == LotState.REPORT_VERIFIED


async def moves(port: Port, number: str) -> list[dict[str, Any]]:
    entries = await port.ledger.read(limit=100_000, stream=number)
    return [msgspec.json.decode(entry.body) for entry in entries if entry.kind == "release.moved/1"]


LOTS = {
    lot_number("071320261000000001", place): code
    for place, code in enumerate((IRON, MANGANESE, COPPER, COAL, CLOTHING, "260111", "0202200000"), 1)
}
PLAIN: tuple[Fact, ...] = (
    Arrived(), *(Asked(wish) for wish in Wish), *(SiteChecked(check, True) for check in Check),
    SiteChecked(Check.QUANTITY, False), *(Found(finding) for finding in Finding), ReleaseGranted(),
    ReleaseDenied("doubt"), ReachedDestination(), *(CheckedThere(check, True) for check in Check),
    CheckedThere(Check.SOLID_WASTE, False), RecallOrdered("silent"), Recovered(),
    *(Disposed(way, "failed") for way in Way), Extended("holiday"),
)  # fmt: skip
numbers = st.sampled_from(sorted(LOTS))
officers = st.sampled_from(("wang", "li"))


class AnyInterleaving(RuleBasedStateMachine):
    """Several lots, officers, laboratories and clocks; what is told at once, twice or too late is part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.port = self.run(Port().begin())
        self.count = 0
        self.heard: list[tuple[str, Fact, str]] = []

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.port.ledger.close())
        self.runner.close()

    @initialize()
    def open_lots(self) -> None:
        for number, code in LOTS.items():
            made = lot(code, number=number, line=int(number.rpartition("-")[2]))
            assert isinstance(self.run(self.port.desk.open(made, NOW)), Told)

    @rule(number=numbers, facts=st.lists(st.sampled_from(PLAIN), min_size=1, max_size=4))
    def tell_at_once(self, number: str, facts: list[Fact]) -> None:
        told = []
        for fact in facts:
            self.count += 1
            self.heard.append((number, fact, f"fact-{self.count}"))
            told.append(self.port.desk.tell(number, fact, "wang", f"fact-{self.count}"))
        self.run(_all(told))

    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        if self.heard:
            number, fact, identity = data.draw(st.sampled_from(self.heard))
            self.run(self.port.desk.tell(number, fact, "wang", identity))

    @rule(number=numbers)
    def pass_all_checks(self, number: str) -> None:
        self.run(self.port.desk.tell(number, Arrived(), "yard", f"arrived-{number}"))
        record = self.run(self.port.found(number))
        for check in site_checks(standing_of(record), rule_of(record)):
            self.count += 1
            self.run(self.port.desk.tell(number, SiteChecked(check, True), "yard", f"check-{self.count}"))

    @rule(number=numbers)
    def pass_all_checks_there(self, number: str) -> None:
        for fact in (ReachedDestination(), *(CheckedThere(check, True) for check in Check)):
            self.count += 1
            self.run(self.port.desk.tell(number, fact, "wang", f"there-{self.count}"))

    @rule(number=numbers)
    def take_sample(self, number: str) -> None:
        self.count += 1
        self.run(self.port.sample(number, f"S{self.count}-"))

    @rule(number=numbers, passed=st.booleans(), data=st.data())
    def hear_from_the_laboratory(self, number: str, passed: bool, data: st.DataObject) -> None:
        samples = self.run(self.port.records.samples_of(number))
        if samples:
            self.count += 1
            sample = data.draw(st.sampled_from([each.number for each in samples]))
            self.run(self.port.desk.take_result(number, sample, f"R{self.count}", passed, "lab"))

    @rule(number=numbers, kind=st.sampled_from(CertificateKind), part=st.sampled_from((1, 80_000, 81_000)))
    def certify(self, number: str, kind: CertificateKind, part: int) -> None:
        self.count += 1
        certificate = Certified(f"C{self.count}", kind, part, NOW - DAY)
        self.run(self.port.desk.certify(number, certificate, "li"))

    @rule(number=numbers, own=st.booleans())
    def revoke(self, number: str, own: bool) -> None:
        standing = standing_of(self.run(self.port.found(number)))
        self.run(self.port.desk.revoke(number, standing.certificate or "C0" if own else "C0", "customs"))

    @rule(number=numbers, mass_kg=st.sampled_from((79_000, 80_000, 81_000)))
    def amend(self, number: str, mass_kg: int) -> None:
        self.run(self.port.desk.amend(number, mass_kg, "broker"))

    @rule(number=numbers, agency=st.sampled_from(("CTI", "SOMEBODY")), age=st.sampled_from((0, 200, 400)))
    def report(self, number: str, agency: str, age: int) -> None:
        self.count += 1
        terms = rule_of(self.run(self.port.found(number))).report
        items = terms.items if terms else ()
        report = Report(f"T{self.count}", agency, items, self.port.clock.at - age * DAY)
        self.run(self.port.desk.verify_report(number, report, "wang"))

    @rule(number=numbers, by=officers)
    def lift(self, number: str, by: str) -> None:
        self.run(self.port.desk.lift(number, "seen", by))

    @rule(number=numbers)
    def test_the_duplicate(self, number: str) -> None:
        self.run(self.port.desk.order_retest(number, "wang"))

    @rule(number=numbers)
    def complete_the_code(self, number: str) -> None:
        self.run(self.port.desk.refine(number, LOTS[number].ljust(10, "0"), "broker"))

    @rule(number=numbers, code=st.sampled_from((IRON, MANGANESE, COPPER, COAL, CLOTHING, "8703101100")))
    def amend_the_code(self, number: str, code: str) -> None:
        self.count += 1
        self.run(self.port.desk.tell(number, Found(Finding.MISMATCH), "broker", f"mismatch-{self.count}"))
        self.run(self.port.desk.refine(number, code, "broker"))

    @rule(hours=st.sampled_from((1, 30, 300)))
    def let_time_pass(self, hours: int) -> None:
        self.port.clock.at += hours * HOUR
        self.run(self.port.desk.wake())

    @invariant()
    def nothing_is_sold_before_its_certificate(self) -> None:
        for number in LOTS:
            record = self.run(self.port.records.find_lot(number))
            if record is None:
                continue
            entries = self.run(moves(self.port, number))
            chain = [entry["before"] for entry in entries[1:]]
            assert chain == [entry["after"] for entry in entries[:-1]]
            assert not entries or entries[-1]["after"] == record.state
            assert (record.deadline is None) is (state_of(record) in FINAL)
            if state_of(record) is LotState.FREE:
                _may_be_sold(record, entries)


def _may_be_sold(record: LotRecord, entries: list[dict[str, Any]]) -> None:
    """Look back from the sale, knowing nothing but what was recorded, to where the lot was treated, or begun."""
    treated = max((place for place, entry in enumerate(entries) if entry["after"] == "treated"), default=-1)
    facts = [entry["fact"] for entry in entries if isinstance(entry["fact"], dict)]
    since = [entry["fact"] for entry in entries[treated + 1 :] if isinstance(entry["fact"], dict)]
    asked = any(fact["type"] == "asked" and fact["wish"] == "quality" for fact in facts)
    results = [fact["passed"] for fact in since if fact["type"] == "result_in"]
    revoked = max((place for place, fact in enumerate(since) if fact["type"] == "certificate_revoked"), default=-1)
    certificates = [fact["kind"] for fact in since[revoked + 1 :] if fact["type"] == "certificate_issued"]
    rule_ = rule_of(record)
    if rule_.certificate is Need.REQUIRED or (rule_.certificate is Need.ON_REQUEST and asked):
        assert rule_.certificate_kind.value in certificates
        assert results[-1] is True
    assert not results or results[-1] is True
    assert not any(fact["type"] == "found" and fact["finding"] in ("prohibited", "epidemic") for fact in since)
    passed = {fact["check"] for fact in since if fact["type"] in ("site_checked", "checked_there") and fact["passed"]}
    assert {check.value for check in (*rule_.site_checks, *rule_.destination_checks)} <= passed


async def _all(told: list[Coroutine[Any, Any, Any]]) -> None:
    await asyncio.gather(*told)


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
