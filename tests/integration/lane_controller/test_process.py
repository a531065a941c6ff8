"""The whole lane controller in virtual time: over links, with its log, against a platform and a barrier in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.adapters.lane_controller.driver import run_lane_controller, subscriptions
from kouan.adapters.lane_controller.memory_log import Medium, MemoryNonceLog
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.mqtt.link import Will
from kouan.gate.lane_controller.records import Intent
from kouan.protocols import topics
from kouan.protocols.barrier.messages import Barrier, BarrierChanged, BarrierPosition
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import (
    ActuationOutcome,
    ControllerReport,
    HoldNotice,
    OpenOrder,
    OrderedVehicle,
    PollAnswer,
)
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.protocols.plc.messages import Loop, LoopChanged, VehicleMeasured
from kouan.protocols.status.messages import DeviceStatus
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue, Unavailable
from kouan.vocabulary.places import PortName

PORT = "ganqimaodu"
LANES = ("I1", "I2")
PLATFORM = PrivateKeySigner(f"platform:{PORT}", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
CONTROLLER = PrivateKeySigner(f"lane-controller:{PORT}", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
ONLINE = topics.encode(
    f"kouan/{PORT}/I1/controller/status", DeviceStatus(device="lane-controller", seq=0, at=0, online=False)
)


class World:
    """A platform that answers polls and sends orders, a field with a barrier, and the controller between them."""

    def __init__(self, loop: VirtualLoop, medium: Medium | None = None) -> None:
        self.clock = VirtualClock(loop)
        self.broker = MemoryBroker(chance=Random(1))
        self.platform = self.broker.platform_link(PortName(PORT))
        self.field = self.broker.device_link(
            "field", subscriptions=(f"kouan/{PORT}/+/barrier/command", f"kouan/{PORT}/+/controller/status")
        )
        self.medium = medium or Medium()
        self.link: MemoryLink
        self.task: asyncio.Task[None]
        self.epochs = dict.fromkeys(LANES, 0)
        self.commands: list[tuple[str, str]] = []
        self.reports: list[ControllerReport] = []
        self.statuses: list[tuple[str, bool]] = []
        self.polled: list[tuple[str, ...]] = []
        self.answering = True
        self.serial = 0
        self.background = [asyncio.create_task(self._answer()), asyncio.create_task(self._obey())]

    def start(self) -> None:
        self.link = self.broker.device_link(
            "lane-controller",
            subscriptions=subscriptions(PORT),
            will=Will(f"kouan/{PORT}/I1/controller/status", ONLINE),
            persistent=True,
        )
        self.task = asyncio.create_task(
            run_lane_controller(
                self.link,
                MemoryNonceLog(self.medium),
                self.clock,
                CONTROLLER,
                {PLATFORM.key_id: PLATFORM.public_key},
                PORT,
                LANES,
                chance=Random(7),
            )
        )

    def kill(self) -> None:
        """End the process as kill -9 does: it does nothing more."""
        self.link.crash()
        self.task.cancel()
        self.medium.cut_power(Random(2))

    async def _answer(self) -> None:
        async for received in self.platform.receive():
            if received.topic.endswith("controller/poll"):
                poll = codec.decode_poll(received.payload)
                self.polled.append(tuple(poll.lanes))
                if not self.answering:
                    continue
                answer = PollAnswer(nonce=poll.nonce, time=self.clock.now(), epochs=self.epochs)
                topic = received.topic.replace("controller/poll", "order/poll_answer")
                await self.platform.send(topic, codec.sign_poll_answer(PLATFORM, PORT, answer))
            elif received.topic.endswith("controller/report"):
                keys = {CONTROLLER.key_id: CONTROLLER.public_key}
                self.reports.append(codec.verify_report(keys, received.payload))
            await self.platform.settle(received)

    async def _obey(self) -> None:
        async for received in self.field.receive():
            lane = received.topic.split("/")[2]
            try:
                message = topics.decode(received.topic, received.payload)
            except InvalidValue:
                continue
            if isinstance(message, DeviceStatus):
                self.statuses.append((lane, message.online))
            else:
                self.commands.append((lane, message.order_id))

    def stamp(self, lane: str, device: str) -> dict[str, Any]:
        self.serial += 1
        return {"device": f"{lane}.{device}", "seq": self.serial, "at": self.clock.now()}

    async def tell(self, lane: str, device: str, message: Any) -> None:
        topic = f"kouan/{PORT}/{lane}/{device}/event"
        await self.field.send(topic, topics.encode(topic, message))

    async def arrive(self, lane: str, track: int) -> None:
        for barrier in (Barrier.RELEASE, Barrier.DIVERT):
            changed = BarrierChanged(
                **self.stamp(lane, "barrier"), barrier=barrier, position=BarrierPosition.CLOSED, boots=1
            )
            await self.tell(lane, "barrier", changed)
        stopped = LoopChanged(**self.stamp(lane, "plc"), loop=Loop.STOP, occupied=True, track=track)
        await self.tell(lane, "plc", stopped)
        profile = VehicleMeasured(**self.stamp(lane, "plc"), track=track, axles=6, length_mm=16000, alone=True)
        await self.tell(lane, "plc", profile)
        plate = PlateRead(
            **self.stamp(lane, "plate_camera"),
            track=track,
            position=PlatePosition.FRONT,
            text="蒙B023H6",
            confidence_pm=980,
            colour=PlateColour.YELLOW,
        )
        await self.tell(lane, "plate_camera", plate)

    def order(self, lane: str, track: int, name: str) -> OpenOrder:
        now = self.clock.now()
        return OpenOrder(
            order_id=name,
            port=PORT,
            lane=lane,
            passage="p",
            barrier=Barrier.RELEASE,
            outcome="RELEASE",
            vehicle=OrderedVehicle(plate="蒙B023H6", axles=6, track=track),
            epoch=self.epochs[lane],
            issued_at=now,
            expires_at=now + 5 * SECOND,
            nonce=f"nonce-of-{name:>12}".replace(" ", "0"),
        )

    async def send(self, order: OpenOrder, times: int = 1) -> None:
        compact = codec.sign_order(PLATFORM, order)
        for _ in range(times):
            await self.platform.send(f"kouan/{PORT}/{order.lane}/order/open", compact)


def live(story: Callable[[World], Awaitable[None]], medium: Medium | None = None) -> World:
    """Live through a story in virtual time."""
    loop = VirtualLoop(1_700_000_000 * SECOND)

    async def main() -> World:
        world = World(loop, medium)
        world.start()
        await asyncio.sleep(0.5)
        await story(world)
        return world

    return run(main(), loop)


def test_an_order_goes_through_links_and_log_to_the_barrier_and_back() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(1)
        await world.send(world.order("I1", 1, "first"), times=3)
        await asyncio.sleep(1)

    world = live(story)
    assert world.commands == [("I1", "first")]
    assert {report.outcome for report in world.reports} == {ActuationOutcome.ACTUATED}
    assert world.statuses[:2] == [("I1", True), ("I2", True)]


def test_each_lane_is_its_own() -> None:
    async def story(world: World) -> None:
        for lane in LANES:
            await world.arrive(lane, 4)
        await asyncio.sleep(1)
        await world.send(world.order("I1", 4, "one"))
        await world.send(world.order("I2", 4, "two"))
        await world.platform.send(
            f"kouan/{PORT}/I2/order/open", codec.sign_order(PLATFORM, world.order("I1", 4, "astray"))
        )
        await asyncio.sleep(1)

    assert sorted(live(story).commands) == [("I1", "one"), ("I2", "two")]


def test_a_hold_reaches_the_lane_before_the_order_decided_before_it() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(1)
        order = world.order("I1", 1, "first")
        notice = HoldNotice(port=PORT, lane="I1", epoch=1, reason="hold.placed")
        await world.platform.send(f"kouan/{PORT}/I1/order/hold", codec.sign_hold(PLATFORM, notice))
        await world.send(order)
        await asyncio.sleep(1)

    world = live(story)
    assert world.commands == []
    assert [report.rule for report in world.reports] == ["order.epoch_stale"]


def test_a_platform_that_fell_silent_opens_nothing() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        world.answering = False
        await asyncio.sleep(7)
        await world.send(world.order("I1", 1, "first"))
        await asyncio.sleep(1)

    world = live(story)
    assert world.commands == []
    assert [report.rule for report in world.reports] == ["lane.disconnected"]


def test_a_hold_whose_notice_was_lost_is_in_force_a_second_later_where_a_vehicle_stands() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(10)
        await world.arrive("I1", 1)
        await asyncio.sleep(2)
        order = world.order("I1", 1, "decided_before")
        world.epochs["I1"] = 1
        await asyncio.sleep(1.1)
        await world.send(order)
        await asyncio.sleep(1)

    world = live(story)
    assert world.commands == []
    assert [report.rule for report in world.reports] == ["order.epoch_stale"]


def test_a_lane_in_use_is_asked_for_each_second_and_a_quiet_one_every_fourth() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(40)

    polled = live(story).polled
    assert sum("I1" in lanes for lanes in polled) in (40, 41)
    assert sum("I2" in lanes for lanes in polled) in (10, 11)


def test_a_quiet_lane_that_got_no_answer_is_asked_for_again_a_second_later() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(20)
        world.answering = False
        await asyncio.sleep(8)
        world.answering = True
        before = len(world.polled)
        await asyncio.sleep(8)
        assert 2 <= len(world.polled) - before <= 3

    polled = live(story).polled
    assert 5 + 5 <= len(polled) <= 6 + 8 + 3


def test_an_answer_is_checked_once_and_taken_by_the_lanes_that_asked_and_by_no_other() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(2)
        forged = codec.sign_poll_answer(
            PrivateKeySigner(PLATFORM.key_id, Ed25519PrivateKey.from_private_bytes(bytes(32))),
            PORT,
            PollAnswer(nonce="f" * 32, time=0, epochs=dict.fromkeys(LANES, 9)),
        )
        unasked = codec.sign_poll_answer(
            PLATFORM, PORT, PollAnswer(nonce="e" * 32, time=0, epochs=dict.fromkeys(LANES, 9))
        )
        for compact in (forged, unasked):
            await world.platform.send(f"kouan/{PORT}/I2/order/poll_answer", compact)
        await world.send(world.order("I1", 1, "first"))
        await asyncio.sleep(1)

    assert live(story).commands == [("I1", "first")]


def test_a_process_killed_in_mid_traffic_goes_on_with_the_vehicle_at_the_line() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(1)
        world.kill()
        await asyncio.sleep(1)
        world.start()
        await asyncio.sleep(3)
        await world.send(world.order("I1", 1, "after"))
        await asyncio.sleep(1)

    world = live(story)
    assert world.commands == [("I1", "after")]
    assert ("I1", False) in world.statuses
    assert world.statuses[-1][1]


def test_a_vehicle_that_left_while_the_process_was_dead_is_known_to_have_left() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(1)
        world.kill()
        gone = LoopChanged(**world.stamp("I1", "plc"), loop=Loop.STOP, occupied=False, track=1)
        await world.tell("I1", "plc", gone)
        world.start()
        await asyncio.sleep(3)
        await world.send(world.order("I1", 1, "late"))
        await asyncio.sleep(1)

    world = live(story)
    assert world.commands == []
    assert [report.rule for report in world.reports] == ["vehicle.absent"]


def test_an_intent_without_outcome_is_reported_uncertain_and_never_tried() -> None:
    medium = Medium()
    start = 1_700_000_000 * SECOND
    MemoryNonceLog(medium).append_now([Intent("I1", "half", PLATFORM.key_id, "n" * 16, start)])

    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(3)
        await world.send(world.order("I1", 1, "half"), times=5)
        await asyncio.sleep(1)

    world = live(story, medium)
    assert world.commands == []
    assert {(report.order_id, report.outcome) for report in world.reports} == {("half", ActuationOutcome.UNCERTAIN)}


def test_a_log_that_fails_ends_the_process_and_opens_nothing() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(1)
        world.medium.failing = True
        await world.send(world.order("I1", 1, "first"))
        await asyncio.sleep(1)
        with pytest.raises(Unavailable):
            await world.task

    world = live(story)
    assert world.commands == []


def test_garbage_on_every_topic_is_counted_and_stops_nothing() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        chance = Random(5)
        for device, channel in (
            ("order", "open"), ("order", "hold"), ("order", "reset"), ("order", "poll_answer"), ("plc", "event"),
            ("barrier", "event"), ("plate_camera", "event"), ("seal_reader", "event"), ("plc", "status"),
            ("controller", "status"),
        ):  # fmt: skip
            for payload in (b"", b"{}", b"[" * 5000, b'{"device":1}', chance.randbytes(300)):
                await world.field.send(f"kouan/{PORT}/I1/{device}/{channel}", payload)
        await asyncio.sleep(1)
        await world.send(world.order("I1", 1, "first"))
        await asyncio.sleep(1)

    assert live(story).commands == [("I1", "first")]


def test_a_report_is_told_again_after_an_outage_of_the_link() -> None:
    async def story(world: World) -> None:
        await world.arrive("I1", 1)
        await asyncio.sleep(1)
        world.link.up.cut = True
        await world.send(world.order("I1", 1, "first"))
        await asyncio.sleep(20)
        world.link.heal()
        await asyncio.sleep(5)

    world = live(story)
    assert world.reports
    assert len(world.commands) <= 1


def test_a_platform_that_comes_later_is_told_that_the_lanes_have_their_controller() -> None:
    once = [(lane, True) for lane in LANES]
    loop = VirtualLoop(1_700_000_000 * SECOND)

    async def main() -> World:
        world = World(loop)
        world.answering = False
        world.start()
        await asyncio.sleep(3)
        assert world.statuses == once
        world.answering = True
        await asyncio.sleep(3)
        return world

    assert run(main(), loop).statuses == once * 2


@pytest.mark.parametrize("online", [False, True])
def test_after_a_lost_connection_every_lane_is_told_anew_that_its_controller_is_there(online: bool) -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(2)
        payload = ONLINE if not online else world.broker._retained[f"kouan/{PORT}/I2/controller/status"]
        await world.field.send(f"kouan/{PORT}/I2/controller/status", payload)
        await asyncio.sleep(5)

    statuses = live(story).statuses
    assert len(statuses) == 3 * len(LANES) + 1  # at the start, to the platform that answers first, and anew
    assert {lane for lane, _ in statuses[-len(LANES) :]} == set(LANES)
    assert all(online for _, online in statuses[-len(LANES) :])


def test_the_same_seed_writes_the_same_log() -> None:
    async def story(world: World) -> None:
        for track in range(1, 4):
            await world.arrive("I1", track)
            await asyncio.sleep(1)
            await world.send(world.order("I1", track, f"order-{track}"))
            await asyncio.sleep(1)

    assert live(story).medium.durable == live(story).medium.durable
