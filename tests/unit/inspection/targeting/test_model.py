"""Models: learned by LightGBM, kept as text with a digest, and scored here as LightGBM itself scores them."""

import math
from collections.abc import Sequence
from random import Random

import msgspec
import pytest
from tests.unit.inspection.targeting.targeting_kit import TWO, examples

from kouan.adapters.learning.boosting import Boosting
from kouan.inspection.targeting.drift import LEAST, moved, reference_of, stability_pm
from kouan.inspection.targeting.grading import Ranked, base_rate
from kouan.inspection.targeting.learning import Example, folds_in_time
from kouan.inspection.targeting.model import Artefact, RiskModel, chance_of, digest_of, read_model
from kouan.inspection.targeting.training import train
from kouan.inspection.targeting.trees import read_trees
from kouan.vocabulary.errors import InvalidValue

CHANCE = Random(5)
MADE = examples(900, CHANCE, template=("x", "y", "z"))
RECENT = [each.features for each in MADE[-600:]]


@pytest.fixture(scope="module")
def trained() -> Artefact:
    return train(MADE, RECENT, Boosting(), 1, TWO)


@pytest.fixture(scope="module")
def model(trained: Artefact) -> RiskModel:
    data = trained.encode()
    return read_model(data, digest_of(data), TWO.names)


def test_a_model_of_telling_features_passes_its_grade_and_is_calibrated(trained: Artefact) -> None:
    grade = trained.grade
    assert grade.failed == ()
    assert grade.precision[2].precision_ppm > 2 * grade.base_ppm
    assert grade.expected_error_ppm < 80_000


def test_a_model_of_noise_fails_because_the_look_up_beats_it() -> None:
    noise = train(examples(900, Random(6), tells=False), RECENT, Boosting(), 1, TWO)
    assert {reason.code for reason in noise.grade.failed} == {"targeting.lookup_beats"}


def test_the_same_seed_learns_the_same_bytes(trained: Artefact) -> None:
    again = train(MADE, RECENT, Boosting(), 1, TWO)
    assert again.encode() == trained.encode()
    assert train(MADE, RECENT, Boosting(), 2, TWO).encode() != trained.encode()


class Noting(Boosting):
    """Learns as LightGBM does, and notes what it was taught."""

    def __init__(self) -> None:
        self.taught: list[Sequence[Example]] = []

    def learn(self, names: Sequence[str], examples: Sequence[Example], weights: Sequence[float], seed: int) -> str:
        self.taught.append(examples)
        return super().learn(names, examples, weights, seed)


def test_what_grades_a_score_did_not_teach_it_and_what_is_used_learned_from_all() -> None:
    learner = Noting()
    half = train(MADE, RECENT, learner, 1, TWO).grade
    assert (half.examined, half.found) == (450, sum(each.found for each in MADE[450:]))
    *grading, last = learner.taught
    assert list(last) == list(MADE)
    assert [len(each) for each in grading] == [len(fold.train) for fold in folds_in_time(MADE)]
    for taught, fold in zip(grading, folds_in_time(MADE), strict=True):
        assert max(each.result_at for each in taught) < min(each.at for each in fold.test)


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_lightgbm_itself(seed: int) -> None:
    import lightgbm
    import numpy as np

    chance = Random(seed)
    names = ("a", "b", "c")
    rows = [[chance.choice((None, 0, chance.randrange(-50, 50))) for _ in names] for _ in range(600)]
    labels = [(row[0] or 0) + (row[1] or -20) > chance.randrange(-30, 30) for row in rows]
    grid = np.array([[math.nan if value is None else value for value in row] for row in rows], dtype=float)
    settings = {"objective": "binary", "num_leaves": 9, "min_data_in_leaf": 5, "verbosity": -1, "seed": seed,
                "num_threads": 1, "zero_as_missing": seed == 3, "use_missing": seed != 2}  # fmt: skip
    data = lightgbm.Dataset(grid, label=np.array(labels, dtype=float), feature_name=list(names))
    booster = lightgbm.train(settings, data, num_boost_round=25)
    trees = read_trees(booster.model_to_string())
    theirs = booster.predict(grid, raw_score=True)
    for row, raw in zip(rows, theirs, strict=True):
        values = dict(zip(names, row, strict=True))
        assert trees.log_odds(values) == pytest.approx(float(raw), abs=1e-9)
        assert trees.base + sum(trees.moved(values).values()) == pytest.approx(float(raw), abs=1e-9)


