"""A TLS connection that the other side ends is no reason to warn."""

import asyncio
import logging

import pytest

from kouan.adapters.nats.core_link import CoreLink
from kouan.vocabulary.errors import Unavailable

from .conftest import Hub


async def send_for_ever(link: CoreLink) -> None:
    async with asyncio.timeout(20):
        while True:
            await link.send("kouan/uliji/hub/taken", b"")
            await asyncio.sleep(0)


async def test_a_server_that_leaves_is_left_without_a_warning(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    link = await hub.link()
    with caplog.at_level(logging.WARNING):
        await hub.supervisor.stop("hub-nats")
        with pytest.raises(Unavailable):
            await send_for_ever(link)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
