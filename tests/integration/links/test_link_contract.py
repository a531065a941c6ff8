"""What every device network must do, in memory as on real engines."""

import asyncio

import pytest

from kouan.adapters.mqtt.link import Will
from kouan.vocabulary.errors import InvalidValue, Unavailable

from .conftest import CONTROLLER, LANE, PORT, THEIRS, Network, take


async def test_what_a_device_sends_reaches_the_platform_in_the_order_of_its_topic(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    for number in range(50):
        await device.send(f"{LANE}/plc/event", b"%d" % number)
    received = await take(platform, 50)
    assert [message.payload for message in received] == [b"%d" % number for number in range(50)]
    assert {message.topic for message in received} == {f"{LANE}/plc/event"}


async def test_many_sends_at_once_keep_the_order_of_the_calls(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    await asyncio.gather(*[device.send(f"{LANE}/plc/event", b"%d" % number) for number in range(200)])
    assert [message.payload for message in await take(platform, 200)] == [b"%d" % number for number in range(200)]


async def test_each_durable_message_has_a_key_of_its_own_and_telemetry_none(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    await device.send(f"{LANE}/plc/event", b"same")
    await device.send(f"{LANE}/plc/event", b"same")
    await device.send(f"{LANE}/weighbridge/frames", b"\x02+001560019\x03")
    received = await take(platform, 3)
    keys = {message.topic: message.key for message in received}
    assert keys[f"{LANE}/weighbridge/frames"] == ""
    assert len({message.key for message in received}) == 3


async def test_what_was_not_settled_comes_again_first_in_order_and_with_the_same_keys(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    for number in range(5):
        await device.send(f"{LANE}/plc/event", b"%d" % number)
    before = await take(platform, 5)
    await platform.settle(before[1])
    await network.leave(platform)
    await device.send(f"{LANE}/plc/event", b"while away")
    again = await take(await network.platform(), 4)
    assert again[:3] == before[2:]
    assert again[3].payload == b"while away"


async def test_what_was_settled_does_not_come_again(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    for number in range(5):
        await device.send(f"{LANE}/plc/event", b"%d" % number)
    for message in await take(platform, 5):
        await platform.settle(message)
    await network.leave(platform)
    after = await network.platform()
    await device.send(f"{LANE}/plc/event", b"new")
    assert [message.payload for message in await take(after, 1)] == [b"new"]


async def test_a_crashed_platform_gets_everything_unsettled_again(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    await device.send(f"{LANE}/plc/event", b"1")
    before = await take(platform, 1)
    await network.crash(platform)
    await device.send(f"{LANE}/plc/event", b"2")
    after = await network.platform()
    again = await take(after, 2)
    assert again[0] == before[0]
    assert again[1].payload == b"2"
    await after.settle(again[1])
    await network.leave(after)
    await device.send(f"{LANE}/plc/event", b"3")
    assert [message.payload for message in await take(await network.platform(), 1)] == [b"3"]


async def test_messages_of_another_port_do_not_come(network: Network) -> None:
    platform, device = await network.platform(), await network.device("lane-1")
    other = await network.device("erenhot", user=THEIRS)
    await other.send("kouan/erenhot/I1/plc/event", b"theirs")
    await device.send(f"{LANE}/plc/event", b"ours")
    assert [message.payload for message in await take(platform, 1)] == [b"ours"]


async def test_what_the_platform_sends_reaches_the_devices_that_subscribe(network: Network) -> None:
    platform = await network.platform()
    device = await network.device("lane-1", subscriptions=(f"{LANE}/light/command", f"{LANE}/display/command"))
    await platform.send(f"kouan/{PORT}/I2/light/command", b"not for this one")
    await platform.send(f"{LANE}/light/command", b"red")
    await platform.send(f"{LANE}/display/command", b"text")
    received = await take(device, 2)
    assert [(message.topic, message.payload) for message in received] == [
        (f"{LANE}/light/command", b"red"),
        (f"{LANE}/display/command", b"text"),
    ]


async def test_the_platform_refuses_to_retain(network: Network) -> None:
    platform = await network.platform()
    with pytest.raises(InvalidValue, match="retain"):
        await platform.send(f"{LANE}/light/command", b"red", retain=True)


async def test_a_retained_message_reaches_who_subscribes_later_until_it_is_emptied(network: Network) -> None:
    await network.platform()
    device = await network.device("lane-1")
    topics = (f"{LANE}/plc/status", f"{LANE}/seal_reader/status")
    await device.send(topics[0], b"old", retain=True)
    for topic in topics:
        await device.send(topic, b"online", retain=True)
    await device.send(topics[1], b"", retain=True)
    watcher = await network.device("controller", user=CONTROLLER, subscriptions=(f"kouan/{PORT}/+/+/status",))
    await device.send(f"{LANE}/barrier/status", b"later")
    received = {message.topic: message.payload for message in await take(watcher, 2)}
    assert received == {topics[0]: b"online", f"{LANE}/barrier/status": b"later"}


async def test_a_persistent_client_gets_what_came_while_it_was_away(network: Network) -> None:
    await network.platform()
    events = (f"kouan/{PORT}/+/plc/event",)
    controller = await network.device("controller", user=CONTROLLER, subscriptions=events, persistent=True)
    device = await network.device("lane-1")
    await network.leave(controller)
    await device.send(f"{LANE}/plc/event", b"while away")
    again = await network.device("controller", user=CONTROLLER, subscriptions=events, persistent=True)
    assert [message.payload for message in await take(again, 1)] == [b"while away"]


async def test_a_device_that_dies_leaves_its_will_and_one_that_leaves_does_not(network: Network) -> None:
    platform = await network.platform()
    will = Will(f"{LANE}/plc/status", b"offline")
    leaving = await network.device("lane-1", will=will)
    await network.leave(leaving)
    dying = await network.device("lane-1", will=will)
    await dying.send(will.topic, b"online", retain=True)
    await network.abandon(dying)
    assert [message.payload for message in await take(platform, 2)] == [b"online", b"offline"]


async def test_a_closed_link_takes_nothing_and_ends_its_reader(network: Network) -> None:
    device = await network.device("lane-1")
    platform = await network.platform()
    await network.leave(platform)
    await network.leave(device)
    assert [message async for message in platform.receive()] == []
    with pytest.raises(Unavailable):
        await platform.send(f"{LANE}/light/command", b"red")
    with pytest.raises(Unavailable):
        await device.send(f"{LANE}/weighbridge/frames", b"x")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(device.send(f"{LANE}/plc/event", b"x"), 1)
