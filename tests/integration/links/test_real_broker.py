"""What only the real engines can show: broker crashes, sessions that break, and who may say what."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Coroutine

import aiomqtt
import pytest

from kouan.adapters.mqtt import client as mqtt
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, MqttTimes
from kouan.adapters.nats import transport
from kouan.adapters.nats.link import NatsAddress, PlatformLink
from kouan.adapters.signing.certificates import client_context
from kouan.adapters.signing.nkeys import new_seed
from kouan.vocabulary.errors import NotAllowed, Unavailable

from .conftest import APPROACH, BOX, CONTROLLER, CUSTOMS, IDENTITIES, LANE, PLATFORM, PORT, RealNetwork, take


async def test_killing_the_broker_loses_no_acknowledged_message(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    numbers = [b"%d" % number for number in range(300)]

    async def send_all() -> None:
        for number in [*numbers, b"end"]:
            await device.send(f"{LANE}/plc/event", number)

    sending = asyncio.create_task(send_all())
    received = await take(platform, 50)
    await real.kill_broker()
    await platform.settle(received[9])
    while received[-1].payload != b"end":
        received += await take(platform, 1)
    await sending
    payloads = [message.payload for message in received]
    # A message whose PUBACK was lost is sent again, and then is another one; none comes twice under one key.
    assert list(dict.fromkeys(payloads)) == [*numbers, b"end"]
    assert len({message.key for message in received}) == len(received)


async def test_what_was_not_settled_comes_again_after_broker_and_platform_were_killed(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    for number in range(10):
        await device.send(f"{LANE}/plc/event", b"%d" % number)
    before = await take(platform, 10)
    await platform.settle(before[3])
    await real.crash(platform)
    await real.kill_broker()
    # The settling may have been lost with the crash; then messages that were settled come again too, never fewer.
    again = await take(await real.platform(), 6)
    first = int(again[0].payload)
    assert first <= 4
    assert again == before[first : first + 6]


async def test_a_link_settles_across_a_broker_restart(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    for number in range(6):
        await device.send(f"{LANE}/plc/event", b"%d" % number)
    before = await take(platform, 6)
    await real.kill_broker()
    await device.connected(10)
    await device.send(f"{LANE}/plc/event", b"6")
    last = (await take(platform, 1))[0]
    assert last.payload == b"6"
    await platform.settle(before[5])
    await real.leave(platform)
    assert await take(await real.platform(), 1) == [last]


async def test_a_device_that_was_cut_off_connects_again_and_keeps_its_subscriptions(real: RealNetwork) -> None:
    platform = await real.platform()
    device = await real.device("lane-1", subscriptions=(f"{LANE}/light/command",))
    device.cut()
    await device.send(f"{LANE}/plc/event", b"after the cut")
    assert (await take(platform, 1))[0].payload == b"after the cut"
    assert device.connections == 2
    await platform.send(f"{LANE}/light/command", b"green")
    assert (await take(device, 1))[0].payload == b"green"


async def test_a_platform_that_was_cut_off_misses_nothing(real: RealNetwork) -> None:
    door, device = await real.door(), await real.device("lane-1")
    async with PlatformLink(dataclasses.replace(real.nats(), url=door.url), PORT) as platform:
        await device.send(f"{LANE}/plc/event", b"before")
        await door.shut()
        await device.send(f"{LANE}/plc/event", b"while away")
        await door.open()
        await device.send(f"{LANE}/plc/event", b"after")
        assert [message.payload for message in await take(platform, 3)] == [b"before", b"while away", b"after"]


async def test_a_platform_that_was_cut_off_settles_what_came_before(real: RealNetwork) -> None:
    door, device = await real.door(), await real.device("lane-1")
    async with PlatformLink(dataclasses.replace(real.nats(), url=door.url), PORT) as platform:
        await device.send(f"{LANE}/plc/event", b"before")
        before = (await take(platform, 1))[0]
        await door.shut()
        await platform.settle(before)
        await device.send(f"{LANE}/plc/event", b"while away")
        await door.open()
        assert [message.payload for message in await take(platform, 1)] == [b"while away"]
    assert [message.payload for message in await take(await real.platform(), 1)] == [b"while away"]


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_CANCEL_AGAIN_S", 0.0)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await transport.ended(task)
    assert task.cancelled()
    assert swallowed == 3


async def test_frames_published_at_quality_1_come_once(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    async with mqtt.connection(other := stranger(real.mqtt())):
        await other.publish(f"{LANE}/weighbridge/frames", b"at 1", qos=1)
    await device.send(f"{LANE}/plc/event", b"end")
    received = await take(platform, 2)
    assert [message.payload for message in received] == [b"at 1", b"end"]
    assert all(message.key for message in received)


async def test_a_message_at_quality_0_is_refused_while_there_is_no_connection(real: RealNetwork) -> None:
    device = DeviceLink(MqttAddress("127.0.0.1", 1), "nowhere", times=MqttTimes(patience_s=0.05))
    async with device:
        with pytest.raises(Unavailable):
            await device.send(f"{LANE}/weighbridge/frames", b"x")
        with pytest.raises(Unavailable, match="did not acknowledge"):
            await device.send(f"{LANE}/plc/event", b"x")
        with pytest.raises(Unavailable, match="no MQTT broker"):
            await device.connected(0.01)


async def test_the_platform_says_where_it_found_no_broker(real: RealNetwork) -> None:
    nowhere = NatsAddress("nats://127.0.0.1:1", new_seed(), real.mqtt(PLATFORM))
    with pytest.raises(Unavailable, match=r"nats://127\.0\.0\.1:1"):
        await PlatformLink(nowhere, PORT).open(within_s=0.2)


def stranger(address: MqttAddress, will: aiomqtt.Will | None = None) -> aiomqtt.Client:
    """Return a client with none of our rules."""
    assert address.tls is not None
    context = client_context(address.tls.authority, address.tls.own)
    return aiomqtt.Client(address.host, address.tcp_port, tls_context=context, identifier="other", will=will)


async def until_taken_or_cut_off(client: aiomqtt.Client, sending: Coroutine[None, None, None]) -> None:
    """Wait for a PUBACK, or for the end of the connection."""
    both = {asyncio.create_task(sending), asyncio.create_task(anext(client.messages))}
    _, waiting = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*both, return_exceptions=True)


class Ear:
    """The field's ear on actuator topics, at QoS 1, which is what a message smuggled into the stream would reach."""

    def __init__(self, link: DeviceLink) -> None:
        self.link = link

    async def heard(self, real: RealNetwork, topic: str) -> list[bytes]:
        """Return what came before a last, lawful message on ``topic``."""
        controller = await real.device("lane-controller", user=CONTROLLER)
        await controller.send(topic, b"lawful")
        heard = []
        while (message := (await take(self.link, 1))[0].payload) != b"lawful":
            heard.append(message)
        return heard


