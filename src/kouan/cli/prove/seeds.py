"""``kouan prove seeds``: ten virtual minutes of a port a seed, under faults, judged by every invariant."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from kouan.cli import options
from kouan.cli.output import err, show
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue

SHRUNK = 3
"""How many failing seeds are shrunk. Our choice: the others most often fail for the same reason."""

ENOUGH_FOR_ALL = 200
"""Seeds in which every kind of fault must have taken effect. Our choice: each is drawn in about one seed of six."""


def seeds(
    seeds: Annotated[int, typer.Option("--seeds", help="How many seeds.", min=0)] = 200,
    first: Annotated[int, typer.Option("--from", help="The first seed.", min=0)] = 0,
    seed: Annotated[int | None, typer.Option("--seed", help="Run this seed only, and tell of it.", min=0)] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="Run the plan in this file only.")] = None,
    planted: Annotated[bool, typer.Option("--planted", help="Hunt the planted bugs as well.")] = False,
    processes: Annotated[int | None, typer.Option(help="Processes; as many as cores where not given.", min=1)] = None,
    shrink: Annotated[bool, typer.Option(help="Make the plans of the first failing seeds smaller.")] = True,
    keep: Annotated[Path | None, typer.Option("--keep", help="Folder for shrunk plans; a temporary one else.")] = None,
    tally: Annotated[Path | None, typer.Option("--tally", help="Page to whose table a row is added.")] = None,
    json: options.Json = False,
) -> None:
    """Run seeds; print SEEDS, VIOLATIONS, PLANTED and CAUGHT last. Exit 1 at a violation or a bug that was missed."""
    if seed is not None or plan is not None:
        _one(seed, plan, as_json=json)
        return
    hands = processes or os.cpu_count() or 1
    told = _many(range(first, first + seeds), hands, keep, shrunk=SHRUNK if shrink else 0, quiet=json)
    told |= _hunt(hands, quiet=json) if planted else {"planted": 0, "caught": 0, "missed": [], "median_seeds": None}
    if tally is not None:
        from kouan.proving.seeds.tally import Row, add_row

        add_row(tally, Row.of(told, _commit()))
    if json:
        show("", told, as_json=True)
    else:
        _print(told)
    void = seeds >= ENOUGH_FOR_ALL and told["never"]
    raise typer.Exit(1 if told["violations"] or told["caught"] < told["planted"] or void else 0)


def _one(seed: int | None, path: Path | None, *, as_json: bool) -> None:
    import msgspec

    from kouan.proving.nemesis.draw import draw
    from kouan.proving.nemesis.plan import decode_plan
    from kouan.proving.seeds.campaign import quiet
    from kouan.proving.seeds.run import run_plan

    if path is not None:
        try:
            plan = decode_plan(path.read_bytes())
        except OSError as error:
            raise InvalidValue("plan", "plan.file", f"cannot be read: {error}") from error
    else:
        plan = draw(seed or 0)
    quiet()
    result = run_plan(plan)
    if as_json:
        show("", msgspec.to_builtins(result), as_json=True)
    else:
        typer.echo(plan.summary())
        figures: dict[str, Any] = {
            "lorries stopped": result.stopped, "cleared": result.cleared, "entries": result.entries,
            "ledger root": result.ledger_root, "trace": result.trace_sha256, "CPU s": result.cpu_s,
            "took effect": ", ".join(f"{kind.value} {count}" for kind, count in sorted(result.coverage.items())),
        }  # fmt: skip
        show("What came of it", figures, as_json=False)
        for found in result.violations:
            typer.echo(f"VIOLATION {found.invariant} at {found.at / SECOND:.3f} s: {found.text}")
    raise typer.Exit(1 if result.violations else 0)


def _many(numbers: range, hands: int, keep: Path | None, *, shrunk: int, quiet: bool) -> dict[str, Any]:
    from kouan.proving.seeds.campaign import run_seeds
    from kouan.proving.seeds.failures import told_of

    with Progress(console=err, disable=quiet, transient=True) as bar:
        task = bar.add_task("seeds", total=len(numbers))
        clean = run_seeds(numbers, hands, lambda _: bar.advance(task))
    folder = keep or Path(tempfile.gettempdir())
    failures = [told_of(result, folder if place < shrunk else None) for place, result in enumerate(clean.failed)]
    return {
        "seeds": clean.seeds,
        "violations": len(clean.failed),
        "failures": failures,
        "coverage": {kind.value: count for kind, count in sorted(clean.coverage.items())},
        "never": [kind.value for kind in clean.never],
        "cleared": clean.cleared,
        "entries": clean.entries,
        "cpu_s_a_seed": clean.cpu_s / max(1, clean.seeds),
    }


def _hunt(hands: int, *, quiet: bool) -> dict[str, Any]:
    from kouan.proving.planted import PLANTED
    from kouan.proving.seeds.hunt import hunt, median_of

    caught = []
    with Progress(console=err, disable=quiet, transient=True) as bar:
        task = bar.add_task("planted bugs", total=len(PLANTED))
        for one in hunt(PLANTED, hands):
            caught.append(one)
            bar.advance(task)
    return {
        "planted": len(caught),
        "caught": sum(1 for one in caught if one.seeds is not None),
        "missed": [one.name for one in caught if one.seeds is None],
        "median_seeds": median_of(caught),
        "seeds_a_bug": {one.name: one.seeds for one in caught},
    }


def _print(told: dict[str, Any]) -> None:
    for failure in told["failures"]:
        typer.echo(f"\nVIOLATION in seed {failure['seed']}: {failure['violation']}")
        typer.echo(f"Replay: {failure['replay']}")
        if failure["shrunk"]:
            typer.echo(failure["shrunk"])
    rows = {"lorries cleared": told["cleared"], "entries": told["entries"], "CPU s a seed": told["cpu_s_a_seed"]}
    rows["faults that took effect in seeds"] = ", ".join(f"{kind} {count}" for kind, count in told["coverage"].items())
    rows["faults that never did"] = ", ".join(told["never"]) or None
    if told["planted"]:
        rows["bugs missed"] = ", ".join(told["missed"]) or None
        rows["median seeds to catch a bug"] = told["median_seeds"]
    show("Seeds", rows, as_json=False)
    last = f"SEEDS={told['seeds']} VIOLATIONS={told['violations']} PLANTED={told['planted']} CAUGHT={told['caught']}"
    typer.echo(last)


def _commit() -> str:
    """Return the commit of the working tree, with a plus sign where it was changed since."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=10", "--exclude=*"],  # noqa: S607 - whichever git there is
        capture_output=True, text=True, check=False, cwd=Path(__file__).parent,
    )  # fmt: skip
    return told.stdout.strip() or "unknown"
