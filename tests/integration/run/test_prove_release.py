"""``kouan prove release`` as somebody runs it: on the rules that come with kouan, and on rules of their own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kouan.cli.prove import app
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.port_file import folder

SHIPPED = (folder() / "rules" / "release.toml").read_text(encoding="utf-8")
ON_REQUEST = 'sampling = "on_request"\ncertificate = "on_request"\n'
ALWAYS = 'sampling = "required"\ncertificate = "required"\n'


def rules(tmp_path: Path, text: str) -> Path:
    (tmp_path / "release.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_rules_that_are_too_lax_are_found_with_the_reason_and_exit_1(tmp_path: Path) -> None:
    before, name, rest = SHIPPED.partition('name = "manganese_chromium_ore"\nversion = 2')
    lax = rules(tmp_path, before + name + rest.replace(ALWAYS, ON_REQUEST, 1))
    run = CliRunner().invoke(app, ["release", "--rules", str(lax), "--no-planted", "--json"])
    told = json.loads(run.stdout)
    assert run.exit_code == 1
    assert {each["what"] for each in told["violations"]} == {
        "the rule certifies less than the announcements",
        "I22: the certificate that the rule requires is missing",
    }
    assert all("manganese_chromium_ore@2" in each["rule"] for each in told["violations"])
    assert told["violations"][-1]["path"][-1].endswith("free")
    assert (told["planted"], told["states"] > 10_000) == (0, True)


def test_rules_that_cannot_be_read_are_refused_before_anything_is_proven(tmp_path: Path) -> None:
    wrong = rules(tmp_path, SHIPPED.replace("effective_until = 2020-06-01", "effective_until = 2020-06-02"))
    with pytest.raises(InvalidValue, match=r"release\.unbroken"):
        CliRunner().invoke(app, ["release", "--rules", str(wrong)], catch_exceptions=False)
    with pytest.raises(NotFound):
        CliRunner().invoke(app, ["release", "--rules", str(tmp_path / "nowhere")], catch_exceptions=False)
