"""One running hub: its engines, its own ledger, what it takes from the ports and tells them, and its web pages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.board.region import LiveRegion, RegionSetting
from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.hub_nats import HubNats, HubServer
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.heads import HeadSigner
from kouan.adapters.network.desk import HubDesk
from kouan.adapters.network.issuer import BulletinIssuer
from kouan.adapters.network.port_copy import Hub
from kouan.adapters.network.taker import Taker
from kouan.adapters.passwords import Argon2Hasher
from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.network import PostgresHubRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.signing.files import open_sealing_keys
from kouan.adapters.signing.sealing import Sealer
from kouan.network.roles import RegionRecords
from kouan.network.views import PortStanding
from kouan.vocabulary.errors import Unavailable
from kouan.web.app import create_hub_app
from kouan.web.hub_services import HubServices
from kouan.wiring import keys, links
from kouan.wiring.hub_client import make_console_account
from kouan.wiring.identity import load_identity_provider
from kouan.wiring.messages import catalogues
from kouan.wiring.offline import HUB
from kouan.wiring.platform import CONSOLE
from kouan.wiring.region_file import RegionFile, drawn_region, facts_of, load_region
from kouan.wiring.region_gate import distances_of, port_facts_of
from kouan.wiring.region_links import enrolled_edges, hub_link, hub_signer, ledger_key_of
from kouan.wiring.serving import (
    CARE,
    Tell,
    end_of,
    last_head,
    listen,
    log_child,
    run_parts,
    serve_again_and_again,
    unless,
    web_server,
)
from kouan.wiring.settings import HubSettings


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

    def ledger_keys(self) -> dict[str, Ed25519PublicKey]:
        """Return the keys of the ledgers of the ports that are enrolled now, by port."""
        edges = [edge for edge in enrolled_edges(self.folder) if edge.revoked_at is None]
        return {edge.port: ledger_key_of(edge) for edge in edges}


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
    settings: HubSettings,
    stop: asyncio.Event,
    ready: Callable[[RunningHub], None],
    tell: Tell,
    finish: "Callable[[RunningHub], Coroutine[Any, Any, None]]",
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
            engines = await unless(stop, _engines(hub))
            if engines is not None:
                dsn, server = engines
                await serve_again_and_again(
                    lambda: serving(hub, dsn, server, tell), stop, lambda: ready(hub), lambda: finish(hub)
                )
        finally:
            await supervisor.stop()


async def _engines(hub: RunningHub) -> tuple[str, HubServer]:
    settings, folder = hub.settings, hub.folder
    nats = HubNats(folder, hub.clock, host=settings.hub_host, tcp_port=settings.hub_tcp_port)

    async def database() -> str:
        return settings.database or (await EmbeddedPostgres(folder).start(hub.supervisor)).dsn

    return await asyncio.gather(database(), nats.start(hub.supervisor))


@contextlib.asynccontextmanager
async def serving(hub: RunningHub, dsn: str, server: HubServer, tell: Tell) -> AsyncIterator["asyncio.Task[None]"]:
    """Build the hub from its ledger and serve; yields a task that ends with whatever ended the serving."""
    settings = hub.settings
    async with contextlib.AsyncExitStack() as stack:
        database = Database(dsn)
        stack.push_async_callback(database.close)
        await migrate(database)
        built = await _build(hub, database, server, stack)
        listening = listen(hub.folder, settings.host, settings.tcp_port)
        stack.callback(listening.close)
        hub.url = f"http://{settings.host}:{listening.getsockname()[1]}"
        hub.hub_url = server.url
        app = web_server(create_hub_app(built.services))
        parts = built.parts()
        tasks = await run_parts(stack, HUB, parts, app, listening, lambda: last_head(built.heads))
        hub.folder.announce(url=hub.url, dsn=dsn, hub_url=server.url, region=hub.region.name)
        tell(f"open at {hub.clock.now()}")
        yield end_of(stack, tasks)


class Built(msgspec.Struct, frozen=True):
    """The parts of a hub."""

    taker: Taker
    issuer: BulletinIssuer
    board: LiveRegion
    heads: HeadSigner
    services: HubServices

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for the hub to serve."""
        return [self.taker.run(), self.issuer.run(), self.board.run(), self.heads.run()]


async def _build(running: RunningHub, database: Database, server: HubServer, stack: contextlib.AsyncExitStack) -> Built:
    settings, folder, clock, region = running.settings, running.folder, running.clock, running.region
    sealer = Sealer(open_sealing_keys(folder.path / "keys" / "sealing.json"))
    ledger = await PostgresLedger.open_writer(database, HUB, clock, sealer)
    stack.push_async_callback(ledger.close)
    enrolled = Enrolment(running)
    records = PostgresHubRecords(database, port_facts_of(region), enrolled.ports, clock)
    running.records = records
    link = await stack.enter_async_context(hub_link(folder, server, clock))
    hub = Hub(region.name, ledger, records, hub_signer(folder.path, region.name), distances_of(region), clock)
    issuer = BulletinIssuer(hub, link, enrolled.ports)
    taker = Taker(hub, link, enrolled.key, issuer.asked, issuer.wake)
    accounts = PostgresAccounts(database, HUB)
    await make_console_account(folder, ledger, accounts, clock.now())
    board = LiveRegion(_drawing(region), records, clock)
    await board.start()
    heads = HeadSigner(ledger, ledger.writer, keys.ledger_signer(folder.path, HUB), HUB, clock)
    services = HubServices(
        name={"zh": region.title.zh, "en": region.title.en},
        clock=clock,
        board=board,
        desk=HubDesk(hub, issuer.wake, taker.resume, links.secret),
        ledger=ledger,
        subjects=PostgresSubjects(database, sealer),
        tiles=ledger,
        accounts=accounts,
        hasher=Argon2Hasher(),
        messages=catalogues(),
        ledger_key=heads.public_key_bytes,
        ledger_key_id=heads.key_id,
        secret=links.secret,
        oidc=None if settings.oidc is None else load_identity_provider(settings.oidc),
        console=str(CONSOLE) if CONSOLE.is_dir() else None,
    )
    return Built(taker, issuer, board, heads, services)


def _drawing(region: RegionFile) -> RegionSetting:
    return RegionSetting(drawn_region(region), {port.name: facts_of(port) for port in region.ports})


LOOK_US = 1_000_000
"""How long the list of enrolled ports is believed before it is read again. Our choice: a revocation holds in a second;
the hub's server, besides, lets a revoked port's messages through no more."""


class Enrolment:
    """The ports that are enrolled now, and the keys of their ledgers, read from the hub's folder."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self._keys = hub.ledger_keys()
        self._read_at = hub.clock.monotonic()

    def ports(self) -> Sequence[str]:
        """Return the enrolled ports, by name."""
        return sorted(self._current())

    def key(self, port: str) -> Ed25519PublicKey | None:
        """Return the key under which a port signs its ledger's heads, None where it is not enrolled."""
        return self._current().get(port)

    def _current(self) -> dict[str, Ed25519PublicKey]:
        now = self._hub.clock.monotonic()
        if now - self._read_at >= LOOK_US:
            self._keys, self._read_at = self._hub.ledger_keys(), now
        return self._keys
