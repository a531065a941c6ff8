"""The planner's commands, as a script uses them."""

import json

import pytest
from typer.testing import CliRunner

from kouan.cli.study import app
from kouan.vocabulary.errors import InvalidValue, NotFound

RUN = CliRunner()


def test_a_what_if_prints_one_object_with_means_and_intervals() -> None:
    told = RUN.invoke(app, ["what-if", "lanes_in=14", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["replications"] == 30
    rows = {row["measure"]: row for row in found["measures"]}
    assert rows["gate_min"]["before"]["low"] <= rows["gate_min"]["before"]["mean"] <= rows["gate_min"]["before"]["high"]


def test_a_what_if_may_be_asked_as_an_option_of_the_study() -> None:
    asked = ["--what-if", "open=07:00", "lanes_in=14", "slots=30min", "unload_min=12", "--json"]
    told = RUN.invoke(app, asked)
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["changes"] == ["open=07:00", "lanes_in=14", "slots=30min", "unload_min=12"]
    hours = {line["place"]: [sum(line[name]) / 4 for name in ("before", "after")] for line in found["lines"]}
    assert hours["weighing"][0] > hours["weighing"][1] + 50


def test_what_is_no_change_is_a_file_and_a_question_without_a_change_is_refused() -> None:
    told = RUN.invoke(app, ["--what-if", "lanes_in=14", "nowhere.csv"])
    with pytest.raises(NotFound, match=r"nowhere\.csv"):
        raise told.exception  # type: ignore[misc]
    told = RUN.invoke(app, ["what-if", "nowhere.csv"])
    with pytest.raises(InvalidValue, match="lanes_in=14"):
        raise told.exception  # type: ignore[misc]


def test_a_report_is_printed_of_files_only() -> None:
    told = RUN.invoke(app, ["what-if", "lanes_in=14", "--out", "report.html"])
    with pytest.raises(InvalidValue, match="files"):
        raise told.exception  # type: ignore[misc]


def test_an_unknown_change_is_refused_before_anything_runs() -> None:
    told = RUN.invoke(app, ["what-if", "lane=14"])
    assert told.exit_code == 1
    with pytest.raises(InvalidValue, match="lanes_in"):
        raise told.exception  # type: ignore[misc]


def test_lanes_are_planned_within_the_budget_with_the_gap_told() -> None:
    told = RUN.invoke(app, ["optimise", "--staff-hours", "170", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    people = sum(hour["lanes_in"] + hour["lanes_out"] + 2 * hour["bays"] for hour in found["hours"])
    assert people == found["staff_hours"] <= 170
    assert 0 <= found["gap"] < 0.05
