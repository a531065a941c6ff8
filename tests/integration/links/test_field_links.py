"""The simulated field's links: one a lane, each with a certificate and a last will of its own."""

import asyncio
from pathlib import Path

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.mqtt.link import DeviceLink
from kouan.protocols import topics
from kouan.simulator.port_file import load_port
from kouan.wiring import identities
from kouan.wiring.brokers import broker_of
from kouan.wiring.field import connected
from kouan.wiring.links import platform_link
from kouan.wiring.port_file import path_of

from .conftest import take


async def test_when_the_field_dies_every_lane_and_the_approach_are_announced_as_gone(tmp_path: Path) -> None:
    port, now = load_port(path_of("ganqimaodu")), SystemClock().now()
    lanes = [lane.name for lane in port.lanes]
    with DataFolder(tmp_path / "data") as folder:
        identities.prepare(folder, port.name, now, identities.simulated_field(port.name, lanes, port.yard.places))
        async with EmbeddedNats(folder).running() as server:
            broker = broker_of(server)
            async with (
                platform_link(folder, broker, port.name) as platform,
                connected(folder, broker, port, now) as links,
            ):
                boxes = [link for link in (*links.lanes.values(), links.approach) if isinstance(link, DeviceLink)]
                await asyncio.gather(*(link.abandon() for link in boxes))
                received = await take(platform, len(boxes))
    gone = {message.topic.split("/")[2] for message in received}
    assert gone == {*lanes, "approach"}
    assert not any(topics.decode(message.topic, message.payload).online for message in received)
