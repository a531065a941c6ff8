"""``kouan lane-controller``: the process that moves barriers, beside the platform."""

import asyncio
from typing import Annotated

import typer

from kouan.adapters.engines.data_folder import DataFolder
from kouan.cli import options
from kouan.cli.logs import set_up_logging
from kouan.wiring import lane_controller as controller_process
from kouan.wiring.brokers import outside_broker
from kouan.wiring.loops import run_on_loop, stop_on_signals
from kouan.wiring.port_file import load

Lanes = Annotated[str, typer.Option("--lanes", help="Names of the lanes, joined by commas; all of the port if empty.")]


def lane_controller(
    data: options.Data,
    nats: options.Nats,
    mqtt: options.Mqtt,
    broker_ca: options.BrokerCa = None,
    port: options.Port = "ganqimaodu",
    lanes: Lanes = "",
) -> None:
    """Control lanes: verify orders, write their nonces durably, open barriers, once."""
    set_up_logging()
    setting = load(port)
    names = tuple(lanes.split(",")) if lanes else setting.controlled

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        broker = outside_broker(nats, mqtt, broker_ca)
        await controller_process.serve(DataFolder(data), broker, setting.name, names, stop)

    run_on_loop(main())
