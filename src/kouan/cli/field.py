"""``kouan field``: the simulated field around a port, as a process of its own."""

import asyncio
import json
import sys
from typing import Annotated

import msgspec
import typer

from kouan.adapters.engines.data_folder import DataFolder
from kouan.cli import options
from kouan.cli.logs import set_up_logging
from kouan.simulator.field import Summary
from kouan.wiring import field as field_process
from kouan.wiring.brokers import outside_broker
from kouan.wiring.loops import run_on_loop, stop_on_signals
from kouan.wiring.port_file import path_of


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
