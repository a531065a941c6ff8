"""The demonstration's yard, its people and devices, against the real driver and desk of a yard in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.simulator.field_kit import GANQIMAODU, START, Wire
from tests.unit.yard.yard_kit import HandClock, Papers, Releases

from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.yard import YardDriver
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.journeys.yard_arrivals import subject_of
from kouan.journeys.yard_desk import YardDesk, open_yard
from kouan.journeys.yard_visits import Delivery
from kouan.ledger.roles import Unit
from kouan.protocols import topics
from kouan.protocols.barrier.codec import encode_command
from kouan.protocols.barrier.messages import Barrier, OpenBarrier
from kouan.protocols.lane_order.messages import ActuationOutcome, ControllerReport
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.crew import Crew
from kouan.simulator.devices.yard import make_devices
from kouan.simulator.devices.yard_exit import make_exits
from kouan.simulator.fleet import Fleet
from kouan.simulator.logs import MemoryLog
from kouan.simulator.people import td3
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import YardLife, load_scenario
from kouan.simulator.surroundings import Left
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import Outbox, Voice
from kouan.simulator.yard import Yard
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused, refuse
from kouan.web.yard import scale_views, stack_view, visit_view
from kouan.wiring.port_file import load
from kouan.yard.events import CallPerson, Command, IssueExit, OpenExit
from kouan.yard.facts import Mend, Signed
from kouan.yard.pickups import Wanted
from kouan.yard.roles import Released, WrittenOff
from kouan.yard.states import decode_state

PORT = "ganqimaodu"
LOT = "070620261000000001-1"
PLAIN = YardLife(samples=0.0, unsound=0.0, overloads=0.0, strangers=0.0)
HOUR_S = 3_600


class Office:
    """Plays the field's ``YardDesk`` with the rows that the API shows, over the desk itself."""

    def __init__(self, desk: YardDesk) -> None:
        self.desk = desk
        self.excused: list[str] = []
        self.mended: list[tuple[str, str]] = []

    async def visits(self) -> tuple[Any, ...]:
        return tuple(visit_view(each) for each in await self.desk.records.open_visits())

    async def stock(self) -> Any:
        lots = [msgspec.to_builtins(each) for each in await self.desk.records.lots()]
        return {"lots": lots, "stacks": [stack_view(each) for each in await self.desk.records.stacks() if each.dry_dg]}

    async def scales(self) -> tuple[Any, ...]:
        return tuple(await scale_views(self.desk, 0))

    async def begin(self, visit: str, place: str, temperature_dc: int | None = None) -> bool:
        return took(await self.desk.visits.begin_handling(visit, place, "clerk", temperature_dc))

    async def tally(self, visit: str, moisture_bp: int, *, sound: bool) -> bool:
        return took(await self.desk.visits.tally(visit, "clerk", moisture_bp, sound=sound))

    async def sample(self, visit: str, sample: str, mass_kg: int, seal: str) -> bool:
        return took(await self.desk.visits.sample(visit, sample, mass_kg, seal, "clerk"))

    async def mend(self, visit: str, how: str, reason: str) -> bool:
        self.mended.append((visit, how))
        return took(await self.desk.visits.mend(visit, Mend(how), "duty", reason))

    async def excuse(self, visit: str, reason: str) -> bool:
        self.excused.append(visit)
        return took(await self.desk.visits.excuse(visit, "border", reason))

    async def order(self, wanted: Any) -> bool:
        return took(await self.desk.goods.order(Wanted(**wanted), "consignee"))

    async def reset_exit(self, exit_: str, reason: str) -> bool:
        assert self.desk.exits is not None
        await self.desk.exits.reset(exit_, "duty", reason)
        return True

    async def adjusted(self, scale: str, reason: str) -> bool:
        return took(await self.desk.scales.adjusted(scale, "duty", reason))


def took(answer: Any) -> bool:
    return not isinstance(answer, Refused)


class Inspection:
    """Releases the lot, or not yet."""

    def __init__(self) -> None:
        self.free = False

    async def lots(self, state: str) -> tuple[Any, ...]:
        return ({"number": LOT},) if self.free and state == "free" else ()

    async def lot(self, number: str) -> Any:
        return {"may_leave": self.free, "released_kg": 500_000, "deadline": None}


