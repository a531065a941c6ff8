"""The lane controller as a real process on a real broker with a real log, killed with kill -9 at the worst moments."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.integration.lane_controller.test_process import CONTROLLER, PLATFORM
from tests.integration.links.conftest import LANE, PORT, RealNetwork, real_network

from kouan.adapters.clock import SystemClock
from kouan.protocols import topics
from kouan.protocols.barrier.messages import Barrier, BarrierChanged, BarrierPosition
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import (
    ActuationOutcome,
    ControllerReport,
    OpenOrder,
    OrderedVehicle,
    PollAnswer,
)
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.protocols.plc.messages import CrossingSeen, Loop, LoopChanged, VehicleMeasured
from kouan.protocols.status.messages import DeviceStatus
from kouan.vocabulary.clock import SECOND

CHILD = Path(__file__).with_name("child.py")


class Site:
    """One lane on a real broker: its platform, its field, and the controller's process."""

    def __init__(self, network: RealNetwork, log: Path) -> None:
        self.network = network
        self.log = log
        self.clock = SystemClock()
        self.commands: list[str] = []
        self.commanded = asyncio.Event()
        self.reports: dict[str, list[ControllerReport]] = {}
        self.reported = asyncio.Condition()
        self.process: asyncio.subprocess.Process
        self.serial = 0
        self.track = 0
        self.kill_on_command = False
        self.tasks: list[asyncio.Task[None]] = []
        self.online = asyncio.Event()
        self.standing: dict[str, tuple[str, bytes]] = {}

    async def open(self) -> None:
        self.platform = await self.network.platform()
        self.field = await self.network.device(
            "field", subscriptions=(f"{LANE}/barrier/command", f"{LANE}/controller/status")
        )
        self.tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._obey())]
        await self.start()
        await self.online.wait()

    async def close(self) -> None:
        self.process.kill()
        await self.process.wait()
        for task in self.tasks:
            task.cancel()

    async def start(self) -> None:
        tls = self.network.mqtt("lane-controller").tls
        assert tls is not None
        given = {
            "port": str(PORT),
            "lanes": ["I1"],
            "tcp_port": self.network.server.mqtt_port,
            "authority": str(tls.authority),
            "own": str(tls.own),
            "key": CONTROLLER._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex(),
            "platform": PLATFORM.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
            "log": str(self.log),
        }
        self.process = await asyncio.create_subprocess_exec(sys.executable, str(CHILD), json.dumps(given))

    async def restart(self) -> None:
        self.process.kill()
        await self.process.wait()
        await self.start()

    async def _listen(self) -> None:
        async for received in self.platform.receive():
            if received.topic.endswith("controller/poll"):
                poll = codec.decode_poll(received.payload)
                answer = PollAnswer(nonce=poll.nonce, time=self.clock.now(), epochs={"I1": 0})
                await self.platform.send(
                    f"{LANE}/order/poll_answer", codec.sign_poll_answer(PLATFORM, str(PORT), answer)
                )
            elif received.topic.endswith("controller/report"):
                report = codec.verify_report({CONTROLLER.key_id: CONTROLLER.public_key}, received.payload)
                async with self.reported:
                    self.reports.setdefault(report.order_id, []).append(report)
                    self.reported.notify_all()
            elif received.topic.endswith("controller/status"):
                self.online.set()
            await self.platform.settle(received)

    async def _obey(self) -> None:
        async for received in self.field.receive():
            message = topics.decode(received.topic, received.payload)
            if isinstance(message, DeviceStatus):
                await self._tell_again()
                continue
            self.commands.append(message.order_id)
            if self.kill_on_command:
                self.kill_on_command = False
                self.process.kill()
            self.commanded.set()

    def stamp(self, device: str) -> dict[str, Any]:
        self.serial += 1
        return {"device": f"I1.{device}", "seq": self.serial, "at": self.clock.now()}

    async def tell(self, device: str, message: Any, subject: str | None = None) -> None:
        topic = f"{LANE}/{device}/event"
        payload = topics.encode(topic, message)
        self.standing.pop(subject or type(message).__name__, None)
        if not isinstance(message, CrossingSeen):
            self.standing[subject or type(message).__name__] = (topic, payload)
        await self.field.send(topic, payload)

    async def _tell_again(self) -> None:
        """Tell a controller that has just come what stands, byte for byte, as the devices do."""
        for topic, payload in tuple(self.standing.values()):
            await self.field.send(topic, payload)

    async def arm(self, position: BarrierPosition, order_id: str | None = None) -> None:
        changed = BarrierChanged(
            **self.stamp("barrier"), barrier=Barrier.RELEASE, position=position, order_id=order_id, boots=1
        )
        await self.tell("barrier", changed)

    async def arrive(self) -> None:
        self.track += 1
        await self.tell("plc", LoopChanged(**self.stamp("plc"), loop=Loop.STOP, occupied=True, track=self.track))
        profile = VehicleMeasured(**self.stamp("plc"), track=self.track, axles=6, length_mm=16000, alone=True)
        await self.tell("plc", profile)
        plate = PlateRead(
            **self.stamp("plate_camera"),
            track=self.track,
            position=PlatePosition.FRONT,
            text="1234УБА",
            confidence_pm=980,
            colour=PlateColour.WHITE,
        )
        await self.tell("plate_camera", plate)

    async def leave(self, order_id: str) -> None:
        for position in (BarrierPosition.OPENING, BarrierPosition.OPEN):
            await self.arm(position, order_id)
        await self.tell("plc", LoopChanged(**self.stamp("plc"), loop=Loop.STOP, occupied=False, track=self.track))
        crossing = CrossingSeen(**self.stamp("plc"), track=self.track, vehicles=1, order_id=order_id)
        await self.tell("plc", crossing)
        await self.arm(BarrierPosition.CLOSED, order_id)

    def order(self) -> OpenOrder:
        self.serial += 1
        now = self.clock.now()
        return OpenOrder(
            order_id=f"order-{self.serial}",
            port=str(PORT),
            lane="I1",
            passage="p",
            barrier=Barrier.RELEASE,
            outcome="RELEASE",
            vehicle=OrderedVehicle(plate="1234УБА", axles=6, track=self.track),
            epoch=0,
            issued_at=now,
            expires_at=now + 5 * SECOND,
            nonce=f"nonce-{self.serial:010d}",
        )

    async def report_on(self, order: OpenOrder, within_s: float = 0.5) -> ControllerReport | None:
        """Send an order, and return what is reported of it, None where nothing is in time."""
        await self.platform.send(f"{LANE}/order/open", codec.sign_order(PLATFORM, order))
        try:
            async with asyncio.timeout(within_s), self.reported:
                await self.reported.wait_for(lambda: order.order_id in self.reports)
        except TimeoutError:
            return None
        return self.reports[order.order_id][-1]

    async def release(self) -> str:
        """Order the vehicle through until an order is carried out; return that order's id."""
        while True:
            order = self.order()
            report = await self.report_on(order)
            if report is not None and report.outcome is ActuationOutcome.ACTUATED:
                return order.order_id


