"""From the gate to the yard, to release and to the consignee's lorry, with real papers and the real release desk."""

import datetime as dt
import random
from typing import Any

import msgspec
import pytest
from tests.unit.gate.passage_kit import but
from tests.unit.gate.test_visit import cleared
from tests.unit.inspection.papers_kit import IN_DECLARATION, confirmation, line
from tests.unit.inspection.release.release_kit import BOOK, NOW
from tests.unit.yard.yard_kit import DOMESTIC, SETTINGS, HandClock

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.release import MemoryReleaseRecords
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.gate.dossier import case_of
from kouan.gate.states import Cleared
from kouan.inspection.lots import lots_of
from kouan.inspection.overrun import OverrunAt, no_overrun
from kouan.inspection.release.facts import Asked, RecallOrdered, SiteChecked, Wish
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.permits import may_sell
from kouan.inspection.release.records import rule_of, standing_of, state_of
from kouan.inspection.release.rule import Check
from kouan.inspection.release.rulebook import ReleaseBook
from kouan.inspection.release.samples import Taking
from kouan.inspection.release.standing import site_checks
from kouan.inspection.supporting import Certificate, CertificateKind, CoveredLot
from kouan.inspection.use_cases import declaration_of
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.journeys.release_yard import ReleaseToYard
from kouan.journeys.write_off import NetWriteOffs
from kouan.journeys.yard_arrivals import GateToYard
from kouan.journeys.yard_desk import open_yard
from kouan.journeys.yard_papers import ReleasedByInspection, WrittenOffPapers
from kouan.journeys.yard_release import YardToRelease
from kouan.journeys.yard_visits import Delivery, Done
from kouan.ledger.roles import Draft, Personal, Unit
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.places import Direction, LaneName
from kouan.vocabulary.verdict import Refused
from kouan.yard.events import CallPerson, Command, NetKnown, VisitOpened
from kouan.yard.pickups import Wanted
from kouan.yard.states import Came, Held, Left, Ready, decode_state
from kouan.yard.tickets import Ticket

PORT = "ganqimaodu"
IRON = "2601111000"
LOT = f"{IN_DECLARATION}-1"
MRZ = ("P<MNGBAT<<ERDENE<<<<<<<<<<<<<<<<<<<<<<<<<<<<", "E123456700MNG8001014M3001019<<<<<<<<<<<<<<02")


class Rules:
    async def book(self, at: int) -> ReleaseBook:
        return BOOK


