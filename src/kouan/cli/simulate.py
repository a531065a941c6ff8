"""``kouan simulate``: a port-day in virtual time; ``kouan simulate month``: its goods for a month."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from kouan.cli import options
from kouan.cli.output import err, out, show

app = typer.Typer(
    help="Simulate a port in virtual time: its days, or its goods for a month.", invoke_without_command=True
)


@app.callback()
def simulate(
    context: typer.Context,
    port: options.Port = "ganqimaodu",
    days: Annotated[float, typer.Option(help="How many days, from the opening on; parts of one, too.", min=0.0)] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of traffic, trouble and of all that is left to chance.")] = 7,
    scenario: Annotated[str, typer.Option(help="day, calm, ordinary, rough, or a file.")] = "day",
    no_checks: Annotated[
        bool, typer.Option("--no-checks", help="Do not check the invariants after every step.")
    ] = False,
    yard: Annotated[
        bool, typer.Option("--yard", help="Let loaded lorries go on to the supervised yard and out by its exits.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Simulate days of a port in virtual time, in memory, and print what the port would have done.

    The same port, scenario, seed and version give the same ledger, byte for byte. Exit code 1 where a check that ran
    along found something that must not be.
    """
    if context.invoked_subcommand is not None:
        return
    from kouan.proving.port_day import DaySetting, simulate_day

    setting = DaySetting(port=port, scenario=scenario, seed=seed, days=days, checked=not no_checks, yard=yard)
    with Progress(console=err, transient=True, disable=json or not err.is_terminal) as bar:
        figures = simulate_day(setting, _telling(bar, f"{days:g} days of {port}"))
    if json:
        show("", figures, as_json=True)
    else:
        _print(figures)
    if figures["violations"]:
        raise typer.Exit(1)


@app.command()
def month(
    port: options.Port = "ganqimaodu",
    days: Annotated[int, typer.Option(help="How many days, from 00:00 on the first.", min=1)] = 30,
    lorries: Annotated[int, typer.Option(help="How many laden lorries come in, about, in all of them.", min=1)] = 3000,
    seed: Annotated[int, typer.Option(help="Seed of the trade, of its fraud, and of all that is left to chance.")] = 7,
    inspect_first: Annotated[
        bool, typer.Option("--inspect-first", help="Let nothing leave, or be unloaded, before its result.")
    ] = False,
    no_compare: Annotated[
        bool, typer.Option("--no-compare", help="Do not run the month again under inspect-first rules.")
    ] = False,
    before_days: Annotated[
        int, typer.Option(help="Days before the month in which targeting learns; with none it has no model.", min=0)
    ] = 0,
    no_checks: Annotated[bool, typer.Option("--no-checks", help="Do not check the invariants at every entry.")] = False,
    json: options.Json = False,
) -> None:
    """Simulate a month of a port's goods with all regimes in force, without its devices, and print what it brought.

    The same lorries are run again under inspect-first rules, for the vehicle hours that are saved. The same setting and
    version give the same ledger, byte for byte. Exit code 1 where a check found something that must not be.
    """
    from kouan.cli.month import print_month
    from kouan.proving.month.run import simulate_month
    from kouan.proving.month.setting import MonthSetting

    setting = MonthSetting(
        port=port, days=days, lorries=lorries, seed=seed, inspect_first=inspect_first, checked=not no_checks,
        before_days=before_days,
    )  # fmt: skip
    with Progress(console=err, transient=True, disable=json or not err.is_terminal) as bar:
        figures = simulate_month(setting, _telling(bar, f"{days} days of {port}"), compare=not no_compare)
    if json:
        show("", figures, as_json=True)
    else:
        print_month(figures)
    if figures["violations"] or not figures["ledger_verified"]:
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
