"""Waiting and turnover over simulated days, planned against first come, first served; and the time of a plan."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from kouan.inspection.examination.bays import Bay, BayPlan, BayProblem, Budget, Officer, Span
from kouan.inspection.examination.planning import Roster, job_of
from kouan.inspection.examination.rules import ExaminationRules
from kouan.proving.bench_bays.traffic import Arrival, day_of, ordered
from kouan.proving.bench_bays.yard_day import Done, Order, Visit, run_day
from kouan.simulator.port_file import FieldPort
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue

DAY_MIN = 720
"""Minutes from opening to closing, 08:00 to 20:00."""

PUBLISHED = {"waiting": 0.80, "turnover": 1.35}
"""Ratios that a bay assignment reached elsewhere (docs/explanation/calibration.md: Youyiguan, −20 % and +35 %)."""

GOAL_S = 2.0
"""The goal for a plan of 200 vehicles, in seconds."""

TWO_SIDED_95 = 1.96
"""Normal quantile; with 20 days the exact one is 2.09, which the interval uses below 30 days."""

Solve = Callable[[BayProblem, Budget], BayPlan]


class BenchSetting(msgspec.Struct, frozen=True):
    """How much is measured: days, vehicles a day on the average, and the planner's budget at each look."""

    days: int = 20
    vehicles: int = 130
    seed: int = 1
    budget: Budget = Budget(deterministic_s=0.01, wall_s=5.0)


def measure(
    setting: BenchSetting,
    port: FieldPort,
    roster: Roster,
    rules: ExaminationRules,
    solve: Solve,
    clock: Clock,
    tell: Callable[[str], None],
) -> Mapping[str, Any]:
    """Return the figures; each way of deciding lives through the same days."""
    ways: dict[str, tuple[Order, bool]] = {
        "apart": (_first_come, False),
        "first_come": (_first_come, True),
        "shortest_first": (_shortest_first, True),
        "planned": (lambda problem: _planned(problem, solve, setting.budget), True),
    }
    days: dict[str, list[Mapping[str, float]]] = {name: [] for name in ways}
    for day in range(setting.days):
        arrivals = day_of(port, rules, setting.vehicles, Random(setting.seed * 1000 + day))
        for name, (decide, merge) in ways.items():
            visits = _visits(arrivals, rules, merge=merge)
            done = run_day(_bays(roster), _officers(roster), visits, decide)
            days[name].append(_figures(arrivals, visits, done, len(roster.bays)))
        tell(f"day {day + 1} of {setting.days}: {len(arrivals)} vehicles")
    ratios = {
        f"{what}_{name}": _ratio(days[name], days["first_come"], what)
        for name in ("planned", "shortest_first", "apart")
        for what in ("waiting_min", "waiting_p95_min", "turnover")
    }
    return {
        "days": setting.days,
        "vehicles_a_day": setting.vehicles,
        "bays": len(roster.bays),
        "officers": len(_officers(roster)),
        "ratio_to_first_come": ratios,
        "published": PUBLISHED,
        "mean": {
            name: {what: statistics.fmean(day[what] for day in found) for what in found[0]}
            for name, found in days.items()
        },
        "plan": _plan_time(setting, port, roster, rules, solve, clock),
    }


def _visits(arrivals: Sequence[Arrival], rules: ExaminationRules, *, merge: bool) -> list[Visit]:
    """Return the day's jobs: one a vehicle, or one for each order, in turn, where every agency examines apart."""
    visits = []
    for arrival in arrivals:
        before: str | None = None
        for asks in [arrival.asks] if merge else [(ask,) for ask in arrival.asks]:
            number = asks[0].number if not merge else arrival.vehicle.plate
            job = job_of(ordered(arrival, asks, number, rules, 0), rules, 0)
            visits.append(Visit(job, arrival.at, arrival.stray, before))
            before = number
    return visits


