"""Two device networks with one face: in memory, and nats-server with its MQTT gateway. Tests run on both."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import pytest

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.broker_users import Identity, Kind
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import platform_seed
from kouan.adapters.engines.nats import EmbeddedNats, NatsServer
from kouan.adapters.engines.supervisor import ChildEvent, Happening, Supervisor
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, TlsFiles, Will
from kouan.adapters.nats.link import NatsAddress, PlatformLink
from kouan.protocols.link import Link, Received
from kouan.vocabulary.places import PortName
from kouan.wiring import identities

PORT = PortName("ganqimaodu")
LANE = f"kouan/{PORT}/I1"

MESSAGES = 20
"""Messages that a device sends in one go (``RealNetwork.say``)."""

BOX, OTHER_BOX, BOTH, THEIRS = "box-I1", "box-I2", "box-both", "box-erenhot"
CUSTOMS, SITE, APPROACH, CONTROLLER, PLATFORM = "customs", "site", "approach", "lane-controller", "platform"

IDENTITIES = {
    BOX: Identity(Kind.LANE, PORT, ("I1",)),
    OTHER_BOX: Identity(Kind.LANE, PORT, ("I2",)),
    BOTH: Identity(Kind.LANE, PORT, tuple(f"I{number}" for number in range(20))),
    THEIRS: Identity(Kind.LANE, "erenhot", ("I1",)),
    CUSTOMS: Identity(Kind.AGENCY, PORT, ("customs",)),
    SITE: Identity(Kind.AGENCY, PORT, ("site",)),
    APPROACH: Identity(Kind.APPROACH, PORT),
}
"""Participants of the tests' network, besides the platform and the lane controller."""


class Network(Protocol):
    """What a contract test needs of a device network."""

    async def platform(self) -> Link: ...

    async def crash(self, platform: Link) -> None:
        """End a platform's link as a killed process does."""
        ...

    async def device(
        self,
        client_id: str,
        *,
        user: str = BOX,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
    ) -> Link: ...

    async def abandon(self, device: Link) -> None:
        """End a device's link as a killed process does."""
        ...

    async def leave(self, link: Link) -> None:
        """Close a link properly."""
        ...


def said(word: str) -> list[bytes]:
    """Return what a device says in one go."""
    return [f"{word} {number:02}".encode() for number in range(MESSAGES)]


async def take(link: Link, count: int) -> list[Received]:
    """Return the next messages of a link."""
    messages = []
    async with asyncio.timeout(30), contextlib.aclosing(link.receive()) as received:  # type: ignore[type-var]
        async for message in received:
            messages.append(message)
            if len(messages) == count:
                break
    return messages


class MemoryNetwork:
    """The network in memory, without faults: nothing in it ever sleeps."""

    def __init__(self) -> None:
        self.broker = MemoryBroker(chance=random.Random(1), later=self._later)

    async def platform(self) -> Link:
        return self.broker.platform_link(PORT)

    async def crash(self, platform: Link) -> None:
        platform.crash()  # type: ignore[attr-defined]

    async def device(
        self,
        client_id: str,
        *,
        user: str = BOX,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
    ) -> Link:
        return self.broker.device_link(client_id, subscriptions=subscriptions, will=will, persistent=persistent)

    async def abandon(self, device: Link) -> None:
        device.crash()  # type: ignore[attr-defined]

    async def leave(self, link: Link) -> None:
        await link.close()  # type: ignore[attr-defined]

    def _later(self, span_s: float, _: Callable[[], None]) -> None:
        raise AssertionError(f"a network without faults waits for nothing, and not {span_s} s")


