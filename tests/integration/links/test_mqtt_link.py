"""The devices' link over MQTT: many filters, refusals, lost connections, silent brokers, other clients and loops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import aiomqtt
import pytest
import uvloop

from kouan.adapters.mqtt.link import MAX_IN_FLIGHT, DeviceLink, MqttAddress, MqttTimes
from kouan.adapters.signing.certificates import client_context
from kouan.vocabulary.errors import InvalidValue, NotAllowed, Unavailable

from .conftest import BOTH, CONTROLLER, LANE, PORT, RealNetwork, real_network, take

HASTY = MqttTimes(connect_within_s=0.1, patience_s=0.2)


ACCEPTED = b"\x20\x02\x00\x00"
"""A CONNACK without a kept session."""


class BrokenBroker:
    """Answers just so to what comes, None with the end, and then says nothing more."""

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = answers
        self._come: asyncio.Queue[None] = asyncio.Queue()
        self._open = 0
        self._none_open = asyncio.Event()
        self.address = MqttAddress("127.0.0.1", 0)

    async def visited(self, times: int) -> None:
        """Wait for so many more connections."""
        async with asyncio.timeout(15):
            for _ in range(times):
                await self._come.get()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        """Listen for the length of a block; in the end every connection must have been closed by its client."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            self.address = MqttAddress("127.0.0.1", server.sockets[0].getsockname()[1])
            yield self
            if self._open:
                await asyncio.wait_for(self._none_open.wait(), 15)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self._none_open.clear()
        self._come.put_nowait(None)
        with contextlib.suppress(ConnectionError):
            for answer in self._answers:
                await reader.read(4096)
                if answer is None:
                    writer.write_eof()
                else:
                    writer.write(answer)
            await reader.read()
        writer.close()
        self._open -= 1
        if not self._open:
            self._none_open.set()


async def test_sixty_filters_are_all_subscribed(real: RealNetwork) -> None:
    platform = await real.platform()
    topics = [
        f"kouan/{PORT}/I{lane}/{device}/command" for lane in range(20) for device in ("barrier", "light", "display")
    ]
    device = await real.device("all-lanes", user=BOTH, subscriptions=tuple(topics))
    allowed = [topic for topic in topics if "/barrier/" not in topic]
    for topic in allowed:
        await platform.send(topic, b"word")
    assert {message.topic for message in await take(device, len(allowed))} == set(allowed)


async def test_the_broker_s_refusal_names_the_client_and_the_refused_topics_alone(real: RealNetwork) -> None:
    mine, theirs = f"{LANE}/light/command", (f"{LANE}/order/open", f"kouan/{PORT}/agency/#")
    address = real.mqtt()
    async with DeviceLink(address, "lane-1", subscriptions=(theirs[0], mine, theirs[1])) as link:
        with pytest.raises(NotAllowed, match=rf"{address.tcp_port} refused to subscribe lane-1 to ") as refusal:
            await link.connected(1.5)
    assert str(refusal.value).endswith(f" to {theirs[0]}, {theirs[1]}")


async def test_a_filter_that_is_none_is_refused_before_it_is_asked_for(real: RealNetwork) -> None:
    async with DeviceLink(real.mqtt(), "lane-1", subscriptions=(f"{LANE}/#/event",)) as link:
        with pytest.raises(InvalidValue, match="topic filters"):
            await link.connected(1.5)


async def test_a_topic_that_is_none_is_refused_and_the_link_stands(real: RealNetwork) -> None:
    device = await real.device("lane-1")
    for topic in (f"{LANE}/+/event", f"{LANE}/#/command"):
        with pytest.raises(InvalidValue, match=r"mqtt\.publish"):
            await device.send(topic, b"x")
    await device.send(f"{LANE}/plc/event", b"x")
    assert device.connections == 1