@pytest.mark.slow
async def test_kill_dash_nine_at_the_worst_moments_opens_nothing_twice(tmp_path: Path) -> None:
    async with asyncio.timeout(120), real_network(tmp_path / "data") as network:
        site = Site(network, tmp_path / "lane-controller" / "nonces")
        await site.open()
        try:
            await _day(site)
        finally:
            await site.close()


async def _day(site: Site) -> None:
    await site.arm(BarrierPosition.CLOSED)
    await site.arrive()
    first = await site.release()

    await site.leave(first)
    await site.arrive()
    await site.restart()
    second = await site.release()

    await site.leave(second)
    await site.arrive()
    site.kill_on_command = True
    site.commanded.clear()
    third = site.order()
    await site.report_on(third, within_s=5)
    if not site.commanded.is_set():
        third = site.order()
        await site.report_on(third, within_s=5)
    await site.process.wait()
    await site.start()
    async with site.reported:
        await site.reported.wait_for(lambda: third.order_id in site.reports)
    outcomes = {report.outcome for report in site.reports[third.order_id]}
    assert outcomes <= {ActuationOutcome.UNCERTAIN, ActuationOutcome.ACTUATED}
    for _ in range(20):
        await site.report_on(third)

    await site.leave(third.order_id)
    await site.arrive()
    fourth = await site.release()
    assert site.commands == [first, second, third.order_id, fourth]
