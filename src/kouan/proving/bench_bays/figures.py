"""Waiting and turnover over simulated days, planned against first come, first served; and the time of a plan."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

import msgspec

from kouan.inspection.examination.bays import Bay, BayPlan, BayProblem, Budget, Officer, Span
from kouan.inspection.examination.first_come import first_come
from kouan.inspection.examination.planning import Roster
from kouan.inspection.examination.rules import BayFeature, ExaminationRules
from kouan.proving.bench_bays.traffic import Arrival, day_of
from kouan.proving.bench_bays.ways import Way, apart, bay_by_bay, first_come_first, one_bay, shortest_first
from kouan.proving.bench_bays.yard_day import MOVE_MIN, Done, Visit, run_day
from kouan.simulator.port_file import FieldPort
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue

DAY_MIN = 720
"""Minutes from opening to closing, 08:00 to 20:00."""

PUBLISHED = {"waiting": 0.80, "turnover": 1.35}
"""Ratios that a bay assignment reached elsewhere (docs/explanation/calibration.md: Youyiguan, −20 % and +35 %)."""

PLAN_MIN = 1440
"""Minutes within which 200 vehicles are planned: so many that nobody is left, for only then a bound is known."""

GOAL_S = 2.0
"""The goal for a plan of 200 vehicles, in seconds."""

TWO_SIDED_95 = 1.96
"""Normal quantile; with 20 days the exact one is 2.09, which the interval uses below 30 days."""

Solve = Callable[[BayProblem, Budget], BayPlan]


class BenchSetting(msgspec.Struct, frozen=True):
    """How much is measured: days, vehicles a day on the average, and the planner's budget at each look.

    ``full_vehicles`` come on each of ``full_days`` more: far more than first come, first served can do.
    """

    days: int = 20
    vehicles: int = 130
    full_days: int = 3
    full_vehicles: int = 220
    seed: int = 1
    budget: Budget = Budget(deterministic_s=0.01, wall_s=5.0)


class _Yard(msgspec.Struct, frozen=True):
    """Where days are lived: what comes there, by which rules, and the bays and people who are there."""

    port: FieldPort
    rules: ExaminationRules
    bays: tuple[Bay, ...]
    officers: tuple[Officer, ...]


_Days = Mapping[str, Sequence[Mapping[str, float]]]
"""The figures of each day, by the way of deciding."""


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
    yard = _Yard(port, rules, _bays(roster), _officers(roster))
    planned = partial(_planned, solve=solve, budget=setting.budget)
    base = {"first_come": Way(first_come_first, one_bay)}
    planning = {"planned": Way(planned, one_bay), "planned_bay_by_bay": Way(planned, bay_by_bay)}
    others = {"apart": Way(first_come_first, apart), "bay_by_bay": Way(first_come_first, bay_by_bay)}
    usual = {**base, "shortest_first": Way(shortest_first, one_bay), **others, **planning}
    alike = msgspec.structs.replace(yard, bays=tuple(Bay(bay.name, tuple(BayFeature)) for bay in yard.bays))
    tell("days as usual")
    days = _lived(yard, usual, setting.days, setting.vehicles, setting.seed, tell)
    tell("days on which the yard is saturated")
    full_days = _lived(yard, base | planning, setting.full_days, setting.full_vehicles, setting.seed, tell)
    tell("days on which every bay has everything")
    alike_days = _lived(alike, base | others, setting.days, setting.vehicles, setting.seed, tell)
    tell("a plan of 200 vehicles")
    return {
        "vehicles_a_day": setting.vehicles,
        "bays": len(roster.bays),
        "officers": len(yard.officers),
        "published": PUBLISHED,
        **_compared(days),
        "saturated": {"vehicles_a_day": setting.full_vehicles, **_compared(full_days)},
        "every_bay_alike": _compared(alike_days),
        "plan": _plan_time(setting, yard, solve, clock),
    }


def _lived(
    yard: _Yard, ways: Mapping[str, Way], days: int, vehicles: int, seed: int, tell: Callable[[str], None]
) -> _Days:
    """Return the figures of so many days, each lived through in every way."""
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in ways}
    for day in range(days):
        arrivals = day_of(yard.port, yard.rules, vehicles, Random(seed * 1000 + day))
        for name, way in ways.items():
            visits = [visit for arrival in arrivals for visit in way.visits(arrival, yard.rules)]
            done = run_day(yard.bays, yard.officers, visits, way.decide)
            found[name].append(_figures(arrivals, visits, done, len(yard.bays)))
        tell(f"day {day + 1} of {days}: {len(arrivals)} vehicles")
    return found


def _compared(days: _Days) -> Mapping[str, Any]:
    """Return each way's means, and how it does against first come, first served, on the same days."""
    base = days["first_come"]
    return {
        "days": len(base),
        "ratio_to_first_come": {
            f"{what}_{name}": _ratio(found, base, what)
            for name, found in days.items()
            if name != "first_come"
            for what in ("waiting_min", "waiting_p95_min", "stay_min", "turnover")
        },
        "mean": {
            name: {what: statistics.fmean(day[what] for day in found) for what in found[0]}
            for name, found in days.items()
        },
    }


