"""A plan of bays by constraint programming (OR-tools CP-SAT); importing this takes seconds and 100 MB.

A plan begins from Smith's rule (what waits dearest for the time that it takes goes first), placed minute by minute on
the real bays and officers. The solver then takes it in windows of some vehicles, all others fixed, and asks when each
should begin within the window, with bays and officers counted, not named; its order is placed again, and kept where it
costs less. Asked for all of 200 vehicles at once it found nothing better than the rule within seconds.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

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
    cost_at,
    cost_of,
    least_cost,
    united,
    violations,
)
from kouan.inspection.examination.first_come import first_come, in_turn

WINDOW = 10
"""Vehicles that the solver moves at once. Our choice: with 16, plans of 40 and of 200 cost more for the same time."""

WINDOW_S = 0.01
"""Deterministic seconds for a window. Our choice: what is found later is worth little."""

VAIN_S = 0.04
"""Deterministic seconds without a gain, after which the plan is taken as it is. Our choice: of 200 vehicles, where the
rule is hard to better, that saves half of the time; of 40 to 60 nothing is lost by it."""


def solve(problem: BayProblem, budget: Budget) -> BayPlan:
    """Return the best plan found within a budget; first come, first served, with why, where none is found."""
    if not problem.jobs:
        return BayPlan((), method="cp_sat", bound=0)
    placed, left = in_turn(problem, sorted(problem.jobs, key=_dearest_first))
    cost = cost_of(problem, placed)
    spent, wall, moved, gained, status = 0.0, 0.0, 0, 0.0, "OPTIMAL"
    size = min(WINDOW, len(placed))
    while _goes_on(budget, spent, wall) and moved < 2 * len(placed) and spent < gained + VAIN_S:
        order = sorted(placed, key=lambda each: (each.start, each.job))
        first = moved % max(1, len(order) - size + 1)
        window = _Window(problem, order[first : first + size], [*order[:first], *order[first + size :]])
        starts, seconds, wall_s, status = window.solve(budget, wall)
        spent, wall, moved = spent + seconds, wall + wall_s, moved + max(1, size // 2)
        if starts is None:
            break
        if not window.gains(starts):
            continue
        fresh, others = in_turn(problem, _by_start(problem, order, starts, left))
        if cost_of(problem, fresh) < cost:
            placed, left, cost, gained = fresh, others, cost_of(problem, fresh), spent
    return _held_against(problem, placed, left, cost, status)


def _goes_on(budget: Budget, spent: float, wall: float) -> bool:
    return spent < budget.deterministic_s and wall < budget.wall_s


def _held_against(
    problem: BayProblem, placed: Sequence[Placed], left: Sequence[str], cost: int, status: str
) -> BayPlan:
    """Return the plan, or first come, first served, where the solver gave nothing or nothing better."""
    bound = None if left else least_cost(problem)
    plan = BayPlan(tuple(placed), tuple(left), "cp_sat", "", cost, bound)
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
        self._window = window
        self._fixed = {each.job: each.start for each in others}
        self._range = Span(
            min(each.start for each in window), max(each.start + self._jobs[each.job].minutes for each in window)
        )
        self._model = cp_model.CpModel()
        self._starts: dict[str, cp_model.IntVar] = {}
        costs = []
        for each in window:
            job = self._jobs[each.job]
            start = self._model.new_int_var(max(job.ready, self._range.start), self._range.end, "")
            late = self._model.new_int_var(0, max(0, self._range.end - job.due), "")
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
        solver.parameters.linearization_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        status = solver.solve(self._model)
        told, spent = solver.status_name(status), solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, spent, solver.wall_time, told
        return {number: solver.value(start) for number, start in self._starts.items()}, spent, solver.wall_time, told

    def gains(self, starts: Mapping[str, int]) -> bool:
        """Say whether the window's jobs cost less with these starts than where they are."""
        saved = [
            cost_at(self._jobs[each.job], each.start) - cost_at(self._jobs[each.job], starts[each.job])
            for each in self._window
        ]
        return sum(saved) > 0

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
        longest = max(span.end for _, span in moving)
        near = Span(self._range.start, self._range.end + longest)
        stays = [
            Span(self._fixed[job.number] + span.start, self._fixed[job.number] + span.end)
            for job, span in uses
            if job.number in self._fixed
        ]
        used = _used([*stays, *taken], near)
        if len(moving) + max((busy for _, busy in used), default=0) <= many:
            return
        intervals = [self._model.new_fixed_size_interval_var(at, span.end - span.start, "") for at, span in moving]
        intervals += [self._model.new_fixed_size_interval_var(at.start, at.end - at.start, "") for at, _ in used]
        self._model.add_cumulative(intervals, [1] * len(moving) + [min(many, busy) for _, busy in used], many)


def _used(spans: Sequence[Span], near: Span) -> list[tuple[Span, int]]:
    """Return how many of some spans there are at once within another, wherever there are any."""
    turns: dict[int, int] = defaultdict(int)
    for span in spans:
        start, end = max(span.start, near.start), min(span.end, near.end)
        if start < end:
            turns[start] += 1
            turns[end] -= 1
    cuts, many, found = sorted(turns), 0, []
    for cut, following in pairwise(cuts):
        many += turns[cut]
        if many:
            found.append((Span(cut, following), many))
    return found


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
