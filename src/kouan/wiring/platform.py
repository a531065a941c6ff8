"""One running port as a process: its engines and children here, and what it is made of in ``port_parts``."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.child import ChildProcess
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor
from kouan.vocabulary.errors import Unavailable
from kouan.wiring import identities, keys, processes
from kouan.wiring.brokers import broker_of, outside_broker
from kouan.wiring.field_logs import lines_of, log_paths
from kouan.wiring.loops import imported
from kouan.wiring.port_file import PortFile, load
from kouan.wiring.serving import CARE, Serving, Tell, log_child, serve_again_and_again, unless
from kouan.wiring.settings import BrokerSettings, RunSettings

if TYPE_CHECKING:
    from kouan.wiring.port_parts import Compose, PortParts

Finish = Callable[["Platform"], Awaitable[None]]


class Platform:
    """What runs: its parts are replaced as a whole when the ledger could not be reached for too long."""

    def __init__(self, settings: RunSettings, folder: DataFolder, port: PortFile, supervisor: Supervisor) -> None:
        self.settings = settings
        self.folder = folder
        self.port = port
        self.supervisor = supervisor
        self.clock = SystemClock()
        self.url = ""
        self.parts: PortParts | None = None
        self.began_after: int | None = None
        truth, actuations = log_paths(folder.path)
        self.truth = (truth, lines_of(truth))
        self.actuations = (actuations, lines_of(actuations))

    async def figures(self) -> dict[str, Any]:
        """Return what this run did; a live port has no record of the field to compare with."""
        from kouan.wiring.report import figures  # counts by the field's own words, and only at the end

        parts = self.parts
        if parts is None:
            raise Unavailable("the port is not open")
        spans = list(parts.board.decision_spans_us)
        found = await figures(parts.store.ledger, self.began_after or 0, self.truth, self.actuations, spans)
        return found if parts.edge is None else {**found, "hub": msgspec.to_builtins(parts.edge.forwarder.progress)}

    async def start_child(self, child: ChildProcess) -> None:
        """Start a child unless it runs already: the parts may be built anew while the children go on."""
        try:
            self.supervisor.child(child.name)
        except KeyError:
            await self.supervisor.start(child)


async def run(
    settings: RunSettings, stop: asyncio.Event, ready: Callable[[Platform], None], tell: Tell, finish: Finish
) -> None:
    """Run a port until ``stop`` is set; everything it started is stopped then, within 5 s.

    ``ready`` is told once it serves, ``finish`` is awaited before it ends. Raises Conflict where the data folder is
    in use, Unavailable where an engine does not start, Fenced where another process became the port's writer, Corrupt
    where the ledger does not verify.
    """
    port = load(settings.port)
    with DataFolder(settings.data) as folder:
        supervisor = Supervisor(log_child, CARE)
        platform = Platform(settings, folder, port, supervisor)
        try:
            tell("engines")
            serving = await unless(stop, _begin(platform, tell))
            if serving is not None:
                await serve_again_and_again(serving, stop, lambda: ready(platform), lambda: finish(platform))
        finally:
            await supervisor.stop()


async def _begin(platform: Platform, tell: Tell) -> Serving:
    """Start the engines and the lane controller, and meanwhile import what the port is made of."""
    dsn, broker, compose = await asyncio.gather(_database(platform), _broker(platform), imported(_composition))
    return lambda: compose(platform, dsn, broker, tell)


def _composition() -> "Compose":
    """Import the parts of a port, which takes as long as the engines need; see docs/reference/durability.md."""
    from kouan.wiring.port_parts import serving

    return serving


async def _database(platform: Platform) -> str:
    settings = platform.settings
    return settings.database or (await EmbeddedPostgres(platform.folder).start(platform.supervisor)).dsn


async def _broker(platform: Platform) -> BrokerSettings:
    """Start the broker unless it is outside, and the lane controller, which needs it and the platform's public key."""
    settings, folder = platform.settings, platform.folder
    port, lanes = platform.port.name, tuple(lane.name for lane in platform.port.lanes)
    field = identities.simulated_field(port, lanes, platform.port.yard.places) if settings.demo else ()
    identities.prepare(folder, port, platform.clock.now(), field)
    if settings.nats is not None:
        broker = outside_broker(settings.nats, settings.mqtt, settings.broker_ca)
    else:
        engine = EmbeddedNats(folder, host=settings.devices_host, mqtt_port=settings.devices_tcp_port)
        broker = broker_of(await engine.start(platform.supervisor))
    keys.platform_signer(folder.path, port)
    await platform.start_child(processes.lane_controller(folder, broker, settings, platform.port.controlled))
    return broker
