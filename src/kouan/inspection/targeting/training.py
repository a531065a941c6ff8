"""Training (训练): from examined candidates to a model with its grade."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from kouan.inspection.targeting.drift import SCORE, WATCHED, reference_of
from kouan.inspection.targeting.features import AT_HAND_IN, FeatureSet
from kouan.inspection.targeting.grades import Grade
from kouan.inspection.targeting.grading import Graded, grade, graded
from kouan.inspection.targeting.learning import Example, Fold, Learner, folds_in_time, training_weight, usable
from kouan.inspection.targeting.model import MICRO, Artefact, Reference, scoring
from kouan.inspection.targeting.trees import read_trees

QUANTILES = 1000
"""Steps in which an artefact keeps the scores of recent candidates. Our choice: tenths of a per cent."""


def train(
    examples: Sequence[Example],
    recent: Sequence[Mapping[str, int | None]],
    learner: Learner,
    seed: int,
    features: FeatureSet = AT_HAND_IN,
) -> Artefact:
    """Learn a model from examples and grade it; ``recent`` are the features of all candidates of the last weeks.

    What is graded is this way of learning, at several times, each on what came after all that it knew; what is returned
    was then learned in the same way from all examples. Raises InvalidValue where an example looks at what was not known
    yet, or there are too few; Unavailable.
    """
    known = usable(examples, features)
    grade_, slope_micro, intercept_micro = _graded(folds_in_time(known), learner, seed, features.names)
    text = _learned(known, learner, seed, features.names)
    score = scoring(read_trees(text), slope_micro, intercept_micro)
    scores = sorted(score(each) for each in recent)
    return Artefact(
        features=features.names,
        grade=grade_,
        intercept_micro=intercept_micro,
        quantiles_ppm=tuple(scores[len(scores) * step // QUANTILES] for step in range(QUANTILES)) if scores else (),
        references=_references(features.names, recent, scores),
        slope_micro=slope_micro,
        trained_from=known[0].at,
        trained_until=max(each.result_at for each in known),
        trees=text,
    )


def _graded(folds: Sequence[Fold], learner: Learner, seed: int, names: Sequence[str]) -> tuple[Grade, int, int]:
    """Return the grade of a way of learning, and the slope and intercept that calibrate what it learns, in millionths.

    Each fold's scores are calibrated by what the folds before it showed; the first, which has none, grades nothing.
    What all of them showed calibrates what is learned afterwards.
    """
    slope_micro, intercept_micro = MICRO, 0
    odds, tested, judged = list[float](), list[Example](), list[Graded]()
    for fold in folds:
        trees = read_trees(_learned(fold.train, learner, seed, names))
        if tested:
            judged += _scored(fold, scoring(trees, slope_micro, intercept_micro))
        odds += [trees.log_odds(each.features) for each in fold.test]
        tested += fold.test
        weights = [training_weight(each) for each in tested]
        slope, intercept = learner.calibrate(odds, [each.found for each in tested], weights)
        slope_micro, intercept_micro = round(slope * MICRO), round(intercept * MICRO)
    return grade(judged, Random(seed)), slope_micro, intercept_micro  # noqa: S311 - the same seed, the same grade


def _scored(fold: Fold, score: Callable[[Mapping[str, int | None]], int]) -> tuple[Graded, ...]:
    return graded(fold.train, fold.test, lambda each: score(each.features))


def _learned(examples: Sequence[Example], learner: Learner, seed: int, names: Sequence[str]) -> str:
    return learner.learn(names, examples, [training_weight(each) for each in examples], seed)


def _references(
    names: Sequence[str], recent: Sequence[Mapping[str, int | None]], scores: Sequence[int]
) -> tuple[Reference, ...]:
    watched = [name for name in WATCHED if name in names]
    features = [reference_of(name, [each[name] for each in recent]) for name in watched]
    return (reference_of(SCORE, scores), *features)