def test_the_feature_that_tells_explains_the_score(model: RiskModel) -> None:
    high = {"telling": 950, "noise": 500}
    low = {"telling": 50, "noise": 500}
    assert model.score(high) > 5 * model.score(low)
    assert model.why(high)[0].feature == "telling"
    assert model.why(high)[0].value == 950
    assert "telling" not in [each.feature for each in model.why(low)]


def test_scores_are_read_back_the_same_from_the_kept_bytes(trained: Artefact, model: RiskModel) -> None:
    kept = RiskModel("m1", trained, read_trees(trained.trees))
    assert [kept.score(each.features) for each in MADE] == [model.score(each.features) for each in MADE]
    mean = sum(model.score(each.features) for each in MADE) / len(MADE) / 1_000_000
    assert mean == pytest.approx(base_rate([Ranked(0, each.found) for each in MADE]), abs=0.05)


def test_bytes_that_are_not_those_handed_in_are_no_model(trained: Artefact) -> None:
    data = trained.encode()
    with pytest.raises(InvalidValue) as refusal:
        read_model(data.replace(b"leaf_value=", b"leaf_value=9", 1), digest_of(data), TWO.names)
    assert refusal.value.rule == "model.digest"


@pytest.mark.parametrize(
    ("data", "rule"),
    [(b"{}", "model.form"), (b"\x80\x04.", "model.form"), (b'{"form":1}', "model.form")],
)
def test_bytes_of_another_form_are_no_model(data: bytes, rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_model(data, digest_of(data), TWO.names)
    assert refusal.value.rule == rule


def test_a_model_of_other_features_or_another_form_is_refused(trained: Artefact) -> None:
    for changed, names, rule in (
        (trained, ("telling", "more"), "model.features"),
        (msgspec.structs.replace(trained, form=2), TWO.names, "model.form"),
    ):
        data = changed.encode()
        with pytest.raises(InvalidValue) as refusal:
            read_model(data, digest_of(data), names)
        assert refusal.value.rule == rule


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version=v4", "version=v3"),
        ("num_class=1", "num_class=2"),
        ("objective=binary sigmoid:1", "objective=regression"),
        ("num_cat=0", "num_cat=1"),
        ("split_feature=", "split_feature=7 "),
        ("left_child=1", "left_child=0"),
        ("leaf_value=", "leaf_value=nan "),
        ("Tree=", "Stump="),
        ("threshold=", "threshold=x "),
        ("decision_type=", "gone="),
    ],
)
def test_text_that_makes_no_trees_is_refused(trained: Artefact, old: str, new: str) -> None:
    text = trained.trees
    assert old in text
    with pytest.raises(InvalidValue) as refusal:
        read_trees(text.replace(old, new))
    assert refusal.value.rule == "model.form"


def test_a_chance_lies_between_none_and_certainty() -> None:
    assert chance_of(0) == 0.5
    assert 0 < chance_of(-1e9) < 1e-12
    assert 1 - 1e-12 < chance_of(1e9) < 1


def test_an_unchanged_spread_has_no_index_and_a_shifted_one_has() -> None:
    chance = Random(3)
    values = [chance.randrange(1000) for _ in range(5000)]
    reference = reference_of("price_usual_pm", [*values, None])
    assert len(reference.edges) == 9
    assert stability_pm(reference, [chance.randrange(1000) for _ in range(2000)]) < 30
    assert stability_pm(reference, [value // 2 for value in values]) > 250
    assert stability_pm(reference, [None] * 1000) > 1000


def test_a_shift_is_noticed_once_there_are_enough_to_say_so() -> None:
    reference = reference_of("mass_zeros", [place % 10 for place in range(1000)])
    assert moved([reference], {"mass_zeros": [9] * (LEAST - 1)}) == ()
    (reason,) = moved([reference], {"mass_zeros": [9] * LEAST})
    assert (reason.code, reason.params["name"]) == ("targeting.moved", "mass_zeros")
    assert moved([reference], {}) == ()


def test_one_value_that_all_share_is_a_spread_too() -> None:
    reference = reference_of("lines", [1] * 100)
    assert stability_pm(reference, [1] * 600) == 0
    assert stability_pm(reference, [2] * 600) > 1000
