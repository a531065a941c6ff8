"""Hunts the bugs that are planted between ports and hub: each must be caught by a short run of a simulated region."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kouan.proving.planted.planting import Planted, planted
from kouan.proving.planted.region import REGION
from kouan.proving.region.run import RegionSetting, simulate_region
from kouan.vocabulary.errors import KouanError

HOURS = 2.0
"""Virtual hours of a run. Our choice: the shortest in which every trick and every clone has its time."""

LORRIES_A_DAY = 150

SEEDS = 5
"""Seeds after which a bug is said to be missed. Our choice: most are caught by the first."""

Caught = Mapping[str, int | None]
"""By name, the seed that caught a bug; None where none did."""


def catches(seed: int) -> bool:
    """Say whether the run of one seed finds a violation; what breaks the run itself is found too."""
    try:
        return bool(simulate_region(RegionSetting(seed=seed, hours=HOURS, lorries=LORRIES_A_DAY))["violations"])
    except (KouanError, ExceptionGroup, ValueError, LookupError):
        return True


def hunt(bugs: Sequence[Planted] = REGION, tell: Callable[[float], None] = lambda _: None) -> Mapping[str, Any]:
    """Plant each bug and run seed after seed until one catches it; say what was caught, and what was missed.

    ``clean`` says whether the same seeds find nothing where nothing is planted: else the hunt is void.
    """
    logging.getLogger("kouan").setLevel(logging.CRITICAL)
    caught: dict[str, int | None] = {}
    for place, bug in enumerate(bugs):
        with planted(bug):
            caught[bug.name] = next((seed for seed in range(SEEDS) if catches(seed)), None)
        tell((place + 1) / len(bugs))
    needed = [seed for seed in caught.values() if seed is not None]
    clean = not any(catches(seed) for seed in range(max(needed, default=0) + 1))
    missed = sorted(name for name, seed in caught.items() if seed is None)
    return {"planted": len(caught), "caught": len(needed), "missed": missed, "seeds": caught, "clean": clean}
