"""Laws of spans: how long something takes, as one draw turns into seconds, with exact mean and variance.

Each law is its own inverse distribution function, so that a larger draw is a longer span in every variant.
"""

import enum
import math
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.special import ndtri

from kouan.vocabulary.errors import InvalidValue

QUANTILES = 1025
"""Points at which a law that has no simple inverse is tabled. Our choice: the table's mean and variance, which are the
ones that are used and told, differ from the law's by less than sampling does."""

TAIL = 1e-6
"""Share of a tabled law's probability beyond its table, at each end."""


class Shape(enum.IntEnum):
    """How a draw becomes a span."""

    CONSTANT = 0
    EXPONENTIAL = 1
    UNIFORM = 2
    TABLE = 3


class Law(msgspec.Struct, frozen=True):
    """A law of spans in seconds.

    ``a`` is the span, the mean or the shortest; ``b`` the longest of a uniform law. ``table`` has the quantiles of a
    tabled law at evenly spaced probabilities from 0 to 1, between which it is linear.
    """

    shape: Shape
    a: float = 0.0
    b: float = 0.0
    table: tuple[float, ...] = ()

    @property
    def mean(self) -> float:
        """The exact mean, in seconds."""
        if self.shape is Shape.UNIFORM:
            return (self.a + self.b) / 2
        if self.shape is Shape.TABLE:
            points = np.asarray(self.table)
            return float(np.mean((points[1:] + points[:-1]) / 2))
        return self.a

    @property
    def variance(self) -> float:
        """The exact variance, in seconds squared."""
        if self.shape is Shape.CONSTANT:
            return 0.0
        if self.shape is Shape.EXPONENTIAL:
            return self.a**2
        if self.shape is Shape.UNIFORM:
            return (self.b - self.a) ** 2 / 12
        points = np.asarray(self.table)
        squares = (points[1:] ** 2 + points[1:] * points[:-1] + points[:-1] ** 2) / 3
        return float(np.mean(squares)) - self.mean**2

    def times(self, factor: float) -> "Law":
        """Return the law of spans so many times as long."""
        return Law(self.shape, self.a * factor, self.b * factor, tuple(span * factor for span in self.table))


def constant(span_s: float) -> Law:
    """Return the law of what always takes the same."""
    return Law(Shape.CONSTANT, _positive("constant", span_s))


def exponential(mean_s: float) -> Law:
    """Return the exponential law of a mean."""
    return Law(Shape.EXPONENTIAL, _positive("exponential", mean_s))


def uniform(shortest_s: float, longest_s: float) -> Law:
    """Return the law of what lies evenly between two spans; raise InvalidValue where they are the wrong way round."""
    if longest_s < shortest_s:
        raise InvalidValue("uniform", "law.order", "the longest span must not be below the shortest")
    return Law(Shape.UNIFORM, _positive("uniform", shortest_s), longest_s)


def lognormal(mean_s: float, variation: float) -> Law:
    """Return the lognormal law of a mean and a coefficient of variation, tabled; the table's mean is exactly the mean.

    The usual shape of handling times: never below nothing, with a tail of cases that take much longer.
    """
    sigma = math.sqrt(math.log(1 + variation**2))
    probabilities = np.linspace(0, 1, QUANTILES)
    probabilities[0], probabilities[-1] = TAIL, 1 - TAIL
    law = Law(Shape.TABLE, table=tuple(np.exp(sigma * ndtri(probabilities)).tolist()))
    return law.times(_positive("lognormal", mean_s) / law.mean)


def sampled(spans_s: Sequence[float]) -> Law:
    """Return the law of a sample from a port's own files; raise InvalidValue for an empty one."""
    if not spans_s:
        raise InvalidValue("sampled", "law.sample", "must have at least one span")
    points = min(len(spans_s), QUANTILES) if len(spans_s) > 1 else 2
    found = np.quantile(np.asarray(spans_s, dtype=np.float64), np.linspace(0, 1, points))
    _positive("sampled", float(found[0]))
    return Law(Shape.TABLE, table=tuple(found.tolist()))


def _positive(field: str, span_s: float) -> float:
    if not (span_s >= 0 and math.isfinite(span_s)):
        raise InvalidValue(field, "law.positive", "must be a number of seconds, not below 0")
    return span_s
