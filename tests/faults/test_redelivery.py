"""What devices were told is taken, and what a platform's death interrupts: it comes again, and means what it meant.

One lane's messages, sent by hand over the broker in memory to a platform that is then killed and started again.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration.web.web_kit import WebPort, until

from kouan.gate.dossier import evidence_of
from kouan.gate.procedures import Procedure
from kouan.protocols import topics
from kouan.protocols.disinfection.messages import DisinfectionDone
from kouan.protocols.health_kiosk.messages import HealthDeclared
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.protocols.plc.messages import Loop, LoopChanged
from kouan.protocols.radiation_portal.codec import encode_line
from kouan.protocols.radiation_portal.messages import CountKind, CountLine, EndLine, Line
from kouan.protocols.stream import Chunk

PORT = "kouan/ganqimaodu"
QUIET = (CountLine(CountKind.GAMMA_BACKGROUND, (90,) * 4), CountLine(CountKind.NEUTRON_BACKGROUND, (2,) * 4))
SCAN = (CountLine(CountKind.GAMMA_SCAN, (20,) * 4),) * 5 + (CountLine(CountKind.NEUTRON_SCAN, (2,) * 4),)
ALARM = (CountLine(CountKind.GAMMA_ALARM, (900,) * 4),)


class Lane:
    """The devices of one lane, and the platform that they speak to; ``restart`` kills it and starts the next."""

    def __init__(self, name: str = "I3") -> None:
        self.name = name
        self.serial = 0

    async def open(self) -> "Lane":
        self.port = await WebPort().start()
        self.link = self.port.broker.device_link("field")
        self.running = asyncio.create_task(self.port.driver.run())
        return self

    async def restart(self) -> None:
        before = self.port
        before.ledger.crash()
        await self._stop()
        self.port = WebPort()
        self.port.disk, self.port.broker, self.port.clock = before.disk, before.broker, before.clock
        await self.port.start()
        self.running = asyncio.create_task(self.port.driver.run())

    async def close(self) -> None:
        await self._stop()
        await self.port.close()

    async def _stop(self) -> None:
        self.port.driver.close()
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running

    async def tell(self, device: str, kind: type, lane: str | None = None, **fields: Any) -> None:
        """Send one event, as its device does."""
        self.serial += 1
        place = lane or self.name
        message = kind(device=f"{place}.{device}", seq=self.serial, at=self.port.clock.now(), **fields)
        topic = f"{PORT}/{place}/{device}/event"
        await self.link.send(topic, topics.encode(topic, message))

    async def portal(self, *lines: Line) -> None:
        """Send lines of the radiation portal."""
        topic = f"{PORT}/{self.name}/radiation_portal/lines"
        await self.link.send(topic, topics.encode(topic, Chunk(b"".join(encode_line(line) for line in lines))))

    async def stop(self, track: int, *, occupied: bool = True, lane: str | None = None) -> None:
        """Let a vehicle come to the stop line, or leave it."""
        await self.tell("plc", LoopChanged, lane, loop=Loop.STOP, occupied=occupied, track=track)

    async def plate(self, position: PlatePosition, text: str, track: int, lane: str | None = None) -> None:
        await self.tell(
            "plate_camera", PlateRead, lane, track=track, position=position, text=text, confidence_pm=980,
            colour=PlateColour.YELLOW, image=None,
        )  # fmt: skip

    def entries(self, kind: str, track: int) -> list[dict[str, Any]]:
        """Return the bodies of the ledger's entries of one kind, of the passage of one stop of this lane."""
        found = self.port.disk.ledger("ganqimaodu").entries
        streams = [
            entry.stream
            for entry in found
            if entry.kind == "gate.passage_opened/1"
            and (fact := msgspec.json.decode(entry.body)["fact"])["lane"] == self.name
            and fact["track"] == track
        ]
        return [msgspec.json.decode(entry.body) for entry in found if entry.kind == kind and entry.stream in streams]

    def evidence(self, name: str, track: int) -> list[dict[str, Any]]:
        """Return the evidence of one procedure, used or not."""
        bodies = self.entries("gate.evidence/1", track)
        return [body["fact"]["evidence"] for body in bodies if body["fact"]["evidence"]["type"] == name]


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    opened = await Lane().open()
    yield opened
    await opened.close()


async def hold_back_the_settling(lane: Lane) -> None:
    """Let another lane's camera read half a vehicle, so that nothing that comes afterwards is settled yet."""
    await lane.stop(1, lane="I4")
    await lane.plate(PlatePosition.FRONT, "1234УБА", 1, lane="I4")


