"""``kouan study`` on a bare machine: no port, no database, no account."""

import io
import json

import polars as pl
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from kouan.cli import app
from kouan.cli.study import app as study_app


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small sample, and what a study of it writes."""
    folder = tmp_path_factory.mktemp("sample")
    runner = CliRunner()
    written = runner.invoke(app, ["study", "sample", "--out", str(folder), "--rows", "3000", "--json"])
    assert written.exit_code == 0, written.output
    files = [str(folder / name) for name in json.loads(written.stdout)["files"]]
    outputs = [
        "--out",
        str(folder / "o/r.html"),
        "--excel",
        str(folder / "r.xlsx"),
        "--rejected",
        str(folder / "r.csv"),
    ]
    found = runner.invoke(app, ["study", *files, *outputs, "--json", "--data", str(folder / "data")])
    assert found.exit_code == 0, found.output
    return folder, json.loads(found.stdout), files


def test_the_study_is_one_json_object_for_scripts(made):
    _, study, _ = made
    assert study["counts"]["visits"] == 1000
    assert study["legs"][0]["lost_h_a_day"] >= study["legs"][1]["lost_h_a_day"]


def test_the_report_asks_nothing_of_anybody_and_says_the_same_in_two_languages(made):
    folder, study, _ = made
    text = (folder / "o/r.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "http" not in text
    visits = f"{study['counts']['visits']:,}"
    for language in ("zh-CN", "en"):
        section = text.split(f'lang="{language}">', 2)[-1].split("</section>")[0]
        assert f">{visits}</td>" in section
        assert section.count("<svg") >= 5
    assert "承运03号公司" in text


def test_what_a_file_says_never_becomes_markup(made, tmp_path):
    bad = tmp_path / "<b>.csv"
    bad.write_text(
        "Plate,Direction,Time,Lane\n[/b]<script>1,in,2026-10-01 08:00,1\n1234УБА,in,2026-10-01 08:00,1\n",
        encoding="utf-8",
    )
    found = CliRunner().invoke(app, ["study", str(bad), "--yes", "--out", str(tmp_path / "r.html")])
    assert found.exit_code == 0, found.output
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "[/b]&lt;script&gt;1" in text
    assert "<script" not in text


def test_the_workbook_has_the_visits_and_every_figure_as_a_number(made):
    folder, study, _ = made
    book = CalamineWorkbook.from_filelike(io.BytesIO((folder / "r.xlsx").read_bytes()))
    visits = book.get_sheet_by_name("visits").to_python()
    assert len(visits) == study["counts"]["visits"] + 1
    legs = book.get_sheet_by_index(1).to_python()
    assert legs[1][5] == study["legs"][0]["lost_h_a_day"]


def test_every_rejected_row_stands_in_the_list_with_its_reason(made):
    folder, study, _ = made
    rejected = pl.read_csv(folder / "r.csv", infer_schema=False)
    counted = {one["rule"]: one["rows"] for one in study["rejections"]}
    assert dict(rejected.group_by("rule").len().rows()) == counted
    assert rejected["原因"].null_count() == 0


def test_a_person_reads_sentences_and_the_reasons_for_refusals(made):
    _, _, files = made
    found = CliRunner().invoke(app, ["study", *files, "--yes", "--language", "en"])
    assert found.exit_code == 0
    assert "Most hours are lost in one place" in " ".join(found.stdout.split())
    assert "no plate" in found.stdout


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    found = CliRunner().invoke(study_app, [str(tmp_path / "none.csv"), "--yes"])
    assert found.exit_code == 1
    assert "cannot be read" in str(found.exception)
