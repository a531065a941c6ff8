"""What a running hub is made of: its own ledger, what it takes from the ports and tells them, and its web pages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.board.region import LiveRegion, RegionSetting
from kouan.adapters.engines.hub_nats import HubServer
from kouan.adapters.heads import HeadSigner
from kouan.adapters.ledger_mark import LedgerMark
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
from kouan.web.app import create_hub_app
from kouan.web.hub_services import HubServices
from kouan.wiring import keys, links
from kouan.wiring.hub import RunningHub
from kouan.wiring.hub_client import make_console_account
from kouan.wiring.identity import load_identity_provider
from kouan.wiring.messages import catalogues
from kouan.wiring.offline import HUB
from kouan.wiring.region_file import RegionFile, drawn_region, facts_of
from kouan.wiring.region_gate import distances_of, port_facts_of
from kouan.wiring.region_links import enrolled_edges, hub_link, hub_signer, ledger_key_of
from kouan.wiring.serving import Tell
from kouan.wiring.store import open_ledger, open_sealer
from kouan.wiring.web_serving import console, end_of, open_web

Compose = Callable[[RunningHub, str, HubServer, Tell], contextlib.AbstractAsyncContextManager["asyncio.Task[None]"]]
"""What ``serving`` is."""


@contextlib.asynccontextmanager
async def serving(hub: RunningHub, dsn: str, server: HubServer, tell: Tell) -> AsyncIterator["asyncio.Task[None]"]:
    """Build the hub from its ledger and serve; yields a task that ends with whatever ended the serving."""
    settings, folder = hub.settings, hub.folder
    async with contextlib.AsyncExitStack() as stack:
        database = Database(dsn)
        stack.push_async_callback(database.close)
        await migrate(database)
        built = await _build(hub, database, server, stack)
        address, app = (settings.host, settings.tcp_port), create_hub_app(built.services)
        opened = await open_web(stack, folder, address, app, HUB, built.parts(), built.heads)
        hub.url, hub.hub_url = opened.url, server.url
        folder.announce(url=opened.url, dsn=dsn, hub_url=server.url, region=hub.region.name)
        tell(f"open at {hub.clock.now()}")
        yield end_of(stack, opened.tasks)


class HubParts(msgspec.Struct, frozen=True):
    """The parts of a hub."""

    ledger: PostgresLedger
    mark: LedgerMark
    taker: Taker
    issuer: BulletinIssuer
    board: LiveRegion
    heads: HeadSigner
    services: HubServices

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for the hub to serve."""
        writer = self.ledger.writer
        parts = [self.taker.run(), self.issuer.run(), self.board.run(), self.heads.run()]
        return [*parts, self.mark.run(writer), writer.ended()]


async def _build(
    running: RunningHub, database: Database, server: HubServer, stack: contextlib.AsyncExitStack
) -> HubParts:
    settings, folder, clock, region = running.settings, running.folder, running.clock, running.region
    sealer = open_sealer(folder)
    ledger, mark = await open_ledger(folder, database, HUB, clock, sealer, stack)
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
        desk=HubDesk(hub, issuer.wake, taker.resume, links.secret, issuer.spread),
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
        console=console(),
    )
    return HubParts(ledger, mark, taker, issuer, board, heads, services)


def _drawing(region: RegionFile) -> RegionSetting:
    return RegionSetting(
        drawn_region(region),
        {port.name: facts_of(port) for port in region.ports},
        {port.name: port.console for port in region.ports if port.console is not None},
    )


LOOK_US = 1_000_000
"""How long the list of enrolled ports is believed before it is read again. Our choice: a revocation holds in a second;
the hub's server, besides, lets a revoked port's messages through no more."""


class Enrolment:
    """The ports that are enrolled now, and the keys of their ledgers, read from the hub's folder."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self._keys = self._read()
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
            self._keys, self._read_at = self._read(), now
        return self._keys

    def _read(self) -> dict[str, Ed25519PublicKey]:
        edges = [edge for edge in enrolled_edges(self._hub.folder) if edge.revoked_at is None]
        return {edge.port: ledger_key_of(edge) for edge in edges}
