"""Two hundred seeds: ten virtual minutes of a port each, under faults, with every invariant checked at every step."""

import json
import subprocess
import sys

import pytest
from msgspec.structs import replace

from kouan.proving.nemesis.draw import HOW
from kouan.proving.nemesis.plan import FaultAct, FaultKind, Plan, decode_plan, in_order
from kouan.proving.seeds.campaign import quiet, run_seed
from kouan.proving.seeds.failures import told_of
from kouan.proving.seeds.run import run_plan
from kouan.vocabulary.clock import SECOND

CHUNKS, SEEDS_A_CHUNK = 20, 10
"""Two hundred seeds, in parts that several processes can share."""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quiet()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_that_must_hold_is_violated_whatever_goes_wrong(chunk: int, tmp_path_factory: pytest.TempPathFactory):
    for seed in range(chunk * SEEDS_A_CHUNK, (chunk + 1) * SEEDS_A_CHUNK):
        result = run_seed(seed)
        if result.violations:
            told = told_of(result, tmp_path_factory.mktemp("plans"))
            pytest.fail(f"{told['violation']}\nReplay: {told['replay']}\n{told['shrunk']}", pytrace=False)
        assert result.entries > 100
        assert result.stopped > 5


def plan_of(kind: FaultKind, seed: int) -> Plan:
    """Return a short plan in which this kind goes wrong every twenty seconds or so, each time somewhere else."""
    how = HOW[kind]
    span_us = round(min(how.span_s[1], 15.0) * SECOND)
    lanes = Plan(seed=seed).lanes
    acts = [
        FaultAct(
            (15 + 30 * number) * SECOND,
            kind,
            how.targets[number % len(how.targets)].format(lane=lanes[number % len(lanes)]),
            60 * SECOND if how.span_s[1] > 60 else span_us,
            {name: least + (most - least) * (1 + number) // 9 for name, (least, most) in how.params.items()},
        )
        for number in range(8)
    ]
    return Plan(seed=seed, rates=TROUBLES, faults=in_order(acts), heals_us=300 * SECOND, ends_us=302 * SECOND)


TROUBLES = dict.fromkeys(("seal_differs", "overweight_undeclared", "stowaway"), 150)
"""So that there are reviews to quarrel about."""


@pytest.mark.parametrize("kind", FaultKind)
def test_each_kind_of_fault_takes_effect(kind: FaultKind) -> None:
    fired = 0
    for seed in range(3):
        result = run_plan(plan_of(kind, seed))
        assert [found for found in result.violations if found.invariant != "I21"] == []
        fired += result.coverage.get(kind, 0)
        if fired:
            return
    pytest.fail(f"{kind} took no effect")


def test_a_seed_takes_the_same_steps_in_every_process() -> None:
    def told() -> dict[str, object]:
        command = [sys.executable, "-m", "kouan", "prove", "seeds", "--seed", "3", "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    first, second, here = told(), told(), run_seed(3)
    assert first["trace_sha256"] == second["trace_sha256"] == here.trace_sha256
    assert first["ledger_root"] == second["ledger_root"] == here.ledger_root
    assert run_seed(4).trace_sha256 != here.trace_sha256


def test_a_plan_from_a_file_is_run_as_it_stands(tmp_path) -> None:
    plan = replace(Plan(seed=9), ends_us=60 * SECOND, heals_us=40 * SECOND)
    path = tmp_path / "plan.json"
    path.write_bytes(plan.encode())
    assert run_plan(decode_plan(path.read_bytes())).trace_sha256 == run_plan(plan).trace_sha256
    command = [sys.executable, "-m", "kouan", "prove", "seeds", "--plan", str(path), "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert told["trace_sha256"] == run_plan(plan).trace_sha256


def test_the_last_line_of_many_seeds_is_their_verdict() -> None:
    command = [sys.executable, "-m", "kouan", "prove", "seeds", "--seeds", "2", "--processes", "1"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.splitlines()[-1] == "SEEDS=2 VIOLATIONS=0 PLANTED=0 CAUGHT=0"
