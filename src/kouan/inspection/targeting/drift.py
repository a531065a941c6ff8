"""Drift (漂移): whether the trade still looks as it did in training, and offences are still where they are expected."""

import bisect
import enum
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from kouan.inspection.targeting.features import PRIOR_FOUND_PM
from kouan.inspection.targeting.model import Reference
from kouan.vocabulary.verdict import Reason

PPM = 1_000_000

SURPRISED = "targeting.surprised"
"""The message id of offences that are not where scores promise them."""

SCORE = "score_ppm"
"""The name under which scores are watched, beside features."""

WATCHED = (SCORE, "price_usual_pm", "mass_usual_pm", "mass_own_pm", "mass_zeros")
"""What is watched. Our choice: what an unchanged trade keeps; ages and counts grow, goods have seasons."""

MAJOR_PM = 250
"""From this population stability index on, in thousandths, the change is major (Siddiqi 2006)."""

LEAST = 500
"""Fewer candidates than these show no change. Our choice: ten bins of 50."""

RARE_DAYS = 365
"""From so much evidence on, a change of offences is noticed: while scores hold, not once a year. Our choice."""

FACTOR = 1.25
"""By what factor odds may be off and scores hold all the same. Our choice: fraudsters evade a score a little every day;
drift is more."""

ODDS = (0.25, 0.5, 2.0, 4.0)
"""By what factors odds may be off besides. Our choice: half and twice are worth a notice, the others show faster."""

MOST_GAINED, MOST_EVIDENCE = 60.0, 1e100
"""Largest logarithm of a likelihood ratio that a day adds, and largest evidence: far more than a notice needs, and no
number overflows."""

FIRMS_PAST = "importer_found_pm"
"""The feature that says how often a firm was found false."""

LOOKED_BACK_DAYS = 90
"""Days of results that are looked back on, at most. Our choice: a quarter, which is some models."""

BINS = 10
FLOOR = 1e-4
"""Least share of a bin, so that an empty one gives no infinity. Our choice; usual in scorecards."""


class Share(enum.StrEnum):
    """A part of what is examined, in which offences are counted apart.

    The drawn stand for the whole trade. Of the others, those of firms that were found false before stay false while
    the firms do, whatever becomes of their tricks; those of other firms show whether papers still tell.
    """

    DRAWN = "drawn"
    KNOWN_FIRMS = "known_firms"
    OTHER_FIRMS = "other_firms"


class Outcome(msgspec.Struct, frozen=True):
    """What was expected of an examined candidate and what was found, by the day on which that was known."""

    day: int
    score_ppm: int
    found: bool
    share: Share


def share_of(features: Mapping[str, int | None], *, drawn: bool) -> Share:
    """Return the part of the examined that a candidate belongs to, by its features as they stood when it was judged."""
    if drawn:
        return Share.DRAWN
    return Share.KNOWN_FIRMS if (features.get(FIRMS_PAST) or 0) > PRIOR_FOUND_PM else Share.OTHER_FIRMS


def reference_of(name: str, values: Sequence[int | None], bins: int = BINS) -> Reference:
    """Return how values were spread: bins of equal counts, of which equal edges become one."""
    known = sorted(value for value in values if value is not None)
    cuts = [known[len(known) * cut // bins] for cut in range(1, bins)] if known else []
    edges = tuple(sorted(set(cuts)))
    return Reference(name, edges, shares(edges, values))


def shares(edges: Sequence[int], values: Sequence[int | None]) -> tuple[int, ...]:
    """Return the share of each bin in ppm, the last that of unknown values."""
    counts = [0] * (len(edges) + 2)
    for value in values:
        counts[-1 if value is None else bisect.bisect_left(edges, value)] += 1
    return tuple(count * PPM // max(1, len(values)) for count in counts)


def stability_pm(reference: Reference, values: Sequence[int | None]) -> int:
    """Return the population stability index of values against their reference, in thousandths."""
    pairs = zip(reference.shares_ppm, shares(reference.edges, values), strict=True)
    terms = (_term(max(FLOOR, before / PPM), max(FLOOR, now / PPM)) for before, now in pairs)
    return round(1000 * math.fsum(terms))


def _term(before: float, now: float) -> float:
    return (now - before) * math.log(now / before)


def moved(references: Sequence[Reference], lately: Mapping[str, Sequence[int | None]]) -> tuple[Reason, ...]:
    """Return which watched values are spread otherwise than in training; nothing where there are too few to say."""
    reasons = []
    for reference in references:
        values = lately.get(reference.name, ())
        if len(values) >= LEAST and (index := stability_pm(reference, values)) >= MAJOR_PM:
            reasons.append(
                Reason("targeting.moved", {"index_pm": index, "name": reference.name, "sample": len(values)})
            )
    return tuple(reasons)


def surprised(outcomes: Sequence[Outcome], today: int) -> tuple[Reason, ...]:
    """Return where more or fewer offences were found than the scores promised, looking back from a day.

    What is tested are odds: those of the scores hold unless they are off by more than ``FACTOR``, against being off
    besides by each of ``ODDS``, among each part of the examined apart. Evidence is a likelihood ratio, gathered since
    each of the days looked at (the Shiryaev-Roberts e-detector: Shin, Ramdas and Rinaldo 2024): while the scores hold,
    it rises by one a day in the mean, so that a notice from ``RARE_DAYS`` on is false once in so many days or less.
    """
    by_day: dict[int, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        by_day[each.day].append(each)
    tests = [_Test(share, odds) for share in Share for odds in ODDS]
    for day in range(min(by_day, default=today), today + 1):
        for test in tests:
            test.pass_day(day, by_day.get(day, ()))
    if math.fsum(test.evidence for test in tests) / len(tests) < RARE_DAYS:
        return ()
    strongest = max(tests, key=lambda test: test.evidence)
    part = [each for each in outcomes if each.share is strongest.share and each.day >= strongest.began]
    params: dict[str, str | int] = {
        "expected": round(math.fsum(each.score_ppm for each in part) / PPM),
        "found": sum(each.found for each in part),
        "sample": len(part),
        "share": strongest.share.value,
    }
    return (Reason(SURPRISED, params),)


class _Test:
    """Evidence that the odds of one share are off by a factor; ``began`` is the most likely first day of it."""

    def __init__(self, share: Share, odds: float) -> None:
        self.share = share
        self.evidence = 0.0
        self.began = 0
        self._bounds = FACTOR if odds > 1 else 1 / FACTOR
        self._odds = odds
        self._run = 0.0

    def pass_day(self, day: int, outcomes: Sequence[Outcome]) -> None:
        """Take in the results of a day."""
        gained = math.fsum(self._ratio(each) for each in outcomes if each.share is self.share)
        if self._run <= 0:
            self.began, self._run = day, 0.0
        self._run += gained
        self.evidence = min(MOST_EVIDENCE, (self.evidence + 1) * math.exp(min(gained, MOST_GAINED)))

    def _ratio(self, outcome: Outcome) -> float:
        """Return the logarithm of the likelihood ratio of one result."""
        chance = min(max(outcome.score_ppm / PPM, FLOOR), 1 - FLOOR)
        held = self._bounds * chance / (1 - chance)
        return math.log(self._odds) * outcome.found - math.log((1 + held * self._odds) / (1 + held))
