"""Selection: who is examined, within what is left of the budget, and why.

Every candidate is drawn with the same known chance, whatever else speaks for examining it, so that what is drawn
stands for the whole trade. Then come rules, then the score, each only with what is not kept for draws to come. What the
law or a watch list demands is examined in any case, and counted.
"""

import enum
from collections.abc import Mapping, Sequence

import msgspec

from kouan.inspection.targeting.budget import PPM, Pace
from kouan.inspection.targeting.learning import RiskScore
from kouan.inspection.targeting.model import Moved
from kouan.vocabulary.verdict import Reason

RECENT = 500
"""From so many scores on, the threshold is taken from recent traffic, before from the model's own. Our choice."""


class Source(enum.StrEnum):
    """What a candidate was selected by, the first that holds."""

    WATCH = "watch"
    RULE = "rule"
    RANDOM = "random"
    SCORE = "score"


SAID = {Source.WATCH: "targeting.watched_for", Source.RULE: "targeting.rule"}
"""The message ids of what names a candidate."""


class Hit(msgspec.Struct, frozen=True):
    """A rule or an entry of a watch list that names a candidate; ``mandatory`` is not bound by the budget."""

    source: Source
    name: str
    version: str
    authority: str
    kind: str
    mandatory: bool


class Judged(msgspec.Struct, frozen=True):
    """What was decided on a candidate.

    ``source`` is None where it passes. ``drawn`` says that chance chose it, whatever else did. ``propensity_ppm`` is
    the chance with which a candidate like it is selected, 0 where the budget was spent; ``spends`` that it takes of the
    budget. ``why`` are message ids with parameters, for people.
    """

    source: Source | None
    drawn: bool
    random_ppm: int
    propensity_ppm: int
    score_ppm: int | None
    threshold_ppm: int | None
    model: str | None
    spends: bool
    exhausted: bool
    why: tuple[Reason, ...]


class Scoring(msgspec.Struct, frozen=True):
    """What a model says of a candidate, from which score on it selects, and, where it does, what moved the score."""

    model: str
    score_ppm: int
    threshold_ppm: int
    moved: tuple[Moved, ...] = ()

    @property
    def selects(self) -> bool:
        """Whether the score is high enough."""
        return self.score_ppm >= self.threshold_ppm


def scored(model: RiskScore, features: Mapping[str, int | None], threshold_ppm: int) -> Scoring:
    """Return what a model says of a candidate."""
    score = model.score(features)
    return Scoring(model.version, score, threshold_ppm, model.why(features) if score >= threshold_ppm else ())


def threshold_of(recent: Sequence[int], trained: Sequence[int], share_ppm: int) -> int:
    """Return the lowest score among the highest share of scores; PPM + 1, which no score reaches, where none may.

    ``recent`` are the scores that candidates got lately, ``trained`` those of the model's training.
    """
    scores = sorted(recent if len(recent) >= RECENT else trained, reverse=True)
    count = len(scores) * share_ppm // PPM
    return scores[min(count, len(scores)) - 1] if count > 0 else PPM + 1


def judge(hits: Sequence[Hit], scoring: Scoring | None, pace: Pace, draw_ppm: int, no_score: Reason | None) -> Judged:
    """Decide on a candidate; ``draw_ppm`` is its fresh lot from 0 to 999,999.

    ``no_score`` says why there is none: it is told with the reasons, so that nobody takes silence for a good score.
    """
    drawn = draw_ppm < pace.random_ppm and pace.left > 0
    free = pace.left - pace.reserved > 0
    demanded = [hit for hit in hits if hit.mandatory]
    chosen = demanded or ([*hits] if free else [])
    scores = scoring is not None and scoring.selects
    source = _source(chosen, drawn=drawn, scores=scores and free)
    sure = bool(chosen) or (scores and free)
    spends = source is not None and not demanded
    return Judged(
        source=source,
        drawn=drawn,
        random_ppm=pace.random_ppm if pace.left > 0 else 0,
        propensity_ppm=PPM if sure else pace.random_ppm if pace.left > 0 else 0,
        score_ppm=None if scoring is None else scoring.score_ppm,
        threshold_ppm=None if scoring is None else scoring.threshold_ppm,
        model=None if scoring is None else scoring.model,
        spends=spends,
        exhausted=pace.left == 0,
        why=_why(chosen, scoring if scores and free else None, pace, no_score, drawn=drawn),
    )


def _source(chosen: Sequence[Hit], *, drawn: bool, scores: bool) -> Source | None:
    if chosen:
        return Source.WATCH if any(hit.source is Source.WATCH for hit in chosen) else Source.RULE
    if drawn:
        return Source.RANDOM
    return Source.SCORE if scores else None


def _why(
    chosen: Sequence[Hit], scoring: Scoring | None, pace: Pace, no_score: Reason | None, *, drawn: bool
) -> tuple[Reason, ...]:
    reasons = [Reason(SAID[hit.source], {"name": hit.name, "version": hit.version}) for hit in chosen]
    if drawn:
        reasons.append(Reason("targeting.random", {"chance_ppm": pace.random_ppm}))
    if scoring is not None:
        params: dict[str, str | int] = {
            "model": scoring.model,
            "score_ppm": scoring.score_ppm,
            "threshold_ppm": scoring.threshold_ppm,
        }
        reasons.append(Reason("targeting.score", params))
        reasons += [
            Reason("targeting.feature", {"feature": each.feature, "value": _told(each.value), "milli": each.milli})
            for each in scoring.moved
        ]
    if pace.left == 0:
        reasons.append(Reason("targeting.budget_spent"))
    if no_score is not None:
        reasons.append(no_score)
    return tuple(reasons)


def _told(value: int | None) -> int | str:
    return "–" if value is None else value