class Port:
    """A gate, papers, release and a yard over one ledger in memory; nothing may come over what is declared."""

    overrun: OverrunAt = staticmethod(no_overrun)

    async def begin(self) -> "Port":
        chance = random.Random(7)
        sealer = Sealer(SealingKeys(bytes(range(32)), bytes(range(32, 64))), chance.randbytes)
        self.clock, self.told = HandClock(NOW), list[Command]()
        await self.open_storage(sealer)
        self.counter = PapersCounter(self.papers, self.ledger, self.subjects, self.clock, chance.randbytes)
        self.desk = ReleaseDesk(self.release, self.ledger, Rules(), self.clock, random.Random(11))
        block = msgspec.structs.replace(SETTINGS.blocks[0], goods=("2601", "2701"))
        settings = msgspec.structs.replace(SETTINGS, blocks=(block,))
        write_offs = WrittenOffPapers(NetWriteOffs(self.papers, self.ledger, self.clock, self.overrun))
        records = self.visits
        self.told_release = YardToRelease(self.desk, self.release, records, settings.tolerances.ticket_pm)
        self.yard = open_yard(
            settings, records, self.ledger, ReleasedByInspection(self.release, self.clock),
            write_offs, self.clock, chance.randbytes, NOW * 2, self.told.append, self.told_release.follow,
        )  # fmt: skip
        follow = ReleaseToYard(self.desk, self.yard.visits, records, self.told_release, self.told.append).follow
        self.desk.moved = follow
        self.arrivals = GateToYard(
            settings, self.yard.visits, self.papers, self.ledger, self.subjects, self.told.append
        )
        return self

    async def open_storage(self, sealer: Sealer) -> None:
        disk = MemoryDisk()
        self.ledger: Any = await MemoryLedger.open_writer(disk, PORT, self.clock, sealer)
        self.papers: Any = MemoryPapersRecords(disk, PORT)
        self.release: Any = MemoryReleaseRecords(disk, PORT)
        self.subjects: Any = MemorySubjects(disk, sealer)
        self.visits: Any = MemoryYardRecords(disk, PORT)

    async def hand_in(self, net_kg: int = 30_000) -> None:
        """Hand in a declaration of one line of iron ore, and the confirmation of its vehicle."""
        lines = [{"line": 1, "hs_code": IRON, "goods": "铁矿", "net_kg": net_kg}]
        goods = [line(hs_code=IRON, goods="铁矿", gross_kg=net_kg)]
        declared = {"number": IN_DECLARATION, "direction": "in", "lines": lines, "consignments": goods}
        taken = await self.counter.declaration(declared)
        assert not isinstance(taken, Refused), taken
        document = confirmation(number="V2025101000042", plate="1234УБА", consignments=goods, cargo="coal")
        confirmed = await self.counter.confirmation(document)
        assert not isinstance(confirmed, Refused), confirmed

    async def open_lot(self) -> None:
        record = await self.papers.find_declaration(IN_DECLARATION)
        assert record is not None
        (lot,) = lots_of(declaration_of(record))
        await self.desk.open(lot, NOW)

    async def gate_clears(self) -> Cleared:
        """Return the passage of a driver whose document is sealed behind the evidence's commitment."""
        subject = await self.subjects.subject_for("somebody at the gate")
        personal = Personal(subject, bytes(16), msgspec.json.encode({"mrz": MRZ}))
        await self.ledger.append(Unit((Draft("gate.evidence/1", "p-in", "driver", b"{}", (personal,)),)))
        state = cleared(Direction.IN, "p-in", 50_120)
        driver = case_of(state.dossier).driver
        assert driver is not None
        known = msgspec.structs.replace(driver, commitment=personal.commitment)
        records = tuple(
            msgspec.structs.replace(each, evidence=known) if each.evidence == driver else each
            for each in state.dossier.procedures
        )
        return msgspec.structs.replace(state, dossier=msgspec.structs.replace(state.dossier, procedures=records))

    async def weigh(self, visit: str, mass_kg: int, number: str) -> Any:
        record = await self.yard.records.find_visit(visit)
        assert record is not None
        return await self.yard.visits.weigh(visit, Ticket(number, "W1", record.plate, mass_kg, self.clock.now()))

    async def deliver(self, passage: str) -> Any:
        """Report another vehicle of the lot."""
        more = Delivery(passage, "coal", "蒙B00002", "C", LOT, IRON, "铁矿", 30_000, 1, ("bat",))
        return await self.yard.visits.deliver(more)

    async def unloaded(self, visit: str = "yard-p-in", number: str = "1") -> Any:
        """Weigh a vehicle in, unload 30 t, and weigh it out."""
        await self.weigh(visit, 48_000, f"g{number}")
        await self.yard.visits.begin_handling(visit, "coal/A/1/1", "wang")
        await self.yard.visits.tally(visit, "wang", 800)
        return await self.weigh(visit, 18_000, f"t{number}")

    async def recall(self) -> LotState:
        told = await self.desk.tell(LOT, RecallOrdered("a result of its sister lot"), "li", "recall")
        assert not isinstance(told, Refused), told
        return state_of(told.record)

    async def checked(self) -> LotState:
        """Let customs make the checks on site that are still open; return where the lot stands then."""
        record = await self.release.find_lot(LOT)
        assert record is not None
        for check in site_checks(standing_of(record), rule_of(record)):
            await self.desk.tell(LOT, SiteChecked(check, True), "li", f"check:{check}")
        found = await self.release.find_lot(LOT)
        assert found is not None
        return state_of(found)


