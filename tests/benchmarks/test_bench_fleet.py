"""The bench of the fleet gives every figure; how large they are is no test's business, but that all jobs are done."""

import json
import subprocess
import sys

import pytest

from kouan.fleet.road.places import lay_out
from kouan.fleet.road.road_map import Vehicle
from kouan.proving.bench_fleet.figures import BenchSetting, measure
from kouan.proving.bench_fleet.layouts import line, tandem
from kouan.proving.bench_fleet.throughput import Round, bound, drive_rounds


def test_stations_in_a_row_are_measured_against_their_bound_with_tail_release_and_with_cells() -> None:
    found = measure(BenchSetting(skip=frozenset({"line", "locking"}), rounds=1.0), lambda _: None)
    assert [row["service_s"] for row in found["tandem"]] == [15.0, 30.0, 90.0]
    for row in found["tandem"]:
        assert 0 < row["ratio"] <= 1.05  # one round is counted to a vehicle or so
        assert row["limit"] == "S1"
        assert 0 < row["cells"]["ratio"] < row["ratio"] * 1.05


def test_the_bound_is_the_least_of_vehicles_stations_and_lane() -> None:
    graph, what = lay_out(tandem(15, Vehicle())), Round((("S1",), ("S2",)), (15.0, 15.0))
    few, limit, empty_s = bound(graph, what, 1)
    assert (few, limit) == (pytest.approx(1 / empty_s), "vehicles")
    # 20 m from rest to rest at 0.5 m/s² up and down take 2 √(20 / 0.5) s.
    assert bound(graph, what, 100)[:2] == (pytest.approx(1 / (15 + 2 * (20 / 0.5) ** 0.5)), "S1")


def test_a_vehicle_alone_goes_round_a_line_in_the_time_of_the_empty_road() -> None:
    road = line(1, 60.0, (15.0, 15.0), Vehicle(), length_m=800.0)
    what = Round((("check-out",), ("F1",), ("check-in",), ("N1",)), (15.0, 60.0, 15.0, 60.0))
    found = drive_rounds(road, what, 1, warm_rounds=0.0, rounds=5.0)
    assert found.limit == "vehicles"
    assert found.ratio == pytest.approx(1.0, abs=0.21)  # five rounds, counted whole


def test_the_command_refuses_a_part_that_is_none() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kouan", "bench", "fleet", "--skip", "nothing"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert "skip" in done.stderr


def test_the_command_prints_what_was_done_in_layouts_that_lock() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "kouan",
            "bench",
            "fleet",
            "--skip",
            "tandem",
            "--skip",
            "line",
            "--seeds",
            "1",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["locking"]
    assert len(rows) == 7
    assert all(row["done"] == row["total"] > 0 for row in rows)