async def test_what_waits_while_the_connection_is_cut_again_and_again_arrives_in_order(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    numbers = [b"%d" % number for number in range(5 * MAX_IN_FLIGHT)]
    sending = [asyncio.create_task(device.send(f"{LANE}/plc/event", number)) for number in numbers]
    for cuts in range(1, 4):
        await device.connected(10)
        await asyncio.wait(sending[: cuts * 20], timeout=10)
        device.cut()
    await asyncio.gather(*sending)
    received = await take(platform, 1)
    while received[-1].payload != numbers[-1]:
        received += await take(platform, 1)
    first_seen = dict.fromkeys(message.payload for message in received)
    assert list(first_seen) == numbers


async def test_a_caller_that_gives_up_leaves_nothing_to_be_sent_later(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    device.cut()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(device.send(f"{LANE}/plc/event", b"given up"), 0.001)
    await device.connected(10)
    await device.send(f"{LANE}/plc/event", b"later")
    assert [message.payload for message in await take(platform, 1)] == [b"later"]


async def test_a_broker_that_never_answers_is_tried_again_and_nothing_stays_open() -> None:
    async with BrokenBroker().listening() as broker, DeviceLink(broker.address, "lane-1", times=HASTY) as link:
        await broker.visited(3)
        with pytest.raises(Unavailable, match="did not acknowledge"):
            await link.send(f"{LANE}/plc/event", b"x")
        with pytest.raises(Unavailable, match="no MQTT broker"):
            await link.connected(0.01)
        assert link.connections == 0


@pytest.mark.parametrize(
    "nonsense",
    [b"\x90\x00", b"\x30\x02\x00\x09", b"\x40\x00", b"\xf0\x00", b"\x30\xff\xff\xff\xff\x01", b"\x20\x00", None],
)
async def test_a_broker_that_talks_nonsense_is_left_and_nothing_stays_open(nonsense: bytes | None) -> None:
    broken = BrokenBroker(ACCEPTED, nonsense)
    async with broken.listening() as broker, DeviceLink(broker.address, "lane-1") as link:
        sending = asyncio.create_task(link.send(f"{LANE}/plc/event", b"x"))
        await broker.visited(3)
        assert link.connections > 1
    with pytest.raises(Unavailable, match="was closed"):
        await sending


@pytest.mark.parametrize("ending", [b"\xf0\x00", b"\x30\xff\xff\xff\xff\x01"])
async def test_a_broker_that_accepts_and_is_gone_at_once_is_not_taken_for_a_connection(ending: bytes) -> None:
    broken = BrokenBroker(ACCEPTED + ending)
    async with broken.listening() as broker, DeviceLink(broker.address, "lane-1") as link:
        await broker.visited(4)
        with pytest.raises(Unavailable, match="no MQTT broker"):
            await link.connected(0.01)


async def test_a_connection_that_dies_in_silence_is_noticed_and_made_again() -> None:
    broken = BrokenBroker(ACCEPTED)
    async with broken.listening() as broker, DeviceLink(broker.address, "x", times=MqttTimes(keep_alive_s=1)) as link:
        await link.connected(10)
        await broker.visited(2)


async def test_a_link_can_be_closed_while_it_connects() -> None:
    async with BrokenBroker().listening() as broker:
        for turns in range(6):
            async with DeviceLink(broker.address, "lane-1", times=HASTY):
                for _ in range(turns):
                    await asyncio.sleep(0)


async def test_messages_that_wait_when_the_link_is_closed_fail(real: RealNetwork) -> None:
    device = DeviceLink(MqttAddress("127.0.0.1", 1), "nowhere")
    async with device:
        sending = [asyncio.create_task(device.send(f"{LANE}/plc/event", b"x")) for _ in range(3)]
        await asyncio.sleep(0)
    for each in sending:
        with pytest.raises(Unavailable, match="was closed"):
            await each


async def test_a_device_with_another_client_is_heard_and_hears(real: RealNetwork) -> None:
    platform = await real.platform()
    address = real.mqtt()
    assert address.tls is not None
    context = client_context(address.tls.authority, address.tls.own)
    async with aiomqtt.Client(address.host, address.tcp_port, tls_context=context, identifier="other") as client:
        await client.subscribe(f"{LANE}/light/command", qos=1)
        await client.publish(f"{LANE}/plc/event", b"from paho", qos=1)
        received = (await take(platform, 1))[0]
        assert (received.topic, received.payload) == (f"{LANE}/plc/event", b"from paho")
        await platform.send(f"{LANE}/light/command", b"red")
        assert (await anext(aiter(client.messages))).payload == b"red"


def test_it_runs_on_uvloop(tmp_path: Path) -> None:
    async def talk() -> None:
        async with real_network(tmp_path / "data") as real:
            platform = await real.platform()
            device = await real.device("lane-1", subscriptions=(f"{LANE}/light/command",))
            numbers = [b"%d" % number for number in range(3 * MAX_IN_FLIGHT)]
            await asyncio.gather(*[device.send(f"{LANE}/plc/event", number) for number in numbers])
            assert [message.payload for message in await take(platform, len(numbers))] == numbers
            device.cut()
            await device.send(f"{LANE}/plc/event", b"after the cut")
            await device.connected(10)
            await platform.send(f"{LANE}/light/command", b"green")
            assert (await take(device, 1))[0].payload == b"green"
            controller = await real.device("controller", user=CONTROLLER)
            await controller.abandon()

    uvloop.run(talk())
