"""The broker in memory under faults: what is lost, held back, doubled or overtaken, and that seeds decide all of it."""

import asyncio
import heapq
import random
from collections.abc import Callable

import pytest

from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.link import PATIENCE_S, MemoryLink
from kouan.adapters.memory.topics import matches
from kouan.adapters.mqtt.link import Will
from kouan.protocols.link import Received
from kouan.vocabulary.errors import Unavailable

from .conftest import LANE, PORT, MemoryNetwork, take


class Hours:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def later(self, span_s: float, then: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (self.now_s + span_s, self._count, then))

    async def pass_until(self, at_s: float) -> None:
        await self._settle()
        while self._waiting and self._waiting[0][0] <= at_s:
            self.now_s, _, then = heapq.heappop(self._waiting)
            then()
            await self._settle()
        self.now_s = at_s

    async def _settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


class World:
    """A broker with one platform and one device, and everything that the platform took."""

    def __init__(self, seed: int = 1) -> None:
        self.hours = Hours()
        self.broker = MemoryBroker(chance=random.Random(seed), later=self.hours.later)
        self.platform = self.broker.platform_link(PORT)
        self.device = self.broker.device_link("lane-1", will=Will(f"{LANE}/plc/status", b"offline"))
        self.failed: list[bytes] = []
        self._tasks: list[asyncio.Task[None]] = []

    def send(self, topic: str, payload: bytes) -> None:
        self._tasks.append(asyncio.create_task(self._send(f"{LANE}/{topic}", payload)))

    async def _send(self, topic: str, payload: bytes) -> None:
        try:
            await self.device.send(topic, payload)
        except Unavailable:
            self.failed.append(payload)

    async def finish(self, at_s: float = 1000.0) -> list[Received]:
        await self.hours.pass_until(at_s)
        await self.platform.close()
        received = [message async for message in self.platform.receive()]
        self.broker.close()
        await asyncio.gather(*self._tasks)
        return received


def _wild(link: MemoryLink) -> None:
    for faults in (link.up, link.down):
        faults.lose_pm, faults.duplicate_pm, faults.reorder_pm, faults.delay_s = 200, 200, 200, (0.0, 0.5)


async def _wild_run(seed: int) -> tuple[list[Received], list[bytes]]:
    world = World(seed)
    _wild(world.device)
    _wild(world.platform)
    for number in range(100):
        world.send("plc/event" if number % 2 else "seal_reader/event", b"%d" % number)
        world.send("weighbridge/frames", b"%d" % number)
    return await world.finish(), world.failed


async def test_the_same_seed_gives_the_same_deliveries_and_another_seed_others() -> None:
    first, again, other = await _wild_run(7), await _wild_run(7), await _wild_run(8)
    assert first == again
    assert first[0] != other[0]


async def test_no_message_at_quality_1_is_lost_by_faults_and_each_topic_keeps_its_order() -> None:
    received, failed = await _wild_run(3)
    assert failed == []
    for parity, topic in ((1, "plc/event"), (0, "seal_reader/event")):
        payloads = [int(message.payload) for message in received if message.topic == f"{LANE}/{topic}"]
        assert list(dict.fromkeys(payloads)) == list(range(parity, 100, 2))
    keys = [message.key for message in received if message.key]
    assert len(keys) == len(set(keys)) > 100  # sent again after a lost acknowledgement, it is another message
    assert [int(key.rpartition(":")[2]) for key in keys] == sorted(int(key.rpartition(":")[2]) for key in keys)
    frames = [message for message in received if not message.key]
    assert 0 < len({message.payload for message in frames}) < 100


async def test_reordered_messages_are_overtaken_by_other_topics() -> None:
    received, _ = await _wild_run(3)
    order = [int(message.payload) for message in received if message.key]
    assert order != sorted(order)


async def test_what_is_sent_on_a_cut_link_arrives_when_it_heals() -> None:
    world = World()
    world.device.up.cut = True
    world.send("plc/event", b"waits")
    world.send("weighbridge/frames", b"is gone")
    await world.hours.pass_until(5.0)
    world.device.heal()
    received = await world.finish()
    assert [message.payload for message in received] == [b"waits"]
    assert world.failed == []


async def test_a_sender_on_a_cut_link_gives_up_after_its_patience() -> None:
    world = World()
    world.device.up.cut = True
    world.send("plc/event", b"late")
    await world.hours.pass_until(PATIENCE_S + 1)
    assert world.failed == [b"late"]
    world.device.heal()
    assert await world.finish() == []


async def test_a_cut_in_one_direction_delivers_twice_when_the_sender_hears_no_acknowledgement() -> None:
    world = World()
    world.device.down.cut = True
    world.send("plc/event", b"1")
    await world.hours.pass_until(1.0)
    world.device.heal()
    received = await world.finish()
    assert [message.payload for message in received] == [b"1", b"1"]
    assert received[0].key != received[1].key


