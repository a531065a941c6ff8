"""``kouan bench``: measures of speed, each on engines of its own."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kouan.cli import bench_inspection, options
from kouan.cli.output import err, show, show_rows
from kouan.vocabulary.errors import InvalidValue

app = typer.Typer(help="Measure how fast kouan is on this machine.", no_args_is_help=True)


app.add_typer(bench_inspection.app, name="inspection")


@app.callback()
def bench() -> None:
    """Measure how fast kouan is on this machine."""


@app.command()
def gate(
    seconds: Annotated[float, typer.Option(help="Seconds for each rate, and for the saturation.", min=0.5)] = 10.0,
    rates: Annotated[str, typer.Option(help="Passages a second, joined by commas.")] = "1.8,18,180",
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave out latency, saturation, floor, dbos or run; may be repeated.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Measure the gate: latency of orders, passages at saturation, storage floor, DBOS, first cleared lorry."""
    from kouan.proving.bench_gate.figures import PARTS, BenchSetting, measure

    chosen = frozenset(skip or ())
    if not chosen <= set(PARTS):
        raise InvalidValue("skip", "bench.skip", f"must be of {', '.join(PARTS)}")
    setting = BenchSetting(seconds=seconds, rates=_rates(rates), skip=chosen)

    def tell(stage: str) -> None:
        err.print(f"[dim]{stage}[/dim]")

    figures = asyncio.run(measure(setting, tell))
    if json:
        show("", figures, as_json=True)
    else:
        _print(figures)


@app.command()
def access(
    batches: Annotated[int, typer.Option(help="Batches of a thousand decisions.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Seed of what is asked.")] = 1,
    json: options.Json = False,
) -> None:
    """Measure how long need to know takes to decide, in nanoseconds of processor time."""
    from kouan.proving.bench_access import BenchSetting, measure

    figures = measure(BenchSetting(batches=batches, seed=seed))
    rows = {name: value for name, value in figures.items() if name != "environment"}
    show("Need to know on this machine", figures if json else rows, as_json=json)


@app.command()
def fleet(
    skip: Annotated[list[str] | None, typer.Option(help="Leave out tandem, line or locking; may be repeated.")] = None,
    seeds: Annotated[int, typer.Option(help="Seeds of each grid in which traffic may lock.", min=1)] = 20,
    rounds: Annotated[float, typer.Option(help="Rounds for which stations in a row are counted.", min=1)] = 8.0,
    line_rounds: Annotated[float, typer.Option(help="Rounds for which the line is counted.", min=1)] = 3.0,
    json: options.Json = False,
) -> None:
    """Measure the fleet's traffic: throughput against its bound and exclusive cells, and layouts that lock.

    Ends with exit code 1 where a job of a layout was never done.
    """
    from kouan.proving.bench_fleet.figures import PARTS, BenchSetting, measure

    chosen = frozenset(skip or ())
    if not chosen <= set(PARTS):
        raise InvalidValue("skip", "bench.skip", f"must be of {', '.join(PARTS)}")
    setting = BenchSetting(skip=chosen, seeds=seeds, rounds=rounds, line_rounds=line_rounds)

    def tell(stage: str) -> None:
        err.print(f"[dim]{stage}[/dim]")

    figures = measure(setting, tell)
    if json:
        show("", figures, as_json=True)
    else:
        for part, rows in figures.items():
            show_rows(part, rows, as_json=False)
    if any(row["done"] < row["total"] for row in figures.get("locking", ())):
        raise typer.Exit(1)


@app.command()
def targeting(
    seeds: Annotated[str, typer.Option("--seed", help="Seeds of the simulated trade, joined by commas.")] = "1,2,3",
    months: Annotated[int, typer.Option(help="Months of trade for each seed; it drifts in the last.", min=6)] = 7,
    json: options.Json = False,
) -> None:
    """Measure what targeting finds of planted fraud, against chance, a look-up and rules, and if it notices drift."""
    from kouan.adapters.clock import SystemClock
    from kouan.adapters.learning.boosting import Boosting
    from kouan.proving.bench_targeting.figures import BenchSetting, measure
    from kouan.wiring.targeting import shipped_rules

    setting = BenchSetting(seeds=tuple(_seeds(seeds)), months=months)
    figures = measure(
        setting, Boosting(), shipped_rules(), SystemClock(), lambda stage: err.print(f"[dim]{stage}[/dim]")
    )
    show("Targeting on a simulated trade", figures if json else figures["summary"], as_json=json)
    if not figures["summary"]["reached"]:
        raise typer.Exit(1)


@app.command()
def planner(
    vehicles: Annotated[int, typer.Option(help="Vehicles that the flow model runs.", min=1000)] = 2_000_000,
    seed: Annotated[int, typer.Option(help="Seed of all that is left to chance.")] = 1,
    json: options.Json = False,
) -> None:
    """Measure the flow model's events a second on one core and on all, beside SimPy and Ciw on the same lanes."""
    from kouan.adapters.clock import SystemClock
    from kouan.adapters.cores import on_all_cores
    from kouan.proving.planner.bench import BenchSetting, measure

    setting = BenchSetting(vehicles=vehicles, seed=seed)
    figures = measure(setting, on_all_cores, SystemClock(), lambda stage: err.print(f"[dim]{stage}[/dim]"))
    if json:
        show("", figures, as_json=True)
        return
    show("The flow model on this machine", {name: figures[name] for name in figures if name != "peers"}, as_json=False)
    for peer, found in figures["peers"].items():
        show(peer, found, as_json=False)


@app.command()
def study(
    rows: Annotated[int, typer.Option(help="Rows of the sample, of all its files together.", min=1000)] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 1,
    gib: Annotated[float, typer.Option(help="Study a file of so many GiB, too, and measure its memory.", min=0)] = 0.0,
    json: options.Json = False,
) -> None:
    """Measure a study of exports: seconds, memory, and how much of the truth it finds."""
    from kouan.adapters.clock import SystemClock
    from kouan.proving.bench_study.figures import BenchSetting, measure

    setting = BenchSetting(rows=rows, seed=seed, gib=gib)
    figures = measure(setting, SystemClock(), lambda stage: err.print(f"[dim]{stage}[/dim]"))
    show("A study on this machine", figures, as_json=json)
    if not figures["reached"]:
        raise typer.Exit(1)


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidValue("seed", "bench.seed", "must be whole numbers joined by commas, as in 1,2,3") from error


def _rates(text: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidValue("rates", "bench.rates", "must be numbers joined by commas, as in 1.8,18,180") from error
    if not all(0 < rate <= 1000 for rate in found):
        raise InvalidValue("rates", "bench.rates", "must each be above 0 and at most 1000")
    return found


def _print(figures: Mapping[str, Any]) -> None:
    rows = {name: value for name, value in figures.items() if name not in {"detail", "environment"}}
    show("The gate on this machine", rows, as_json=False)
    show("Measured on", figures["environment"], as_json=False)
