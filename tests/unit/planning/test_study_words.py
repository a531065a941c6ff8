"""Why files of a study are refused is said in both languages, and so is all that the console shows of a study."""

from importlib import resources

import pytest

from kouan.gate.catalogue import LANGUAGES, parameters_of, parse_catalogue
from kouan.planning.study.findings import Counts
from kouan.planning.study.legs import Leg
from kouan.planning.study.report.words import COUNTS, HEADLINE, LEGS, MISSING, RULES, WORDS

CATALOGUES = {
    language: parse_catalogue(
        (resources.files("kouan.planning.study") / f"messages/{language}.toml").read_text(encoding="utf-8")
    )
    for language in LANGUAGES
}


def test_both_languages_have_the_same_codes_and_parameters():
    chinese, english = (CATALOGUES[language] for language in ("zh", "en"))
    assert chinese.keys() == english.keys()
    assert all(parameters_of(chinese[code]) == parameters_of(english[code]) for code in chinese)


@pytest.mark.parametrize("words", [COUNTS, HEADLINE, LEGS, MISSING, RULES, WORDS])
def test_every_word_of_a_report_is_there_in_both_languages(words):
    assert all(len(both) == 2 and all(both) for both in words.values())


def test_every_leg_and_every_count_has_its_word():
    assert set(LEGS) == set(Leg)
    assert set(COUNTS) == set(Counts.__struct_fields__)