async def test_a_cut_platform_gets_all_when_it_heals() -> None:
    world = World()
    world.platform.down.cut = True
    world.send("plc/event", b"1")
    world.send("plc/event", b"2")
    await world.hours.pass_until(1.0)
    world.platform.heal()
    assert [message.payload for message in await world.finish()] == [b"1", b"2"]


async def test_a_delayed_message_comes_when_its_time_has_come() -> None:
    world = World()
    world.platform.down.delay_s = (2.0, 2.0)
    world.send("plc/event", b"slow")
    await world.hours.pass_until(1.9)
    assert len(world.platform) == 0
    await world.hours.pass_until(2.0)
    assert len(world.platform) == 1
    await world.finish()


async def test_nothing_of_a_crashed_process_goes_out_or_comes_in() -> None:
    world = World()
    world.device.up.delay_s = (1.0, 1.0)
    world.send("plc/event", b"on its way")
    await world.hours.pass_until(0.5)
    world.device.crash()
    received = await world.finish()
    assert [message.payload for message in received] == [b"offline"]
    assert world.failed == [b"on its way"]


async def test_a_second_client_of_the_same_name_ends_the_first_and_its_will_is_published() -> None:
    world = World()
    second = world.broker.device_link("lane-1")
    await second.send(f"{LANE}/plc/event", b"second")
    with pytest.raises(Unavailable):
        await world.device.send(f"{LANE}/plc/event", b"first")
    assert [message.payload for message in await world.finish()] == [b"offline", b"second"]


async def test_a_second_platform_ends_the_first_and_gets_what_it_did_not_settle() -> None:
    network = MemoryNetwork()
    first = await network.platform()
    device = await network.device("lane-1")
    await device.send(f"{LANE}/plc/event", b"1")
    received = await take(first, 1)
    second = await network.platform()
    await first.settle(received[0])  # too late: it is no longer the platform
    assert await take(second, 1) == received
    network.broker.close()


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("+/b", "a/b", True),
        ("#", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+/c", "a/b/c", True),
    ],
)
def test_topic_filters_match_as_in_mqtt(topic_filter: str, topic: str, *, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected


async def test_a_link_that_flaps_brings_everything_at_quality_1_once_it_is_whole_and_in_order() -> None:
    world = World()
    for number in range(12):
        up, down = number % 2 == 0, number % 3 == 0
        world.device.cut(up=up, down=False)
        world.platform.cut(up=False, down=down)
        world.send("plc/event", b"%d" % number)
        await world.hours.pass_until(number + 1.0)
    world.device.heal()
    world.platform.heal()
    received = await world.finish()
    assert [int(message.payload) for message in received] == list(range(12))
    assert world.failed == []


async def test_faults_that_are_set_and_taken_back_by_hand_hold_nothing_back_for_ever() -> None:
    world = World()
    world.platform.down.cut = True
    world.send("plc/event", b"1")
    await world.hours.pass_until(1.0)
    world.platform.down.cut = False
    world.send("plc/event", b"2")
    assert [message.payload for message in await world.finish()] == [b"1", b"2"]


async def test_what_a_platform_settled_while_it_could_only_hear_is_settled_when_it_is_heard_again() -> None:
    network = MemoryNetwork()
    first = network.broker.platform_link(PORT)
    device = await network.device("lane-1")
    for number in (b"1", b"2", b"3"):
        await device.send(f"{LANE}/plc/event", number)
    taken = await take(first, 3)
    first.cut(up=True, down=False)
    await first.settle(taken[1])
    again = network.broker.platform_link(PORT)  # it dies before it is heard: everything comes again
    assert [message.payload for message in await take(again, 3)] == [b"1", b"2", b"3"]
    again.cut(up=True, down=False)
    await again.settle(taken[1])
    again.heal()
    third = network.broker.platform_link(PORT)
    assert [message.payload for message in await take(third, 1)] == [b"3"]
    network.broker.close()


async def test_a_cut_one_way_lets_the_other_way_through() -> None:
    world = World()
    listener = world.broker.device_link("listener", subscriptions=(f"{LANE}/barrier/command",))
    listener.cut(up=True, down=False)
    await world.platform.send(f"{LANE}/barrier/command", b"open")
    assert len(listener) == 1
    listener.cut(up=False, down=True)
    await world.platform.send(f"{LANE}/barrier/command", b"void in a second")
    listener.heal()
    assert len(listener) == 1
    await world.finish()


async def test_a_topic_keeps_its_order_when_its_delay_falls() -> None:
    world = World()
    world.device.up.delay_s = (1.0, 1.0)
    await world.device.send(f"{LANE}/weighbridge/frames", b"1")
    world.device.up.delay_s = (0.0, 0.0)
    await world.device.send(f"{LANE}/weighbridge/frames", b"2")
    assert [message.payload for message in await world.finish()] == [b"1", b"2"]
