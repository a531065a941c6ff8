"""How one kouan is to run: read once, from the command line and the environment, and handed on."""

import dataclasses
from pathlib import Path

from kouan.adapters.engines.data_folder import default_path


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How ``kouan run`` is to run.

    ``database`` and ``nats`` are addresses of outside servers, None for the embedded ones. ``speed`` is that of the
    simulated field, which is started only in a ``demo``, and there only with ``field``. ``oidc`` is a file that
    describes an identity provider. ``tcp_port`` 0 takes a free one. ``hub`` is the address of the region's hub
    (``tls://host:port``), None for a port that has none; ``credentials`` the file of the bundle that the hub gave this
    port at its enrolment. Devices reach the embedded broker at ``devices_host`` and ``devices_tcp_port``.
    """

    port: str = "ganqimaodu"
    data: Path = dataclasses.field(default_factory=default_path)
    database: str | None = dataclasses.field(default=None, repr=False)
    nats: str | None = None
    mqtt: str | None = None
    broker_ca: Path | None = None
    devices_host: str = "127.0.0.1"
    devices_tcp_port: int = 0
    host: str = "127.0.0.1"
    tcp_port: int = 0
    demo: bool = False
    field: bool = True
    speed: float = 1.0
    seed: int = 7
    scenario: str | None = None
    oidc: Path | None = None
    hub: str | None = None
    credentials: Path | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class HubSettings:
    """How ``kouan run --role hub`` is to run.

    ``region`` is the region's file, None for the one that comes with kouan. The hub's server listens for edges at
    ``hub_host`` and ``hub_tcp_port``, its web application at ``host`` and ``tcp_port``; 0 takes a free one.
    """

    data: Path = dataclasses.field(default_factory=default_path)
    region: Path | None = None
    database: str | None = dataclasses.field(default=None, repr=False)
    host: str = "127.0.0.1"
    tcp_port: int = 0
    hub_host: str = "127.0.0.1"
    hub_tcp_port: int = 0
    oidc: Path | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """Where the device network's broker is; keys and certificates are read from the data folder.

    ``authority`` is the certificate that signed an outside broker's, None for the device network's own authority.
    """

    nats_url: str
    mqtt_host: str
    mqtt_tcp_port: int
    authority: Path | None = None
