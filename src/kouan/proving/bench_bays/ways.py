"""Ways through the yard: every agency apart, one sheet in one bay or from bay to bay; and who comes next."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from kouan.inspection.examination.bays import BayProblem
from kouan.inspection.examination.planning import job_of, parts_of
from kouan.inspection.examination.rules import ExaminationRules
from kouan.proving.bench_bays.traffic import Arrival, ordered
from kouan.proving.bench_bays.yard_day import MOVE_MIN, Order, Visit


class Way(msgspec.Struct, frozen=True):
    """How waiting vehicles are put in order, and what jobs a vehicle makes, one after the other."""

    decide: Order
    visits: Callable[[Arrival, ExaminationRules], list[Visit]]


def staying(rules: ExaminationRules) -> ExaminationRules:
    """Return rules under which nobody moves: one bay has all that a sheet needs."""
    return replace(rules, times=replace(rules.times, move_min=None))


def apart(arrival: Arrival, rules: ExaminationRules) -> list[Visit]:
    """Return a job for each order, in turn: every agency examines by itself, where it needs to."""
    visits: list[Visit] = []
    for ask in arrival.asks:
        job = job_of(ordered(arrival, (ask,), ask.number, rules, 0), staying(rules), 0)
        visits.append(Visit(job, arrival.at, arrival.stray, visits[-1].job.number if visits else None))
    return visits


def one_bay(arrival: Arrival, rules: ExaminationRules) -> list[Visit]:
    """Return the one job of a merged sheet, in a bay that has all that any of its steps needs."""
    sheet = ordered(arrival, arrival.asks, arrival.vehicle.plate, rules, 0)
    return [Visit(job_of(sheet, staying(rules), 0), arrival.at, arrival.stray)]


def bay_by_bay(arrival: Arrival, rules: ExaminationRules) -> list[Visit]:
    """Return a merged sheet as a job for each kind of bay that its steps need, one after the other."""
    sheet = ordered(arrival, arrival.asks, arrival.vehicle.plate, rules, 0)
    moving = replace(rules, times=replace(rules.times, move_min=MOVE_MIN))
    visits: list[Visit] = []
    for place, steps in enumerate(parts_of(sheet, moving)):
        job = job_of(replace(sheet, number=f"{sheet.number}-{place}", steps=steps), staying(rules), 0)
        visits.append(Visit(job, arrival.at, arrival.stray, visits[-1].job.number if visits else None))
    return visits


def first_come_first(problem: BayProblem) -> list[str]:
    """Return who waits in the order in which they came."""
    return [job.number for job in problem.jobs]


def shortest_first(problem: BayProblem) -> list[str]:
    """Return who waits by Smith's rule: the shortest for what his waiting costs first."""
    return [job.number for job in sorted(problem.jobs, key=lambda job: (job.minutes / job.weight, job.number))]
