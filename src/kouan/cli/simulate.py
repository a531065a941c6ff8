"""``kouan simulate``: a port-day in virtual time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from kouan.cli import options
from kouan.cli.output import err, out, show


def simulate(
    port: options.Port = "ganqimaodu",
    days: Annotated[float, typer.Option(help="How many days, from the opening on; parts of one, too.", min=0.0)] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of traffic, trouble and of all that is left to chance.")] = 7,
    scenario: Annotated[str, typer.Option(help="day, calm, ordinary, rough, or a file.")] = "day",
    no_checks: Annotated[
        bool, typer.Option("--no-checks", help="Do not check the invariants after every step.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Simulate days of a port in virtual time, in memory, and print what the port would have done.

    The same port, scenario, seed and version give the same ledger, byte for byte. Exit code 1 where a check that ran
    along found something that must not be.
    """
    from kouan.proving.port_day import DaySetting, simulate_day

    setting = DaySetting(port=port, scenario=scenario, seed=seed, days=days, checked=not no_checks)
    with Progress(console=err, transient=True, disable=json or not err.is_terminal) as bar:
        figures = simulate_day(setting, _telling(bar, f"{days:g} days of {port}"))
    if json:
        show("", figures, as_json=True)
    else:
        _print(figures)
    if figures["violations"]:
        raise typer.Exit(1)


def _telling(bar: Progress, what: str) -> Callable[[float], None]:
    task = bar.add_task(what, total=1.0)
    return lambda share: bar.update(task, completed=share)


def _print(figures: Mapping[str, Any]) -> None:
    rows = {name: value for name, value in figures.items() if not isinstance(value, list)}
    show("What the port would have done", rows, as_json=False)
    _print_queues(figures["queue_peaks"])
    for violation in figures["violation_texts"]:
        err.print(f"[red]{violation}[/red]")


def _print_queues(peaks: Sequence[Mapping[str, int]]) -> None:
    table = Table(title="Longest queues", title_justify="left", box=None)
    for name in ("hour", "in", "out"):
        table.add_column(name, justify="right")
    for peak in peaks:
        if peak["in"] or peak["out"]:
            table.add_row(*(str(peak[name]) for name in ("hour", "in", "out")))
    out.print(table)
