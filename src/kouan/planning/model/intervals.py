"""Means of independent replications, with the interval that they allow to be told."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec
import numpy as np
from scipy.special import stdtrit

from kouan.vocabulary.errors import InvalidValue

LEAST_REPLICATIONS = 30
"""Fewest replications behind a figure that is told (docs/explanation/calibration.md)."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Spread(Protocol):
    """The role of whatever runs replications: one after the other, on all cores, or on many machines."""

    def __call__(self, task: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """Return the task's answers to the items, in their order."""
        ...


def one_by_one(task: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """Run replications one after the other: the plainest player of ``Spread``."""
    return [task(item) for item in items]


class Interval(msgspec.Struct, frozen=True):
    """A mean and its two-sided 95 % interval: Student's t over ``count`` independent values."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def half(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2

    def holds(self, value: float) -> bool:
        """Say whether the interval contains a value."""
        return self.low <= value <= self.high


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of independent values with its interval; raise InvalidValue for fewer than two."""
    if len(values) < 2:
        raise InvalidValue("values", "interval.count", "must be at least two")
    mean, half = float(np.mean(values)), _half(values)
    return Interval(mean, mean - half, mean + half, len(values))


def paired(values: Sequence[float], base: Sequence[float]) -> Interval:
    """Return the mean difference of two variants that lived through the same chance, with its interval."""
    if len(values) != len(base):
        raise InvalidValue("values", "interval.pairs", "must be as many as the base has")
    return interval([one - other for one, other in zip(values, base, strict=True)])


def _half(values: Sequence[float]) -> float:
    count = len(values)
    return float(stdtrit(count - 1, 0.975) * np.std(values, ddof=1) / math.sqrt(count))
