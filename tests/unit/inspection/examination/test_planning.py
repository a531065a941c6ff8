"""Bays and people: what a planner is asked, what its answer must keep, and first come, first served."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.inspection.examination.sheet_kit import LORRY, MINUTE, NOW, RULES, STAYING, ask, at_bay, ordered

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination.bays import (
    Bay,
    BayProblem,
    Job,
    Need,
    Officer,
    Placed,
    Span,
    cost_of,
    least_cost,
    united,
    violations,
)
from kouan.inspection.examination.first_come import first_come, in_turn
from kouan.inspection.examination.planning import (
    GREEN_WEIGHT,
    appointments_of,
    job_of,
    keeps,
    parse_roster,
    problem_of,
)
from kouan.inspection.examination.rules import BayFeature, Skill
from kouan.inspection.steps import StepKind
from kouan.vocabulary.errors import InvalidValue

CUSTOMS, BORDER = Agency.CUSTOMS, Agency.BORDER_INSPECTION
ALWAYS = (Span(0, 10_000),)
WANG = Officer("wang", CUSTOMS, (Skill.GOODS, Skill.SCANNING), ALWAYS)
ROSTER = parse_roster(
    'bays = [{ name = "B1", features = ["scanner"] }, { name = "B2" }]\n'
    'officers = [{ name = "wang", agency = "customs", skills = ["scanning"], begins = "22:00", ends = "06:00" }]'
)


def job(number: str, minutes: int = 10, *features: BayFeature, ready: int = 0, weight: int = 1) -> Job:
    need = Need(StepKind.SCAN, CUSTOMS, Skill.SCANNING, 0, minutes - 2)
    return Job(number, ready, minutes, (need,), features, weight=weight)


def problem(*jobs: Job, bays: int = 1, officers: tuple[Officer, ...] = (WANG,)) -> BayProblem:
    return BayProblem(tuple(Bay(f"B{n}") for n in range(bays)), officers, jobs, 480)


def test_first_come_is_first_served_and_nobody_is_in_two_places() -> None:
    asked = problem(job("a", 30), job("b", 10), bays=2)
    plan = first_come(asked)
    assert [(each.job, each.start) for each in plan.placed] == [("a", 0), ("b", 28)]
    assert violations(asked, plan) == []


def test_who_needs_what_no_bay_has_is_left_and_said_to_be() -> None:
    plan = first_come(problem(job("a", 10, BayFeature.COLD), job("b")))
    assert (plan.left, [each.job for each in plan.placed]) == (("a",), ["b"])


def test_two_officers_at_once_are_two_people() -> None:
    both = (
        Need(StepKind.APPEARANCE, CUSTOMS, Skill.GOODS, 0, 8),
        Need(StepKind.APPEARANCE, CUSTOMS, Skill.GOODS, 0, 8),
    )
    asked = problem(Job("a", 0, 10, both))
    assert first_come(asked).left == ("a",)
    two = msgspec.structs.replace(asked, officers=(WANG, msgspec.structs.replace(WANG, name="li")))
    assert set(first_come(two).placed[0].officers) == {"wang", "li"}


def test_nobody_works_outside_his_shift_or_where_he_is_taken() -> None:
    late = msgspec.structs.replace(WANG, shifts=(Span(60, 200),), taken=(Span(60, 75),))
    plan = first_come(problem(job("a"), officers=(late,)))
    assert plan.placed[0].start == 75


def test_a_plan_that_breaks_anything_is_found_out() -> None:
    asked = problem(job("a"), job("b"), job("c", 10, BayFeature.COLD, ready=5))
    plan = first_come(asked)
    double = msgspec.structs.replace(plan, placed=(*plan.placed, Placed("c", "B0", 0, ("wang",))))
    assert len(violations(asked, double)) == 2
    assert violations(asked, msgspec.structs.replace(plan, placed=(plan.placed[0],) * 2)) != []


def test_no_plan_goes_below_the_bound() -> None:
    asked = problem(
        *[job(str(n), 10 + n) for n in range(8)],
        bays=3,
        officers=tuple(msgspec.structs.replace(WANG, name=f"o{n}") for n in range(8)),
    )
    assert 0 < least_cost(asked) <= first_come(asked).cost


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(-30, 90), st.sampled_from([1, 4]), st.booleans()), max_size=5)
)
def test_no_order_of_a_few_jobs_costs_less_than_the_bound(drawn: list[tuple[int, int, int, bool]]) -> None:
    jobs = tuple(
        Job(str(n), 0, minutes, (), (BayFeature.DOCK,) if dock else (), due=due, weight=weight)
        for n, (minutes, due, weight, dock) in enumerate(drawn)
    )
    asked = BayProblem((Bay("B0", (BayFeature.DOCK,)), Bay("B1")), (), jobs, 480)
    best = min(cost_of(asked, in_turn(asked, turns)[0]) for turns in permutations(jobs))
    assert least_cost(asked) <= best


def test_the_bound_knows_who_must_come_late() -> None:
    asked = problem(*[job(str(n), 60) for n in range(8)])
    plan = first_come(asked)
    assert 0.85 * plan.cost < least_cost(asked) <= plan.cost


def test_spans_are_united() -> None:
    assert united([Span(5, 9), Span(-3, 2), Span(8, 12), Span(2, 3), Span(20, 20)]) == [Span(0, 3), Span(5, 12)]


def test_a_job_has_the_steps_one_after_the_other_with_their_people_and_what_its_bay_needs() -> None:
    made = job_of(ordered(ask("C1", CUSTOMS), ask("B1", BORDER, ControlKind.SCAN)), STAYING, NOW)
    assert made.features == (BayFeature.DOCK, BayFeature.SCANNER)
    assert made.minutes == RULES.times.turn_over_min + 8 + 3 + 8 + 25 + 12 + 15 + 20 + 3
    assert all(need.end <= made.minutes for need in made.needs)
    assert (made.due, made.weight) == (RULES.times.promise_min, 1)
    green = job_of(ordered(ask("C1", CUSTOMS), vehicle=msgspec.structs.replace(LORRY, perishable=True)), RULES, NOW)
    assert (green.due, green.weight) == (RULES.times.promise_green_min, GREEN_WEIGHT)


def test_who_stands_at_a_bay_keeps_it_and_is_not_planned() -> None:
    there = at_bay(ask("C1", CUSTOMS, ControlKind.SCAN))
    asked = problem_of([there], ROSTER, RULES, NOW + 15 * MINUTE)
    assert asked.jobs == ()
    assert [len(bay.taken) for bay in asked.bays] == [1, 0]


def test_shifts_go_over_midnight_in_china() -> None:
    midnight = 1_760_025_600_000_000  # 2025-10-10T00:00:00+08:00
    asked = problem_of([ordered(ask("C1", CUSTOMS, ControlKind.SCAN))], ROSTER, RULES, midnight)
    assert asked.officers[0].shifts == (Span(0, 360),)


def test_a_plan_becomes_appointments_and_the_same_again_changes_none() -> None:
    waiting = ordered(ask("C1", CUSTOMS, ControlKind.SCAN))
    night = 1_760_025_600_000_000
    asked = problem_of([msgspec.structs.replace(waiting, ready_at=night)], ROSTER, RULES, night)
    made = appointments_of(first_come(asked), asked, RULES, night)["X1"]
    assert (made.bay, made.starts_at, made.ends_at) == ("B1", night, night + 8 * MINUTE)
    assert [each.officer for each in made.people] == ["wang"]
    again = msgspec.structs.replace(made, plan="another")
    assert keeps(made, again)
    assert not keeps(made, msgspec.structs.replace(again, bay="B2"))
    assert not keeps(None, again)


@pytest.mark.parametrize(
    "text",
    [
        "bays = []\nofficers = []",
        'bays = [{ name = "B1" }, { name = "B1" }]\nofficers = []',
        'bays = [{ name = "B1", features = ["pool"] }]\nofficers = []',
        (
            'bays = [{ name = "B1" }]\n'
            'officers = [{ name = "w", agency = "customs", skills = [], begins = "8", ends = "9:00" }]'
        ),
    ],
)
def test_a_wrong_roster_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_roster(text)
