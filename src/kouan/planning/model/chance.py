"""Chance that does not depend on the order of events: every draw has its own place in a stream of its own.

A stream is a SplitMix64 sequence (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014),
whose n-th number can be had without the ones before it. A stream belongs to a stage, and the place in it to a vehicle.
So the same lorry meets the same service times in two variants of a port, whatever else differs: common random numbers.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from kouan.planning.model.engine import GOLDEN, MIX_1, MIX_2, ROUNDS, S12, S27, S30, S31, UNIT


def key_of(seed: int, name: str) -> np.uint64:
    """Return the key of a named stream: the same name and seed give the same numbers in any process."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def generator(seed: int, name: str) -> np.random.Generator:
    """Return a source of whole arrays, for what is made before a run: arrivals, breakdowns, weather."""
    return np.random.Generator(np.random.PCG64(int(key_of(seed, name))))


def draws(key: np.uint64, count: int) -> NDArray[np.float64]:
    """Return the first uniform draws of the first ``count`` entities of a stream, as ``draw`` gives them."""
    with np.errstate(over="ignore"):
        z = key + np.arange(count, dtype=np.uint64) * ROUNDS * GOLDEN
        z = (z ^ (z >> S30)) * MIX_1
        z = (z ^ (z >> S27)) * MIX_2
    z = z ^ (z >> S31)
    return ((z >> S12).astype(np.float64) + 0.5) * UNIT
