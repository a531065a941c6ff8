"""Edge and hub on one wire: who is enrolled, by what they prove it, and the links between them.

keys/hub.pem        the hub's signatures on bulletins and witnessed heads: ``hub:<region>``
keys/hub-ca.pem     the authority behind the hub's TLS certificate
keys/hub.nk         the hub's own NKey at its server
hub-edges.json      every edge that was ever enrolled, with its ledger's public key

A person at the hub is given an edge's ledger key (``keys/ledger.pem.pub`` of that edge) and hands back the bundle.
"""

import contextlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.engines import hub_users
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.hub_nats import SERVER_NAME, HubServer, hub_authority, hub_seed, reload_edges
from kouan.adapters.engines.hub_users import FROM_EDGE, TO_EDGE, EnrolledEdge
from kouan.adapters.nats.core_link import CoreLink, NKeyAddress
from kouan.adapters.signing.certificates import tls_context
from kouan.adapters.signing.files import open_signer, parse_public_key, public_pem
from kouan.adapters.signing.nkeys import new_seed, public_nkey
from kouan.protocols.jws import PrivateKeySigner
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Corrupt, InvalidValue, NotAllowed, NotFound
from kouan.vocabulary.places import PortName

REGION = "inner-mongolia"
"""The region whose hub this is, where none is named: ``name`` in ports/region.toml."""


def hub_key(region: str) -> str:
    """Return the key id under which a region's hub signs."""
    return f"hub:{region}"


def hub_signer(data: Path, region: str = REGION) -> PrivateKeySigner:
    """Return the hub's signer, made at the first use."""
    return open_signer(data / "keys" / "hub.pem", hub_key(region))


class EdgeCredentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bundle that an edge is given at its enrolment: whom it is, and by what it knows the hub. A secret."""

    region: str
    port: str
    seed: str
    authority_pem: str
    server_name: str
    hub_key_pem: str

    def __repr__(self) -> str:
        return f"EdgeCredentials(region={self.region!r}, port={self.port!r})"

    @property
    def hub_key_id(self) -> str:
        """The key id under which the hub signs."""
        return hub_key(self.region)

    @property
    def hub_public_key(self) -> Ed25519PublicKey:
        """The key with which the hub's signatures are checked."""
        return parse_public_key(self.hub_key_pem.encode(), "the edge's bundle")


def load_credentials(path: Path) -> EdgeCredentials:
    """Return the bundle in a file; raise NotFound, NotAllowed where others may read it, or Corrupt."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no bundle {path}: enrol this port at the hub first") from error
    if mode & 0o077:
        raise NotAllowed(f"{path} may be read by others (mode {mode:04o}): set it to 0600, and enrol the edge anew")
    try:
        return msgspec.json.decode(content, type=EdgeCredentials)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"{path} is no bundle of an edge: {error}") from error


def write_credentials(credentials: EdgeCredentials, file: BinaryIO) -> None:
    """Write a bundle to a file that ``new_secret`` has opened."""
    file.write(msgspec.json.format(msgspec.json.encode(credentials), indent=1) + b"\n")


async def enrol_edge(
    folder: DataFolder, port: str, ledger_key: Ed25519PublicKey, clock: Clock, region: str = REGION
) -> EdgeCredentials:
    """Enrol a port's edge at the hub on this data, whether it runs or not; return its bundle, which is kept nowhere.

    Raises Conflict where the port is enrolled already, Unavailable where a running server does not follow.
    """
    port, seed = str(PortName.parse(port)), new_seed()
    credentials = EdgeCredentials(
        region=region,
        port=port,
        seed=seed,
        authority_pem=hub_authority(folder, clock).certificate_pem.decode("ascii"),
        server_name=SERVER_NAME,
        hub_key_pem=public_pem(hub_signer(folder.path, region).public_key).decode("ascii"),
    )
    pem = public_pem(ledger_key).decode("ascii")
    now = clock.now()
    hub_users.add_edge(folder, EnrolledEdge(port=port, nkey=public_nkey(seed), ledger_key_pem=pem, enrolled_at=now))
    await reload_edges(folder)
    return credentials


async def revoke_edge(folder: DataFolder, port: str, clock: Clock) -> EnrolledEdge:
    """Revoke a port's edge at the hub on this data; a connection that it has is closed when this returns.

    Raises NotFound where the port is not enrolled, Unavailable where a running server does not follow.
    """
    ended = hub_users.end_edge(folder, port, clock.now())
    await reload_edges(folder)
    return ended


def enrolled_edges(folder: DataFolder) -> tuple[EnrolledEdge, ...]:
    """Return every edge that was ever enrolled at the hub on this data, in that order, revoked ones included."""
    return hub_users.roster(folder).items()


def ledger_key_of(edge: EnrolledEdge) -> Ed25519PublicKey:
    """Return the key under which an edge signs its ledger's heads."""
    return parse_public_key(edge.ledger_key_pem.encode(), "the hub's list of edges")


@contextlib.asynccontextmanager
async def edge_link(credentials: EdgeCredentials, hub_url: str) -> AsyncIterator[CoreLink]:
    """Open an edge's link to its hub at ``tls://host:port``; it connects when it can, again and again."""
    _require_address(hub_url)
    address = NKeyAddress(hub_url, credentials.server_name, tls_context(credentials.authority_pem), credentials.seed)
    async with CoreLink(address, f"edge {credentials.port}", subscriptions=_topics(credentials.port, TO_EDGE)) as link:
        yield link


@contextlib.asynccontextmanager
async def hub_link(folder: DataFolder, broker: HubServer, clock: Clock) -> AsyncIterator[CoreLink]:
    """Open the hub's link to its own server: what every edge sends comes in, what it sends goes to one edge."""
    authority_pem = hub_authority(folder, clock).certificate_pem.decode("ascii")
    address = NKeyAddress(broker.url, SERVER_NAME, tls_context(authority_pem), hub_seed(folder))
    async with CoreLink(address, "hub", subscriptions=_topics("+", FROM_EDGE)) as link:
        yield link


def _require_address(hub_url: str) -> None:
    """Raise InvalidValue for what is no address of a hub."""
    parts = urlsplit(hub_url)
    try:
        whole = parts.scheme == "tls" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, or above 65,535
        whole = False
    if not whole:
        raise InvalidValue("hub", "settings.hub", "must be an address as in tls://host:4223")


def _topics(port: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"kouan/{port}/hub/{channel}" for channel in channels)
