"""What a person is told of a failing seed: the violation, one command that replays it, and the smallest plan found."""

from pathlib import Path
from typing import Any

from kouan.proving.nemesis.draw import draw
from kouan.proving.nemesis.plan import Plan
from kouan.proving.seeds.result import SeedResult
from kouan.proving.seeds.run import run_plan
from kouan.proving.seeds.shrink import shrink
from kouan.vocabulary.clock import SECOND


def told_of(result: SeedResult, folder: Path | None) -> dict[str, Any]:
    """Return what to tell of a failure; with a folder, its plan is shrunk and kept there."""
    first = result.violations[0]
    told = {
        "seed": result.seed,
        "invariant": first.invariant,
        "violation": f"{first.invariant} at {first.at / SECOND:.3f} s: {first.text}",
        "replay": f"kouan prove seeds --seed {result.seed}",
        "shrunk": "",
        "plan": "",
    }
    if folder is None:
        return told
    smaller = shrunk(draw(result.seed), first.invariant)
    path = folder / f"seed-{result.seed}-{first.invariant}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(smaller.encode())
    return told | {"shrunk": f"Smallest: kouan prove seeds --plan {path}\n{smaller.summary()}", "plan": str(path)}


def shrunk(plan: Plan, invariant: str) -> Plan:
    """Return the smallest plan found that still violates the same invariant."""
    return shrink(plan, lambda smaller: any(found.invariant == invariant for found in run_plan(smaller).violations))
