"""A median with its interval: an estimate that a few wrong weighings do not move, and how sure it is.

The interval is the sign test's, between two order statistics: it holds for whatever distribution (Conover, Practical
Nonparametric Statistics, 3rd edition, section 3.2). Only whole numbers decide; the confidence is exact, in parts per
thousand.
"""

import math
from collections.abc import Sequence

import msgspec

WANTED_PM = 950
"""Confidence that an interval should reach, in parts per thousand. Our choice, the usual one."""


class Estimate(msgspec.Struct, frozen=True):
    """A median in kilograms with its interval, from ``n`` differences, and the confidence in parts per thousand.

    Fewer than six differences cannot reach 950 ‰: the interval is then from the least to the greatest, and the
    confidence says what that is worth.
    """

    median_kg: int
    low_kg: int
    high_kg: int
    n: int
    confidence_pm: int

    def excludes_zero(self) -> bool:
        """Say whether the whole interval lies on one side of zero."""
        return self.low_kg > 0 or self.high_kg < 0


def estimate(differences_kg: Sequence[int]) -> Estimate | None:
    """Return the median of differences with its interval, None where there are none."""
    ordered = sorted(differences_kg)
    n = len(ordered)
    if not n:
        return None
    depth = _depth(n)
    return Estimate(median_of(ordered), ordered[depth - 1], ordered[n - depth], n, _confidence_pm(n, depth))


def median_of(ordered: Sequence[int]) -> int:
    """Return the middle of ordered whole numbers; of two, the one half-way, rounded towards zero."""
    n = len(ordered)
    both = ordered[(n - 1) // 2] + ordered[n // 2]
    return both // 2 if both >= 0 else -(-both // 2)


def _depth(n: int) -> int:
    """Return at which place from either end the interval begins and still reaches the wanted confidence; at least 1."""
    depth = 1
    while 2 * (depth + 1) <= n and _confidence_pm(n, depth + 1) >= WANTED_PM:
        depth += 1
    return depth


def _confidence_pm(n: int, depth: int) -> int:
    """Return 1 − 2·P(B < depth) for B binomial (n, ½), in parts per thousand, rounded down."""
    outside = 2 * sum(math.comb(n, k) for k in range(depth))
    return max(((1 << n) - outside) * 1000 >> n, 0)
