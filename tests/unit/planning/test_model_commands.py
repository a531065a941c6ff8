"""The planner's commands, as a script uses them."""

import json

import pytest
from typer.testing import CliRunner

from kouan.cli.study import app
from kouan.vocabulary.errors import InvalidValue

RUN = CliRunner()


def test_a_what_if_prints_one_object_with_means_and_intervals() -> None:
    told = RUN.invoke(app, ["what-if", "lanes_in=14", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["replications"] == 30
    rows = {row["measure"]: row for row in found["measures"]}
    assert rows["gate_min"]["before"]["low"] <= rows["gate_min"]["before"]["mean"] <= rows["gate_min"]["before"]["high"]


def test_an_unknown_change_is_refused_before_anything_runs() -> None:
    told = RUN.invoke(app, ["what-if", "lane=14"])
    assert told.exit_code == 1
    with pytest.raises(InvalidValue, match="lanes_in"):
        raise told.exception  # type: ignore[misc]


def test_lanes_are_planned_within_the_budget_with_the_gap_told() -> None:
    told = RUN.invoke(app, ["optimise", "--lane-hours", "100", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert sum(hour["lanes_in"] + hour["lanes_out"] for hour in found["hours"]) == found["lane_hours"] <= 100
    assert 0 <= found["gap"] < 0.05
