"""A small port on the virtual loop and a hub that can be cut off, for journeys of an edge."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.adapters.driver.setting import Watcher
from kouan.adapters.memory.bulletins import MemoryBulletins
from kouan.ledger.roles import Ledger
from kouan.network.roles import Bulletins
from kouan.protocols.network.messages import (
    Bulletin,
    Holds,
    PreAuthorised,
    PreAuthorisedItem,
    Rulebooks,
    Sightings,
    WatchList,
)
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import FieldPort, load_port
from kouan.simulator.scenario import load_scenario
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.verdict import Reason
from kouan.wiring.port_file import PortFile, load, path_of
from kouan.wiring.twin.port import SimulatedPort
from kouan.wiring.twin.watched import tell_nobody

OPENING = int(datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp()) * SECOND
"""08:00 in Ganqimaodu."""

PORT = "ganqimaodu"
REGION = "inner-mongolia"
HOUR = 3600 * SECOND
MINUTE = 60 * SECOND
FORMS: dict[str, type[Any]] = {
    "holds": Holds,
    "watch_list": WatchList,
    "rulebook": Rulebooks,
    "pre_authorised": PreAuthorised,
    "sightings": Sightings,
}


def bulletin(kind: str, version: int, items: Sequence[Any], at: Instant) -> Bulletin:
    made: Bulletin = FORMS[kind](
        region=REGION, port=PORT, version=version, issued_at=at, valid_until=at + 72 * HOUR, items=tuple(items)
    )
    return made


def permit(plate: str, **more: Any) -> PreAuthorisedItem:
    given: dict[str, Any] = {
        "carrier": "carrier-1",
        "not_before": OPENING - HOUR,
        "expires_at": OPENING + 24 * HOUR,
        "low_risk": True,
    }
    return PreAuthorisedItem(plate=plate, **given | more)


class Hub:
    """Says everything again every 20 s, as the real one does, unless it is cut off."""

    def __init__(self, bulletins: MemoryBulletins) -> None:
        self.bulletins = bulletins
        self.cut = False

    async def run(self) -> None:
        while True:
            await asyncio.sleep(20)
            if not self.cut:
                self.bulletins.hear_again()


class Alarms(Watcher):
    def __init__(self) -> None:
        self.raised: list[Reason] = []
        self.told: list[tuple[str, str]] = []

    def alarm(self, lane: str, passage: str, priority: int, reason: Reason) -> None:
        self.raised.append(reason)
        self.told.append(("raised", reason.code))

    def back(self, code: str, *_: Any) -> None:
        self.told.append(("over", code))


class Edge:
    """What a journey sees of its port: the simulated port itself, the hub, the alarms, the clock."""

    def __init__(self, twin: SimulatedPort, hub: Hub, alarms: Alarms, clock: VirtualClock) -> None:
        self.twin = twin
        self.hub = hub
        self.alarms = alarms
        self.clock = clock

    def say(self, kind: str, version: int, *items: Any) -> None:
        self.hub.bulletins.hear(bulletin(kind, version, items, self.clock.now()))

    async def until(self, at: Instant) -> None:
        await asyncio.sleep(max(0, at - self.clock.now()) / SECOND)

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        entries = self.twin.disk.ledger(PORT).entries
        return [msgspec.json.decode(entry.body) for entry in entries if entry.kind == kind]

    def decisions(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Return each decision with the evidence of papers that it rested on."""
        papers: dict[str, dict[str, Any]] = {}
        found = []
        for entry in self.twin.disk.ledger(PORT).entries:
            body = msgspec.json.decode(entry.body)
            if entry.kind == "gate.evidence/1" and body["used"] and body["fact"]["evidence"]["type"] == "papers":
                papers[entry.stream] = body["fact"]["evidence"]
            elif entry.kind == "gate.decision/1":
                found.append((body["decision"], papers.get(entry.stream, {})))
        return found


Story = Callable[[Edge], Any]


def two_lanes(port: Any) -> Any:
    """Return the port with its first inbound and its first outbound lane only."""
    return replace(port, lanes=tuple(lane for lane in port.lanes if lane.name in ("I1", "O3")))


def live(
    until: Instant,
    story: Story,
    *,
    with_hub: bool = True,
    make: Callable[[VirtualClock], MemoryBulletins] = MemoryBulletins,
) -> Edge:
    """Run a port of two lanes from its opening until an instant, while a story happens to it."""
    loop = VirtualLoop(OPENING)
    clock = VirtualClock(loop)

    async def everything() -> Edge:
        hub, alarms = Hub(make(clock)), Alarms()
        for kind in FORMS:  # as a hub that has nothing to say; what a story says replaces it
            hub.bulletins.hear(bulletin(kind, 0, (), clock.now()))

        async def opened(_: Ledger) -> Bulletins:
            return hub.bulletins

        port: PortFile = two_lanes(load(PORT))
        field: FieldPort = two_lanes(load_port(path_of(PORT)))
        twin = SimulatedPort(
            port, field, load_scenario("calm"), 1, clock, tell_nobody,
            watcher=alarms, people=False, bulletins=opened if with_hub else None,
        )  # fmt: skip
        edge = Edge(twin, hub, alarms, clock)
        telling = asyncio.create_task(hub.run(), name="hub")
        happening = asyncio.create_task(story(edge), name="story")
        try:
            await twin.start()
            await twin.run(lambda: clock.now() >= until)
            if happening.done():
                happening.result()
        finally:
            telling.cancel()
            happening.cancel()
            twin.finish()
        return edge

    return run(everything(), loop)


async def nothing(edge: Edge) -> None:
    """Let nothing happen."""
