"""The lane plan: it keeps its budget, proves its gap, and the flow model confirms that it helps."""

import itertools

import msgspec
import pytest

from kouan.adapters.lane_planner.cp_sat import solve
from kouan.planning.model.changes import changed
from kouan.planning.model.headline import gate_alone
from kouan.planning.model.lane_plan import LaneProblem, problem_of, scheduled
from kouan.planning.model.measures import measured
from kouan.planning.model.network import Combined
from kouan.planning.model.plan import PortPlan, Tide
from kouan.planning.model.port import simulate_port
from kouan.vocabulary.errors import InvalidValue

PORT = gate_alone(1.0, 4, Combined.PARALLEL, one_stop=True)


def small(
    hours: dict[int, tuple[float, float]], staff_hours: int, *, appointments: bool = False, examined: float = 0.0
) -> LaneProblem:
    """A day that is open in a few hours; each lane serves ten lorries an hour, each bay two of the ``examined``."""
    return LaneProblem(
        coming_in=tuple(hours.get(hour, (0.0, 0.0))[0] for hour in range(24)),
        coming_out=tuple(hours.get(hour, (0.0, 0.0))[1] for hour in range(24)),
        coming_bay=tuple(examined if hour in hours else 0.0 for hour in range(24)),
        rate_in=10.0, rate_out=10.0, rate_bay=2.0, open=tuple(hour in hours for hour in range(24)), booths=4,
        bays=3 if examined else 0, staff_hours=staff_hours, appointments=appointments,
    )  # fmt: skip


def cheapest(problem: LaneProblem) -> float:
    """Try every schedule of a small problem."""
    hours = [hour for hour in range(24) if problem.open[hour]]
    bays = range(problem.least_bays, problem.bays + 1)
    ways = [(*way, bay) for way in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)) for bay in bays]
    best = float("inf")
    for chosen in itertools.product(ways, repeat=len(hours)):
        staff = sum(one + other + 2 * bay for one, other, bay in chosen)
        if staff <= problem.staff_hours:
            best = min(best, 0.01 * staff + in_line(problem, dict(zip(hours, chosen, strict=True))))
    return best


def in_line(problem: LaneProblem, chosen: dict[int, tuple[int, int, int]]) -> float:
    cost, line = 0.0, [0.0, 0.0, 0.0]
    for hour in range(24):
        served = zip(chosen.get(hour, (0, 0, 0)), (10.0, 10.0, 2.0), strict=True)
        coming = (problem.coming_in[hour], problem.coming_out[hour], problem.coming_bay[hour])
        line = [
            max(0.0, was + come - places * rate) for was, come, (places, rate) in zip(line, coming, served, strict=True)
        ]
        cost += sum(line)
    return cost


@pytest.mark.parametrize("staff_hours", [6, 8, 9, 12])
def test_no_schedule_is_cheaper_than_the_solver_s(staff_hours: int) -> None:
    problem = small({8: (35.0, 4.0), 9: (12.0, 20.0), 10: (5.0, 32.0)}, staff_hours)
    found = solve(problem)
    assert found.cost == pytest.approx(cheapest(problem))
    assert found.gap == pytest.approx(0.0, abs=1e-9)
    assert found.staff_hours <= staff_hours


@pytest.mark.parametrize("staff_hours", [12, 15, 18, 30])
def test_people_are_shared_out_between_lanes_and_bays_as_shortens_lines_most(staff_hours: int) -> None:
    problem = small({8: (35.0, 4.0), 9: (12.0, 20.0), 10: (5.0, 4.0)}, staff_hours, examined=3.0)
    found = solve(problem)
    assert found.cost == pytest.approx(cheapest(problem))
    assert found.staff_hours == sum(found.lanes_in) + sum(found.lanes_out) + 2 * sum(found.bays) <= staff_hours
    assert all(found.bays[hour] >= 1 for hour in (8, 9, 10))


def test_nobody_stands_in_a_bay_to_which_no_lorry_is_sent() -> None:
    assert sum(solve(small({8: (35.0, 4.0), 9: (12.0, 20.0)}, 30)).bays) == 0


def test_the_flow_model_confirms_that_a_bay_without_officers_makes_lorries_wait() -> None:
    examined = changed(PORT, ["examine_share=0.1"])
    one_bay = msgspec.structs.replace(examined, tides=(Tide(8.0, 4, 40, bays=1), Tide(14.0, 4, 40)))
    few, all_ = (measured(simulate_port(plan, 1))["second_min"] for plan in (one_bay, examined))
    assert few > all_ + 30


def test_tidal_lanes_follow_the_traffic() -> None:
    found = solve(small({8: (30.0, 5.0), 9: (5.0, 30.0)}, 8))
    assert (found.lanes_in[8], found.lanes_out[8]) == (3, 1)
    assert (found.lanes_in[9], found.lanes_out[9]) == (1, 3)


def test_appointments_are_given_where_they_cost_less_than_a_line() -> None:
    hours = {8: (40.0, 0.0), 9: (10.0, 0.0), 10: (10.0, 0.0)}
    without, with_slots = solve(small(hours, 9)), solve(small(hours, 9, appointments=True))
    assert sum(with_slots.deferred) > 0
    assert with_slots.cost < without.cost


def test_the_flow_model_confirms_that_a_schedule_within_the_same_budget_shortens_the_wait() -> None:
    budget = 14 * 12
    plan = problem_of(PORT, 12, budget, appointments=False)
    even = msgspec.structs.replace(PORT, lanes_in=6, lanes_out=6)
    found = solve(plan)
    assert found.staff_hours <= budget

    def wait(port: PortPlan) -> float:
        runs = [measured(simulate_port(port, seed)) for seed in range(3)]
        return sum(run["gate_min"] + run["out_min"] for run in runs)

    assert wait(scheduled(even, found)) < wait(even)


def test_a_budget_below_one_lane_each_way_is_refused() -> None:
    with pytest.raises(InvalidValue, match="staff_hours"):
        problem_of(PORT, 12, 10, appointments=False)
