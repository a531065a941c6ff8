"""Grading a score honestly: on candidates judged after all that it learned from, weighed by what they stand for.

A score must also beat a look-up of the nearest identical template in the time of training. One that does not has
learned whose papers were false before, not what is wrong with papers, and its grade says that it fails. It must not do
so by luck either: offences come in firms, and with other firms of the same kind it must be ahead nearly always.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from kouan.inspection.targeting.grades import Bin, Grade, Precision
from kouan.inspection.targeting.learning import Example
from kouan.vocabulary.verdict import Reason

PPM = 1_000_000

SHARES_PM = (10, 20, 50, 100)
"""At which shares of all candidates precision is taken, per mille."""

BINS = 10
"""Bins of the reliability table. Guo et al. 2017 use 10 to 15."""

FEWEST_FOUND = 10
"""Fewer offences than these grade nothing. Our choice."""

DECIDING_PM = 50
"""The share at which a score must beat the look-up: 5 %, the usual budget."""

RESAMPLES, SURE_PM = 200, 800
"""How often firms are drawn anew (a bootstrap of clusters: Davison and Hinkley 1997, 3.8), and in how many of a
thousand draws the score must beat the look-up. Our choice: a one-sided interval of 80 %, since a port without a score
loses more than one whose score is as good as a look-up."""


class Ranked(msgspec.Struct, frozen=True):
    """A graded candidate: its score (a chance in ppm), what was found, and how many it stands for."""

    score_ppm: int
    found: bool
    weight: float = 1.0


Score = Callable[[Example], int]
"""The chance of an offence that something gives a candidate, in ppm."""


class Graded(msgspec.Struct, frozen=True):
    """An example that grades: what the score and what the look-up gave it, neither of which had learned from it."""

    example: Example
    score_ppm: int
    lookup_ppm: int


def graded(train: Sequence[Example], test: Sequence[Example], score: Score) -> tuple[Graded, ...]:
    """Return what a score and a look-up that learned from ``train`` give to the later ``test``."""
    lookup = template_lookup(train)
    return tuple(Graded(each, score(each), lookup(each)) for each in test)


def grade(judged: Sequence[Graded], chance: Random) -> Grade:
    """Grade a score on examples that it and the look-up were asked for; ``chance`` draws firms."""
    ranked, looked_up = _ranked(judged)
    return Grade(
        examined=len(ranked),
        found=sum(each.found for each in ranked),
        base_ppm=_ppm(base_rate(ranked)),
        average_precision_ppm=_ppm(average_precision(ranked)),
        lookup_average_precision_ppm=_ppm(average_precision(looked_up)),
        brier_ppm=_ppm(brier(ranked)),
        expected_error_ppm=_ppm(expected_error(ranked)),
        precision=precisions(ranked),
        lookup=precisions(looked_up),
        reliability=reliability(ranked),
        failed=_failures(ranked, looked_up, ahead_pm(judged, chance)),
    )


def template_lookup(train: Sequence[Example]) -> Score:
    """Return a score that only looks up the nearest identical template: all of it, else its beginning, else nothing."""
    sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in train:
        for length in range(len(each.template) + 1):
            held = sums[each.template[:length]]
            held[0] += each.weight * each.found
            held[1] += each.weight

    def score(example: Example) -> int:
        for length in range(len(example.template), -1, -1):
            held = sums.get(example.template[:length])
            if held is not None:
                return _ppm(held[0] / held[1])
        return 0

    return score


def base_rate(ranked: Sequence[Ranked]) -> float:
    """Return the offence rate among all that the graded stand for."""
    total = math.fsum(each.weight for each in ranked)
    return math.fsum(each.weight for each in ranked if each.found) / total if total else 0.0


def precisions(ranked: Sequence[Ranked], shares_pm: Sequence[int] = SHARES_PM) -> tuple[Precision, ...]:
    """Return which part is false of the highest shares; equal scores count alike, whatever their order."""
    return tuple(Precision(share, _ppm(precision_at(ranked, share))) for share in shares_pm)


def precision_at(ranked: Sequence[Ranked], share_pm: int) -> float:
    """Return which part is false of the highest share; of equal scores at its edge, the needed part of each."""
    wanted = math.fsum(each.weight for each in ranked) * share_pm / 1000
    left, false = wanted, 0.0
    for group in _tied(ranked):
        weight = math.fsum(each.weight for each in group)
        taken = min(weight, left)
        if weight:
            false += math.fsum(each.weight for each in group if each.found) * taken / weight
        left -= taken
        if left <= 0:
            break
    return false / wanted if wanted else 0.0


def average_precision(ranked: Sequence[Ranked]) -> float:
    """Return the mean of the precision over all that is false, equal scores taken together."""
    seen = false = area = 0.0
    for group in _tied(ranked):
        gained = math.fsum(each.weight for each in group if each.found)
        seen += math.fsum(each.weight for each in group)
        false += gained
        area += gained * false / seen if seen else 0.0
    return area / false if false else 0.0


def brier(ranked: Sequence[Ranked]) -> float:
    """Return the mean squared error of the scores (Brier 1950)."""
    total = math.fsum(each.weight for each in ranked)
    errors = (each.weight * (each.score_ppm / PPM - each.found) ** 2 for each in ranked)
    return math.fsum(errors) / total if total else 0.0


def reliability(ranked: Sequence[Ranked], bins: int = BINS) -> tuple[Bin, ...]:
    """Return the reliability table: bins of equal weight, the lowest scores first."""
    return tuple(
        Bin(_ppm(_mean(part, lambda each: each.score_ppm / PPM)), _ppm(base_rate(part)), len(part))
        for part in _parts(ranked, bins)
    )


def expected_error(ranked: Sequence[Ranked], bins: int = BINS) -> float:
    """Return the expected calibration error: how far scores are from rates, bin by bin (Naeini et al. 2015)."""
    total = math.fsum(each.weight for each in ranked)
    gaps = (
        math.fsum(each.weight for each in part) * abs(_mean(part, lambda each: each.score_ppm / PPM) - base_rate(part))
        for part in _parts(ranked, bins)
    )
    return math.fsum(gaps) / total if total else 0.0


def ahead_pm(judged: Sequence[Graded], chance: Random) -> int:
    """Return in how many of a thousand draws of firms the score's average precision is above the look-up's."""
    of_firm: dict[tuple[str, ...], list[Graded]] = defaultdict(list)
    for each in judged:
        of_firm[each.example.template[:1]].append(each)
    firms, won = sorted(of_firm), 0
    for _ in range(RESAMPLES):
        drawn = [each for firm in chance.choices(firms, k=len(firms)) for each in of_firm[firm]]
        score, lookup = map(average_precision, _ranked(drawn))
        won += score > lookup
    return won * 1000 // RESAMPLES


def _ranked(judged: Sequence[Graded]) -> tuple[list[Ranked], list[Ranked]]:
    """Return what was judged as the score ranks it, and as the look-up does."""
    score = [Ranked(each.score_ppm, each.example.found, each.example.weight) for each in judged]
    return score, [Ranked(each.lookup_ppm, each.example.found, each.example.weight) for each in judged]


def _failures(ranked: Sequence[Ranked], looked_up: Sequence[Ranked], ahead: int) -> tuple[Reason, ...]:
    measures: tuple[tuple[str, Callable[[Sequence[Ranked]], float]], ...] = (
        (f"precision_{DECIDING_PM}_pm", lambda each: precision_at(each, DECIDING_PM)),
        ("average_precision", average_precision),
    )
    found = sum(each.found for each in ranked)
    few = (Reason("targeting.graded_on_few", {"found": found}),) if found < FEWEST_FOUND else ()
    beaten = tuple(
        Reason(
            "targeting.lookup_beats",
            {"lookup_ppm": _ppm(of(looked_up)), "measure": name, "score_ppm": _ppm(of(ranked))},
        )
        for name, of in measures
        if of(looked_up) >= of(ranked)
    )
    luck = (Reason("targeting.ahead_by_luck", {"ahead_pm": ahead}),) if not beaten and ahead < SURE_PM else ()
    return few + beaten + luck


def _tied(ranked: Sequence[Ranked]) -> list[list[Ranked]]:
    """Return the graded by score, the highest first, equal ones together."""
    groups: dict[int, list[Ranked]] = defaultdict(list)
    for each in ranked:
        groups[each.score_ppm].append(each)
    return [groups[score] for score in sorted(groups, reverse=True)]


def _parts(ranked: Sequence[Ranked], bins: int) -> list[list[Ranked]]:
    ordered = sorted(ranked, key=lambda each: each.score_ppm)
    size = math.fsum(each.weight for each in ordered) / bins
    parts: list[list[Ranked]] = [[] for _ in range(bins)]
    standing = 0.0
    for each in ordered:
        parts[min(bins - 1, int((standing + each.weight / 2) / size))].append(each)
        standing += each.weight
    return [part for part in parts if part]


def _mean(part: Sequence[Ranked], of: Callable[[Ranked], float]) -> float:
    return math.fsum(each.weight * of(each) for each in part) / math.fsum(each.weight for each in part)


def _ppm(value: float) -> int:
    return round(value * PPM)
