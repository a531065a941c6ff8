"""``kouan study what-if`` and ``kouan study headline``: what would change the hours, by the flow model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from kouan.cli import options
from kouan.cli.output import err, show, show_rows
from kouan.planning.model.intervals import Interval

if TYPE_CHECKING:
    from kouan.planning.model.asked import Judged
    from kouan.planning.model.what_if import Compared

Replications = Annotated[int, typer.Option(help="Paired replications of each variant.", min=30)]
Seed = Annotated[int, typer.Option(help="Seed of all that is left to chance.")]
Files = Annotated[
    list[Path] | None, typer.Option("--file", help="A port's own export; may be repeated. Ganqimaodu's day else.")
]


def what_if(
    changes: Annotated[list[str], typer.Argument(help="As in open=07:00 lanes_in=14 slots=30min unload_min=12.")],
    files: Files = None,
    replications: Replications = 30,
    seed: Seed = 1,
    json: options.Json = False,
) -> None:
    """Say what changes would bring, with intervals; with files, the error on held-out days is printed first."""
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.asked import told
    from kouan.planning.model.plan import PortPlan
    from kouan.planning.model.what_if import changed
    from kouan.planning.model.what_if import what_if as compare

    changed(PortPlan(), changes)
    prepared()
    if not files:
        fitted: dict[str, Any] = {}
        found = compare(PortPlan(), changes, replications, seed, on_all_cores)
    else:
        plan = _judged(files, seed)
        fitted = {"back_test": msgspec.to_builtins(plan.back_test)} | {
            name: getattr(plan.fitted, name) for name in ("assumed", "elsewhere_min", "places")
        }
        if not json:
            _print_fitted(fitted)
        answered = told(plan, changes, replications, seed, on_all_cores)
        found = tuple(each.compared for each in answered.measures)
    rows = _rows(found)
    if json:
        show("", {"changes": list(changes), "replications": replications} | fitted | {"measures": rows}, as_json=True)
    else:
        _show(rows)


def headline(
    replications: Replications = 30,
    traffic: Annotated[str, typer.Option(help="Times today's traffic, joined by commas.")] = "1,3",
    seed: Seed = 1,
    json: options.Json = False,
) -> None:
    """Run the headline experiment: one stop, release first, machine review, AGVs, 24 hours, and whether each pays."""
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.headline import run
    from kouan.vocabulary.errors import InvalidValue

    try:
        times = [float(each) for each in traffic.split(",")]
    except ValueError as error:
        raise InvalidValue("traffic", "headline.traffic", "must be numbers joined by commas, as in 1,3") from error
    prepared()
    found = run(times, replications, seed, on_all_cores, lambda stage: err.print(f"[dim]{stage}[/dim]"))
    rows = [
        {"base": row.question, "change": row.change, "traffic": row.traffic, "measure": row.measure,
         "before": _said(row.before), "after": _said(row.after), "difference": _said(row.difference),
         "verdict": row.verdict}
        for row in found
    ]  # fmt: skip
    if json:
        show("", {"replications": replications, "seed": seed, "rows": rows}, as_json=True)
    else:
        _show(rows, "rows")


def optimise(
    booths: Annotated[int, typer.Option(help="Lanes of both directions together, all of them tidal.", min=2)] = 19,
    lane_hours: Annotated[int, typer.Option(help="Budget: staffed lanes times hours.", min=1)] = 160,
    appointments: Annotated[bool, typer.Option("--appointments", help="Inbound lorries may get a later slot.")] = False,
    changes: Annotated[list[str] | None, typer.Option("--with", help="Change the port first, as in traffic=2.")] = None,
    replications: Replications = 30,
    seed: Seed = 1,
    json: options.Json = False,
) -> None:
    """Find which lanes to staff in which hour, and which way the tidal ones go; the flow model says what it brings.

    The solver proves how far its plan may be from the best (gap), on lorries that flow like water; the paired
    difference to the port's own lanes is the flow model's.
    """
    from kouan.adapters.cores import on_all_cores
    from kouan.adapters.lane_planner.cp_sat import solve
    from kouan.planning.model.lane_plan import problem_of, scheduled
    from kouan.planning.model.plan import PortPlan
    from kouan.planning.model.what_if import changed, compare, replicate

    prepared()
    plan = changed(PortPlan(), changes or [])
    found = solve(problem_of(plan, booths, lane_hours, appointments=appointments))
    pair = [replicate(each, replications, seed, on_all_cores) for each in (plan, scheduled(plan, found))]
    rows = _rows(compare(*pair))
    hours = [
        {"hour": hour, "lanes_in": found.lanes_in[hour], "lanes_out": found.lanes_out[hour],
         "deferred": found.deferred[hour]}
        for hour in range(24) if found.lanes_in[hour] or found.lanes_out[hour]
    ]  # fmt: skip
    figures = {"lane_hours": found.lane_hours, "line_lorry_hours": found.cost, "bound": found.bound, "gap": found.gap}
    if json:
        show("", figures | {"hours": hours, "measures": rows}, as_json=True)
        return
    show_rows("hours", hours, as_json=False)
    show("The solver's plan", figures, as_json=False)
    _show(rows)


def prepared() -> None:
    """Prepare the event loop, and say so where this machine has to compile it first."""
    from kouan.planning.model.run import is_prepared, prepare

    if not is_prepared():
        err.print("[dim]Compiling the flow model, once on this machine: some ten seconds…[/dim]")
    prepare()


def _judged(files: Sequence[Path], seed: int) -> "Judged":
    from kouan.adapters.cores import on_all_cores
    from kouan.adapters.study.gathering import gather
    from kouan.adapters.study.kept import KeptNothing
    from kouan.planning.model.asked import judged
    from kouan.planning.study.bridge import traffic_of
    from kouan.planning.study.studying import study_of

    gathered = gather(files, KeptNothing(), lambda _, mapping: mapping, lambda *_: None)
    return judged(traffic_of(study_of(gathered), port="files"), on_all_cores, seed)


def _print_fitted(fitted: Mapping[str, Any]) -> None:
    test = fitted["back_test"]
    show_rows("held-out days", test["days"], as_json=False)
    figures = {"mean absolute error": test["absolute"], "not explained, min": fitted["elsewhere_min"]}
    show("The model on days that it has not seen", figures, as_json=False)
    err.print(f"[yellow]Not in the files: {', '.join(fitted['assumed']) or 'nothing'}[/yellow]")


def _rows(found: Sequence["Compared"]) -> list[dict[str, Any]]:
    return [
        {"measure": each.measure, "before": _said(each.before), "after": _said(each.after),
         "difference": _said(each.difference), "certain": each.certain}
        for each in found
    ]  # fmt: skip


def _show(rows: Sequence[Mapping[str, Any]], title: str = "measures") -> None:
    show_rows(title, [{name: _text(value) for name, value in row.items()} for row in rows], as_json=False)


def _said(found: Interval) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})"
    return str(value)
