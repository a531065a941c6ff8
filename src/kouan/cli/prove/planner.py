"""``kouan prove planner``: the flow model against theory, against the whole platform, and against published figures."""

from typing import Annotated, Any

import typer

from kouan.cli import options
from kouan.cli.output import err, show, show_rows

ENOUGH = 18
"""Of twenty cases, in how many the exact value must lie in the 95 % interval."""


def planner(
    half_width: Annotated[float, typer.Option(help="Widest half interval, as a share.", min=0.001)] = 0.01,
    replications: Annotated[int, typer.Option(help="Replications of each case.", min=30)] = 30,
    seed: Annotated[int, typer.Option(help="Seed of all that is left to chance.")] = 1,
    days: Annotated[
        float, typer.Option(help="Days of the whole platform to compare with, twice; 0 leaves it out.", min=0.0)
    ] = 0.03,
    json: options.Json = False,
) -> None:
    """Check the flow model. Exit 1 where fewer than 18 of 20 exact values are held or the platform's means are not."""
    from kouan.adapters.cores import on_all_cores
    from kouan.cli.study_model import prepared
    from kouan.proving.planner.exact_cases import cases, check_closely
    from kouan.proving.planner.platform import measure
    from kouan.proving.planner.published import figures

    prepared()
    found = []
    for case in cases():
        err.print(f"[dim]{case.name}[/dim]")
        found.append(check_closely(case, half_width, replications, seed, on_all_cores))
    exact = [
        {"case": each.name, "exact": each.exact, "model": each.found.mean, "half_width": each.half_width,
         "held": each.held}
        for each in found
    ]  # fmt: skip
    platform = measure(days, (seed, seed + 1), lambda stage: err.print(f"[dim]{stage}[/dim]")) if days else None
    published = [
        {"place": each.place, "what": each.what, "unit": each.unit, "published": each.published,
         "model": each.found.mean, "error": each.error, "reproduced": each.reproduced, "assumed": each.assumed,
         "remark": each.remark}
        for each in figures(replications, seed, on_all_cores)
    ]  # fmt: skip
    held = sum(each.held for each in found)
    told: dict[str, Any] = {
        "cases": len(found), "held": held, "widest_half_width": max(each.half_width for each in found),
        "events": sum(each.events for each in found), "exact": exact, "platform": platform, "published": published,
    }  # fmt: skip
    if json:
        show("", told, as_json=True)
    else:
        _print(told)
    raise typer.Exit(0 if held >= ENOUGH and (platform is None or platform["reached"]) else 1)


def _print(told: dict[str, Any]) -> None:
    show_rows("exact", [_rounded(row) for row in told["exact"]], as_json=False)
    if told["platform"] is not None:
        show_rows("platform", [_rounded(row) for row in told["platform"]["rows"]], as_json=False)
    show_rows("published", [_rounded(row) for row in told["published"]], as_json=False)
    plain = {name: value for name, value in told.items() if not isinstance(value, list | dict) and value is not None}
    show("The flow model", plain, as_json=False)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{value:,.4g}" if isinstance(value, float) else value for name, value in row.items()}
