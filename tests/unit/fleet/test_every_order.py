"""Small layouts, in every order in which vehicles may arrive, leave and be served: none meets another, none locks."""

import copy
from random import Random

import pytest

from kouan.fleet.road.places import PlaceGraph, lay_out
from kouan.fleet.traffic.courses import Goal
from kouan.fleet.traffic.traffic import Traffic
from kouan.proving.bench_fleet.layouts import corridor, roundabout, sections

Act = tuple[str, str, int]

LAYOUTS = {
    "swap in a corridor": (lay_out(corridor()), {"a": ("c0", "c5"), "b": ("c5", "c0")}),
    "three in a corridor": (lay_out(corridor()), {"a": ("c1", "c4"), "b": ("c4", "c2"), "c": ("c2", "c1")}),
    "roundabout": (lay_out(roundabout()), {"a": ("a0", "a4"), "b": ("a4", "a0")}),
    "two single-track sections": (lay_out(sections()), {"a": ("w1", "e2"), "b": ("e1", "w2"), "c": ("e2", "w1")}),
}


def acts(traffic: Traffic) -> list[Act]:
    """Return what may happen next: a vehicle leaves its place behind, reaches its next one, or is served."""
    found: list[Act] = []
    for vehicle, course in traffic.courses.by_vehicle.items():
        number = course.first
        if traffic.serving(vehicle) is not None:
            found.append((vehicle, "served", number))
        elif number + 1 < course.granted_end:
            if course.visit(number + 1).arrived:
                found.append((vehicle, "clear", number))
            elif traffic.courses.uses(course.visit(number + 1).place)[0] == (vehicle, number + 1):
                found += [(vehicle, "clear", number), (vehicle, "arrive", number + 1)]
        elif number < course.granted_end and not course.visit(number).arrived:
            found.append((vehicle, "arrive", number))
    return found


def happen(traffic: Traffic, act: Act) -> None:
    vehicle, what, number = act
    if what == "served":
        traffic.served(vehicle)
    elif what == "clear":
        traffic.clear(vehicle, number)
    else:
        traffic.arrive(vehicle, number)
    traffic.plan(0.0)
    traffic.grants()


def known_by(traffic: Traffic) -> tuple[object, ...]:
    return tuple(
        (name, course.first, len(traffic.mission(name)), *(
            (visit.place, visit.granted, visit.arrived, visit.served) for visit in course.visits
        ))
        for name, course in traffic.courses.by_vehicle.items()
    )  # fmt: skip


def holders(traffic: Traffic) -> dict[int, set[str]]:
    """Return who may be in each place: whoever was granted it and has not left it."""
    found: dict[int, set[str]] = {}
    for vehicle, course in traffic.courses.by_vehicle.items():
        for number in range(course.first, course.granted_end):
            place = course.visit(number).place
            if traffic.courses.uses(place)[0] == (vehicle, number):
                found.setdefault(place, set()).add(vehicle)
    return found


@pytest.mark.parametrize("name", LAYOUTS)
def test_in_whatever_order_things_happen_all_jobs_are_done_and_nobody_meets_anybody(name: str) -> None:
    graph, ways = LAYOUTS[name]
    first = Traffic(graph, Random(1))
    for vehicle, (stands, _) in ways.items():
        first.enter(vehicle, graph.place(stands).index)
    for vehicle, (_, goal) in ways.items():
        first.send(vehicle, [Goal(graph.place(goal).index)])
    first.plan(0.0)
    first.grants()
    seen, waiting, ends = {known_by(first)}, [first], 0
    while waiting:
        traffic = waiting.pop()
        assert traffic.refused == []
        assert all(len(each) == 1 for each in holders(traffic).values())
        possible = acts(traffic)
        if not possible:
            assert [len(traffic.mission(vehicle)) for vehicle in ways] == [0] * len(ways)
            ends += 1
        for act in possible:
            after = copied(traffic, graph)
            happen(after, act)
            if known_by(after) not in seen:
                seen.add(known_by(after))
                waiting.append(after)
    assert ends >= 1
    assert len(seen) > 30


def copied(traffic: Traffic, graph: PlaceGraph) -> Traffic:
    return copy.deepcopy(traffic, {id(graph): graph})
