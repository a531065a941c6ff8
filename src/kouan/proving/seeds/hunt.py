"""Hunting planted bugs: each runs over seeds 0, 1, 2, … until an invariant is violated."""

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from kouan.proving.planted import PLANTED, Planted, planted
from kouan.proving.seeds.campaign import run_seed, spread

MOST_SEEDS = 60
"""Seeds over which one bug is hunted. Our choice: a run that needs more would miss it in CI too often."""


class Caught(msgspec.Struct, frozen=True):
    """One planted bug: which invariant was violated first, and after how many seeds; None where none was."""

    name: str
    invariant: str
    violated: str | None
    seeds: int | None


def hunt(bugs: Sequence[Planted], processes: int) -> Iterator[Caught]:
    """Hunt each bug in a process of its own, and yield what came of it, in their order."""
    yield from spread(hunt_one, [bug.name for bug in bugs], processes)


def hunt_one(name: str) -> Caught:
    """Hunt one bug by its name."""
    bug = next(each for each in PLANTED if each.name == name)
    with planted(bug):
        for seed in range(MOST_SEEDS):
            violations = run_seed(seed).violations
            if violations:
                return Caught(name, bug.invariant, violations[0].invariant, seed + 1)
    return Caught(name, bug.invariant, None, None)


def median_of(caught: Sequence[Caught]) -> float | None:
    """Return the median number of seeds that it took to catch a bug; None where none was caught."""
    numbers = [each.seeds for each in caught if each.seeds is not None]
    return statistics.median(numbers) if numbers else None
