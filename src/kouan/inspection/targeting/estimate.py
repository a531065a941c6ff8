"""Unbiased estimates from the random share: what part of the whole trade is false, and between which bounds."""

import math
from collections.abc import Sequence

import msgspec

PPM = 1_000_000

Z_95 = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""


class Rate(msgspec.Struct, frozen=True):
    """A rate in ppm with its 95 % interval; ``sample`` were looked at, ``found`` of them counted."""

    rate_ppm: int
    low_ppm: int
    high_ppm: int
    sample: int
    found: int


def offence_rate(drawn: Sequence[tuple[int, bool]]) -> Rate | None:
    """Return the offence rate of the whole trade from what chance chose: (chance in ppm, whether it was false).

    Each counts for as many as it stands for (Hájek 1971); the interval is Wilson's (1927) over the effective sample
    (Kish 1965). None where nothing was drawn.
    """
    weighed = [(PPM / chance, found) for chance, found in drawn if chance > 0]
    if not weighed:
        return None
    total = math.fsum(weight for weight, _ in weighed)
    rate = math.fsum(weight for weight, found in weighed if found) / total
    effective = total * total / math.fsum(weight * weight for weight, _ in weighed)
    low, high = wilson(rate, effective)
    count = sum(found for _, found in weighed)
    return Rate(round(rate * PPM), round(low * PPM), round(high * PPM), len(weighed), count)


def wilson(rate: float, sample: float, z: float = Z_95) -> tuple[float, float]:
    """Return Wilson's score interval of a rate that was seen in so large a sample."""
    shrink = 1 + z * z / sample
    middle = (rate + z * z / (2 * sample)) / shrink
    reach = z / shrink * math.sqrt(rate * (1 - rate) / sample + z * z / (4 * sample * sample))
    return max(0.0, middle - reach), min(1.0, middle + reach)
