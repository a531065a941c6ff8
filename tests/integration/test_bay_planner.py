"""Bays planned by the solver, in process and in a process of its own; where it gives nothing, first come."""

import io
import os
import sys

import msgspec

from kouan.access.people import Agency
from kouan.adapters.bay_planner import cp_sat
from kouan.adapters.bay_planner.in_process import InProcessPlanner
from kouan.adapters.bay_planner.process import Question, answer
from kouan.adapters.bay_planner.worker import WorkerPlanner
from kouan.inspection.examination.bays import Bay, BayProblem, Budget, Job, Need, Officer, Span, violations
from kouan.inspection.examination.first_come import first_come
from kouan.inspection.examination.rules import BayFeature, Skill
from kouan.inspection.steps import StepKind

PATIENT = Budget(deterministic_s=0.02, wall_s=120.0, seed=3)
"""So long on the clock that only the solver's own time ends it, on however busy a machine."""


def problem(vehicles: int) -> BayProblem:
    """Vehicles of very different length, so that who goes first matters; every third needs the one scanner."""
    jobs = []
    for n in range(vehicles):
        minutes = (60, 8, 25, 12)[n % 4]
        need = Need(StepKind.SCAN, Agency.CUSTOMS, Skill.SCANNING, 0, minutes - 2)
        features = (BayFeature.SCANNER,) if n % 3 == 0 else ()
        jobs.append(Job(f"X{n:02}", 0, minutes, (need,), features, weight=4 if n % 5 == 4 else 1))
    officers = tuple(Officer(f"o{n}", Agency.CUSTOMS, (Skill.SCANNING,), (Span(0, 10_000),)) for n in range(3))
    bays = (Bay("B1", (BayFeature.SCANNER,), (Span(0, 15),)), Bay("B2"), Bay("B3"))
    return BayProblem(bays, officers, tuple(jobs), 480)


async def test_a_plan_costs_less_than_first_come_breaks_nothing_and_is_the_same_twice() -> None:
    asked, planner = problem(16), InProcessPlanner(PATIENT)
    plan = await planner.plan(asked)
    assert (plan.method, plan.why, plan.left) == ("cp_sat", "", ())
    assert violations(asked, plan) == []
    assert plan.cost < first_come(asked).cost
    assert plan.bound is not None
    assert 0 < plan.bound <= plan.cost
    assert await planner.plan(asked) == plan


def test_where_the_solver_finds_nothing_it_is_first_come_and_says_why(monkeypatch) -> None:
    monkeypatch.setattr(cp_sat._Window, "solve", lambda *_: (None, 0.1, 0.1, "UNKNOWN"))
    plan = cp_sat.solve(problem(6), PATIENT)
    assert (plan.method, plan.why) == ("first_come", "the solver ended with UNKNOWN")
    assert plan.placed == first_come(problem(6)).placed


def test_who_has_waited_since_yesterday_is_planned_by_the_solver_too() -> None:
    asked = problem(6)
    late = msgspec.structs.replace(asked, jobs=tuple(msgspec.structs.replace(job, due=-3000) for job in asked.jobs))
    assert cp_sat.solve(late, PATIENT).method == "cp_sat"


def test_nothing_to_plan_is_planned_at_once() -> None:
    assert cp_sat.solve(problem(0), PATIENT).placed == ()


async def test_a_process_of_its_own_plans_the_same_and_a_dead_one_is_started_again() -> None:
    asked = problem(8)
    worker = WorkerPlanner(PATIENT)
    try:
        plan = await worker.plan(asked)
        assert plan == cp_sat.solve(asked, PATIENT)
        assert worker._process is not None
        worker._process.kill()
        await worker._process.wait()
        assert (await worker.plan(asked)).method == "cp_sat"
    finally:
        await worker.close()


async def test_a_planner_that_dies_leaves_first_come_and_says_so() -> None:
    worker = WorkerPlanner(PATIENT, (sys.executable, "-c", "input()"))
    plan = await worker.plan(problem(6))
    assert (plan.method, plan.placed) == ("first_come", first_come(problem(6)).placed)
    assert plan.why.startswith("the planner failed")
    await worker.close()


def test_a_process_whose_asker_has_died_ends_quietly() -> None:
    heard, told = os.pipe()
    os.close(heard)
    with open(told, "wb", buffering=0) as answers:
        answer(io.BytesIO(msgspec.json.encode(Question(problem(1), PATIENT)) + b"\n"), answers)
