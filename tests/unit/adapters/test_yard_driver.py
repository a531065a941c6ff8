"""The yard's devices in their own protocols: scales, plate cameras and terminals, up to the visit."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.storage.players import MemoryPlayer
from tests.unit.yard.yard_kit import DOMESTIC, LOT, MINUTE, SETTINGS, HandClock, Papers, Releases

from kouan.adapters.board.alarms import BoardAlarms
from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.yard import AGAIN_S, LOOK_EVERY_S, YardDriver
from kouan.adapters.driver.yard_scale import ScaleReading
from kouan.journeys.yard_arrivals import subject_of
from kouan.journeys.yard_desk import open_yard
from kouan.journeys.yard_visits import Delivery
from kouan.ledger.roles import Appended, Unit, UnitRefused
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.protocols.stream import Chunk
from kouan.protocols.weighbridge.codec import encode_frame
from kouan.protocols.weighbridge.messages import Frame
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Fenced, Unavailable
from kouan.vocabulary.places import LaneName
from kouan.vocabulary.verdict import Reason
from kouan.yard.events import CallPerson, Command, LetOut
from kouan.yard.facts import Mend
from kouan.yard.pickups import Wanted
from kouan.yard.roles import Released

FOREIGN = "蒙B12345"
BAT = ("P<MNGBAT<<ERDENE<<<<<<<<<<<<<<<<<<<<<<<<<<<<", "E123456700MNG8001014M3001019<<<<<<<<<<<<<<02")
OTHER = ("P<MNGDORJ<<NARAN<<<<<<<<<<<<<<<<<<<<<<<<<<<<", "E765432100MNG8001014M3001019<<<<<<<<<<<<<<02")


class Store:
    """A ledger that may fail; everything else of it is the true one's."""

    def __init__(self, ledger: Any) -> None:
        self.failure: Exception | None = None
        self._ledger = ledger

    async def append(self, unit: Unit) -> Appended | UnitRefused:
        if self.failure is not None:
            raise self.failure
        answer: Appended | UnitRefused = await self._ledger.append(unit)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class Field:
    """The yard's devices, and what came of what they told."""

    def __init__(self, player: MemoryPlayer, ledger: Any) -> None:
        self.store = ledger = Store(ledger)
        self.clock, self.told, self.settled = HandClock(), list[Command](), 0
        self.records = player.yard
        self.papers = Papers()
        settings = SETTINGS
        self.desk = open_yard(
            settings, player.yard, ledger, Releases(Released(500_000)), self.papers, self.clock, bytes,
            self.clock.now() * 2, self.told.append,
        )  # fmt: skip
        self.subjects = player.subjects
        self.alarms = BoardAlarms(self.clock, lambda: None)
        self.driver = YardDriver(self.desk, player.subjects, self.clock, self.told.append, back=self.alarms.back)

    def hold(self, cause: Cause) -> Any:
        def settled() -> None:
            self.settled += 1

        return settled

    def alarm_states(self) -> dict[str, str]:
        return {each["reason"]["code"]: each["state"] for each in self.alarms.views()}

    async def tell(self, place: str, message: Any) -> None:
        self.driver.device(LaneName.parse(place), message, Cause(), self.hold)  # as a topic names it
        await self.driver.drained()

    async def stand(self, place: str, mass_kg: int, plate: str | None, *, frames: int = 12) -> None:
        """Drive on, stand still, and drive off again."""
        for shown in (0, mass_kg // 2):
            await self.tell(place, Chunk(encode_frame(Frame(shown))))
        if plate is not None:
            await self.tell(place, self.camera(plate))
        for _ in range(frames):
            self.clock.advance(SECOND // 10)
            await self.tell(place, Chunk(encode_frame(Frame(mass_kg))))
        await self.tell(place, Chunk(encode_frame(Frame(mass_kg // 2))))
        await self.empty(place)

    async def empty(self, place: str) -> None:
        for _ in range(12):
            self.clock.advance(SECOND // 10)
            await self.tell(place, Chunk(encode_frame(Frame(0))))

    def camera(self, plate: str, confidence_pm: int = 990) -> PlateRead:
        return PlateRead(
            device="plate_camera", at=self.clock.now(), seq=1, track=1, position=PlatePosition.FRONT, text=plate,
            confidence_pm=confidence_pm, colour=PlateColour.YELLOW,
        )  # fmt: skip

    def document(self, mrz: tuple[str, ...] = BAT, occupants: int = 1) -> DriverRead:
        return DriverRead(
            device="driver_terminal", at=self.clock.now(), seq=1, track=1, mrz=mrz, face_score_pm=900,
            liveness_pm=900, occupants=occupants,
        )  # fmt: skip

    async def gate(self, plate: str, mrz: tuple[str, ...] = BAT, occupants: int = 1) -> None:
        await self.tell("Y1", self.camera(plate))
        await self.tell("Y1", self.document(mrz, occupants))

    async def deliver(self) -> str:
        subject = await subject_of(self.subjects, BAT)
        await self.desk.visits.deliver(
            Delivery("p1", "coal", FOREIGN, "C", LOT, "2701121000", "炼焦煤", 10**6, 1, (subject,), "g")
        )
        return "yard-p1"

    async def state(self, visit: str) -> str:
        record = await self.records.find_visit(visit)
        return "" if record is None else record.state

    def calls(self) -> list[str]:
        return [each.reason.code for each in self.told if isinstance(each, CallPerson)]


@pytest.fixture
async def field() -> AsyncIterator[Field]:
    player = MemoryPlayer(random.Random(7))
    yield Field(player, await player.open_writer())
    await player.close()


async def test_a_lorry_is_weighed_by_the_bytes_of_the_scale_it_stands_on(field: Field) -> None:
    visit = await field.deliver()
    await field.empty("W1")
    await field.stand("W1", 97_000, FOREIGN)
    assert await field.state(visit) == "weighed"
    await field.desk.visits.begin_handling(visit, "coal/A/1/1", "wang")
    await field.desk.visits.tally(visit, "wang", 800)
    await field.empty("W2")
    await field.stand("W2", 17_000, FOREIGN)
    assert await field.state(visit) == "ready"
    assert [each.net_kg for each in field.papers.asked] == [80_000]
    await field.gate(FOREIGN)
    assert await field.state(visit) == "left"
    assert LetOut(visit, FOREIGN) in field.told
    assert field.settled == 1


async def test_a_scale_that_was_never_seen_at_zero_weighs_nothing(field: Field) -> None:
    visit = await field.deliver()
    await field.stand("W1", 97_000, FOREIGN, frames=12)
    assert await field.state(visit) == "arrived"
    assert field.calls() == ["yard.unweighed"]


async def test_a_vehicle_that_sways_or_has_no_plate_is_not_weighed(field: Field) -> None:
    await field.deliver()
    await field.empty("W1")
    await field.stand("W1", 97_000, FOREIGN, frames=6)
    await field.stand("W1", 97_000, None)
    assert list(await field.records.tickets(0)) == []


async def test_a_plate_that_comes_after_the_mass_completes_the_weighing_once(field: Field) -> None:
    reading = ScaleReading(20)
    found = [
        each for tick in range(12) for each in reading.feed(Chunk(encode_frame(Frame(97_000))), tick * SECOND // 10)
    ]
    assert found == []
    weighed = reading.see("A")
    assert weighed is not None
    assert (weighed.mass_kg, weighed.plate) == (97_000, "A")
    assert reading.see("A") is None


async def test_a_domestic_lorry_comes_in_on_its_order_and_leaves_with_its_own_driver(field: Field) -> None:
    visit = await field.deliver()
    await field.empty("W1")
    await field.stand("W1", 97_000, FOREIGN)
    await field.desk.visits.begin_handling(visit, "coal/A/1/1", "wang")
    await field.desk.visits.tally(visit, "wang")
    await field.stand("W1", 17_000, FOREIGN)
    now = field.clock.now()
    await field.desk.goods.order(Wanted("o1", LOT, DOMESTIC, "C", 30_000, now, now + 600 * MINUTE), "li")
    await field.gate("蒙L99999")
    assert field.calls() == ["yard.no_order"]
    await field.gate(DOMESTIC, OTHER)
    await field.stand("W1", 15_000, DOMESTIC)
    await field.desk.visits.begin_handling("yard-o1", "coal/A/1/1", "wang")
    await field.desk.visits.tally("yard-o1", "wang")
    await field.stand("W1", 45_000, DOMESTIC)
    assert await field.state("yard-o1") == "ready"
    await field.gate(DOMESTIC, BAT)
    assert await field.state("yard-o1") == "held"
    assert "people.stranger" in field.calls()
    await field.gate(DOMESTIC, OTHER)
    assert await field.state("yard-o1") == "left"


async def test_a_document_without_a_plate_lets_nobody_through(field: Field) -> None:
    await field.tell("Y1", field.camera(FOREIGN, confidence_pm=500))
    await field.gate("not a plate at all")
    assert field.calls() == ["yard.plate_unread"]


async def test_an_overdue_visit_calls_a_person_at_the_next_look(field: Field) -> None:
    await field.deliver()
    await field.driver.look()
    assert field.calls() == []
    field.clock.advance(61 * MINUTE)
    await field.driver.look()
    await field.driver.look()
    assert field.calls() == ["yard.overdue_arrived"]


async def test_a_reference_vehicle_that_shows_drift_calls_a_person_and_stops_the_scale(field: Field) -> None:
    await field.empty("W1")
    for _ in range(2):
        await field.stand("W1", 49_100, "蒙BREF01")
    assert field.calls() == ["yard.scale_drifts", "yard.scale_drifts"]
    assert [(each.scale, each.in_use) for each in await field.records.scales()] == [("W1", 0)]


async def test_what_devices_tell_while_the_store_is_away_counts_once_it_is_back_and_is_settled_only_then(
    field: Field,
) -> None:
    visit = await field.deliver()
    await field.empty("W1")
    field.store.failure = Unavailable("the database restarts")
    await field.stand("W1", 97_000, FOREIGN)
    assert await field.state(visit) == "arrived"
    field.store.failure = None
    assert await field.driver.drained()
    assert await field.state(visit) == "weighed"
    await field.desk.visits.begin_handling(visit, "coal/A/1/1", "wang")
    await field.desk.visits.tally(visit, "wang", 800)
    await field.stand("W1", 17_000, FOREIGN)
    field.store.failure = Unavailable("the database restarts")
    await field.gate(FOREIGN)
    assert (await field.state(visit), field.settled) == ("ready", 0)
    field.clock.advance(30 * MINUTE)
    field.store.failure = None
    assert await field.driver.drained()
    assert (await field.state(visit), field.settled) == ("left", 1)
    assert field.calls() == []


async def test_a_document_is_of_the_vehicle_that_stood_there_when_it_was_shown(field: Field) -> None:
    visit = await field.deliver()
    await field.desk.visits.mend(visit, Mend.TURN_AWAY, "li", "wrong yard")
    field.driver.device("Y1", field.camera(FOREIGN), Cause(), field.hold)
    field.driver.device("Y1", field.document(), Cause(), field.hold)
    field.driver.device("Y1", field.camera(DOMESTIC), Cause(), field.hold)
    await field.driver.drained()
    assert await field.state(visit) == "left"
    assert field.calls() == []


async def test_the_yard_waits_for_its_store_and_ends_under_a_newer_writer(field: Field) -> None:
    visit = await field.deliver()
    await field.desk.visits.mend(visit, Mend.TURN_AWAY, "li", "wrong yard")
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if seconds == LOOK_EVERY_S:
            await asyncio.get_running_loop().create_future()
        field.store.failure = Fenced("a newer writer")

    driver = YardDriver(field.desk, field.subjects, field.clock, field.told.append, sleep)
    field.store.failure = Unavailable("the database restarts")
    driver.device("Y1", field.camera(FOREIGN), Cause(), field.hold)
    driver.device("Y1", field.document(), Cause(), field.hold)
    with pytest.raises(Fenced):
        await driver.run()
    assert [each for each in waited if each != LOOK_EVERY_S] == [AGAIN_S]
    assert (await field.state(visit), field.settled) == ("ready", 0)


async def test_the_alarm_of_a_vehicle_that_was_waited_for_is_over_when_it_has_gone_on(field: Field) -> None:
    visit = await field.deliver()
    await field.empty("W1")
    field.clock.advance(120 * MINUTE)
    await field.driver.look()
    assert field.calls() == ["yard.overdue_arrived"]
    (call,) = (each for each in field.told if isinstance(each, CallPerson))
    field.alarms.call("", "", call.priority, call.reason)
    unknown = Reason("yard.plate_unread", {"place": "Y1"})
    field.alarms.call("", "", 3, unknown)
    field.clock.advance(MINUTE)
    await field.driver.look()
    assert field.alarm_states() == {"yard.overdue_arrived": "unacknowledged", "yard.plate_unread": "unacknowledged"}
    await field.stand("W1", 97_000, FOREIGN)
    assert await field.state(visit) == "weighed"
    await field.driver.look()
    assert field.alarm_states() == {"yard.overdue_arrived": "returned", "yard.plate_unread": "unacknowledged"}
