"""``kouan study what-if``, ``headline`` and ``optimise``: what would change the hours, by the flow model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from kouan.cli import options
from kouan.cli.output import err, show, show_rows
from kouan.cli.study_reading import Excel, Language, Report, Yes, require_language, studied, write
from kouan.planning.study.report.answered import line_h
from kouan.vocabulary.errors import InvalidValue

if TYPE_CHECKING:
    from kouan.planning.model.asked import Judged, Told
    from kouan.planning.model.intervals import Interval
    from kouan.planning.model.what_if import Answered, Compared
    from kouan.planning.study.studying import Studied

Replications = Annotated[int, typer.Option(help="Paired replications of each variant.", min=30)]
Seed = Annotated[int, typer.Option(help="Seed of all that is left to chance.")]
Files = Annotated[
    list[Path] | None, typer.Option("--file", help="A port's own export; may be repeated. Ganqimaodu's day else.")
]


def what_if(
    given: Annotated[
        list[str], typer.Argument(metavar="[FILES]… CHANGES…", help="As in open=07:00 lanes_in=14, files before them.")
    ],
    data: options.Data,
    files: Files = None,
    replications: Replications = 30,
    seed: Seed = 1,
    report: Report = None,
    excel: Excel = None,
    language: Language = "zh",
    yes: Yes = False,
    json: options.Json = False,
) -> None:
    """Say what changes would bring, with intervals; with files, the error on held-out days is printed first.

    The report and the workbook are those of the files' study, with the answer in them.
    """
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.changes import changed, now
    from kouan.planning.model.plan import PortPlan
    from kouan.planning.model.what_if import what_if as answer_of

    changes, paths = _sorted_out(given, files or [])
    require_language(language)
    changed(PortPlan(), changes)
    if not paths and (report or excel):
        raise InvalidValue("out" if report else "excel", "what_if.files", "is written of a port's own files: give some")
    if paths:
        study = studied(paths, data, guessed=yes, quiet=json)
        prepared()
        fitted, answered, told = _of_files(study, changes, replications, seed, json)
        write(report, lambda: _page(study, language, told))
        write(excel, lambda: _book(study, language, told))
    else:
        prepared()
        fitted = {"now": now(PortPlan())}
        answered = answer_of(PortPlan(), changes, replications, seed, on_all_cores)
    _tell({"changes": changes, "replications": replications} | fitted, answered, json)


def headline(
    replications: Replications = 30,
    traffic: Annotated[str, typer.Option(help="Times today's traffic, joined by commas.")] = "1,3",
    seed: Seed = 1,
    json: options.Json = False,
) -> None:
    """Run the headline experiment: one stop, release first, machine review, AGVs, 24 hours, and whether each pays."""
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.headline import run

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
    data: options.Data,
    given: Annotated[list[Path] | None, typer.Argument(metavar="[FILES]…", help="A port's own exports.")] = None,
    booths: Annotated[
        int | None, typer.Option(help="Lanes of both directions together, all of them tidal; as it has else.", min=2)
    ] = None,
    staff_hours: Annotated[int, typer.Option(help="Budget: people times hours; one a lane, two a bay.", min=1)] = 200,
    appointments: Annotated[bool, typer.Option("--appointments", help="Inbound lorries may get a later slot.")] = False,
    changes: Annotated[list[str] | None, typer.Option("--with", help="Change the port first, as in traffic=2.")] = None,
    replications: Replications = 30,
    seed: Seed = 1,
    yes: Yes = False,
    json: options.Json = False,
) -> None:
    """Find which lanes and bays to staff in which hour, and which way tidal lanes go; the model says what it brings.

    The solver proves how far its plan may be from the best (gap), on lorries that flow like water; the paired
    difference to the port's own lanes and bays is the flow model's. With files, its error is printed first.
    """
    from kouan.adapters.cores import on_all_cores
    from kouan.adapters.lane_planner.cp_sat import solve
    from kouan.planning.model.changes import changed
    from kouan.planning.model.lane_plan import problem_of, scheduled
    from kouan.planning.model.plan import PortPlan
    from kouan.planning.model.what_if import against

    plan, fitted = PortPlan(), dict[str, Any]()
    study = studied(given, data, guessed=yes, quiet=json) if given else None
    prepared()
    if study is not None:
        judged, fitted = _judged(study, seed, json)
        plan = judged.fitted.plan
    plan = changed(plan, changes or [])
    lanes = plan.lanes_in + plan.lanes_out if booths is None else booths
    found = solve(problem_of(plan, lanes, staff_hours, appointments=appointments))
    answered = against(plan, scheduled(plan, found), replications, seed, on_all_cores)
    hours = [
        {"hour": hour, "lanes_in": found.lanes_in[hour], "lanes_out": found.lanes_out[hour], "bays": found.bays[hour],
         "deferred": found.deferred[hour]}
        for hour in range(24) if found.lanes_in[hour] or found.lanes_out[hour]
    ]  # fmt: skip
    figures = {"staff_hours": found.staff_hours, "line_lorry_hours": found.cost, "bound": found.bound, "gap": found.gap}
    if not json:
        show_rows("hours", hours, as_json=False)
        show("The solver's plan", figures, as_json=False)
    _tell(figures | fitted | {"hours": hours}, answered, json)


def prepared() -> None:
    """Prepare the event loop, and say so where this machine has to compile it first."""
    from kouan.planning.model.run import is_prepared, prepare

    if not is_prepared():
        err.print("[dim]Compiling the flow model, once on this machine: some ten seconds…[/dim]")
    prepare()


def _sorted_out(given: Sequence[str], files: Sequence[Path]) -> tuple[list[str], list[Path]]:
    """Return the changes, and the files: what is no ``name=value`` is a file, and so is what exists."""
    named = [each for each in given if "=" not in each or Path(each).is_file()]
    changes = [each for each in given if each not in named]
    if not changes:
        raise InvalidValue("what_if", "what_if.name", "must be at least one name=value, as in lanes_in=14")
    return changes, [*map(Path, named), *files]


def _of_files(
    study: "Studied", changes: Sequence[str], replications: int, seed: int, quiet: bool
) -> tuple[dict[str, Any], "Answered", "Told"]:
    """Return what is told of the fit, the answer, and both together for paper; the error is printed before the rest."""
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.asked import told
    from kouan.planning.model.what_if import Answered

    plan, fitted = _judged(study, seed, quiet)
    found = told(plan, changes, replications, seed, on_all_cores)
    return fitted, Answered(tuple(each.compared for each in found.measures), found.lines), found


def _judged(study: "Studied", seed: int, quiet: bool) -> tuple["Judged", dict[str, Any]]:
    """Return the plan fitted to files, and what is told of it: how wrong it is, and what the files do not show."""
    from kouan.adapters.cores import on_all_cores
    from kouan.planning.model.asked import judged
    from kouan.planning.model.changes import now
    from kouan.planning.study.bridge import traffic_of

    plan = judged(traffic_of(study, port="files"), on_all_cores, seed)
    fitted = {"back_test": msgspec.to_builtins(plan.back_test), "now": now(plan.fitted.plan)} | {
        name: getattr(plan.fitted, name) for name in ("assumed", "elsewhere_min", "places")
    }
    if not quiet:
        _print_fitted(fitted)
    return plan, fitted


def _tell(asked: Mapping[str, Any], answered: "Answered", json: bool) -> None:
    rows = _rows(answered.measures)
    if json:
        show("", {**asked, "measures": rows, "lines": msgspec.to_builtins(answered.lines)}, as_json=True)
        return
    _show(rows)
    lines = [
        {"place": each.place, "before": f"{line_h(each.before):,.1f}", "after": f"{line_h(each.after):,.1f}"}
        for each in answered.lines
    ]
    show_rows("vehicle-hours in line a day", lines, as_json=False)


def _page(study: "Studied", language: str, told: "Told") -> bytes:
    from kouan.planning.study.report.page import page

    return page(study.study, language, [told]).encode()


def _book(study: "Studied", language: str, told: "Told") -> bytes:
    from kouan.planning.study.report.book import book

    return book(study, language, [told])


def _print_fitted(fitted: Mapping[str, Any]) -> None:
    test = fitted["back_test"]
    days = [
        {name: f"{value:.1f}" if isinstance(value, float) else value for name, value in day.items()}
        for day in test["days"]
    ]
    show_rows("held-out days", days, as_json=False)
    figures = {"mean absolute error": f"{test['absolute']:.1%}", "not explained, min": fitted["elsewhere_min"]}
    show("The model on days that it has not seen", figures, as_json=False)
    known = [f"{name}={value}" for name, value in fitted["now"].items()]
    err.print(f"[dim]As it is: {' '.join(known)}[/dim]")
    err.print(f"[yellow]Not in the files: {', '.join(fitted['assumed']) or 'nothing'}[/yellow]")


def _rows(found: Sequence["Compared"]) -> list[dict[str, Any]]:
    return [
        {"measure": each.measure, "before": _said(each.before), "after": _said(each.after),
         "difference": _said(each.difference), "certain": each.certain}
        for each in found
    ]  # fmt: skip


def _show(rows: Sequence[Mapping[str, Any]], title: str = "measures") -> None:
    show_rows(title, [{name: _text(value) for name, value in row.items()} for row in rows], as_json=False)


def _said(found: "Interval") -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})"
    return str(value)
