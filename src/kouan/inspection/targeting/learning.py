"""What a score is learned from: candidates that were examined, each with the chance that it had to be examined."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import msgspec

from kouan.inspection.targeting.features import FeatureSet
from kouan.inspection.targeting.model import Moved
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue

PPM = 1_000_000

MOST_WEIGHT = 20.0
"""Largest weight in training. Our choice: a lower variance for a small bias; grading uses the weights as they are."""

FEWEST, FEWEST_FOUND = 300, 20
"""From how many examined candidates and offences a model may be learned. Our choice: half of them grade, and ten are
the fewest that grade anything (``grading.FEWEST_FOUND``)."""

PARTS, TEACHING = 6, 2
"""Parts of equal size, and how many of them, the first in time, only teach. Our choice: the third calibrates, and the
last half grades."""


class Example(msgspec.Struct, frozen=True):
    """An examined candidate: its features as they stood when it was judged, and what was found.

    ``template`` is what its papers have in common with others': importer, goods and route. ``drawn`` says that chance
    chose it. Instants are when it was judged, and when the result was in.
    """

    number: str
    at: Instant
    result_at: Instant
    features: Mapping[str, int | None]
    template: tuple[str, ...]
    propensity_ppm: int
    drawn: bool
    found: bool

    @property
    def weight(self) -> float:
        """How many candidates of the trade it stands for (Horvitz and Thompson 1952)."""
        return PPM / self.propensity_ppm


class Fold(msgspec.Struct, frozen=True):
    """Examples of one part of the time (``test``), and all that was known before it began (``train``)."""

    train: tuple[Example, ...]
    test: tuple[Example, ...]


class RiskScore(Protocol):
    """A score of candidates; ``model.RiskModel`` plays it."""

    @property
    def version(self) -> str:
        """The version under which its selections are recorded."""
        ...

    def score(self, features: Mapping[str, int | None]) -> int:
        """Return the chance of an offence in ppm."""
        ...

    def why(self, features: Mapping[str, int | None]) -> tuple[Moved, ...]:
        """Return what raised the chance most, the strongest first."""
        ...


class Learner(Protocol):
    """Learns a score; played by a library of boosted trees outside the contexts."""

    def learn(self, names: Sequence[str], examples: Sequence[Example], weights: Sequence[float], seed: int) -> str:
        """Return boosted trees in LightGBM's text format; raise Unavailable where the library cannot be loaded."""
        ...

    def calibrate(
        self, log_odds: Sequence[float], found: Sequence[bool], weights: Sequence[float]
    ) -> tuple[float, float]:
        """Return slope and intercept that make log-odds into chances, the slope never negative."""
        ...


def usable(examples: Sequence[Example], features: FeatureSet) -> tuple[Example, ...]:
    """Return the examples that may teach, in the order of time: those whose chance to be chosen is known.

    Raises InvalidValue where one has features of another set, or a result from before it was judged.
    """
    for each in examples:
        features.require(each.features)
        if each.result_at < each.at:
            raise InvalidValue("result_at", "targeting.result_early", f"{each.number} has a result from before")
    known = [each for each in examples if each.propensity_ppm > 0]
    return tuple(sorted(known, key=lambda each: (each.at, each.number)))


def folds_in_time(examples: Sequence[Example]) -> tuple[Fold, ...]:
    """Part examples in time: each part but the first two is to be scored by what was known before it.

    What was judged before a part, but known only afterwards, is in neither: it was no knowledge then. Raises
    InvalidValue (``targeting.too_few``).
    """
    if len(examples) < FEWEST or sum(each.found for each in examples) < FEWEST_FOUND:
        mend = f"needs {FEWEST} examined candidates with {FEWEST_FOUND} offences to learn from"
        raise InvalidValue("examples", "targeting.too_few", mend)
    edges = [len(examples) * part // PARTS for part in range(TEACHING, PARTS + 1)]
    return tuple(_fold(examples, since, until) for since, until in pairwise(edges))


def _fold(examples: Sequence[Example], since: int, until: int) -> Fold:
    begins = examples[since].at
    return Fold(tuple(each for each in examples[:since] if each.result_at < begins), tuple(examples[since:until]))


def training_weight(example: Example) -> float:
    """Return the weight of an example in training."""
    return min(MOST_WEIGHT, example.weight)
