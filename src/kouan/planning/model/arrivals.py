"""When vehicles come: Poisson streams that follow a profile, a surge before opening, and appointments that level it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kouan.planning.model.chance import generator
from kouan.vocabulary.errors import InvalidValue

Floats = NDArray[np.float64]

SPARE = 6.0
"""Standard deviations of a Poisson count that are drawn beyond its mean, so that draws never run out (1 in 10**9)."""


def poisson(rate: float, count: int, seed: int, name: str) -> Floats:
    """Return the first ``count`` arrivals of an even Poisson stream of ``rate`` a second."""
    return np.cumsum(generator(seed, name).exponential(1 / rate, count))


def following(expected: Sequence[float], slot_s: float, seed: int, name: str) -> Floats:
    """Return a Poisson stream's arrivals that brings the expected number in each slot of ``slot_s`` seconds.

    An even stream is bent to the profile, so that more traffic brings the same lorries sooner, not others.
    """
    counts = np.asarray(expected, dtype=np.float64)
    if counts.size and counts.min() < 0:
        raise InvalidValue("expected", "arrivals.positive", "must not be below 0")
    total = float(counts.sum())
    draws = int(total + SPARE * np.sqrt(total) + 20)
    even = np.cumsum(generator(seed, name).exponential(1.0, draws))
    reached = np.concatenate([[0.0], np.cumsum(counts)])
    return np.asarray(np.interp(even[even < total], reached, np.arange(len(reached)) * slot_s), dtype=np.float64)


def exactly(counts: Sequence[int], slot_s: float, seed: int, name: str) -> Floats:
    """Return as many arrivals in each slot as were counted there, spread evenly at random within it."""
    begins = np.repeat(np.arange(len(counts)) * slot_s, np.asarray(counts, dtype=np.int64))
    return np.sort(begins + generator(seed, name).uniform(0, slot_s, len(begins)))


def by_appointment(
    wanted: Floats, opens_s: float, slot_s: float, each: int, punctual_s: float, seed: int, name: str
) -> Floats:
    """Return when vehicles come that are given slots: the first slot with a place not before the time that they wanted.

    Slots of ``slot_s`` begin at ``opens_s`` and have ``each`` places; who has one comes up to ``punctual_s`` before or
    after its middle, evenly at random. The order of the vehicles is kept, since arrivals of a kind are alike.
    """
    chance = generator(seed, name).uniform(-punctual_s, punctual_s, len(wanted))
    came = np.empty(len(wanted))
    taken: dict[int, int] = {}
    first_free = 0
    for place, when in enumerate(wanted):
        slot = max(first_free, int(max(0.0, when - opens_s) // slot_s))
        while taken.get(slot, 0) >= each:
            slot += 1
        taken[slot] = taken.get(slot, 0) + 1
        if taken.get(first_free, 0) >= each:
            first_free += 1
        came[place] = opens_s + (slot + 0.5) * slot_s + chance[place]
    return np.sort(np.maximum(came, 0.0))
