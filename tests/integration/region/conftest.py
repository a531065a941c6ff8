"""A hub's server with edges enrolled, for one test."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.hub_nats import HubNats, HubServer
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.nats.core_link import CoreLink
from kouan.wiring.region_links import EdgeCredentials, edge_link, enrol_edge, hub_link


class Hub:
    """A hub's server; ``enrol`` and links as commands and processes use them."""

    def __init__(self, folder: DataFolder, server: HubServer, supervisor: Supervisor) -> None:
        self.folder = folder
        self.server = server
        self.supervisor = supervisor
        self.clock = SystemClock()
        self._links = contextlib.AsyncExitStack()

    async def enrol(self, port: str) -> EdgeCredentials:
        return await enrol_edge(self.folder, port, Ed25519PrivateKey.generate().public_key(), self.clock)

    async def link(self) -> CoreLink:
        link = await self._links.enter_async_context(hub_link(self.folder, self.server, self.clock))
        await link.connected(10)
        return link

    async def edge(self, credentials: EdgeCredentials, url: str | None = None) -> CoreLink:
        link = await self._links.enter_async_context(edge_link(credentials, url or self.server.url))
        await link.connected(10)
        return link

    async def close(self) -> None:
        await self._links.aclose()


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    with DataFolder(tmp_path / "hub") as folder:
        supervisor = Supervisor()
        hub = Hub(folder, await HubNats(folder, SystemClock()).start(supervisor), supervisor)
        yield hub
        await hub.close()
        await supervisor.stop()
