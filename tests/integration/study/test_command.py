"""``kouan study`` on a bare machine: no port, no database, no account."""

import datetime as dt
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


def nine_days(folder):
    """Write thirty lorries a day on nine days, each weighed twice, and return the files."""
    passages, tickets = ["Plate,Direction,Queued at,Stopped at,Left at"], ["Plate,Ticket,Gross at,Tare at,Gross,Tare"]
    for number in range(270):
        came = dt.datetime(2026, 10, 1 + number // 30, 8) + dt.timedelta(minutes=number % 30 * 20)  # noqa: DTZ001
        at = [came + dt.timedelta(minutes=minute) for minute in (0, 5, 6, 15, 30 + number * 7 % 5, 40, 41)]
        plate = f"{1000 + number}УБА"
        passages += [f"{plate},in,{at[0]},{at[1]},{at[2]}", f"{plate},out,,{at[5]},{at[6]}"]
        tickets.append(f"{plate},T{number},{at[3]},{at[4]},60000,{20000 + number}")
    files = {"passages.csv": passages, "tickets.csv": tickets}
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return [str(folder / name) for name in files]


@pytest.mark.slow
def test_what_would_change_it_is_printed_and_kept_with_the_study_its_error_first(tmp_path):
    files = nine_days(tmp_path)
    asked = ["study", *files, "--yes", "--what-if", "unload_min=200", "--language", "en", "--data", str(tmp_path)]
    found = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "r.html"), "--excel", str(tmp_path / "r.xlsx")])
    assert found.exit_code == 0, found.output
    assert found.stdout.index("held-out days") < found.stdout.index("measures")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    english = text.split('lang="en">', 2)[-1]
    told = english.index("What if: unload_min=200")
    assert told < english.index("First its error: on") < english.index("Changed: unloading, on average")
    assert english.index("Changed: unloading, on average") < english.index("turn-round, mean (min):")
    book = CalamineWorkbook.from_filelike(io.BytesIO((tmp_path / "r.xlsx").read_bytes()))
    assert len(book.get_sheet_by_name("what if").to_python()) == 12
    lines = book.get_sheet_by_name("lines by clock").to_python()
    assert all(row[3] == pytest.approx(sum(row[4:]) / 4) for row in lines[1:])
    assert "visits" in book.sheet_names


@pytest.mark.slow
def test_people_are_shared_out_on_a_ports_own_files_its_error_first(tmp_path):
    asked = ["study", "optimise", *nine_days(tmp_path), "--yes", "--staff-hours", "60", "--data", str(tmp_path)]
    found = CliRunner().invoke(app, [*asked, "--json"])
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told["back_test"]["days"]
    assert told["staff_hours"] <= 60
    assert all(hour["bays"] == 0 for hour in told["hours"])
