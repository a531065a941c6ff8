"""The processes beside the platform: ``kouan lane-controller`` and ``kouan field``."""

import asyncio
import json
import signal
import sys
from typing import Annotated

import msgspec
import typer

from kouan.adapters.engines.data_folder import DataFolder
from kouan.cli import options
from kouan.cli.logs import set_up_logging
from kouan.simulator.field import Summary
from kouan.wiring import field as field_process
from kouan.wiring import lane_controller as controller_process
from kouan.wiring.links import outside_broker
from kouan.wiring.loops import run_on_loop
from kouan.wiring.port_file import load, path_of

Lanes = Annotated[str, typer.Option("--lanes", help="Names of the lanes, joined by commas; all of the port if empty.")]


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set ``stop`` at Ctrl-C and at SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


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
    names = tuple(lanes.split(",")) if lanes else tuple(lane.name for lane in setting.lanes)

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        broker = outside_broker(nats, mqtt, broker_ca)
        await controller_process.serve(DataFolder(data), broker, setting.name, names, stop)

    run_on_loop(main())


def field(
    data: options.Data,
    nats: options.Nats,
    mqtt: options.Mqtt,
    api: Annotated[str, typer.Option("--api", help="Address of the port's API.")],
    broker_ca: options.BrokerCa = None,
    port: options.Port = "ganqimaodu",
    scenario: Annotated[str | None, typer.Option(help="How much goes wrong; the port file's own if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all chance in the field.")] = 7,
    speed: Annotated[float, typer.Option(help="Seconds of the field in one of the wall clock.")] = 1.0,
    start_open: Annotated[
        bool, typer.Option("--start-open", help="Begin as at opening time, whatever the clock.")
    ] = False,
) -> None:
    """Simulate the field around a port: lorries, devices, agencies, traders and officers on the real protocols."""
    set_up_logging()

    def tell(summary: Summary) -> None:
        sys.stdout.write(json.dumps(msgspec.to_builtins(summary)) + "\n")
        sys.stdout.flush()

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await field_process.serve(
            DataFolder(data),
            outside_broker(nats, mqtt, broker_ca),
            path_of(port),
            api,
            stop,
            tell,
            scenario=scenario,
            seed=seed,
            speed=speed,
            start_open=start_open,
        )

    run_on_loop(main())
