"""The lane plan: it keeps its budget, proves its gap, and the flow model confirms that it helps."""

import itertools

import msgspec
import pytest

from kouan.adapters.lane_planner.cp_sat import solve
from kouan.planning.model.headline import gate_alone
from kouan.planning.model.lane_plan import LaneProblem, problem_of, scheduled
from kouan.planning.model.measures import measured
from kouan.planning.model.network import Combined
from kouan.planning.model.plan import PortPlan
from kouan.planning.model.port import simulate_port
from kouan.vocabulary.errors import InvalidValue

PORT = gate_alone(1.0, 4, Combined.PARALLEL, one_stop=True)


def small(hours: dict[int, tuple[float, float]], lane_hours: int, *, appointments: bool = False) -> LaneProblem:
    """A day that is open in a few hours; each lane serves ten lorries an hour."""
    return LaneProblem(
        coming_in=tuple(hours.get(hour, (0.0, 0.0))[0] for hour in range(24)),
        coming_out=tuple(hours.get(hour, (0.0, 0.0))[1] for hour in range(24)),
        rate_in=10.0, rate_out=10.0, open=tuple(hour in hours for hour in range(24)), booths=4,
        lane_hours=lane_hours, appointments=appointments,
    )  # fmt: skip


def cheapest(problem: LaneProblem) -> float:
    """Try every schedule of a small problem."""
    hours = [hour for hour in range(24) if problem.open[hour]]
    ways = [(one, other) for one in range(1, 4) for other in range(1, 4) if one + other <= problem.booths]
    best = float("inf")
    for chosen in itertools.product(ways, repeat=len(hours)):
        if sum(map(sum, chosen)) > problem.lane_hours:
            continue
        cost, line = 0.01 * sum(map(sum, chosen)), [0.0, 0.0]
        for hour in range(24):
            lanes = chosen[hours.index(hour)] if hour in hours else (0, 0)
            for way, coming in enumerate((problem.coming_in, problem.coming_out)):
                line[way] = max(0.0, line[way] + coming[hour] - 10.0 * lanes[way])
                cost += line[way]
        best = min(best, cost)
    return best


@pytest.mark.parametrize("lane_hours", [6, 8, 9, 12])
def test_no_schedule_is_cheaper_than_the_solver_s(lane_hours: int) -> None:
    problem = small({8: (35.0, 4.0), 9: (12.0, 20.0), 10: (5.0, 32.0)}, lane_hours)
    found = solve(problem)
    assert found.cost == pytest.approx(cheapest(problem))
    assert found.gap == pytest.approx(0.0, abs=1e-9)
    assert found.lane_hours <= lane_hours


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
    assert found.lane_hours <= budget

    def wait(port: PortPlan) -> float:
        runs = [measured(simulate_port(port, seed)) for seed in range(3)]
        return sum(run["gate_min"] + run["out_min"] for run in runs)

    assert wait(scheduled(even, found)) < wait(even)


def test_a_budget_below_one_lane_each_way_is_refused() -> None:
    with pytest.raises(InvalidValue, match="lane_hours"):
        problem_of(PORT, 12, 10, appointments=False)