async def _try_to_publish(real: RealNetwork, user: str, topic: str, *, will: bool) -> None:
    """Publish past all of our own rules, at QoS 1."""
    smuggled = aiomqtt.Will(topic, b"smuggled by will", qos=1, retain=True)
    intruder = stranger(real.mqtt(user), will=smuggled if will else None)
    with contextlib.suppress(aiomqtt.MqttError):
        async with mqtt.connection(intruder):
            if will:
                mqtt.cut(intruder)
            else:
                await until_taken_or_cut_off(intruder, intruder.publish(topic, b"smuggled", qos=1, timeout=5))


BARRIER = f"{LANE}/barrier/command"
SMUGGLED = f"$MQTT/msgs/{BARRIER}"


@pytest.mark.parametrize("user", [*IDENTITIES, PLATFORM])
@pytest.mark.parametrize("topic", [BARRIER, SMUGGLED, "$MQTT/msgs/kouan.ganqimaodu.I1.barrier.command"])
@pytest.mark.parametrize("will", [False, True])
async def test_only_the_lane_controller_moves_a_barrier(
    real: RealNetwork, user: str, topic: str, *, will: bool
) -> None:
    ear = Ear(await real.device("field", subscriptions=(BARRIER,), persistent=True))
    await _try_to_publish(real, user, topic, will=will)
    assert await ear.heard(real, BARRIER) == []


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (BOX, f"{LANE}/order/open"),
        (BOX, f"{LANE}/order/hold"),
        (BOX, f"{LANE}/controller/report"),
        (BOX, f"{LANE}/controller/event"),
        (BOX, f"kouan/{PORT}/agency/customs/verdict"),
        (BOX, f"kouan/{PORT}/agency/customs/event"),
        (CUSTOMS, f"{LANE}/plc/event"),
        (CUSTOMS, f"{LANE}/order/open"),
        (CONTROLLER, f"{LANE}/plc/event"),
        (CONTROLLER, f"{LANE}/order/open"),
        (CONTROLLER, f"kouan/{PORT}/agency/customs/verdict"),
        (PLATFORM, f"{LANE}/controller/report"),
        (PLATFORM, f"kouan/{PORT}/agency/customs/verdict"),
        (PLATFORM, f"{LANE}/plc/event"),
    ],
)
async def test_nobody_speaks_for_another(real: RealNetwork, user: str, topic: str) -> None:
    platform = await real.platform()
    await _try_to_publish(real, user, topic, will=False)
    device = await real.device("lane-1")
    await device.send(f"{LANE}/plc/event", b"lawful")
    assert [message.payload for message in await take(platform, 1)] == [b"lawful"]


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (BOX, f"{LANE}/plc/event"),
        (BOX, f"{LANE}/plc/status"),
        (BOX, f"{LANE}/radiation_portal/lines"),
        (APPROACH, f"kouan/{PORT}/approach/queue_counter/event"),
        (CUSTOMS, f"kouan/{PORT}/agency/customs/verdict"),
        (CONTROLLER, f"{LANE}/controller/report"),
        (CONTROLLER, f"{LANE}/controller/poll"),
        (CONTROLLER, f"{LANE}/controller/status"),
    ],
)
async def test_everybody_says_what_is_theirs(real: RealNetwork, user: str, topic: str) -> None:
    platform = await real.platform()
    link = await real.device("speaker", user=user)
    await link.send(topic, b"lawful")
    assert [(message.topic, message.payload) for message in await take(platform, 1)] == [(topic, b"lawful")]


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (CONTROLLER, f"{LANE}/order/open"),
        (CONTROLLER, f"{LANE}/order/hold"),
        (CONTROLLER, f"{LANE}/order/poll_answer"),
        (BOX, f"{LANE}/light/command"),
        (BOX, f"{LANE}/display/command"),
        (CUSTOMS, f"kouan/{PORT}/agency/customs/case"),
    ],
)
async def test_the_platform_is_heard_by_those_it_speaks_to(real: RealNetwork, user: str, topic: str) -> None:
    platform = await real.platform()
    link = await real.device("listener", user=user, subscriptions=(topic,))
    await platform.send(topic, b"word")
    assert [message.payload for message in await take(link, 1)] == [b"word"]


@pytest.mark.parametrize(
    ("user", "topic_filter"),
    [
        (BOX, "#"),
        (BOX, f"kouan/{PORT}/agency/#"),
        (BOX, f"{LANE}/order/open"),
        (CUSTOMS, f"{LANE}/driver_terminal/event"),
        (CUSTOMS, "$MQTT/msgs/#"),
        (BOX, "$MQTT/msgs/#"),
        (BOX, "$MQTT/#"),
        (CONTROLLER, f"kouan/{PORT}/agency/customs/case"),
    ],
)
async def test_nobody_listens_to_what_is_not_for_them(real: RealNetwork, user: str, topic_filter: str) -> None:
    async with DeviceLink(real.mqtt(user), "listener", subscriptions=(topic_filter,)) as link:
        with pytest.raises((NotAllowed, Unavailable)):
            await link.connected(0.5)
