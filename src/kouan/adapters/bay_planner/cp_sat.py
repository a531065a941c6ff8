"""A plan of bays by constraint programming (OR-tools CP-SAT); importing this takes seconds and 100 MB.

A plan begins from Smith's rule (what waits dearest for the time that it takes goes first), placed minute by minute on
the real bays and officers. The solver then takes it in windows of some vehicles, all others fixed, and asks when each
should begin, with bays and officers counted, not named; its order is placed again, and kept where it costs less. Asked
for all of 200 vehicles at once it found nothing better than the rule within seconds.
"""

from collections.abc import Mapping, Sequence

from ortools.sat.python import cp_model

from kouan.access.people import Agency
from kouan.inspection.examination.bays import (
    LATE_WEIGHT,
    BayPlan,
    BayProblem,
    Budget,
    Job,
    Officer,
    Placed,
    Span,
    cost_of,
    least_cost,
    united,
    violations,
)
from kouan.inspection.examination.first_come import first_come, in_turn

WINDOW = 16
"""Vehicles that the solver moves at once. Our choice: twice as many took ten times as long for the same gain."""

WINDOW_S = 0.02
"""Deterministic seconds for a window. Our choice: what is found later is worth little."""


def solve(problem: BayProblem, budget: Budget) -> BayPlan:
    """Return the best plan found within a budget; first come, first served, with why, where none is found."""
    if not problem.jobs:
        return BayPlan((), method="cp_sat", bound=0)
    placed, left = in_turn(problem, sorted(problem.jobs, key=_dearest_first))
    cost = cost_of(problem, placed)
    spent, wall, moved, status = 0.0, 0.0, 0, "OPTIMAL"
    size = min(WINDOW, len(placed))
    while placed and spent < budget.deterministic_s and wall < budget.wall_s and moved < 2 * len(placed):
        order = sorted(placed, key=lambda each: (each.start, each.job))
        first = moved % max(1, len(order) - size + 1)
        window = _Window(problem, order[first : first + size], [*order[:first], *order[first + size :]])
        starts, seconds, wall_s, status = window.solve(budget, wall)
        spent, wall, moved = spent + seconds, wall + wall_s, moved + max(1, size // 2)
        if starts is None:
            break
        fresh, others = in_turn(problem, _by_start(problem, order, starts, left))
        if cost_of(problem, fresh) < cost:
            placed, left, cost = fresh, others, cost_of(problem, fresh)
    return _held_against(problem, placed, left, cost, status)


def _held_against(
    problem: BayProblem, placed: Sequence[Placed], left: Sequence[str], cost: int, status: str
) -> BayPlan:
    """Return the plan, or first come, first served, where the solver gave nothing or nothing better."""
    plan = BayPlan(tuple(placed), tuple(left), "cp_sat", "", cost, least_cost(problem))
    if status not in ("OPTIMAL", "FEASIBLE"):
        return first_come(problem, f"the solver ended with {status}")
    wrong = violations(problem, plan)
    if wrong:
        return first_come(problem, f"the solver's plan is wrong: {wrong[0]}")
    plain = first_come(problem, "no plan was found that costs less")
    return plan if plan.cost <= plain.cost else plain


def _by_start(
    problem: BayProblem, order: Sequence[Placed], starts: Mapping[str, int], left: Sequence[str]
) -> list[Job]:
    jobs = {job.number: job for job in problem.jobs}
    fresh = sorted(order, key=lambda each: (starts.get(each.job, each.start), each.job))
    return [*(jobs[each.job] for each in fresh), *(jobs[number] for number in left)]


def _dearest_first(job: Job) -> tuple[float, str]:
    """Order jobs by what their waiting costs against the time that they take (Smith's rule)."""
    return (job.minutes / job.weight, job.number)


class _Window:
    """Some jobs as CP-SAT is asked for them: when each begins, all others where they are.

    For every set of features that some job needs, no more of such jobs stand at once than bays that have them; for
    every set of skills of an agency likewise.
    """

    def __init__(self, problem: BayProblem, window: Sequence[Placed], others: Sequence[Placed]) -> None:
        self._problem = problem
        self._jobs = {job.number: job for job in problem.jobs}
        self._others = [(self._jobs[each.job], each.start) for each in others]
        self._model = cp_model.CpModel()
        self._starts: dict[str, cp_model.IntVar] = {}
        costs = []
        for each in window:
            job = self._jobs[each.job]
            start = self._model.new_int_var(job.ready, max(job.ready, problem.horizon), job.number)
            late = self._model.new_int_var(0, problem.horizon, "")
            self._model.add(late >= start - job.due)
            self._model.add_hint(start, each.start)
            self._starts[job.number] = start
            costs.append(job.weight * ((start - job.ready) + LATE_WEIGHT * late))
        self._use_bays()
        self._use_officers()
        self._model.minimize(sum(costs))

    def solve(self, budget: Budget, wall_s: float) -> tuple[Mapping[str, int] | None, float, float, str]:
        """Return the starts found (None: none), deterministic and wall seconds spent, and how the solver ended."""
        solver = cp_model.CpSolver()
        solver.parameters.max_deterministic_time = WINDOW_S
        solver.parameters.max_time_in_seconds = max(0.05, budget.wall_s - wall_s)
        solver.parameters.random_seed = budget.seed
        solver.parameters.num_workers = 1
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        status = solver.solve(self._model)
        told, spent = solver.status_name(status), solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, spent, solver.wall_time, told
        return {number: solver.value(start) for number, start in self._starts.items()}, spent, solver.wall_time, told

    def _use_bays(self) -> None:
        for wanted in dict.fromkeys(frozenset(job.features) for job in self._problem.jobs):
            bays = [bay for bay in self._problem.bays if wanted <= set(bay.features)]
            uses = [(job, Span(0, job.minutes)) for job in self._jobs.values() if wanted <= set(job.features)]
            self._limit(uses, [span for bay in bays for span in united(bay.taken)], len(bays))

    def _use_officers(self) -> None:
        needs = [(job, need) for job in self._jobs.values() for need in job.needs]
        single = [(need.agency, frozenset({need.skill})) for _, need in needs]
        every = [(agency, frozenset(need.skill for _, need in needs if need.agency is agency)) for agency in Agency]
        for agency, skills in dict.fromkeys((*single, *every)):
            officers = [each for each in self._problem.officers if each.agency is agency and skills & set(each.skills)]
            uses = [
                (job, Span(need.start, need.end))
                for job, need in needs
                if need.agency is agency and need.skill in skills
            ]
            away = [span for each in officers for span in (*_gaps(each.shifts, self._problem.horizon), *_at_work(each))]
            self._limit(uses, away, len(officers))

    def _limit(self, uses: Sequence[tuple[Job, Span]], taken: Sequence[Span], many: int) -> None:
        """Let no more than so many be in use at once, what is taken already and what stays where it is among them."""
        moving = [(self._starts[job.number] + span.start, span) for job, span in uses if job.number in self._starts]
        if not moving:
            return
        fixed = {job.number: start for job, start in self._others}
        stays = [(fixed[job.number] + span.start, span.end - span.start) for job, span in uses if job.number in fixed]
        stays += [(span.start, span.end - span.start) for span in taken]
        intervals = [self._model.new_fixed_size_interval_var(at, span.end - span.start, "") for at, span in moving]
        intervals += [self._model.new_fixed_size_interval_var(at, length, "") for at, length in stays]
        self._model.add_cumulative(intervals, [1] * len(intervals), many)


def _at_work(officer: Officer) -> list[Span]:
    """Return when an officer is taken within his shifts."""
    found = []
    for span in united(officer.taken):
        for shift in officer.shifts:
            start, end = max(span.start, shift.start), min(span.end, shift.end)
            if start < end:
                found.append(Span(start, end))
    return found


def _gaps(shifts: Sequence[Span], horizon: int) -> list[Span]:
    """Return when somebody with these shifts is away, from the first minute on until the horizon."""
    gaps, at = list[Span](), 0
    for shift in sorted(shifts):
        if shift.start > at:
            gaps.append(Span(at, shift.start))
        at = max(at, shift.end)
    return [*gaps, Span(at, horizon)] if at < horizon else gaps
