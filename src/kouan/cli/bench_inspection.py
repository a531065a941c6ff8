"""``kouan bench inspection``: measures of joint inspection."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kouan.cli import options
from kouan.cli.output import err, show

app = typer.Typer(help="Measure joint inspection on this machine.")


def _stage(text: str) -> None:
    err.print(f"[dim]{text}[/dim]")


@app.callback(invoke_without_command=True)
def inspection(context: typer.Context, json: options.Json = False) -> None:
    """Measure joint inspection on this machine: what ``tables`` and ``bays`` measure, one after the other."""
    if context.invoked_subcommand is not None:
        return
    found = {"tables": _tables(), "bays": _bays()}
    if json:
        show("", found, as_json=True)
    else:
        _show_tables(found["tables"])
        _show_bays(found["bays"])
    if not found["tables"]["reached"] or found["bays"]["plan"]["median_s"] > found["bays"]["plan"]["goal_s"]:
        raise typer.Exit(1)


@app.command()
def bays(
    days: Annotated[int, typer.Option(help="Simulated days, each with a seed of its own.", min=2)] = 20,
    vehicles: Annotated[int, typer.Option(help="Vehicles sent to the yard a day, on the average.", min=1)] = 130,
    full_days: Annotated[int, typer.Option(help="Days more on which the yard is saturated.", min=2)] = 3,
    full_vehicles: Annotated[int, typer.Option(help="Vehicles sent to the saturated yard a day.", min=1)] = 220,
    seed: Annotated[int, typer.Option(help="The first day's seed.")] = 1,
    json: options.Json = False,
) -> None:
    """Measure waiting and turnover of planned bays against first come, first served, and a plan's time."""
    figures = _bays(days, vehicles, full_days, full_vehicles, seed)
    if json:
        show("", figures, as_json=True)
    else:
        _show_bays(figures)


@app.command()
def tables(
    rows: Annotated[int, typer.Option(help="Rows of each table.", min=1, max=1000)] = 200,
    orders: Annotated[int, typer.Option(help="Control orders in force.", min=0)] = 10_000,
    lorries: Annotated[int, typer.Option(help="Lorries that are decided on.", min=100)] = 400,
    json: options.Json = False,
) -> None:
    """Measure what decision tables add to the gate's decision, and how fast lots move through release."""
    figures = _tables(rows, orders, lorries)
    if json:
        show("", figures, as_json=True)
    else:
        _show_tables(figures)
    if not figures["reached"]:
        raise typer.Exit(1)


def _bays(
    days: int = 20, vehicles: int = 130, full_days: int = 3, full_vehicles: int = 220, seed: int = 1
) -> Mapping[str, Any]:
    from kouan.adapters.bay_planner.cp_sat import solve
    from kouan.adapters.clock import SystemClock
    from kouan.proving.bench_bays.figures import BenchSetting, measure
    from kouan.simulator.port_file import load_port
    from kouan.wiring.examination import shipped_roster, shipped_rules
    from kouan.wiring.port_file import path_of

    port = "ganqimaodu"
    setting = BenchSetting(days, vehicles, full_days, full_vehicles, seed)
    field, roster = load_port(path_of(port)), shipped_roster(port)
    return measure(setting, field, roster, shipped_rules(), solve, SystemClock(), _stage)


def _tables(rows: int = 200, orders: int = 10_000, lorries: int = 400) -> Mapping[str, Any]:
    from kouan.proving.bench_tables.figures import BenchSetting, measure

    return asyncio.run(measure(BenchSetting(rows=rows, orders=orders, lorries=lorries), _stage))


def _show_bays(figures: Mapping[str, Any]) -> None:
    show("Ratio to first come, first served", figures["ratio_to_first_come"], as_json=False)
    show("The same where the yard is saturated", figures["saturated"]["ratio_to_first_come"], as_json=False)
    show("The same where every bay has everything", figures["every_bay_alike"]["ratio_to_first_come"], as_json=False)
    show("A plan of many vehicles", figures["plan"], as_json=False)


def _show_tables(figures: Mapping[str, Any]) -> None:
    show("Decision tables at the gate", figures, as_json=False)