class Brokers(Papers):
    """A declaration that covers no more than it says, until it is amended."""

    def __init__(self, covers_kg: int) -> None:
        super().__init__()
        self.covers_kg = covers_kg
        self.amended: list[Any] = []

    async def net(self, written: WrittenOff) -> Unit | Refused:
        return await super().net(written) if written.net_kg <= self.covers_kg else refuse("yard.papers_exceeded")

    async def submit(self, kind: str, document: Any) -> bool:
        assert kind == "declaration"
        self.amended.append(document)
        self.covers_kg = document["lines"][0]["net_kg"]
        return True


class Opener:
    """Plays ``YardExits`` and the lane controller at once: carries orders out, but for what ``loses`` says."""

    def __init__(self, place: "Place") -> None:
        self.epochs = {each.name: 0 for each in load(PORT).yard.exits}
        self.loses: list[str] = []
        self.resets: list[str] = []
        self._place = place

    async def start(self) -> None:
        """Nothing is to be read."""

    def close(self) -> None:
        """Nothing is to be closed."""

    def answered(self, name: str) -> None:
        """Nothing is repeated."""

    def sign(self, issue: IssueExit) -> Signed:
        return Signed("n" * 32, f"signed {issue.order.order_id}")

    def send(self, command: OpenExit) -> None:
        order, lost = command.order, self.loses.pop(0) if self.loses else ""
        if lost != "command":
            opens = OpenBarrier(barrier=Barrier.EXIT, order_id=order.order_id, nonce=order.nonce)
            self._place.people.exits[order.line.exit].barrier.command(encode_command(opens))
        outcome = ActuationOutcome.REFUSED if lost == "command" else ActuationOutcome.ACTUATED
        report = ControllerReport(
            controller="c", port=PORT, lane=order.line.exit, order_id=order.order_id, outcome=outcome,
            rule="lane.latched" if lost else None, at=self._place.clock.now(), uncertainty_us=0,
        )  # fmt: skip
        if lost != "report":
            self._place.driver.reported(order.line.exit, report, Cause(), lambda _: lambda: None)

    async def void(self, name: str) -> None:
        self.epochs[name] += 1

    async def reset(self, name: str, by: str, reason: str) -> None:
        self.resets.append(name)


