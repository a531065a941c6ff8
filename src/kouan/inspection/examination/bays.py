"""Bays, officers and what is to be planned: the whole question that a planner is asked, and the answer's form.

Times are whole minutes from the question's instant, durations whole minutes.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from kouan.access.people import Agency
from kouan.inspection.examination.rules import BayFeature, Skill
from kouan.inspection.steps import StepKind


class Span(msgspec.Struct, frozen=True, order=True):
    """From one minute until just before another."""

    start: int
    end: int


class Bay(msgspec.Struct, frozen=True):
    """One bay: what it has, and when it is taken already by vehicles that were called."""

    name: str
    features: tuple[BayFeature, ...] = ()
    taken: tuple[Span, ...] = ()


class Officer(msgspec.Struct, frozen=True):
    """One officer on shift: what he is trained for, when he is there, and when he is taken already."""

    name: str
    agency: Agency
    skills: tuple[Skill, ...]
    shifts: tuple[Span, ...]
    taken: tuple[Span, ...] = ()


class Need(msgspec.Struct, frozen=True):
    """One officer of an agency with a skill, for a part of an appointment: minutes from its beginning."""

    step: StepKind
    agency: Agency
    skill: Skill
    start: int
    end: int


class Job(msgspec.Struct, frozen=True):
    """One vehicle to be examined.

    ``features`` are what its bay must have; ``minutes`` how long it stands there, clearing the bay included; ``ready``
    from when it can come, at the earliest minute 0; ``waited`` how long it waits already; ``due`` by when it should
    begin; ``weight`` what a minute of its waiting costs, against 1 for a common lorry. ``steps`` are the numbers of the
    sheet's steps where others are done at another bay later; none: all that are left.
    """

    number: str
    ready: int
    minutes: int
    needs: tuple[Need, ...]
    features: tuple[BayFeature, ...] = ()
    waited: int = 0
    due: int = 120
    weight: int = 1
    steps: tuple[int, ...] = ()


class BayProblem(msgspec.Struct, frozen=True):
    """What is to be planned: jobs in the order in which they were ordered, within ``horizon`` minutes."""

    bays: tuple[Bay, ...]
    officers: tuple[Officer, ...]
    jobs: tuple[Job, ...]
    horizon: int


class Placed(msgspec.Struct, frozen=True):
    """Where and when one job is done, and by which officer each of its needs is met, in their order."""

    job: str
    bay: str
    start: int
    officers: tuple[str, ...]


class BayPlan(msgspec.Struct, frozen=True):
    """An answer: who comes when, and who cannot come within the horizon.

    ``method`` is ``cp_sat`` or ``first_come``; ``why`` says why it is not the solver's, empty where it is. ``cost`` is
    the weighted waiting with lateness; ``bound`` what no plan can go below, None where nobody knows: the gap is
    (cost − bound) / cost.
    """

    placed: tuple[Placed, ...]
    left: tuple[str, ...] = ()
    method: str = "first_come"
    why: str = ""
    cost: int = 0
    bound: int | None = None

    @property
    def gap(self) -> float | None:
        """How far the cost may be from the best, as a share of it."""
        return None if self.bound is None or self.cost <= 0 else max(0.0, (self.cost - self.bound) / self.cost)


class Budget(msgspec.Struct, frozen=True):
    """How long a planner may think: seconds of a machine of reference (the solver's own deterministic time).

    Plans of the same problem under the same budget and seed are the same, however busy the machine is. ``wall_s`` is
    the limit on the clock, for a machine that is far slower; a plan that it cuts short is not the same twice.
    """

    deterministic_s: float = 0.1
    wall_s: float = 1.5
    seed: int = 1


class BayPlanner(Protocol):
    """Plans bays; played by a worker process, and in process where time is virtual."""

    async def plan(self, problem: BayProblem) -> BayPlan:
        """Return a plan; where the solver gives none, first come, first served, and why."""
        ...


LATE_WEIGHT = 3
"""What a minute beyond the promised time costs, against 1 for a minute of waiting. Our choice: short ones may go first,
but nobody waits for ever behind them."""


def cost_of(problem: BayProblem, placed: Sequence[Placed]) -> int:
    """Return what a plan costs: minutes waited from now on, weighted, and more beyond what was promised."""
    starts = {each.job: each.start for each in placed}
    return sum(cost_at(job, starts.get(job.number, problem.horizon)) for job in problem.jobs)


def cost_at(job: Job, start: int) -> int:
    """Return what it costs that a job starts then."""
    return job.weight * ((start - job.ready) + LATE_WEIGHT * max(0, start - job.due))


def least_cost(problem: BayProblem) -> int:
    """Return what no plan that leaves nobody goes below: on all bays, or on those with some features and on the rest.

    Jobs that need certain features and the others are each bounded as if the bays that can take them were theirs alone.
    """
    best = _least_on_bays(problem.bays, problem.jobs)
    for wanted in dict.fromkeys(frozenset(job.features) for job in problem.jobs):
        those = [job for job in problem.jobs if wanted <= set(job.features)]
        others = [job for job in problem.jobs if not wanted <= set(job.features)]
        best = max(best, _least_on_bays(problem.bays, those) + _least_on_bays(problem.bays, others))
    return best


def _least_on_bays(bays: Sequence[Bay], jobs: Sequence[Job]) -> int:
    """Return what some jobs cost at the least on the bays that can take any of them, with no officers to wait for.

    What is late costs at least as much as if being early were paid back: that is charged to all, to the
    dearest, or to nobody, whichever comes out highest.
    """
    wanted = {frozenset(job.features) for job in jobs}
    machines = sum(any(each <= set(bay.features) for each in wanted) for bay in bays)
    if not machines:
        return 0
    dearest = max(job.weight for job in jobs)
    charged = (set[str](), {job.number for job in jobs if job.weight == dearest}, {job.number for job in jobs})
    return max(0, *(_least_of_starts(jobs, machines, late) for late in charged))


def _least_of_starts(jobs: Sequence[Job], machines: int, late: Collection[str]) -> int:
    """Return what the starts cost at the least on like machines, what is early of ``late`` jobs paid back.

    For m like machines the weighted sum of ends is at least 1/m of one machine's by Smith's rule, and (m-1)/2m of the
    weighted durations [Eastman, Even and Isaacs, Management Science 11 (1964) 268].
    """
    slopes = {job: job.weight * (1 + LATE_WEIGHT * (job.number in late)) for job in jobs}
    ended, at = 0, 0
    for job in sorted(jobs, key=lambda job: job.minutes / slopes[job]):
        at += job.minutes
        ended += slopes[job] * at
    durations = sum(slope * job.minutes for job, slope in slopes.items())
    paid = sum(job.weight * (job.ready + LATE_WEIGHT * job.due * (job.number in late)) for job in jobs)
    return (2 * ended + (machines - 1) * durations) // (2 * machines) - durations - paid


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Say whether a span shares a minute with any of the others."""
    return any(span.start < other.end and other.start < span.end for other in others)


def united(spans: Sequence[Span]) -> list[Span]:
    """Return spans that share no minute and cover the same, from minute 0 on."""
    found: list[Span] = []
    for span in sorted(spans):
        start = max(span.start, 0)
        if found and start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        elif span.end > start:
            found.append(Span(start, span.end))
    return found


def serves(officer: Officer, need: Need) -> bool:
    """Say whether an officer can meet a need at all."""
    return officer.agency is need.agency and need.skill in officer.skills


def violations(problem: BayProblem, plan: BayPlan) -> list[str]:
    """Return what is wrong with a plan, in words: what every planner's answer is held against before it is used."""
    jobs = {job.number: job for job in problem.jobs}
    bays: dict[str, list[Span]] = {bay.name: list(bay.taken) for bay in problem.bays}
    people: dict[str, list[Span]] = {officer.name: list(officer.taken) for officer in problem.officers}
    known = {officer.name: officer for officer in problem.officers}
    features: Mapping[str, tuple[BayFeature, ...]] = {bay.name: bay.features for bay in problem.bays}
    wrong: list[str] = []
    for each in plan.placed:
        job = jobs.pop(each.job, None)
        if job is None or len(each.officers) != len(job.needs):
            wrong.append(f"{each.job} is no job, is placed twice, or lacks officers")
            continue
        span = Span(each.start, each.start + job.minutes)
        if each.start < job.ready or not set(job.features) <= set(features[each.bay]) or overlaps(span, bays[each.bay]):
            wrong.append(f"{each.job} cannot be at bay {each.bay} at {each.start}")
        bays[each.bay].append(span)
        for need, name in zip(job.needs, each.officers, strict=True):
            busy = Span(each.start + need.start, each.start + need.end)
            there = any(shift.start <= busy.start and busy.end <= shift.end for shift in known[name].shifts)
            if not serves(known[name], need) or not there or overlaps(busy, people[name]):
                wrong.append(f"{name} cannot do {need.step} of {each.job} at {busy.start}")
            people[name].append(busy)
    return wrong
