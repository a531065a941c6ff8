"""How one kouan is to run: read once, from the command line and the environment, and handed on."""

import dataclasses
from pathlib import Path

from kouan.adapters.engines.data_folder import default_path


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How ``kouan run`` is to run.

    ``database`` and ``nats`` are addresses of outside servers, None for the embedded ones. ``speed`` is that of the
    simulated field, which runs only in a ``demo``. ``oidc`` is a file that describes an identity provider.
    ``tcp_port`` 0 takes a free one.
    """

    port: str = "ganqimaodu"
    data: Path = dataclasses.field(default_factory=default_path)
    database: str | None = None
    nats: str | None = None
    mqtt: str | None = None
    host: str = "127.0.0.1"
    tcp_port: int = 0
    demo: bool = False
    speed: float = 1.0
    seed: int = 7
    scenario: str | None = None
    oidc: Path | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """Where the device network's broker is; passwords are read from the data folder's ``secrets``."""

    nats_url: str
    mqtt_host: str
    mqtt_tcp_port: int
