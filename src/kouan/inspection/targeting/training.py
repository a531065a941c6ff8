"""Training (训练): from examined candidates to a model with its grade."""

from collections.abc import Mapping, Sequence

from kouan.inspection.targeting.drift import SCORE, WATCHED, reference_of
from kouan.inspection.targeting.features import AT_HAND_IN, FeatureSet
from kouan.inspection.targeting.grading import grade
from kouan.inspection.targeting.learning import Example, Learner, split_in_time, training_weight, usable
from kouan.inspection.targeting.model import MICRO, Artefact, Reference, scoring
from kouan.inspection.targeting.trees import read_trees

CALIBRATED_PART = 4
"""One part in so many of what teaches, the last in time, calibrates the scores instead. Our choice."""

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

    What was graded is what is returned: it is not learned anew on what graded it. Raises InvalidValue where an example
    looks at what was not known yet, or there are too few; Unavailable.
    """
    split = split_in_time(usable(examples, features))
    cut = len(split.train) - len(split.train) // CALIBRATED_PART
    teach, rest = split.train[:cut], split.train[cut:]
    text = learner.learn(features.names, teach, [training_weight(each) for each in teach], seed)
    trees = read_trees(text)
    odds = [trees.log_odds(each.features) for each in rest]
    slope, intercept = learner.calibrate(odds, [each.found for each in rest], [training_weight(each) for each in rest])
    score = scoring(trees, round(slope * MICRO), round(intercept * MICRO))
    scores = sorted(score(each) for each in recent)
    return Artefact(
        features=features.names,
        grade=grade(split.train, split.test, lambda each: score(each.features)),
        intercept_micro=round(intercept * MICRO),
        quantiles_ppm=tuple(scores[len(scores) * step // QUANTILES] for step in range(QUANTILES)) if scores else (),
        references=_references(features.names, recent, scores),
        slope_micro=round(slope * MICRO),
        trained_from=teach[0].at,
        trained_until=split.at,
        trees=text,
    )


def _references(
    names: Sequence[str], recent: Sequence[Mapping[str, int | None]], scores: Sequence[int]
) -> tuple[Reference, ...]:
    watched = [name for name in WATCHED if name in names]
    features = [reference_of(name, [each[name] for each in recent]) for name in watched]
    return (reference_of(SCORE, scores), *features)
