"""Every reason, refusal and display has a text in Chinese and English, with the same parameters."""

import ast
import functools
import re
from pathlib import Path

import pytest
from tests.unit.gate.passage_kit import ROOT

from kouan.gate.catalogue import LANGUAGES, parameters_of, parse_catalogue, render
from kouan.gate.decide import UNSPOKEN
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.rules.holds import KINDS
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Reason

GATE = ROOT / "src/kouan/gate"
CATALOGUES = {
    language: parse_catalogue((GATE / f"messages/{language}.toml").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
MAKERS = {"refuse", "alarm", "Reason", "_show", "_trouble"}
NOT_OURS = "lane_controller"
"""The package whose codes are rules of the lane controller: they stand in its reports, not on screens."""


def sources() -> list[Path]:
    return sorted(path for path in GATE.rglob("*.py") if path.parent.name != NOT_OURS)


@functools.cache
def literal_codes() -> dict[str, set[str]]:
    """Return the codes written in calls that make reasons, with the parameters given there by name."""
    found: dict[str, set[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                for code in codes_in(node):
                    found.setdefault(code, set()).update(parameters_given(node))
    return found


def codes_in(call: ast.Call) -> list[str]:
    """Return the codes among a call's arguments, each arm of a condition included."""
    arms = [arm for argument in call.args for arm in arms_of(argument)]
    return [arm.value for arm in arms if isinstance(arm, ast.Constant) and is_code(arm.value)]


def arms_of(argument: ast.expr) -> list[ast.expr]:
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]


def is_code(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", value) is not None


def parameters_given(call: ast.Call) -> set[str]:
    named = {keyword.arg for keyword in call.keywords if keyword.arg}
    if isinstance(call.func, ast.Name) and call.func.id == "_trouble":
        named.add("order")
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            named |= {key.value for key in argument.keys if isinstance(key, ast.Constant)}
    return named


def made_codes() -> set[str]:
    """Return the codes that are put together from a topic and a cause."""
    failures = ("unanswered", "out_of_service", "faulty", "missing", "contradictory")
    nine = [procedure for procedure in Procedure if procedure is not Procedure.DECISION]
    words = (*UNSPOKEN, "refuse", "refer", "withdrawn")
    return {
        *(f"{procedure}.{failure}" for procedure in nine for failure in failures),
        *(f"{authority}.{word}" for authority in Authority for word in words),
        *(f"hold.{kind}" for kind in KINDS),
        *(f"{topic}.{word}" for topic in ("plates", "trailer", "container") for word in ("near", "differs")),
        *(f"display.{way}" for way in ("release", "inspection_yard", "turn_back", "closed")),
        *(f"review.{cause}" for cause in review_causes()),
        "weight.differs",
        "weight.not_empty",
    }


def review_causes() -> set[str]:
    """Return the causes that review and corrections return as texts."""
    found = {"closed", "not_in_review"}
    for name in ("review.py", "corrections.py"):
        for node in ast.walk(ast.parse((GATE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Return) and node.value is not None:
                arms = [arm.value for arm in arms_of(node.value) if isinstance(arm, ast.Constant)]
                found.update(arm for arm in arms if isinstance(arm, str))
    return found


def test_both_catalogues_have_the_same_codes_with_the_same_parameters() -> None:
    zh, en = CATALOGUES["zh"], CATALOGUES["en"]
    assert list(zh) == list(en)
    assert {code for code in zh if parameters_of(zh[code]) != parameters_of(en[code])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_in_use_has_a_text(language: str) -> None:
    assert (literal_codes().keys() | made_codes()) - CATALOGUES[language].keys() == set()


def test_no_text_asks_for_a_parameter_that_its_reason_does_not_give() -> None:
    for code, given in literal_codes().items():
        if code not in made_codes():
            asked = parameters_of(CATALOGUES["en"][code])
            assert asked <= given, f"{code} asks for {sorted(asked - given)}"


def test_no_text_is_there_for_nothing() -> None:
    from_agencies = {"customs.controlled"}
    unused = CATALOGUES["en"].keys() - literal_codes().keys() - made_codes() - from_agencies
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/kouan").rglob("*.py"))
    assert {code for code in unused if f'"{code}"' not in sources} == set()


def test_a_reason_reads_in_both_languages() -> None:
    reason = Reason("seal.differs", {"read": "CN7654321", "declared": "CN1234567"})
    assert render(CATALOGUES["zh"], reason) == "关锁 CN7654321 与申报关锁 CN1234567 不符"
    assert render(CATALOGUES["en"], reason) == "Seal CN7654321 is not the declared CN1234567"


def test_rendering_never_fails() -> None:
    assert render(CATALOGUES["en"], Reason("agency.special")) == "agency.special"
    assert render(CATALOGUES["en"], Reason("seal.absent")) == "No seal was found; – was declared"
    assert render({"a": "{x} {X} {"}, Reason("a", {"x": "{y}"})) == "{y} {X} {"


@pytest.mark.parametrize(("text", "rule"), [("a =", "catalogue.toml"), ("a = 1", "catalogue.text")])
def test_a_catalogue_of_another_form_is_refused(text: str, rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        parse_catalogue(text)
    assert refusal.value.rule == rule
