"""The lane plan by constraint programming (OR-tools CP-SAT); importing this takes seconds and 100 MB."""

from collections.abc import Sequence

from ortools.sat.python import cp_model

from kouan.planning.model.lane_plan import DEFERRED, HOURS, STAFFED, LaneProblem, LaneSchedule
from kouan.vocabulary.errors import InvalidValue

TENTHS = 10
"""Lorries are counted in tenths: the solver knows whole numbers only."""

BUDGET_S = 10.0
"""Deterministic seconds that the solver may take. Our choice: a day's plan is proven in one or two."""

Terms = Sequence[cp_model.IntVar]


def solve(problem: LaneProblem, seed: int = 1) -> LaneSchedule:
    """Return the cheapest schedule found, with its proven bound; raise InvalidValue where none keeps the budget."""
    model = cp_model.CpModel()
    lanes_in = _places(model, problem, "in", problem.least, problem.booths)
    lanes_out = _places(model, problem, "out", problem.least, problem.booths)
    bays = _places(model, problem, "bay", problem.least_bays, problem.bays)
    for one, other in zip(lanes_in, lanes_out, strict=True):
        model.add(one + other <= problem.booths)
    staff = sum(lanes_in) + sum(lanes_out) + problem.people_a_bay * sum(bays)
    model.add(staff <= problem.staff_hours)
    deferred = _deferred(model, problem)
    lines = [
        *_line(model, problem.coming_in, lanes_in, problem.rate_in, deferred),
        *_line(model, problem.coming_out, lanes_out, problem.rate_out, None),
        *_line(model, problem.coming_bay, bays, problem.rate_bay, None),
        *_chance(model, problem.chance_in, lanes_in),
        *_chance(model, problem.chance_out, lanes_out),
        *_chance(model, problem.chance_bay, bays),
    ]
    # One unit is a hundredth of a lorry-hour: of a person's hour, and of a tenth of a lorry that is deferred by one.
    weight = round(1 / DEFERRED)
    model.minimize(weight * sum(lines) + sum(deferred) + round(STAFFED * TENTHS * weight) * staff)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = BUDGET_S
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise InvalidValue("staff_hours", "lane_plan.budget", "must keep the least lanes and bays open in every hour")
    return LaneSchedule(
        lanes_in=tuple(solver.value(each) for each in lanes_in),
        lanes_out=tuple(solver.value(each) for each in lanes_out),
        bays=tuple(solver.value(each) for each in bays),
        staff_hours=solver.value(staff),
        deferred=tuple(solver.value(each) / TENTHS for each in deferred),
        cost=solver.objective_value / weight / TENTHS,
        bound=max(0.0, solver.best_objective_bound) / weight / TENTHS,
    )


def _places(model: cp_model.CpModel, problem: LaneProblem, name: str, least: int, most: int) -> list[cp_model.IntVar]:
    """Return how many lanes or bays work in each hour: none while the port is closed."""
    return [
        model.new_int_var(least if open_ else 0, most if open_ else 0, f"{name}{hour}")
        for hour, open_ in enumerate(problem.open)
    ]


def _chance(
    model: cp_model.CpModel, table: Sequence[Sequence[float]], lanes: Terms
) -> list[cp_model.IntVar]:  # fmt: skip
    """Return what chance alone adds to the line in each hour, by the lanes that are open."""
    found = []
    for hour, row in enumerate(table):
        values = [round(each * TENTHS) for each in row]
        here = model.new_int_var(0, max(values), f"chance{hour}")
        model.add_element(lanes[hour], values, here)
        found.append(here)
    return found


def _deferred(model: cp_model.CpModel, problem: LaneProblem) -> list[cp_model.IntVar]:
    """Return the inbound lorries that are given a later hour than they asked for, at the end of each hour."""
    most = round(sum(problem.coming_in) * TENTHS) if problem.appointments else 0
    last = max((hour for hour in range(HOURS) if problem.open[hour]), default=0)
    return [model.new_int_var(0, most if hour < last else 0, f"deferred{hour}") for hour in range(HOURS)]


def _line(
    model: cp_model.CpModel, coming: Sequence[float], lanes: Terms, rate: float, deferred: Terms | None
) -> list[cp_model.IntVar]:
    """Return the line at the end of each hour: what was there, what came, and what the lanes could not serve of it."""
    most = round(sum(coming) * TENTHS)
    served = int(rate * TENTHS)
    line: list[cp_model.IntVar] = []
    for hour in range(HOURS):
        here = model.new_int_var(0, most, f"line{hour}")
        before = line[hour - 1] if hour else 0
        came = round(coming[hour] * TENTHS)
        if deferred is not None:
            back = deferred[hour - 1] if hour else 0
            model.add(came + back - deferred[hour] >= 0)
            model.add(here >= before + came + back - deferred[hour] - served * lanes[hour])
        else:
            model.add(here >= before + came - served * lanes[hour])
        line.append(here)
    return line
