"""The hub's own nats-server: TLS from the first byte, NKeys, no storage. Edges connect to it over any network."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.hub_users import USERS_FILE, write_hub_users
from kouan.adapters.engines.nats_server import NatsChild, Ports, reload
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.engines.tcp_ports import LOOPBACK
from kouan.adapters.signing.certificates import CertificateAuthority
from kouan.adapters.signing.nkeys import open_seed, public_nkey
from kouan.vocabulary.clock import Clock

SERVER_NAME = "hub.kouan"
"""The name in the hub's certificate, which edges ask for whatever address they reach it by: the authority is the
hub's own and signs no other server, so that an address need not be known when the certificate is made."""

MAX_PAYLOAD_BYTES = 1024 * 1024
"""Longest message taken. Our choice: a batch of entries is 768 KiB at most."""

_NATS, _MONITOR = "hub_nats", "hub_monitor"


class HubServer(msgspec.Struct, frozen=True):
    """A running server of a hub."""

    tcp_port: int
    monitor_port: int
    host: str = LOOPBACK

    @property
    def url(self) -> str:
        """The address on this machine."""
        return f"tls://{self.host}:{self.tcp_port}"


def hub_authority(folder: DataFolder, clock: Clock) -> CertificateAuthority:
    """Return the authority that signs the hub's server, made at the first use."""
    return CertificateAuthority.open(folder.path / "keys" / "hub-ca.pem", "kouan hub", clock.now())


def hub_seed(folder: DataFolder) -> str:
    """Return the NKey seed of the hub's own connection, made at the first use."""
    return open_seed(folder.path / "keys" / "hub.nk")


class HubNats:
    """nats-server of a hub, on a data folder that this process owns.

    It listens at ``host`` (``0.0.0.0`` for all addresses) and ``tcp_port``; 0 takes a free one, the last time's where
    it is still free.
    """

    def __init__(self, folder: DataFolder, clock: Clock, *, host: str = LOOPBACK, tcp_port: int = 0) -> None:
        self._folder = folder
        self._clock = clock
        self._host = host
        self._tcp_port = tcp_port

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[HubServer]:
        """Run the server for the length of a block, supervised."""
        supervisor = Supervisor()
        try:
            yield await self.start(supervisor)
        finally:
            await supervisor.stop()

    async def start(self, supervisor: Supervisor) -> HubServer:
        """Start the server as the child ``hub-nats``; raise Unavailable, with its log's end, if it does not start."""
        authority = hub_authority(self._folder, self._clock)
        # Made anew at each start, so that none is ever old; edges check the authority and the name.
        certificate = authority.server((SERVER_NAME,), self._clock.now())
        self._folder.write("keys/hub-server.pem", certificate.pem)
        write_hub_users(self._folder, public_nkey(hub_seed(self._folder)))
        ports = await self._child().start(self._folder, supervisor)
        return HubServer(ports[_NATS], ports[_MONITOR], self._own_host)

    @property
    def _own_host(self) -> str:
        return LOOPBACK if self._host in ("0.0.0.0", "::") else self._host  # noqa: S104 - read, not listened at

    def _child(self) -> NatsChild:
        return NatsChild(
            name="hub-nats",
            port_names=(_NATS, _MONITOR),
            monitor=_MONITOR,
            configure=self._config,
            users_file=USERS_FILE,
            wanted={_NATS: self._tcp_port} if self._tcp_port else {},
        )

    def _config(self, ports: Ports) -> Mapping[str, Any]:
        pem = str(self._folder.path / "keys" / "hub-server.pem")
        return {
            "server_name": "kouan-hub",
            "listen": f"{self._host}:{ports[_NATS]}",
            "http": f"{LOOPBACK}:{ports[_MONITOR]}",
            "max_payload": MAX_PAYLOAD_BYTES,
            # Without handshake_first the server greets in the clear, and who sits between could take TLS away.
            "tls": {"cert_file": pem, "key_file": pem, "handshake_first": True, "min_version": "1.2"},
            # A line that is cut without a word is noticed after three unanswered pings. Our choice.
            "ping_interval": "5s",
            "ping_max": 2,
        }


async def reload_edges(folder: DataFolder) -> bool:
    """Have the hub's server follow the list of edges; say whether one runs. See ``nats_server.reload``."""
    write_hub_users(folder, public_nkey(hub_seed(folder)))
    return await reload(folder, "hub-nats", _MONITOR)