class Place:
    """A yard, the people who work in it, and the wire between its devices and its driver."""

    def __init__(self, clock: VirtualClock, life: YardLife) -> None:
        self.clock, self.life, self.told, self.home = clock, life, list[Command](), list[Left]()
        self.crew, self.inspection, self.opener = Crew(), Inspection(), Opener(self)

    async def begin(self, lorry: Lorry, covers_kg: int, *, exits: bool) -> "Place":
        disk, chance = MemoryDisk(), Random(5)
        sealer = Sealer(SealingKeys(bytes(range(32)), bytes(range(32, 64))), chance.randbytes)
        self.ledger = ledger = await MemoryLedger.open_writer(disk, PORT, self.clock, sealer)
        self.brokers, self.releases = Brokers(covers_kg), Releases(Released(500_000))
        self.desk = open_yard(
            load(PORT).yard, MemoryYardRecords(disk, PORT), ledger, self.releases, self.brokers, self.clock,
            chance.randbytes, START * 2, self._carry_out, None, self.opener.sign,
            self.opener,
        )  # fmt: skip
        subjects = MemorySubjects(disk, sealer)
        driver = self.driver = YardDriver(
            self.desk,
            subjects,
            self.clock,
            self.told.append,
            exits=self.opener if exits else None,  # type: ignore[arg-type]
        )

        def take(topic: str, payload: bytes) -> None:
            if not topic.endswith("/status"):
                driver.device(topic.split("/")[2], topics.decode(topic, payload), Cause(), lambda _: lambda: None)

        outbox = Outbox(Wire(take), asyncio.sleep)
        self._set_up(outbox, chance, exits)
        for work in (outbox.run(), driver.run(), self.people.run()):
            self.crew.spawn(work)
        await asyncio.sleep(30)  # the scales show their zero
        who = await subject_of(subjects, td3(lorry.driver))
        await self.desk.visits.deliver(
            Delivery(
                "p1", "coal", lorry.rig.plate, "C", LOT, "2701121000", "炼焦煤", lorry.papers.cargo_kg, lorry.occupants,
                (who,), "g",
            )
        )  # fmt: skip
        self.people.expect(Left(lorry, "release"))
        return self

    def _set_up(self, outbox: Outbox, chance: Random, exits: bool) -> None:
        """Put up the yard's devices and exits, and the people who work there."""
        scenario = load_scenario("calm")

        def voice(place: str, device: str) -> Voice:
            return Voice(outbox, PORT, place, device, self.clock, Random(9), scenario.episodes)

        yard = load_port(GANQIMAODU).yard
        spawn = self.crew.spawn
        devices = make_devices(
            yard, voice, lambda: Random(chance.getrandbits(64)), asyncio.sleep, spawn, self.life.drift_pm, 1.0
        )
        logs, travel = (MemoryLog(), MemoryLog()), scenario.timings.barrier_travel
        lanes = make_exits(
            yard, voice, lambda: Random(chance.getrandbits(64)), asyncio.sleep, spawn, self.clock, logs, travel, 1.0
        )
        self.office = Office(self.desk)
        self.people = Yard(
            self.office, self.inspection, self.brokers, yard, self.life, *devices, self.clock, asyncio.sleep, spawn,  # type: ignore[arg-type]
            Random(3), 1.0, self.home.append, lanes if exits else (),
        )  # fmt: skip

    def _carry_out(self, command: Command) -> None:
        self.driver.carry_out(command)

    async def visit(self, name: str = "yard-p1") -> Any:
        record = await self.desk.records.find_visit(name)
        return None if record is None else decode_state(record.document)


def made(**papers: Any) -> Lorry:
    """Return a coal train with an honest driver; ``papers`` are what else its papers say."""
    fleet = Fleet(Random(1), HandClock(START), load_scenario("calm"), {"coking_coal_bulk": 1.0}, "0706")
    lorry = fleet.loaded(Direction.IN)
    return replace(lorry, papers=replace(lorry.papers, cargo_kg=lorry.cargo_kg, **papers))


