"""Simulated days of the examination yard: each way does what was asked, and driving between bays takes its time."""

from random import Random

from kouan.inspection.examination.bays import Bay, Job
from kouan.inspection.examination.rules import BayFeature
from kouan.proving.bench_bays.traffic import Arrival, day_of
from kouan.proving.bench_bays.ways import apart, bay_by_bay, first_come_first, one_bay
from kouan.proving.bench_bays.yard_day import MOVE_MIN, Visit, run_day
from kouan.simulator.port_file import load_port
from kouan.wiring.examination import shipped_rules
from kouan.wiring.port_file import path_of

RULES = shipped_rules()


def arrivals() -> list[Arrival]:
    return day_of(load_port(path_of("ganqimaodu")), RULES, 60, Random(3))


def work_min(visits: list[Visit]) -> int:
    return sum(visit.job.minutes - RULES.times.turn_over_min for visit in visits)


def test_a_sheet_takes_the_same_work_in_one_bay_and_from_bay_to_bay_and_apart_never_less() -> None:
    for arrival in arrivals():
        whole, moving, each = (way(arrival, RULES) for way in (one_bay, bay_by_bay, apart))
        assert work_min(whole) == work_min(moving) <= work_min(each)
        assert len(each) == len(arrival.asks)


def test_from_bay_to_bay_no_bay_is_held_by_a_step_that_needs_another_kind() -> None:
    held = {BayFeature.SCANNER: 0, BayFeature.DOCK: 0}
    alone = dict(held)
    for arrival in arrivals():
        for feature in held:
            held[feature] += sum(v.job.minutes for v in one_bay(arrival, RULES) if feature in v.job.features)
            alone[feature] += sum(v.job.minutes for v in bay_by_bay(arrival, RULES) if feature in v.job.features)
    assert alone[BayFeature.SCANNER] < 0.5 * held[BayFeature.SCANNER]
    assert alone[BayFeature.DOCK] < held[BayFeature.DOCK]


def test_who_is_examined_at_two_bays_is_ready_for_the_second_once_he_has_driven_there() -> None:
    first, second = (Visit(Job(name, 0, 10, ()), 0, 1.0, after) for name, after in (("a", None), ("b", "a")))
    done = {each.number: each for each in run_day([Bay("B1"), Bay("B2")], (), [second, first], first_come_first)}
    assert done["b"].ready == done["a"].end + MOVE_MIN
