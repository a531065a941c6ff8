"""A power cut while the platform's consumer was being made: what is left of it costs no message afterwards."""

import shutil
from pathlib import Path

from .conftest import MESSAGES, PORT, RealNetwork, said, take


def leave_half_made(consumers: Path) -> None:
    """Leave files of a consumer whose checksum was not durable yet, under each name that a consumer may have had."""
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
    async with real.stopped() as stream:
        leave_half_made(stream / "obs")
    second = await real.platform()  # makes its own consumer in the place of the first one's
    await real.leave(second)
    async with real.stopped():
        pass
    await real.say("early")
    third = await real.platform()
    assert [each.payload for each in await take(third, MESSAGES)] == said("early")
