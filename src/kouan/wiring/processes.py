"""The processes beside the platform, as children that it looks after."""

import sys
from collections.abc import Sequence

from kouan.adapters.engines.child import ChildProcess, ChildSpec
from kouan.adapters.engines.data_folder import DataFolder
from kouan.wiring.port_file import path_of
from kouan.wiring.settings import BrokerSettings, RunSettings


def _argv(command: str, folder: DataFolder, broker: BrokerSettings, settings: RunSettings) -> list[str]:
    return [
        sys.executable,
        "-m",
        "kouan",
        command,
        "--data",
        str(folder.path),
        "--port",
        str(path_of(settings.port).absolute()),  # a child runs in a folder of its own
        "--nats",
        broker.nats_url,
        "--mqtt",
        f"{broker.mqtt_host}:{broker.mqtt_tcp_port}",
        *(() if broker.authority is None else ("--broker-ca", str(broker.authority.absolute()))),
    ]


def lane_controller(
    folder: DataFolder, broker: BrokerSettings, settings: RunSettings, lanes: Sequence[str]
) -> ChildProcess:
    """Return the lane controller of these lanes."""
    argv = [*_argv("lane-controller", folder, broker, settings), "--lanes", ",".join(lanes)]
    return ChildProcess(folder, ChildSpec(name="lane-controller", argv=tuple(argv)))


def field(folder: DataFolder, broker: BrokerSettings, settings: RunSettings, url: str) -> ChildProcess:
    """Return the simulated field of a demonstration."""
    argv = _argv("field", folder, broker, settings)
    argv += ["--api", url, "--seed", str(settings.seed), "--speed", str(settings.speed), "--start-open"]
    if settings.scenario is not None:
        argv += ["--scenario", settings.scenario]
    return ChildProcess(folder, ChildSpec(name="field", argv=tuple(argv)))