def _figures(
    arrivals: Sequence[Arrival], visits: Sequence[Visit], done: Sequence[Done], bays: int
) -> Mapping[str, float]:
    """Return a day's figures; a vehicle waits from its arrival until it leaves, less what is done with it."""
    ends: dict[str, Done] = {each.number: each for each in done}
    waits, stays, finished = [], [], 0
    for arrival in arrivals:
        own = [ends[visit.job.number] for visit in visits if visit.job.number.startswith(arrival.vehicle.plate)]
        leaves = max(each.end for each in own)
        stays.append(float(leaves - arrival.at))
        waits.append(float(leaves - arrival.at - sum(each.end - each.start for each in own)))
        finished += leaves <= DAY_MIN
    return {
        "waiting_min": statistics.fmean(waits),
        "waiting_p95_min": sorted(waits)[int(0.95 * len(waits))],
        "waiting_most_min": max(waits),
        "stay_min": statistics.fmean(stays),
        "turnover": finished / bays / (DAY_MIN / 60),
        "finished": float(finished),
        "vehicles": float(len(arrivals)),
    }


def _means(days: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    return {what: statistics.fmean(day[what] for day in days) for what in days[0]}


def _ratio(found: Sequence[Mapping[str, float]], base: Sequence[Mapping[str, float]], what: str) -> Mapping[str, float]:
    """Return the mean of the days' ratios with its 95 % interval (Student's t); raise InvalidValue for none."""
    ratios = [one[what] / other[what] for one, other in zip(found, base, strict=True) if other[what] > 0]
    if not ratios:
        raise InvalidValue("vehicles", "bench.vehicles", "must be so many that somebody waits")
    mean = statistics.fmean(ratios)
    half = _t95(len(ratios)) * statistics.stdev(ratios) / math.sqrt(len(ratios)) if len(ratios) > 1 else math.inf
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _t95(count: int) -> float:
    """Return Student's two-sided 95 % quantile, by the expansion of Abramowitz and Stegun 26.7.5."""
    z, n = TWO_SIDED_95, max(1, count - 1)
    return z + (z**3 + z) / (4 * n) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)


def _first_come(problem: BayProblem) -> list[str]:
    return [job.number for job in problem.jobs]


def _shortest_first(problem: BayProblem) -> list[str]:
    return [job.number for job in sorted(problem.jobs, key=lambda job: (job.minutes / job.weight, job.number))]


def _planned(problem: BayProblem, solve: Solve, budget: Budget) -> list[str]:
    plan = solve(problem, budget)
    placed = sorted(plan.placed, key=lambda each: (each.start, each.job))
    return [*(each.job for each in placed), *plan.left]


def _bays(roster: Roster) -> list[Bay]:
    return [Bay(bay.name, bay.features) for bay in roster.bays]


def _officers(roster: Roster) -> list[Officer]:
    """Return those of the day's shift; who works over midnight sees none of the day that is measured."""
    by_day = [each for each in roster.officers if each.begins < each.ends]
    return [Officer(each.name, each.agency, each.skills, (Span(0, 10_000),)) for each in by_day]


def _plan_time(
    setting: BenchSetting, port: FieldPort, roster: Roster, rules: ExaminationRules, solve: Solve, clock: Clock
) -> Mapping[str, Any]:
    """Return how long one plan of 200 waiting vehicles takes under the planner's own budget: the median of five."""
    arrivals = day_of(port, rules, 400, Random(setting.seed))[:200]
    jobs = tuple(job_of(ordered(one, one.asks, one.vehicle.plate, rules, 0), rules, 0) for one in arrivals)
    problem = BayProblem(tuple(_bays(roster)), tuple(_officers(roster)), jobs, 960)
    seconds, plan = [], BayPlan(())
    for _ in range(5):
        began = clock.monotonic()
        plan = solve(problem, Budget())
        seconds.append((clock.monotonic() - began) / 1_000_000)
    return {
        "vehicles": len(jobs),
        "median_s": statistics.median(seconds),
        "most_s": max(seconds),
        "goal_s": GOAL_S,
        "method": plan.method,
        "cost": plan.cost,
        "bound": plan.bound,
        "gap": plan.gap,
    }
