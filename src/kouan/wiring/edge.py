"""What makes a port an edge: its ledger is forwarded to the hub of its region, and it keeps what the hub tells it."""

import contextlib
from collections.abc import Coroutine
from typing import Any, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.heads import Standings
from kouan.adapters.network.forwarder import POLL_S, Forwarder
from kouan.adapters.network.keeper import BulletinKeeper
from kouan.adapters.network.listener import HubListener
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.network import PostgresEdgeRecords
from kouan.adapters.signing.files import public_path
from kouan.ledger.roles import Ledger
from kouan.network.records import EdgeRecords
from kouan.protocols.link import Link
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring import keys
from kouan.wiring.region_links import edge_link, load_credentials
from kouan.wiring.settings import RunSettings


class WrittenLedger(Ledger, Protocol):
    """A ledger that this process writes."""

    @property
    def writer(self) -> Standings:
        """Who knows where the ledger stands after the last commit."""
        ...


class HubIdentity(msgspec.Struct, frozen=True):
    """Whose word a port believes: the region, and the key under which its hub signs."""

    region: str
    key_id: str
    key: Ed25519PublicKey


class Edge(msgspec.Struct, frozen=True):
    """The parts of a port that speak with its hub."""

    forwarder: Forwarder
    keeper: BulletinKeeper
    listener: HubListener

    def standing(self) -> dict[str, Any]:
        """Return how far the ledger is at the hub, as the API shows it."""
        found: dict[str, Any] = msgspec.to_builtins(self.forwarder.progress)
        return found

    def parts(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Return what must run beside the port's other parts."""
        return self.forwarder.run(), self.listener.run()


async def open_edge(
    port: str,
    hub: HubIdentity,
    ledger: WrittenLedger,
    records: EdgeRecords,
    link: Link,
    clock: Clock,
    poll_s: float = POLL_S,
) -> Edge:
    """Return a port's edge with the bulletins that it kept; the hub need not be there."""
    key = (hub.key_id, hub.key)
    keeper = BulletinKeeper(hub.region, port, ledger, records, key, clock)
    await keeper.start()
    forwarder = Forwarder(port, ledger, ledger.writer, link, records, key, clock, keeper.versions, poll_s)
    return Edge(forwarder, keeper, HubListener(link, forwarder, keeper))


async def join_hub(
    settings: RunSettings,
    folder: DataFolder,
    port: str,
    database: Database,
    ledger: PostgresLedger,
    clock: Clock,
    stack: contextlib.AsyncExitStack,
) -> Edge | None:
    """Return the edge of a live port, None where it has no hub; the hub need not be there.

    Raises NotFound, NotAllowed, Corrupt or InvalidValue where the bundle is not one of this port's.
    """
    if settings.hub is None:
        return None
    public_key = public_path(folder.path / "keys" / "ledger.pem")
    keys.ledger_signer(folder.path, port)
    if settings.credentials is None:
        raise NotFound(f"an edge needs the bundle of its enrolment (--credentials): enrol it with {public_key}")
    bundle = load_credentials(settings.credentials)
    if bundle.port != port:
        raise InvalidValue("credentials", "edge.port", f"must be of {port}, not of {bundle.port}")
    link = await stack.enter_async_context(edge_link(bundle, settings.hub))
    identity = HubIdentity(bundle.region, bundle.hub_key_id, bundle.hub_public_key)
    return await open_edge(port, identity, ledger, PostgresEdgeRecords(database, port), link, clock)
