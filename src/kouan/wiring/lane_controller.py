"""The lane controller's own process: no database, a nonce file, one identity on the broker."""

import asyncio
import contextlib
from collections.abc import Sequence

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.lane_controller.driver import run_lane_controller, subscriptions
from kouan.adapters.lane_controller.file_log import FileNonceLog
from kouan.adapters.mqtt.link import Will
from kouan.adapters.signing.files import load_public_key, public_path
from kouan.protocols import topics
from kouan.protocols.signed import platform_key
from kouan.protocols.status.messages import DeviceStatus
from kouan.wiring.identities import CONTROLLER
from kouan.wiring.keys import controller_signer
from kouan.wiring.links import chance, device_link
from kouan.wiring.settings import BrokerSettings


async def serve(
    folder: DataFolder, broker: BrokerSettings, port: str, lanes: Sequence[str], stop: asyncio.Event
) -> None:
    """Control these lanes until ``stop`` is set."""
    clock = SystemClock()
    keys = {platform_key(port): load_public_key(public_path(folder.path / "keys" / "platform.pem"))}
    topic = f"kouan/{port}/{lanes[0]}/controller/status"
    gone = DeviceStatus(device=CONTROLLER, seq=0, at=clock.now(), online=False)
    link = device_link(
        folder,
        broker,
        CONTROLLER,
        subscriptions=subscriptions(port),
        will=Will(topic, topics.encode(topic, gone)),
        persistent=True,
    )
    log = await asyncio.to_thread(FileNonceLog, folder.path / "lane-controller" / "nonces.log")
    with log:
        async with link:
            work = run_lane_controller(
                link, log, clock, controller_signer(folder.path, port), keys, port, lanes, chance=chance()
            )
            serving = asyncio.create_task(work, name=CONTROLLER)
            stopping = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in (serving, stopping):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
