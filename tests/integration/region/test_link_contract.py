"""What the link between hub and edges does on a real server, the broker in memory does as well: tests run on both."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.hub_nats import HubNats
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.memory.broker import MemoryBroker
from kouan.protocols.link import Link, Received
from kouan.vocabulary.errors import Unavailable

from .conftest import Hub

UP, DOWN = ("entries", "head", "wanted"), ("taken", "witnessed", "bulletin")


class Region(msgspec.Struct, frozen=True):
    """A hub's link, edges' links by port, and how a link is closed."""

    hub: Link
    edges: dict[str, Link]
    close: Callable[[Link], Awaitable[None]]


@contextlib.asynccontextmanager
async def in_memory() -> AsyncIterator[Region]:
    broker = MemoryBroker(chance=random.Random(1))

    async def close(link: Link) -> None:
        await link.close()  # type: ignore[attr-defined]

    edges = {
        port: broker.device_link(f"edge-{port}", subscriptions=tuple(f"kouan/{port}/hub/{each}" for each in DOWN))
        for port in ("ceke", "uliji")
    }
    hub = broker.device_link("hub", subscriptions=tuple(f"kouan/+/hub/{each}" for each in UP))
    yield Region(hub, dict(edges), close)
    broker.close()


@contextlib.asynccontextmanager
async def on_nats(path: Path) -> AsyncIterator[Region]:
    with DataFolder(path) as folder:
        supervisor = Supervisor()
        hub = Hub(folder, await HubNats(folder, SystemClock()).start(supervisor), supervisor)

        async def close(link: Link) -> None:
            await link.close()  # type: ignore[attr-defined]

        edges: dict[str, Link] = {port: await hub.edge(await hub.enrol(port)) for port in ("ceke", "uliji")}
        yield Region(await hub.link(), edges, close)
        await hub.close()
        await supervisor.stop()


@pytest.fixture(params=["memory", "nats"])
async def region(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Region]:
    async with in_memory() if request.param == "memory" else on_nats(tmp_path / "hub") as region:
        yield region


async def take(link: Link, count: int) -> list[Received]:
    messages: list[Received] = []
    try:
        async with asyncio.timeout(20), contextlib.aclosing(link.receive()) as received:  # type: ignore[type-var]
            async for message in received:
                messages.append(message)
                if len(messages) == count:
                    break
    except TimeoutError:
        pytest.fail(f"{len(messages)} of {count} came: {messages}")
    return messages


async def test_what_edges_send_reaches_the_hub_in_the_order_of_each(region: Region) -> None:
    for number in range(50):
        for port, edge in region.edges.items():
            await edge.send(f"kouan/{port}/hub/entries", b"%d" % number)
    received = await take(region.hub, 100)
    for port in region.edges:
        mine = [message.payload for message in received if message.topic == f"kouan/{port}/hub/entries"]
        assert mine == [b"%d" % number for number in range(50)]


async def test_what_the_hub_sends_reaches_the_one_edge_that_it_is_for(region: Region) -> None:
    await region.hub.send("kouan/ceke/hub/bulletin", b"for ceke")
    await region.hub.send("kouan/uliji/hub/bulletin", b"for uliji")
    await region.hub.send("kouan/ceke/hub/taken", b"12")
    assert await take(region.edges["uliji"], 1) == [Received("kouan/uliji/hub/bulletin", b"for uliji")]
    assert [message.payload for message in await take(region.edges["ceke"], 2)] == [b"for ceke", b"12"]


async def test_messages_have_no_keys_and_settling_them_changes_nothing(region: Region) -> None:
    await region.edges["ceke"].send("kouan/ceke/hub/head", b"1")
    first = (await take(region.hub, 1))[0]
    assert first.key == ""
    await region.hub.settle(first)
    await region.edges["ceke"].send("kouan/ceke/hub/head", b"2")
    assert [message.payload for message in await take(region.hub, 1)] == [b"2"]


async def test_a_closed_link_takes_nothing_and_ends_its_reader(region: Region) -> None:
    edge = region.edges["ceke"]
    await region.close(edge)
    assert [message async for message in edge.receive()] == []
    with pytest.raises(Unavailable):
        await edge.send("kouan/ceke/hub/entries", b"x")


async def test_what_an_edge_that_is_away_is_sent_is_lost(region: Region) -> None:
    await region.close(region.edges["ceke"])
    await region.hub.send("kouan/ceke/hub/taken", b"nobody hears")
    await region.hub.send("kouan/uliji/hub/taken", b"heard")
    assert [message.payload for message in await take(region.edges["uliji"], 1)] == [b"heard"]
