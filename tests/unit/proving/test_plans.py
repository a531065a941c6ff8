"""Plans of faults: drawn from a seed, written and read, made smaller."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from kouan.proving.nemesis.draw import HOW, draw
from kouan.proving.nemesis.nemesis import EXECUTORS
from kouan.proving.nemesis.plan import FaultAct, FaultKind, Plan, decode_plan
from kouan.proving.seeds.shrink import shrink
from kouan.simulator.anomalies import Anomaly
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue


def test_every_kind_of_fault_can_be_drawn_and_carried_out() -> None:
    assert set(HOW) == set(EXECUTORS) == set(FaultKind)


def test_the_reference_page_names_every_kind_of_fault() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "reference" / "simulation.md"
    text = page.read_text(encoding="utf-8")
    assert [kind.value for kind in FaultKind if f"`{kind.value}`" not in text] == []


def test_a_seed_gives_the_same_plan_in_another_process() -> None:
    code = "from kouan.proving.nemesis.draw import draw; import sys; sys.stdout.buffer.write(draw(77).encode())"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    assert told == draw(77).encode()
    assert told != draw(78).encode()


def test_a_plan_is_read_as_it_was_written() -> None:
    for seed in range(50):
        assert decode_plan(draw(seed).encode()) == draw(seed)


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(InvalidValue):
        decode_plan(b'{"seed": 1, "faults": [{"at": 1, "kind": "bad_luck", "target": "", "span_us": 0}]}')


def test_faults_begin_in_order_and_end_before_all_heals() -> None:
    for seed in range(200):
        plan = draw(seed)
        assert [act.at for act in plan.faults] == sorted(act.at for act in plan.faults)
        assert all(act.at + act.span_us <= plan.heals_us < plan.ends_us for act in plan.faults)
        assert all("{" not in act.target for act in plan.faults)


def test_five_hundred_seeds_draw_every_kind() -> None:
    assert {act.kind for seed in range(500) for act in draw(seed).faults} == set(FaultKind)


@dataclass
class Failure:
    """Fails as long as these kinds are in the plan, and counts how often it was asked."""

    needed: set[FaultKind]
    needed_trouble: set[Anomaly] = field(default_factory=set)
    asked: int = 0

    def __call__(self, plan: Plan) -> bool:
        self.asked += 1
        return self.needed <= {act.kind for act in plan.faults} and self.needed_trouble <= set(plan.rates)


def test_a_shrunk_plan_holds_only_what_the_failure_needs() -> None:
    kinds = list(FaultKind)[:20]
    acts = tuple(FaultAct(number * SECOND, kind, "x", 64 * SECOND) for number, kind in enumerate(kinds))
    plan = replace(draw(1), faults=acts, rates={Anomaly.FEVER: 20, Anomaly.TAILGATER: 30})
    fails = Failure({kinds[3], kinds[17]}, {Anomaly.FEVER})
    smallest = shrink(plan, fails, most_runs=200)
    assert [act.kind for act in smallest.faults] == [kinds[3], kinds[17]]
    assert all(act.span_us <= 2 * SECOND for act in smallest.faults)
    assert set(smallest.rates) == {Anomaly.FEVER}
    assert (smallest.queue, smallest.seed) == (1, plan.seed)


def test_shrinking_stops_after_as_many_runs_as_it_may_take() -> None:
    fails = Failure(set())
    shrink(draw(5), fails, most_runs=7)
    assert fails.asked == 7


def test_the_summary_of_a_plan_names_instants_kinds_and_targets() -> None:
    plan = Plan(seed=3, faults=(FaultAct(12_300_000, FaultKind.CUT, "field-I1", 4 * SECOND, {}),))
    assert "12.3 s  cut" in plan.summary()
    assert "field-I1" in plan.summary()
    assert "seed 3" in plan.summary()
