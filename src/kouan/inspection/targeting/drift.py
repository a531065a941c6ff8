"""Drift (漂移): whether the trade still looks as it did in training, and offences are still where they are expected."""

import bisect
import math
from collections.abc import Mapping, Sequence

import msgspec

from kouan.inspection.targeting.model import Reference
from kouan.vocabulary.verdict import Reason

PPM = 1_000_000

SCORE = "score_ppm"
"""The name under which scores are watched, beside features."""

WATCHED = (SCORE, "price_usual_pm", "mass_usual_pm", "mass_own_pm", "mass_zeros")
"""What is watched. Our choice: what an unchanged trade keeps; ages and counts grow, goods have seasons."""

MAJOR_PM = 250
"""From this population stability index on, in thousandths, the change is major (Siddiqi 2006)."""

LEAST = 500
"""Fewer candidates than these show no change. Our choice: ten bins of 50."""

DEVIATIONS = 4.0
"""How many standard deviations an offence count may be off. Our choice: one look in 16,000 is a false alarm."""

FACTOR = 1.25
"""By what factor it must be off, besides. Our choice: fraudsters evade a score a little every day; drift is more."""

BINS = 10
FLOOR = 1e-4
"""Least share of a bin, so that an empty one gives no infinity. Our choice; usual in scorecards."""


class Outcome(msgspec.Struct, frozen=True):
    """What was expected of an examined candidate and what was found; ``drawn`` says that chance chose it."""

    score_ppm: int
    found: bool
    drawn: bool


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


def surprised(outcomes: Sequence[Outcome]) -> tuple[Reason, ...]:
    """Return where more or fewer offences were found than the scores promised: among the drawn, and among the others.

    The drawn stand for the whole trade; the others show whether what the score points at is still false.
    """
    reasons = []
    for name, drawn in (("drawn", True), ("pointed_at", False)):
        part = [each for each in outcomes if each.drawn is drawn]
        expected = math.fsum(each.score_ppm for each in part) / PPM
        variance = math.fsum(each.score_ppm * (PPM - each.score_ppm) for each in part) / PPM**2
        found = sum(each.found for each in part)
        unlikely = variance > 1 and abs(found - expected) > DEVIATIONS * math.sqrt(variance)
        if unlikely and not expected / FACTOR < found < expected * FACTOR:
            params: dict[str, str | int] = {
                "expected": round(expected),
                "found": found,
                "sample": len(part),
                "share": name,
            }
            reasons.append(Reason("targeting.surprised", params))
    return tuple(reasons)
