"""Every reason of the yard has a text in Chinese and English, with the same parameters."""

import re
from pathlib import Path

from kouan.gate.catalogue import LANGUAGES, parameters_of
from kouan.wiring.messages import catalogue, catalogues
from kouan.yard.settings import Limits

ROOT = Path(__file__).parents[3]
SOURCES = [
    path for place in ("yard/*.py", "journeys/*yard*.py", "adapters/driver/yard*.py")
    for path in sorted((ROOT / "src/kouan").glob(place))
]  # fmt: skip
CODE = re.compile(r'(?:Reason|refuse)\(\s*"((?:yard|people)\.[a-z_]+)"')
WAITS = re.compile(r'"(yard\.(?:waits_[a-z_]+|over))"')


def codes() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    overdue = {f"yard.overdue_{state}" for state in Limits.__struct_fields__}
    mended = set(re.findall(r'refuse\("(yard\.[a-z_]+)", field=[^)]*?mend=', text))
    return (set(CODE.findall(text)) | set(WAITS.findall(text)) | overdue) - (mended - set(catalogue("en")))


def test_every_code_has_a_text_in_both_languages_with_the_same_parameters() -> None:
    zh, en = (catalogue(language) for language in ("zh", "en"))
    assert len(codes()) > 40
    for language in LANGUAGES:
        assert codes() - catalogue(language).keys() == set()
    ours = [code for code in en if code.startswith(("yard.", "people."))]
    assert ours == [code for code in zh if code.startswith(("yard.", "people."))]
    assert [code for code in ours if parameters_of(en[code]) != parameters_of(zh[code])] == []
    assert set(catalogues()) == set(LANGUAGES)


def test_no_text_is_there_for_nothing() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    ours = {code for code in catalogue("en") if code.startswith(("yard.", "people."))}
    assert {code for code in ours if code not in codes() and f'"{code}"' not in text} == set()