class Door:
    """A way to the broker that a test can shut and open: whoever comes by another is there first."""

    def __init__(self, tcp_port: int) -> None:
        self._tcp_port = tcp_port
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self.own_tcp_port = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.own_tcp_port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.own_tcp_port)
        self.own_tcp_port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Cut those who have come in, and let nobody in."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for each in self._passing:
                each.cancel()
            await asyncio.gather(*self._passing, return_exceptions=True)
            await server.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = asyncio.current_task()
        assert passing is not None
        self._passing.add(passing)
        passing.add_done_callback(self._passing.discard)
        writers = [writer]
        with contextlib.suppress(OSError, asyncio.CancelledError):
            try:
                inner, out = await asyncio.open_connection("127.0.0.1", self._tcp_port)
                writers.append(out)
                both = {asyncio.ensure_future(_carry(reader, out)), asyncio.ensure_future(_carry(inner, writer))}
                try:
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for each in both:
                        each.cancel()
                    await asyncio.gather(*both, return_exceptions=True)
            finally:
                for end in writers:
                    end.close()
                await asyncio.gather(*(end.wait_closed() for end in writers), return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


class RealNetwork:
    """nats-server, started for one test."""

    def __init__(self, folder: DataFolder, server: NatsServer, supervisor: Supervisor) -> None:
        self.folder = folder
        self.server = server
        self.supervisor = supervisor
        self.restarted = asyncio.Event()
        self._links = contextlib.AsyncExitStack()

    def mqtt(self, user: str = BOX) -> MqttAddress:
        own = self.folder.path / identities.own_path(user)
        return MqttAddress("127.0.0.1", self.server.mqtt_port, TlsFiles(self.server.authority, own))

    def nats(self) -> NatsAddress:
        return NatsAddress(self.server.nats_url, platform_seed(self.folder), self.mqtt(PLATFORM))

    async def platform(self) -> PlatformLink:
        return await self._links.enter_async_context(PlatformLink(self.nats(), PORT))

    async def door(self) -> Door:
        """Return an open way to the broker for a platform."""
        door = Door(self.server.nats_port)
        await door.open()
        self._links.push_async_callback(door.shut)
        return door

    async def crash(self, platform: Link) -> None:
        assert isinstance(platform, PlatformLink)
        await platform.abandon()

    async def device(
        self,
        client_id: str,
        *,
        user: str = BOX,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
    ) -> DeviceLink:
        link = DeviceLink(self.mqtt(user), client_id, subscriptions=subscriptions, will=will, persistent=persistent)
        await self._links.enter_async_context(link)
        await link.connected(10)
        return link

    async def abandon(self, device: Link) -> None:
        assert isinstance(device, DeviceLink)
        await device.abandon()

    async def leave(self, link: Link) -> None:
        assert isinstance(link, DeviceLink | PlatformLink)
        await link.close()

    async def say(self, word: str) -> None:
        """Have a device come, send ``said(word)``, and leave."""
        device = await self.device(f"device-{word}")
        for payload in said(word):
            await device.send(f"{LANE}/plc/event", payload)
        await self.leave(device)

    @contextlib.asynccontextmanager
    async def stopped(self) -> AsyncIterator[Path]:
        """Stop nats-server for the length of a block, which is given the folder of its stream, and start it again."""
        await self.supervisor.stop("nats")
        yield self.folder.path / "nats" / "jetstream" / "KOUAN" / "streams" / "$MQTT_msgs"
        await EmbeddedNats(self.folder).start(self.supervisor)

    async def kill_broker(self) -> None:
        """Kill nats-server, and wait until the supervisor has started it again."""
        self.restarted.clear()
        self.supervisor.kill_for_test("nats")
        await asyncio.wait_for(self.restarted.wait(), 20)

    async def close(self) -> None:
        await self._links.aclose()


@contextlib.asynccontextmanager
async def real_network(path: Path) -> AsyncIterator[RealNetwork]:
    """Run nats-server for the length of a block."""
    network: RealNetwork | None = None

    def on_event(event: ChildEvent) -> None:
        if network is not None and event.happening == Happening.READY:
            network.restarted.set()

    with DataFolder(path) as folder:
        supervisor = Supervisor(on_event)
        field = [identities.simulated(name, identity) for name, identity in IDENTITIES.items()]
        identities.prepare(folder, PORT, SystemClock().now(), field)
        network = RealNetwork(folder, await EmbeddedNats(folder).start(supervisor), supervisor)
        yield network
        await network.close()
        await supervisor.stop()


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[RealNetwork]:
    async with real_network(tmp_path / "data") as network:
        yield network


@pytest.fixture(params=["memory", "real"])
async def network(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Network]:
    if request.param == "real":
        async with real_network(tmp_path / "data") as network:
            yield network
    else:
        memory = MemoryNetwork()
        yield memory
        memory.broker.close()