def live(
    story: Callable[[Place], Coroutine[Any, Any, None]], life: YardLife = PLAIN, declared_kg: int = 0, *,
    exits: bool = True, loses: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Let a lorry come to the yard, and tell its story."""
    lorry = made()
    lorry = replace(lorry, papers=replace(lorry.papers, cargo_kg=declared_kg or lorry.cargo_kg))
    loop = VirtualLoop(START)

    async def lived() -> None:
        place = Place(VirtualClock(loop), life)
        place.opener.loses.extend(loses)
        await place.begin(lorry, declared_kg or 500_000, exits=exits)
        try:
            await story(place)
            place.crew.check()
        finally:
            await place.crew.dismiss()
            await place.ledger.close()
        assert (await place.desk.goods.balance("coal")).findings == ()

    run(lived(), loop)


def called(place: Place) -> list[str]:
    return [each.reason.code for each in place.told if isinstance(each, CallPerson)]


def test_a_lorry_is_weighed_unloaded_and_weighed_again_and_drives_home_empty() -> None:
    async def story(place: Place) -> None:
        await asyncio.sleep(2 * HOUR_S)
        state = await place.visit()
        assert type(state).__name__ == "Left"
        (left,) = place.home
        assert abs(state.net_kg - left.lorry.cargo_kg) <= 250, "two scales that differ by what they drift"
        assert [each["place"] for each in (await place.office.stock())["stacks"]] == ["coal/A/1/1"]
        assert called(place) == []

    for exits in (True, False):
        live(story, exits=exits)


def test_whoever_may_leave_drives_out_by_an_exit_lane_by_an_order_of_its_own() -> None:
    async def story(place: Place) -> None:
        place.inspection.free = True
        await asyncio.sleep(8 * HOUR_S)
        assert called(place) == []
        assert place.people.fetched >= 3
        gone = [each for lane in place.people.exits.values() for each in [lane.gone] if each]
        assert sum(gone) == place.people.fetched + len(place.home)
        assert sum(lane.backed_out for lane in place.people.exits.values()) == 0

    live(story)


def test_an_exit_that_refuses_is_looked_at_and_reset_and_the_lorry_leaves_the_next_time() -> None:
    async def story(place: Place) -> None:
        await asyncio.sleep(2 * HOUR_S)
        assert called(place) == ["yard.exit_latched", "yard.exit_refused"]
        assert place.opener.resets[0] in ("X1", "X2")
        assert type(await place.visit()).__name__ == "Left"

    live(story, loses=("command",))


def test_a_lorry_of_which_nobody_knows_whether_it_is_out_is_looked_for_by_the_yards_officer() -> None:
    async def story(place: Place) -> None:
        exits = place.people.exits.values()
        for lane in exits:
            lane.plc.crossed = lambda vehicles, order_id: None  # type: ignore[method-assign]
        await asyncio.sleep(2 * HOUR_S)
        assert called(place) == ["yard.exit_unanswered"]
        assert place.office.mended == [("yard-p1", "seen_gone")]
        assert type(await place.visit()).__name__ == "Left"

    live(story, loses=("report",))


def test_released_goods_are_fetched_by_domestic_lorries_until_hardly_anything_is_left() -> None:
    async def story(place: Place) -> None:
        await asyncio.sleep(2 * HOUR_S)
        assert (await place.desk.records.open_pickups()) == []
        place.inspection.free = True
        await asyncio.sleep(8 * HOUR_S)
        lot = await place.desk.records.find_lot(LOT)
        assert lot is not None
        assert 0 < lot.in_kg - lot.taken_kg < 2_500
        assert place.people.fetched >= 3

    live(story)


def test_who_loads_too_much_is_held_loads_some_back_and_leaves() -> None:
    async def story(place: Place) -> None:
        place.inspection.free = True
        await asyncio.sleep(10 * HOUR_S)
        assert {how for _, how in place.office.mended} == {"handle_again"}
        assert "yard.out_of_tolerance" in called(place)
        assert place.people.fetched >= 2

    live(story, replace(PLAIN, overloads=1.0))


def test_a_stranger_at_the_exit_is_an_emergency_that_border_inspection_alone_ends() -> None:
    async def story(place: Place) -> None:
        await asyncio.sleep(3 * HOUR_S)
        assert place.office.excused == ["yard-p1"]
        assert [each.priority for each in place.told if isinstance(each, CallPerson)] == [1]
        assert type(await place.visit()).__name__ == "Left"

    live(story, replace(PLAIN, strangers=1.0))


@pytest.mark.parametrize("declared_kg", [60_000, 120_000])
def test_a_declaration_that_says_another_mass_is_amended_to_what_was_weighed(declared_kg: int) -> None:
    async def story(place: Place) -> None:
        await asyncio.sleep(3 * HOUR_S)
        state = await place.visit()
        assert type(state).__name__ == "Left"
        assert [(each["version"], each["lines"][0]["net_kg"]) for each in place.brokers.amended][-1][
            1
        ] >= state.net_kg - 250
        assert [how for _, how in place.office.mended] == (["weigh_again"] if declared_kg < 80_000 else [])

    live(story, declared_kg=declared_kg)


def test_a_scale_that_drifts_is_found_by_the_reference_vehicles_adjusted_and_used_again() -> None:
    async def story(place: Place) -> None:
        for scale in place.people._scales:
            scale._bridge.drift_pm = scale._bridge._limit = 4.0
        await asyncio.sleep(4 * HOUR_S)
        assert "yard.scale_drifts" in called(place)
        shown = {each["scale"]: each["in_use"] for each in await place.office.scales()}
        assert all(shown.values()), "each was adjusted and taken into use again"
        assert abs(place.people._scales[0]._bridge.drift_pm) < 4.0

    live(story, replace(PLAIN, references_s=900.0, adjusts_s=(60.0, 120.0)))
