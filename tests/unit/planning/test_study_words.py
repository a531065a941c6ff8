"""Why files of a study are refused is said in both languages, and so is all that the console shows of a study."""

from importlib import resources

import pytest

from kouan.gate.catalogue import LANGUAGES, parameters_of, parse_catalogue
from kouan.planning.model.changes import CHANGES
from kouan.planning.model.measures import MEASURES, PLACES
from kouan.planning.study.findings import Counts
from kouan.planning.study.legs import Leg
from kouan.planning.study.report import model_words
from kouan.planning.study.report.words import COUNTS, HEADLINE, LEGS, MISSING, RULES, WORDS
from kouan.planning.traffic import Stage

CATALOGUES = {
    language: parse_catalogue(
        (resources.files("kouan.planning.study") / f"messages/{language}.toml").read_text(encoding="utf-8")
    )
    for language in LANGUAGES
}

MODEL = (model_words.MEASURES, model_words.PLACES, model_words.CHANGES, model_words.STAGES)


def test_both_languages_have_the_same_codes_and_parameters():
    chinese, english = (CATALOGUES[language] for language in ("zh", "en"))
    assert chinese.keys() == english.keys()
    assert all(parameters_of(chinese[code]) == parameters_of(english[code]) for code in chinese)


@pytest.mark.parametrize("words", [COUNTS, HEADLINE, LEGS, MISSING, RULES, WORDS, *MODEL])
def test_every_word_of_a_report_is_there_in_both_languages(words):
    assert all(len(both) == 2 and all(both) for both in words.values())


def test_every_leg_and_every_count_has_its_word():
    assert set(LEGS) == set(Leg)
    assert set(COUNTS) == set(Counts.__struct_fields__)


def test_all_that_the_flow_model_tells_has_its_words():
    assert set(model_words.MEASURES) == set(MEASURES)
    assert set(model_words.PLACES) == set(PLACES)
    assert set(model_words.CHANGES) == set(CHANGES)
    assert {f"stage.{stage.value}" for stage in Stage} == set(model_words.STAGES)
