"""``kouan prove durability``: power cuts, flipped bits and lying disks under a port on its real engines."""

import signal
from typing import Annotated

import typer

from kouan.cli import options
from kouan.cli.output import err, show


def durability(
    kills: Annotated[int, typer.Option(help="Power cuts; from 100 on, every kind of flip and control.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="Seed of all chance.")] = 7,
    control: Annotated[
        bool, typer.Option("--control/--no-control", help="Run the controls, on disks that lie about syncs.")
    ] = True,
    strict: Annotated[
        bool, typer.Option("--strict", help="Names are durable only once their folder is synced, as POSIX has it.")
    ] = False,
    broker_only: Annotated[
        bool,
        typer.Option("--broker-only", help="Only the broker loses power: a cut a second, and one control."),
    ] = False,
    speed: Annotated[float, typer.Option(help="Speed of the simulated field.")] = 16.0,
    json: options.Json = False,
) -> None:
    """Cut the power under a port at work, again and again; exit 1 where anything acknowledged is lost."""
    from kouan.proving.durability.broker_experiment import BrokerSetting, run_broker_experiment
    from kouan.proving.durability.experiment import DurabilitySetting, figures, run_experiment
    from kouan.proving.durability.names import Promise

    def tell(stage: str) -> None:
        err.print(f"[dim]{stage}[/dim]")

    # An experiment that is ended takes its port and its disk with it, and says what it found, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    promise = Promise.STRICT if strict else Promise.JOURNALLED
    if broker_only:
        found = run_broker_experiment(BrokerSetting(kills=kills, seed=seed, control=control, promise=promise), tell)
    else:
        setting = DurabilitySetting(kills=kills, seed=seed, control=control, promise=promise, speed=speed)
        found = figures(setting, run_experiment(setting, tell))
    if json:
        show("", found, as_json=True)
    else:
        for line in found["broken"]:
            err.print(f"[red]{line}[/red]")
        rows = {name: value for name, value in found.items() if name not in {"detail", "environment", "broken"}}
        show("Power cuts", rows, as_json=False)
    raise typer.Exit(0 if found["held"] else 1)
