"""A field in virtual time against a port that opens for everybody: enough to try the field without the platform."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.protocols import topics
from kouan.protocols.barrier.messages import Barrier, OpenBarrier
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.link import Received
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator import field as simulated
from kouan.simulator.agencies import AUTHORITIES, make_signers
from kouan.simulator.connections import Links
from kouan.simulator.logs import MemoryLog
from kouan.simulator.port_file import FieldPort, load_port
from kouan.simulator.scenario import Scenario, load_scenario
from kouan.vocabulary.errors import InvalidValue, Unavailable
from kouan.vocabulary.places import Direction

GANQIMAODU = Path(__file__).resolve().parents[3] / "ports" / "ganqimaodu.toml"
START = 1_760_000_000_000_000
"""2025-10-09, the day does not matter."""

KEYS = {name: Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()) for name in AUTHORITIES}


class Wire:
    """Both ends of one link: what the field sends stands in ``sent``, what ``bring`` takes it receives."""

    def __init__(self, on_send: Callable[[str, bytes], None]) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []
        self._on_send = on_send
        self.takes: Callable[[], bool] = lambda: True
        self._coming: asyncio.Queue[Received] = asyncio.Queue()

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if not self.takes():
            raise Unavailable("the wire is cut")
        self.sent.append((topic, payload, retain))
        self._on_send(topic, payload)

    async def receive(self) -> AsyncIterator[Received]:
        while True:
            yield await self._coming.get()

    async def settle(self, received: Received) -> None:
        return

    def bring(self, topic: str, payload: bytes) -> None:
        self._coming.put_nowait(Received(topic, payload))


class Office:
    """Takes every paper."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict]] = []

    async def submit(self, kind, document):
        self.taken.append((kind, dict(document)))
        return True


class OpenPort:
    """A port that opens the release barrier ``after_s`` seconds after it knows the driver, ``times`` over."""

    def __init__(
        self,
        after_s: float = 1.0,
        times: int = 1,
        barrier: Barrier = Barrier.RELEASE,
        *,
        order_for_nobody: bool = False,
    ) -> None:
        self.order_for_nobody = order_for_nobody
        self.after_s = after_s
        self.times = times
        self.barrier = barrier
        self.wire = Wire(self.take)
        self.unparsed = 0
        self._known: set[tuple[str, int]] = set()

    def take(self, topic: str, payload: bytes) -> None:
        if self.order_for_nobody and topic.endswith("/I1/plc/status"):
            self.order_for_nobody = False
            self.send("I1", OpenBarrier(barrier=self.barrier, order_id="nobody", nonce="nonce-for-nobody-at-all"))
        try:
            message = topics.decode(topic, payload)
        except InvalidValue:
            self.unparsed += 1
            return
        if isinstance(message, DriverRead) and (topic, message.track) not in self._known:
            self._known.add((topic, message.track))
            asyncio.get_running_loop().call_later(self.after_s, self.open, topic.split("/")[2], message.track)

    def open(self, lane: str, track: int) -> None:
        order = OpenBarrier(barrier=self.barrier, order_id=f"{lane}-{track}", nonce=f"nonce-{lane}-{track:010d}")
        for _ in range(self.times):
            self.send(lane, order)

    def send(self, lane: str, order: OpenBarrier) -> None:
        topic = f"kouan/ganqimaodu/{lane}/barrier/command"
        self.wire.bring(topic, topics.encode(topic, order))


class Run(msgspec.Struct):
    """What a run left behind."""

    sent: list[tuple[str, bytes, bool]]
    truth: list[dict]
    actuations: list[dict]
    papers: list[tuple[str, dict]]
    summary: simulated.Summary
    unparsed: int

    def messages(self, device: str, channel: str = "event") -> list:
        """Every message that one kind of device sent and that is one."""
        found = []
        for topic, payload, _ in self.sent:
            if topic.split("/")[3:] == [device, channel]:
                found.append(topics.decode(topic, payload))
        return found


def small_port(lanes: int = 2) -> FieldPort:
    """Ganqimaodu with its first inbound lanes and one outbound."""
    port = load_port(GANQIMAODU)
    kept = (*port.lanes_of(Direction.IN)[:lanes], port.lanes_of(Direction.OUT)[0])
    return msgspec.structs.replace(port, lanes=kept)


def run_for(
    span_s: float,
    *,
    scenario: Scenario | str = "calm",
    seed: int = 1,
    lanes: int = 2,
    port: OpenPort | None = None,
    desk=None,
    images=None,
    before: list[dict] | None = None,
    outage: tuple[float, float] | None = None,
    turnround_s: float = 5400.0,
    queue_out: int = 70,
    start: int = START,
    start_open: bool = True,
) -> Run:
    """Run a small field for a span of virtual time; ``outage`` is when its wire takes nothing."""
    loop = VirtualLoop(start)
    clock = VirtualClock(loop)
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    truth, actuations, office = MemoryLog(), MemoryLog(), Office()
    truth.lines += before or []

    async def main() -> Run:
        opened = port or OpenPort()
        wire = opened.wire
        wire.takes = lambda: outage is None or not outage[0] <= loop.time() < outage[1]
        settings = small_port(lanes)
        traffic = msgspec.structs.replace(settings.simulation, turnround_s=turnround_s, opening_queue_out=queue_out)
        settings = msgspec.structs.replace(settings, simulation=traffic)
        links = Links({lane.name: wire for lane in settings.lanes}, dict.fromkeys(AUTHORITIES, wire), wire)
        others = simulated.Counterparts(office, truth, actuations, make_signers("ganqimaodu", KEYS), images, desk)
        summary = await simulated.run_field(
            settings,
            scenario,
            links,
            others,
            clock,
            asyncio.sleep,
            seed,
            stopped=lambda: loop.time() >= span_s,
            tell=lambda _: None,
            start_open=start_open,
        )
        return Run(wire.sent, truth.lines, actuations.lines, office.taken, summary, opened.unparsed)

    return run(main(), loop)
