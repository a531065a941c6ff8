"""The device network's broker: JetStream and the MQTT 3.1.1 gateway, which asks every client for a certificate."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import USERS_FILE, device_authority, write_broker_users
from kouan.adapters.engines.nats_server import NatsChild, Ports
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.engines.tcp_ports import LOOPBACK
from kouan.vocabulary.clock import Clock

MAX_PAYLOAD_BYTES = 256 * 1024
"""Longest message taken. Our choice: the largest device message is some KiB, and images do not travel here."""

HOSTS = ("broker.kouan", "localhost", LOOPBACK)
"""Names in the broker's certificate, besides the address at which devices reach it."""

_NATS, _MQTT, _MONITOR = "nats", "mqtt", "nats_monitor"


class NatsServer(msgspec.Struct, frozen=True):
    """A running nats-server; ``authority`` is the file with the certificate by which clients know it."""

    nats_port: int
    mqtt_port: int
    monitor_port: int
    authority: Path
    host: str = LOOPBACK

    @property
    def nats_url(self) -> str:
        """The address for NATS clients, without credentials."""
        return f"nats://{LOOPBACK}:{self.nats_port}"


class EmbeddedNats:
    """nats-server on a data folder that this process owns; who may connect, ``device_identities`` keeps.

    ``sync_always`` makes every stored message durable on disk before it is acknowledged, as an edge needs; without it
    the disk follows within ``sync_interval_s`` seconds, which a kill survives and a power cut does not: it loses what
    was acknowledged, or leaves files that nats-server does not read (docs/reference/durability.md). Devices reach
    it at ``host``, one address of this machine, and ``mqtt_port``; 0 takes a free tcp port, the last time's where it
    is still free.
    """

    def __init__(
        self,
        folder: DataFolder,
        *,
        sync_always: bool = True,
        sync_interval_s: int = 10,
        clock: Clock | None = None,
        host: str = LOOPBACK,
        mqtt_port: int = 0,
    ) -> None:
        self._folder = folder
        self._sync_interval = "always" if sync_always else f"{sync_interval_s}s"
        self._clock = clock or SystemClock()
        self._host = host
        self._mqtt_port = mqtt_port

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
        now = self._clock.now()
        # Made anew at each start, so that none is ever old; clients check the authority and the host.
        hosts = tuple(dict.fromkeys((*HOSTS, self._host)))
        self._folder.write("keys/broker.pem", device_authority(self._folder, now).server(hosts, now).pem)
        write_broker_users(self._folder, now)
        ports = await self._child().start(self._folder, supervisor)
        authority = self._folder.path / "keys" / "devices-ca.crt"
        return NatsServer(ports[_NATS], ports[_MQTT], ports[_MONITOR], authority, self._host)

    def _child(self) -> NatsChild:
        return NatsChild(
            name="nats",
            port_names=(_NATS, _MQTT, _MONITOR),
            monitor=_MONITOR,
            configure=self._config,
            users_file=USERS_FILE,
            wanted={_MQTT: self._mqtt_port} if self._mqtt_port else {},
        )

    def _config(self, ports: Ports) -> Mapping[str, Any]:
        keys = self._folder.path / "keys"
        return {
            "server_name": "kouan",
            "listen": f"{LOOPBACK}:{ports[_NATS]}",
            "http": f"{LOOPBACK}:{ports[_MONITOR]}",
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {"store_dir": str(self._folder.path / "nats"), "sync_interval": self._sync_interval},
            "mqtt": {
                "listen": f"{self._host}:{ports[_MQTT]}",
                "tls": {
                    "cert_file": str(keys / "broker.pem"),
                    "key_file": str(keys / "broker.pem"),
                    "ca_file": str(keys / "devices-ca.crt"),
                    # The user is the certificate's subject, whatever name and password a client sends.
                    "verify_and_map": True,
                    "min_version": "1.2",
                },
                # A session's filters share 65,535, and one more is refused: 256 each are enough for 255 filters, and
                # more in flight is no faster (measured). Our choice.
                "max_ack_pending": 256,
                # What was on its way to a client that was cut off comes again only after this. Our choice: clients
                # here acknowledge at once, so it is short.
                "ack_wait": "5s",
            },
        }
