"""One running hub of a region as a process: its engines here, and what it is made of in ``hub_parts``."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.hub_nats import HubNats, HubServer
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor
from kouan.network.roles import RegionRecords
from kouan.network.views import PortStanding
from kouan.vocabulary.errors import Unavailable
from kouan.wiring.loops import imported
from kouan.wiring.region_file import RegionFile, load_region
from kouan.wiring.serving import CARE, Serving, Tell, log_child, serve_again_and_again, unless
from kouan.wiring.settings import HubSettings

if TYPE_CHECKING:
    from kouan.wiring.hub_parts import Compose

Finish = Callable[["RunningHub"], Awaitable[None]]


class RunningHub:
    """What runs: its parts are replaced as a whole when the ledger could not be reached for too long."""

    def __init__(self, settings: HubSettings, folder: DataFolder, region: RegionFile, supervisor: Supervisor) -> None:
        self.settings = settings
        self.folder = folder
        self.region = region
        self.supervisor = supervisor
        self.clock = SystemClock()
        self.url = ""
        self.hub_url = ""
        self.records: RegionRecords | None = None

    async def figures(self) -> dict[str, Any]:
        """Return how every port that was ever heard stands, by name."""
        if self.records is None:
            raise Unavailable("the hub is not open")
        return figures(await self.records.standings())


def figures(standings: Sequence[PortStanding]) -> dict[str, Any]:
    """Return how the ports stand for a script: how much was taken of each, how far it is behind, what is witnessed."""
    names = ("enrolled", "taken", "behind", "heard_at", "entry_at", "witnessed_size", "witnessed_at", "suspended")
    heard = [standing for standing in standings if standing.enrolled or standing.taken]
    return {
        "ports": {
            standing.port: {name: getattr(standing, name) for name in names} | {"alarms": len(standing.alarms)}
            for standing in heard
        }
    }


async def run(
    settings: HubSettings, stop: asyncio.Event, ready: Callable[[RunningHub], None], tell: Tell, finish: Finish
) -> None:
    """Run a hub until ``stop`` is set; everything it started is stopped then, within 5 s.

    Raises what ``platform.run`` raises.
    """
    region = load_region(settings.region)
    with DataFolder(settings.data) as folder:
        supervisor = Supervisor(log_child, CARE)
        hub = RunningHub(settings, folder, region, supervisor)
        try:
            tell("engines")
            serving = await unless(stop, _begin(hub, tell))
            if serving is not None:
                await serve_again_and_again(serving, stop, lambda: ready(hub), lambda: finish(hub))
        finally:
            await supervisor.stop()


async def _begin(hub: RunningHub, tell: Tell) -> Serving:
    """Start the engines, and meanwhile import what the hub is made of."""
    dsn, server, compose = await asyncio.gather(_database(hub), _server(hub), imported(_composition))
    return lambda: compose(hub, dsn, server, tell)


def _composition() -> "Compose":
    """Import the parts of a hub, which takes as long as the engines need."""
    from kouan.wiring.hub_parts import serving

    return serving


async def _database(hub: RunningHub) -> str:
    return hub.settings.database or (await EmbeddedPostgres(hub.folder).start(hub.supervisor)).dsn


async def _server(hub: RunningHub) -> HubServer:
    settings = hub.settings
    return await HubNats(hub.folder, hub.clock, host=settings.hub_host, tcp_port=settings.hub_tcp_port).start(
        hub.supervisor
    )
