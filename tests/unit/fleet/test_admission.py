"""Admission believes no plan: it refuses what locks, what is held, and what is not in its turn."""

import itertools

from kouan.fleet.road.places import PlaceGraph, lay_out
from kouan.fleet.traffic.admission import HELD, LOCKED, OUT_OF_TURN, Admission
from kouan.fleet.traffic.courses import Courses, Step
from kouan.proving.bench_fleet.layouts import corridor
from kouan.vocabulary.verdict import GRANTED, Refused, Verdict

ROAD = lay_out(corridor())


def steps(graph: PlaceGraph, *names: str, begins_s: float = 0.0) -> list[Step]:
    places = [graph.place(name).index for name in names]
    links = {(link.start, link.end): link.index for link in graph.links}
    pairs = itertools.pairwise(places)
    return [Step(b, links[a, b], begins_s + n) for n, (a, b) in enumerate(pairs)]


def planned(**ways: tuple[str, ...]) -> tuple[Courses, Admission]:
    """Courses as a faulty planner may leave them, and an admission that knows where all stand."""
    courses, admission = Courses(ROAD), Admission(ROAD)
    for vehicle, way in ways.items():
        courses.enter(vehicle, ROAD.place(way[0]).index)
        admission.enter((vehicle, 0), ROAD.place(way[0]).index)
    for n, (vehicle, way) in enumerate(ways.items()):
        courses.append(vehicle, steps(ROAD, *way, begins_s=n * 0.1), {})
    return courses, admission


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons] if isinstance(verdict, Refused) else []


def test_two_who_would_change_places_are_locked() -> None:
    courses, admission = planned(a=("c0", "c1"), b=("c1", "c0"))
    assert codes(admission.accept(courses)) == [LOCKED]


def test_three_in_a_ring_of_waiting_are_locked_and_one_free_place_unlocks_them() -> None:
    courses, admission = planned(a=("c2", "c3"), b=("c3", "side"), c=("side", "c3"))
    assert codes(admission.accept(courses)) == [LOCKED]
    courses, admission = planned(a=("c2", "c1"), b=("c3", "c2"), c=("side", "c3"))
    assert admission.accept(courses) == GRANTED


def test_a_way_through_a_place_in_which_somebody_rests_is_refused_and_what_was_taken_up_before_stands() -> None:
    courses, admission = planned(a=("c0", "c1"), b=("c3",))
    assert admission.accept(courses) == GRANTED
    courses.append("a", steps(ROAD, "c1", "c2", "c3", begins_s=5.0), {})
    refused = admission.accept(courses)
    assert codes(refused) == [LOCKED]
    assert isinstance(refused, Refused)
    assert refused.reasons[0].params == {"vehicle": "a", "place": "c3"}
    assert admission.admit(("a", 1), courses.by_vehicle["a"].visit(1), None) == GRANTED


def test_a_way_behind_a_lost_vehicle_is_refused() -> None:
    courses, admission = planned(a=("c0", "c1"), b=("c1", "c2"))
    assert admission.accept(courses) == GRANTED
    courses.by_vehicle["b"].lost = True
    assert codes(admission.accept(courses)) == [LOCKED]


def test_nobody_is_granted_what_another_holds_whatever_the_plan_says() -> None:
    courses, admission = planned(a=("c0", "c1"))
    admission.enter(("unseen", 0), ROAD.place("c1").index)
    assert admission.accept(courses) == GRANTED
    visit = courses.by_vehicle["a"].visit(1)
    assert codes(admission.admit(("a", 1), visit, None)) == [HELD]
    admission.clear(("unseen", 0), courses.by_vehicle["a"].visit(1))
    assert admission.admit(("a", 1), visit, None) == GRANTED


def test_nobody_is_granted_before_its_turn_or_what_no_plan_has() -> None:
    courses, admission = planned(a=("c1", "c2", "c3", "c4"), b=("c0", "c1", "c2"))
    assert codes(admission.admit(("a", 1), courses.by_vehicle["a"].visit(1), None)) == [OUT_OF_TURN]
    assert admission.accept(courses) == GRANTED
    assert codes(admission.admit(("b", 2), courses.by_vehicle["b"].visit(2), None)) == [OUT_OF_TURN]
    assert admission.admit(("a", 1), courses.by_vehicle["a"].visit(1), None) == GRANTED
    assert codes(admission.admit(("b", 1), courses.by_vehicle["b"].visit(1), None)) == [HELD]
    assert admission.admit(("b", 1), courses.by_vehicle["b"].visit(1), ("a", 0)) == GRANTED
