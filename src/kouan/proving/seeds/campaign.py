"""Many seeds side by side, in processes of their own; the results come in the order of the seeds."""

import logging
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from kouan.proving.nemesis.draw import draw
from kouan.proving.nemesis.plan import FaultKind
from kouan.proving.seeds.result import SeedResult
from kouan.proving.seeds.run import run_plan

SEEDS_A_TASK = 4
"""Seeds that a worker takes at once. Our choice: some seconds of work, so that neither hand waits for the other."""


class Clean(msgspec.Struct, frozen=True, kw_only=True):
    """What many seeds came to together."""

    seeds: int
    failed: tuple[SeedResult, ...]
    coverage: dict[FaultKind, int]
    cleared: int
    entries: int
    cpu_s: float

    @property
    def never(self) -> tuple[FaultKind, ...]:
        """The kinds of fault that took effect in no seed."""
        return tuple(kind for kind in FaultKind if not self.coverage.get(kind))


def run_seed(seed: int) -> SeedResult:
    """Draw a seed's plan and run it."""
    return run_plan(draw(seed))


def run_seeds(seeds: Sequence[int], processes: int, tell: Callable[[SeedResult], None]) -> Clean:
    """Run seeds in so many processes, or in this one; ``tell`` is told of each, in their order."""
    coverage: Counter[FaultKind] = Counter()
    failed: list[SeedResult] = []
    cleared, entries, cpu_s = 0, 0, 0.0
    for result in spread(run_seed, seeds, processes):
        coverage.update(result.coverage)
        if result.violations:
            failed.append(result)
        cleared, entries, cpu_s = cleared + result.cleared, entries + result.entries, cpu_s + result.cpu_s
        tell(result)
    return Clean(
        seeds=len(seeds), failed=tuple(failed), coverage=dict(coverage), cleared=cleared, entries=entries, cpu_s=cpu_s
    )


def spread(work: Callable[[Any], Any], items: Iterable[Any], processes: int) -> Iterator[Any]:
    """Yield what ``work`` makes of each item, in their order; in this process where it is to be one."""
    if processes <= 1:
        quiet()
        yield from map(work, items)
        return
    # Workers are begun afresh: a forked one would inherit whatever this process has loaded and set.
    with multiprocessing.get_context("spawn").Pool(processes, initializer=quiet) as pool:
        yield from pool.imap(work, items, chunksize=SEEDS_A_TASK)


def quiet() -> None:
    """Let the port's own log be silent: what goes wrong here is meant to."""
    logging.getLogger("kouan").setLevel(logging.CRITICAL)