@pytest.fixture
async def port() -> Port:
    return await Port().begin()


async def test_a_cleared_lorry_is_expected_in_the_yard_with_its_lot_and_its_driver(port: Port) -> None:
    await port.hand_in()
    await port.open_lot()
    state = await port.gate_clears()
    lane = LaneName.parse(state.dossier.lane)  # as a running port names it
    state = msgspec.structs.replace(state, dossier=msgspec.structs.replace(state.dossier, lane=lane))
    for _ in range(2):
        done = await port.arrivals.cleared(state)
        assert isinstance(done, Done)
        assert isinstance(done.state, Came)
    stay = done.state.stay
    assert (stay.lot, stay.plate, stay.site, stay.aboard.count, len(stay.aboard.people)) == (
        LOT,
        "1234УБА",
        "coal",
        1,
        1,
    )
    assert stay.gate is not None
    assert (stay.gate.scale, stay.gate.mass_kg) == ("I3", 50_120)
    lot = await port.release.find_lot(LOT)
    assert lot is not None
    assert state_of(lot) is LotState.ARRIVED


async def test_what_a_crash_kept_from_release_is_told_at_the_next_start_and_once(port: Port) -> None:
    class CrashedError(Exception):
        """The process ends between a visit's commit and what follows from it."""

    async def crash(_: object, events: tuple[object, ...]) -> None:
        if any(isinstance(event, VisitOpened | NetKnown) for event in events):
            raise CrashedError

    async def restarted() -> Any:
        told = YardToRelease(port.desk, port.release, port.visits, SETTINGS.tolerances.ticket_pm)
        await told.settle()
        found = await port.release.find_lot(LOT)
        assert found is not None
        return found

    await port.hand_in()
    await port.open_lot()
    port.yard.visits._recording._follow = crash
    with pytest.raises(CrashedError):
        await port.arrivals.cleared(await port.gate_clears())
    assert state_of(await port.release.find_lot(LOT)) is LotState.DECLARED
    assert state_of(await restarted()) is LotState.ARRIVED
    with pytest.raises(CrashedError):
        await port.unloaded()
    waiting = await port.release.find_lot(LOT)
    assert standing_of(waiting).passed == ()
    assert standing_of(await restarted()).passed == (Check.UNLOADED,)
    size = await port.ledger.size()
    await restarted()
    assert await port.ledger.size() == size


