"""A power cut while the platform's consumer was being made: what is left of it costs no message afterwards."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kouan.adapters.engines.nats import EmbeddedNats

from .conftest import LANE, PORT, RealNetwork, real_network, take

MESSAGES = 20


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[RealNetwork]:
    async with real_network(tmp_path / "data") as network:
        yield network


async def restart(real: RealNetwork) -> None:
    await real.supervisor.stop("nats")
    await EmbeddedNats(real.folder).start(real.supervisor)


def leave_half_made(real: RealNetwork) -> None:
    """Leave files of a consumer whose checksum was not durable yet, under each name that a consumer may have had."""
    consumers = real.folder.path / "nats" / "jetstream" / "KOUAN" / "streams" / "$MQTT_msgs" / "obs"
    (made,) = consumers.glob(f"platform-{PORT}-*")
    for name in ("a", "b", "half"):
        half = consumers / f"platform-{PORT}-{name}"
        if half != made:
            shutil.copytree(made, half)
            description = (half / "meta.inf").read_text("utf-8").replace(made.name, half.name)
            (half / "meta.inf").write_text(description, "utf-8")
            (half / "meta.sum").unlink()


async def test_what_devices_say_before_the_platform_is_back_is_kept_though_a_consumer_was_half_made(
    real: RealNetwork,
) -> None:
    first = await real.platform()
    await real.leave(first)
    await real.supervisor.stop("nats")
    leave_half_made(real)
    await EmbeddedNats(real.folder).start(real.supervisor)
    second = await real.platform()  # makes its own consumer in the place of the first one's
    await real.leave(second)
    await restart(real)
    device = await real.device("device")
    for number in range(MESSAGES):
        await device.send(f"{LANE}/plc/event", f"{number}".encode())
    third = await real.platform()
    assert [each.payload for each in await take(third, MESSAGES)] == [f"{n}".encode() for n in range(MESSAGES)]
