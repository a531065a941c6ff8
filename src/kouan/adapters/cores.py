"""Runs replications of the flow model on all cores: the event loop holds no interpreter's lock, so threads are enough.

Plays the role ``planning.model.intervals.Spread``. For sweeps beyond one machine the same role is played by whatever
maps a function over items there; nothing else of the model knows how many machines there are.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def on_all_cores(task: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """Return the task's answers to the items, in their order; raise what the first failing one raised."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(task, items))