async def test_what_a_store_that_was_away_kept_from_release_is_told_once_it_is_back(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> Any:
        raise Unavailable("the store is away")

    await port.told_release.settle()
    await port.hand_in()
    await port.open_lot()
    tell = port.desk.tell
    monkeypatch.setattr(port.desk, "tell", away)
    for act in (port.arrivals.cleared(await port.gate_clears()), port.told_release.settle()):
        with pytest.raises(Unavailable):
            await act
    monkeypatch.setattr(port.desk, "tell", tell)
    await port.told_release.settle()
    assert state_of(await port.release.find_lot(LOT)) is LotState.ARRIVED


async def test_net_is_written_off_the_declaration_and_the_goods_leave_once_released(port: Port) -> None:
    await port.hand_in()
    await port.open_lot()
    await port.arrivals.cleared(await port.gate_clears())
    done = await port.unloaded()
    assert isinstance(done, Done)
    assert isinstance(done.state, Ready)
    balance = next(each for each in await port.papers.balances([IN_DECLARATION]) if each.item == "1")
    assert balance.granted_kg == 30_000
    assert [each.mass_kg for each in await port.papers.write_offs_of_ticket("t1")] == [30_000]
    wanted = Wanted("o1", LOT, DOMESTIC, "C", 20_000, NOW, NOW + 3600 * 10**6)
    too_early = await port.yard.goods.order(wanted, "firm")
    assert isinstance(too_early, Refused)
    assert too_early.reasons[0].code == "release.may_not_leave"
    assert await port.checked() in (LotState.FREE, LotState.CONDITIONALLY_RELEASED)
    assert not isinstance(await port.yard.goods.order(wanted, "firm"), Refused)
    await port.yard.visits.admit("o1", DOMESTIC, "C", 1, ("driver",))
    await port.weigh("yard-o1", 15_000, "t2")
    await port.yard.visits.begin_handling("yard-o1", "coal/A/1/1", "wang")
    await port.yard.visits.tally("yard-o1", "wang")
    assert isinstance((await port.weigh("yard-o1", 35_000, "g2")).state, Ready)
    gone = await port.yard.visits.leave("yard-o1", 1, ("driver",))
    assert isinstance(gone, Done)
    assert isinstance(gone.state, Left)
    assert (await port.yard.goods.balance("coal")).findings == ()


async def goods_on_condition(port: Port) -> None:
    """Bring a lot in, release it on condition, and let a lorry come for some of it and be loaded."""
    await port.hand_in()
    await port.open_lot()
    await port.desk.tell(LOT, Asked(Wish.QUALITY), "firm", "wish")
    await port.arrivals.cleared(await port.gate_clears())
    await port.unloaded()
    assert await port.checked() is LotState.ON_SITE
    taking = Taking("S1", "L1", "D1", "L2", "coal", "firm", "laboratory", "store")
    sampled = await port.desk.take_sample(LOT, taking, "li")
    assert not isinstance(sampled, Refused), sampled
    assert state_of(sampled.record) is LotState.CONDITIONALLY_RELEASED
    await port.yard.goods.order(Wanted("o1", LOT, DOMESTIC, "C", 20_000, NOW, NOW + 3600 * 10**6), "firm")
    await port.yard.visits.admit("o1", DOMESTIC, "C", 1, ("driver",))
    await port.weigh("yard-o1", 15_000, "t2")
    await port.yard.visits.begin_handling("yard-o1", "coal/A/1/1", "wang")
    await port.yard.visits.tally("yard-o1", "wang")


async def checks_of(port: Port) -> tuple[Check, ...]:
    record = await port.release.find_lot(LOT)
    assert record is not None
    return standing_of(record).passed


async def test_a_lot_is_not_unloaded_while_a_part_of_its_declared_mass_is_not_there(port: Port) -> None:
    await port.hand_in(net_kg=60_000)
    await port.open_lot()
    await port.arrivals.cleared(await port.gate_clears())
    assert isinstance(await port.unloaded(), Done)
    assert Check.UNLOADED not in await checks_of(port)
    await port.deliver("p-two")
    assert isinstance(await port.unloaded("yard-p-two", "2"), Done)
    assert Check.UNLOADED in await checks_of(port)


async def test_a_lot_is_not_unloaded_while_another_of_its_lorries_stands_unweighed(port: Port) -> None:
    await port.hand_in(net_kg=30_050)
    await port.open_lot()
    await port.arrivals.cleared(await port.gate_clears())
    await port.deliver("p-two")
    assert isinstance(await port.unloaded(), Done)
    assert Check.UNLOADED not in await checks_of(port)


async def test_a_declaration_amended_to_what_came_makes_its_lot_unloaded(port: Port) -> None:
    await port.hand_in(net_kg=60_000)
    await port.open_lot()
    await port.arrivals.cleared(await port.gate_clears())
    await port.unloaded()
    assert Check.UNLOADED not in await checks_of(port)
    amended = await port.desk.amend(LOT, 30_000, "declarant")
    assert not isinstance(amended, Refused)
    assert Check.UNLOADED in await checks_of(port)
    assert isinstance(await port.desk.amend(LOT, 30_000, "declarant"), Refused)


async def test_a_lot_that_grows_is_looked_at_again_and_never_once_it_was_sampled(port: Port) -> None:
    await port.hand_in()
    await port.open_lot()
    await port.arrivals.cleared(await port.gate_clears())
    await port.unloaded()
    assert Check.UNLOADED in await checks_of(port)
    await port.desk.amend(LOT, 31_000, "declarant")
    assert await checks_of(port) == ()
    other = await Port().begin()
    await goods_on_condition(other)
    grown = await other.desk.amend(LOT, 31_000, "declarant")
    assert isinstance(grown, Refused)
    assert grown.reasons[0].code == "release.mass_grown"


async def test_a_recall_reaches_the_lorry_that_is_fetching_the_goods(port: Port) -> None:
    await goods_on_condition(port)
    recalled = await port.recall()
    assert recalled is LotState.RECALLED
    record = await port.yard.records.find_visit("yard-o1")
    assert record is not None
    assert decode_state(record.document).stay.withdrawn is not None
    held = await port.weigh("yard-o1", 35_000, "g2")
    assert isinstance(held, Refused) or isinstance(held.state, Held)
    gone = await port.yard.visits.leave("yard-o1", 1, ("driver",))
    assert isinstance(gone, Refused) or not isinstance(gone.state, Left)


async def freed(port: Port) -> PapersForRelease:
    """Bring 30 t of a lot in, and have them tested, certified under C1 and free."""
    await port.hand_in()
    await port.open_lot()
    await port.desk.tell(LOT, Asked(Wish.QUALITY), "firm", "wish")
    await port.arrivals.cleared(await port.gate_clears())
    await port.unloaded()
    await port.checked()
    await port.desk.take_sample(LOT, Taking("S1", "L1", "D1", "L2", "coal", "firm", "laboratory", "store"), "li")
    await port.desk.take_result(LOT, "S1", "R1", True, "lab")
    papers = PapersForRelease(port.desk, port.release, port.papers)
    await issue(port, papers, 1, 30_000)
    assert await stands(port) == (LotState.FREE, 30_000)
    return papers


async def issue(port: Port, papers: PapersForRelease, version: int, *kg: int) -> None:
    """Issue certificate C1, for so much of the lot; for another lot where it names none of it."""
    covers = [CoveredLot(LOT, each) for each in kg] or [CoveredLot(f"{IN_DECLARATION}-2", 5_000)]
    day = dt.datetime.fromtimestamp(port.clock.now() / 1e6, dt.UTC).date() - dt.timedelta(days=2)
    paper = Certificate(
        number="C1", version=version, certificate=CertificateKind.QUALITY, issuer="customs", covers=tuple(covers),
        valid_from=day.isoformat(),
    )  # fmt: skip
    await papers.certified(paper, "customs")


async def stands(port: Port) -> tuple[LotState, int]:
    """Return where the lot stands, and how much of it is released."""
    found = await port.release.find_lot(LOT)
    released = await ReleasedByInspection(port.release, port.clock).of(LOT)
    return state_of(found), 0 if isinstance(released, Refused) else released.mass_kg


async def fetched(port: Port, order: str, kg: int, *, leave: bool = True) -> Any:
    """Let a lorry fetch some of the lot; return what it was told last."""
    now = port.clock.now()
    ordered = await port.yard.goods.order(Wanted(order, LOT, DOMESTIC, "C", kg, now, now + 3600 * 10**6), "firm")
    if isinstance(ordered, Refused):
        return ordered
    visit = f"yard-{order}"
    await port.yard.visits.admit(order, DOMESTIC, "C", 1, ("driver",))
    await port.weigh(visit, 15_000, f"empty-{order}")
    await port.yard.visits.begin_handling(visit, "coal/A/1/1", "wang")
    await port.yard.visits.tally(visit, "wang")
    done = await port.weigh(visit, 15_000 + kg, f"full-{order}")
    return await port.yard.visits.leave(visit, 1, ("driver",)) if leave else done


async def test_a_certificate_issued_anew_for_less_shrinks_what_is_released_and_for_more_restores_it(port: Port) -> None:
    papers = await freed(port)
    await issue(port, papers, 2, 12_000)
    assert await stands(port) == (LotState.FREE, 12_000)
    too_much = await fetched(port, "o1", 20_000)
    assert isinstance(too_much, Refused)
    assert too_much.reasons[0].code == "order.exceeded"
    assert isinstance((await fetched(port, "o2", 12_000)).state, Left)
    await issue(port, papers, 3, 30_000)
    assert await stands(port) == (LotState.FREE, 30_000)
    assert [each for each in port.told if isinstance(each, CallPerson)] == []


async def test_a_lorry_loaded_with_more_than_its_certificate_covers_by_now_is_held_at_the_exit(port: Port) -> None:
    papers = await freed(port)
    assert isinstance((await fetched(port, "o1", 20_000, leave=False)).state, Ready)
    await issue(port, papers, 2, 12_000)
    held = await port.yard.visits.leave("yard-o1", 1, ("driver",))
    assert isinstance(held, Done)
    assert isinstance(held.state, Held)
    assert [each.code for each in held.state.reasons] == ["yard.more_than_released"]
    assert [type(each).__name__ for each in held.commands] == ["CallPerson"]


async def test_goods_oversold_by_a_smaller_certificate_escalate_and_none_of_them_is_free(port: Port) -> None:
    papers = await freed(port)
    assert isinstance((await fetched(port, "o1", 20_000)).state, Left)
    await issue(port, papers, 2, 12_000)
    (call,) = [each for each in port.told if isinstance(each, CallPerson)]
    assert (call.priority, call.reason.code, call.reason.params["taken_kg"]) == (1, "yard.oversold", 20_000)
    assert await stands(port) == (LotState.PASSED, 12_000)
    record = await port.release.find_lot(LOT)
    assert isinstance(may_sell(standing_of(record), rule_of(record)), Refused)
    assert isinstance(await fetched(port, "o2", 5_000), Refused)
    port.clock.advance(record.deadline - port.clock.now())
    (overdue,) = await port.desk.wake()
    assert state_of(overdue.record) is LotState.OVERDUE
    await issue(port, papers, 3, 30_000)
    assert await stands(port) == (LotState.FREE, 30_000)


async def test_a_certificate_issued_anew_that_does_not_name_a_lot_any_more_takes_its_goods_back(port: Port) -> None:
    papers = await freed(port)
    await issue(port, papers, 2)
    assert (await stands(port))[0] is LotState.PASSED


async def test_a_smaller_certificate_that_comes_twice_is_noted_once(
    port: Port,
) -> None:
    papers = await freed(port)
    await fetched(port, "o1", 11_000)
    await issue(port, papers, 2, 12_000)
    before = await port.ledger.size()
    await issue(port, papers, 2, 12_000)
    assert await port.ledger.size() == before


async def test_a_net_beyond_the_declaration_holds_the_lorry_and_writes_nothing_off(port: Port) -> None:
    await port.hand_in(net_kg=29_000)
    await port.arrivals.cleared(await port.gate_clears())
    done = await port.unloaded()
    assert isinstance(done, Done)
    assert isinstance(done.state, Held)
    assert [(each.code, each.params["field"]) for each in done.state.reasons] == [("yard.papers_exceeded", "net_kg")]
    assert list(await port.papers.write_offs_of_ticket("t1")) == []
    lot = await port.yard.records.find_lot(LOT)
    assert lot is not None
    assert lot.in_kg == 0


async def test_goods_of_no_known_declaration_go_to_a_person(port: Port) -> None:
    refused = await port.arrivals.cleared(await port.gate_clears())
    assert isinstance(refused, Refused)
    assert [each.reason.code for each in port.told if isinstance(each, CallPerson)] == ["yard.no_papers"]
    assert list(await port.yard.records.open_visits()) == []


async def test_an_empty_or_an_outbound_lorry_is_not_expected(port: Port) -> None:
    assert await port.arrivals.cleared(cleared(Direction.IN, "p-in", 18_100)) is None
    assert await port.arrivals.cleared(cleared(Direction.OUT, "p-out", 50_120)) is None
    assert but() is not None
