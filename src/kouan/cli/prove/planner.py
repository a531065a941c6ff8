"""``kouan prove planner``: the flow model against theory, against the whole platform, and against published figures."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kouan.cli import options
from kouan.cli.output import err, show, show_rows
from kouan.vocabulary.errors import InvalidValue

ENOUGH = 18
"""Of twenty cases, in how many the exact value must lie in the 95 % interval."""

PARTS = ("exact", "platform", "published")
"""What can be checked."""


def planner(
    half_width: Annotated[float, typer.Option(help="Widest half interval, as a share.", min=0.001)] = 0.01,
    replications: Annotated[int, typer.Option(help="Replications of each case.", min=30)] = 30,
    seed: Annotated[int, typer.Option(help="Seed of all that is left to chance.")] = 1,
    days: Annotated[
        float, typer.Option(help="Days of the whole platform to compare with, twice; 1 is a whole one.", min=0.01)
    ] = 0.03,
    parts: Annotated[
        list[str] | None, typer.Option("--part", help="Only exact, platform or published; may be repeated.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Check the flow model. Exit 1 where fewer than 18 of 20 exact values are held or the platform's means are not."""
    from kouan.cli.study_model import prepared

    chosen = frozenset(parts or PARTS)
    if not chosen <= set(PARTS):
        raise InvalidValue("part", "prove.part", f"must be of {', '.join(PARTS)}")
    prepared()
    told: dict[str, Any] = _exact(half_width, replications, seed) if "exact" in chosen else {}
    if "platform" in chosen:
        told["platform"] = _platform(days, seed)
    if "published" in chosen:
        told["published"] = _published(replications, seed)
    if json:
        show("", told, as_json=True)
    else:
        _print(told)
    reached = told.get("platform", {}).get("reached", True)
    raise typer.Exit(0 if told.get("held", ENOUGH) >= ENOUGH and reached else 1)


def _exact(half_width: float, replications: int, seed: int) -> dict[str, Any]:
    from kouan.adapters.cores import on_all_cores
    from kouan.proving.planner.exact_cases import cases, check_closely

    found = []
    for case in cases():
        _say(case.name)
        found.append(check_closely(case, half_width, replications, seed, on_all_cores))
    exact = [
        {"case": each.name, "exact": each.exact, "model": each.found.mean, "half_width": each.half_width,
         "held": each.held}
        for each in found
    ]  # fmt: skip
    return {
        "cases": len(found), "held": sum(each.held for each in found),
        "widest_half_width": max(each.half_width for each in found), "events": sum(each.events for each in found),
        "exact": exact,
    }  # fmt: skip


def _platform(days: float, seed: int) -> Mapping[str, Any]:
    from kouan.proving.planner.platform import measure

    return measure(days, (seed, seed + 1), _say)


def _published(replications: int, seed: int) -> list[dict[str, Any]]:
    from kouan.adapters.cores import on_all_cores
    from kouan.proving.planner.published import figures

    return [
        {"place": each.place, "what": each.what, "unit": each.unit, "published": each.published,
         "model": each.found.mean, "error": each.error, "reproduced": each.reproduced, "assumed": each.assumed,
         "remark": each.remark}
        for each in figures(replications, seed, on_all_cores)
    ]  # fmt: skip


def _say(stage: str) -> None:
    err.print(f"[dim]{stage}[/dim]")


def _print(told: dict[str, Any]) -> None:
    rows = {
        "exact": told.get("exact"),
        "platform": told.get("platform", {}).get("rows"),
        "published": told.get("published"),
    }
    for title, found in rows.items():
        if found:
            show_rows(title, [_rounded(row) for row in found], as_json=False)
    show("The flow model", {name: value for name, value in told.items() if name not in PARTS}, as_json=False)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{value:,.4g}" if isinstance(value, float) else value for name, value in row.items()}
