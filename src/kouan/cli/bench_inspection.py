"""``kouan bench inspection``: measures of joint inspection."""

import asyncio
from typing import Annotated

import typer

from kouan.cli import options
from kouan.cli.output import err, show

app = typer.Typer(help="Measure joint inspection on this machine.", no_args_is_help=True)


@app.callback()
def inspection() -> None:
    """Measure joint inspection on this machine."""


@app.command()
def bays(
    days: Annotated[int, typer.Option(help="Simulated days, each with a seed of its own.", min=2)] = 20,
    vehicles: Annotated[int, typer.Option(help="Vehicles sent to the yard a day, on the average.", min=1)] = 130,
    seed: Annotated[int, typer.Option(help="The first day's seed.")] = 1,
    json: options.Json = False,
) -> None:
    """Measure waiting and turnover of planned bays against first come, first served, and a plan's time."""
    from kouan.adapters.bay_planner.cp_sat import solve
    from kouan.adapters.clock import SystemClock
    from kouan.proving.bench_bays.figures import BenchSetting, measure
    from kouan.simulator.port_file import load_port
    from kouan.wiring.examination import shipped_roster, shipped_rules
    from kouan.wiring.port_file import path_of

    port = "ganqimaodu"
    figures = measure(
        BenchSetting(days=days, vehicles=vehicles, seed=seed),
        load_port(path_of(port)),
        shipped_roster(port),
        shipped_rules(),
        solve,
        SystemClock(),
        lambda stage: err.print(f"[dim]{stage}[/dim]"),
    )
    if json:
        show("", figures, as_json=True)
        return
    show("Ratio to first come, first served", figures["ratio_to_first_come"], as_json=False)
    show("A plan of many vehicles", figures["plan"], as_json=False)


@app.command()
def tables(
    rows: Annotated[int, typer.Option(help="Rows of each table.", min=1, max=1000)] = 200,
    orders: Annotated[int, typer.Option(help="Control orders in force.", min=0)] = 10_000,
    lorries: Annotated[int, typer.Option(help="Lorries that are decided on.", min=100)] = 400,
    json: options.Json = False,
) -> None:
    """Measure what decision tables add to the gate's decision, and how fast lots move through release."""
    from kouan.proving.bench_tables.figures import BenchSetting, measure

    setting = BenchSetting(rows=rows, orders=orders, lorries=lorries)
    figures = asyncio.run(measure(setting, lambda stage: err.print(f"[dim]{stage}[/dim]")))
    show("Decision tables at the gate", figures, as_json=json)
    if not figures["reached"]:
        raise typer.Exit(1)
