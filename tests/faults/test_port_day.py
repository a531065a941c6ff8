"""``kouan simulate``: a port's day in virtual time, the same in every process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from kouan.cli import app
from kouan.proving.port_day import DaySetting, opening, simulate_day
from kouan.wiring.port_file import load

SHORT = DaySetting(days=150 / 86_400)
TOLD = {
    "port", "scenario", "seed", "days", "lorries", "cleared", "diverted", "refused", "held", "left_over",
    "median_stop_s", "p95_stop_s", "queue_peaks", "planted", "caught", "false_alarms", "double_actuations", "messages",
    "messages_per_passage", "us_per_message", "virtual_s", "cpu_s", "virtual_s_per_s", "entries", "ledger_root",
    "checks", "violations",
}  # fmt: skip


def in_another_process(hash_seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "kouan", "simulate", "--days", str(SHORT.days), "--seed", "7", "--json"]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.fixture(scope="module")
def figures() -> Mapping[str, Any]:
    return simulate_day(SHORT)


def test_one_seed_gives_one_ledger_byte_for_byte_in_any_process(figures: Mapping[str, Any]) -> None:
    processes = [in_another_process(hash_seed) for hash_seed in (0, 4242)]
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        told = json.loads(out)
        assert told.keys() >= TOLD
        assert told["ledger_root"] == figures["ledger_root"]
        assert told["entries"] == figures["entries"]


def test_another_seed_gives_another_ledger(figures: Mapping[str, Any]) -> None:
    other = simulate_day(replace(SHORT, seed=8))
    assert other["ledger_root"] != figures["ledger_root"]
    assert other["double_actuations"] == 0


def test_what_is_told_of_the_day_adds_up(figures: Mapping[str, Any]) -> None:
    assert figures["lorries"] >= 60
    assert figures["cleared"] >= 50
    assert figures["cleared"] + figures["diverted"] + figures["refused"] <= figures["lorries"]
    assert figures["double_actuations"] == 0
    assert figures["missed"] == 0
    assert 5 < figures["median_stop_s"] < 30
    assert figures["median_stop_s"] <= figures["p95_stop_s"]
    assert figures["queue_peaks"][0]["hour"] == 0
    assert figures["queue_peaks"][0]["in"] > 100  # those that waited overnight
    assert 150 <= figures["virtual_s"] < 160
    assert figures["virtual_s_per_s"] == pytest.approx(figures["virtual_s"] / figures["cpu_s"])


def test_a_passage_takes_at_most_150_device_messages(figures: Mapping[str, Any]) -> None:
    assert 0 < figures["messages_per_passage"] <= 150


def test_a_day_begins_when_the_port_opens() -> None:
    assert opening(load("ganqimaodu"), SHORT.day) == 1_788_220_800_000_000  # 1 September 2026, 08:00 in Ganqimaodu


def test_the_command_prints_a_table_for_a_person() -> None:
    result = CliRunner().invoke(app, ["simulate", "--days", "0.0003", "--scenario", "calm"])
    assert result.exit_code == 0, result.output
    for name in ("cleared", "ledger_root", "checks", "Longest queues"):
        assert name in result.output