async def test_an_occupancy_that_was_measured_is_not_taken_for_the_next_vehicle(lane: Lane) -> None:
    """I8: the next vehicle's portal is silent, and the one before it was clean."""
    await hold_back_the_settling(lane)
    await lane.portal(*QUIET, *SCAN, EndLine(1))
    await lane.stop(1)
    await until(lambda: len(lane.evidence("radiation", 1)) == 1)
    await lane.stop(1, occupied=False)
    await until(lambda: len(lane.entries("gate.closed/1", 1)) == 1)
    await lane.restart()
    await lane.stop(2)
    await lane.plate(PlatePosition.FRONT, "1234УБА", 2)
    await lane.plate(PlatePosition.REAR, "5678УБА", 2)
    await until(lambda: len(lane.evidence("plates", 2)) == 1)
    assert lane.evidence("radiation", 2) == []
    state = lane.port.driver.lanes["I3"].runner.state
    assert state is not None
    assert evidence_of(state.dossier, Procedure.RADIATION) is None
    assert lane.port.driver.failure is None
    assert len(lane.entries("gate.passage_opened/1", 1)) == 1


async def test_an_alarm_before_the_death_is_in_the_occupancy_that_ends_after_it(lane: Lane) -> None:
    await lane.portal(*QUIET, *SCAN)
    await lane.portal(*ALARM, *SCAN)
    await until(lambda: lane.port.driver.settlement.unsettled == 2)
    await lane.restart()
    await lane.portal(*SCAN, EndLine(1))
    await lane.stop(1)
    await until(lambda: len(lane.evidence("radiation", 1)) == 1)
    (measured,) = lane.evidence("radiation", 1)
    assert (measured["gamma_alarm"], measured["fault"]) == (True, None)


async def test_an_occupancy_of_a_vehicle_that_has_not_stopped_yet_outlives_the_death(lane: Lane) -> None:
    await lane.portal(*QUIET, *SCAN, *ALARM, EndLine(1))
    await until(lambda: lane.port.driver.settlement.unsettled == 1)
    await lane.restart()
    await lane.stop(1)
    await until(lambda: len(lane.evidence("radiation", 1)) == 1)
    (measured,) = lane.evidence("radiation", 1)
    assert (measured["gamma_alarm"], measured["fault"]) == (True, None)


async def test_the_first_half_of_a_reading_waits_for_its_second_over_the_death(lane: Lane) -> None:
    await lane.stop(1)
    await lane.plate(PlatePosition.FRONT, "1234УБА", 1)
    await lane.tell("disinfection", DisinfectionDone, track=1, ok=True, litres_dl=30)
    await until(lambda: lane.port.driver.settlement.unsettled == 2)
    await lane.restart()
    await lane.plate(PlatePosition.REAR, "5678УБА", 1)
    await lane.tell(
        "health_kiosk", HealthDeclared, track=1, declaration_number="H1", temperature_dc=365, symptoms=False
    )
    await until(lambda: len(lane.evidence("plates", 1)) == 1 and len(lane.evidence("health", 1)) == 1)
    assert (lane.evidence("plates", 1)[0]["tractor"], lane.evidence("plates", 1)[0]["trailer"]) == (
        "1234УБА",
        "5678УБА",
    )
    assert lane.evidence("health", 1)[0]["disinfected"] is True


async def test_half_a_reading_that_comes_again_says_nothing_against_the_whole_one(lane: Lane) -> None:
    await hold_back_the_settling(lane)
    await lane.stop(1)
    await lane.plate(PlatePosition.FRONT, "1234УБА", 1)
    await lane.plate(PlatePosition.REAR, "5678УБА", 1)
    await until(lambda: len(lane.evidence("plates", 1)) == 1)
    await lane.restart()
    await until(lambda: len(lane.port.link) == 0)
    assembly = lane.port.driver.lanes["I3"].intake._assembly
    assert assembly.due(lane.port.clock.now() + 60_000_000) == ()
    assert len(lane.evidence("plates", 1)) == 1


async def test_a_vehicle_whose_passage_has_ended_is_not_begun_again_by_a_copy_of_its_arrival(lane: Lane) -> None:
    await lane.stop(1)
    await lane.stop(1, occupied=False)
    await until(lambda: len(lane.entries("gate.closed/1", 1)) == 1)
    await lane.restart()
    await lane.stop(1)
    await lane.stop(2)
    await until(lambda: len(lane.entries("gate.passage_opened/1", 2)) == 1)
    assert len(lane.entries("gate.passage_opened/1", 1)) == 1
