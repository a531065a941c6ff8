"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from kouan.adapters.engines.data_folder import default_path

Port = Annotated[str, typer.Option("--port", help="A port that comes with kouan, or the path of a port file.")]
Data = Annotated[
    Path, typer.Option("--data", help="Folder with everything that this port keeps.", default_factory=default_path)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Nats = Annotated[str, typer.Option("--nats", help="Address of the NATS server, as in nats://host:4222.")]
BrokerCa = Annotated[Path | None, typer.Option("--broker-ca", help="Certificate that signed an outside broker's own.")]
Mqtt = Annotated[str, typer.Option("--mqtt", help="Address of its MQTT gateway, as in host:8883.")]