def _figures(
    arrivals: Sequence[Arrival], visits: Sequence[Visit], done: Sequence[Done], bays: int
) -> Mapping[str, float]:
    """Return a day's figures; a vehicle waits from its arrival until it leaves, less what is done with it and moves."""
    ends: dict[str, Done] = {each.number: each for each in done}
    waits, stays, finished = [], [], 0
    for arrival in arrivals:
        own = [ends[visit.job.number] for visit in visits if visit.job.number.startswith(arrival.vehicle.plate)]
        leaves = max(each.end for each in own)
        stays.append(float(leaves - arrival.at))
        moves = MOVE_MIN * (len(own) - 1)
        waits.append(float(leaves - arrival.at - moves - sum(each.end - each.start for each in own)))
        finished += leaves <= DAY_MIN
    return {
        "waiting_min": statistics.fmean(waits),
        "waiting_p95_min": sorted(waits)[int(0.95 * len(waits))],
        "waiting_most_min": max(waits),
        "stay_min": statistics.fmean(stays),
        "planned_min": float(sum(visit.job.minutes for visit in visits)),
        "turnover": finished / bays / (DAY_MIN / 60),
        "finished": float(finished),
        "vehicles": float(len(arrivals)),
    }


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


def _planned(problem: BayProblem, solve: Solve, budget: Budget) -> list[str]:
    plan = solve(problem, budget)
    placed = sorted(plan.placed, key=lambda each: (each.start, each.job))
    return [*(each.job for each in placed), *plan.left]


def _bays(roster: Roster) -> tuple[Bay, ...]:
    return tuple(Bay(bay.name, bay.features) for bay in roster.bays)


def _officers(roster: Roster) -> tuple[Officer, ...]:
    """Return those of the day's shift; who works over midnight sees none of the day that is measured."""
    by_day = [each for each in roster.officers if each.begins < each.ends]
    return tuple(Officer(each.name, each.agency, each.skills, (Span(0, 10_000),)) for each in by_day)


def _plan_time(setting: BenchSetting, yard: _Yard, solve: Solve, clock: Clock) -> Mapping[str, Any]:
    """Return how long one plan of 200 waiting vehicles takes under the planner's own budget: the median of five."""
    arrivals = day_of(yard.port, yard.rules, 400, Random(setting.seed))[:200]
    jobs = tuple(visit.job for arrival in arrivals for visit in one_bay(arrival, yard.rules))
    problem = BayProblem(yard.bays, yard.officers, jobs, PLAN_MIN)
    plain = first_come(problem)
    seconds, plan = [], BayPlan(())
    cpu_s = []
    for _ in range(5):
        began, spent = clock.monotonic(), time.process_time()
        plan = solve(problem, Budget())
        seconds.append((clock.monotonic() - began) / 1_000_000)
        cpu_s.append(time.process_time() - spent)
    return {
        "vehicles": len(jobs),
        "median_s": statistics.median(seconds),
        "most_s": max(seconds),
        "median_cpu_s": statistics.median(cpu_s),
        "goal_s": GOAL_S,
        "method": plan.method,
        "cost_first_come": plain.cost,
        "cost": plan.cost,
        "bound": plan.bound,
        "gap": plan.gap,
    }
