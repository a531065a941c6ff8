"""Throughput against its bound: vehicles that go round a line for hours, and how often each station serves one."""

from random import Random

import msgspec

from kouan.fleet.motion import braking_m, rest_to_rest_s
from kouan.fleet.road.places import PlaceGraph, lay_out
from kouan.fleet.road.road_map import RoadMap
from kouan.fleet.traffic.courses import Goal
from kouan.fleet.traffic.free_windows import least_times
from kouan.fleet.traffic.traffic import Traffic
from kouan.proving.bench_fleet.drive import Road

AHEAD = 3
"""Goals that a vehicle always has before it. Our choice: whoever goes round never plans to stay at a station."""


class Round(msgspec.Struct, frozen=True):
    """What a vehicle does in one round: groups of stations that are each other's like, in order, with their seconds."""

    groups: tuple[tuple[str, ...], ...]
    stays_s: tuple[float, ...]


class Throughput(msgspec.Struct, frozen=True):
    """Rounds an hour that were driven, the bound on them, and which part of it limits."""

    vehicles: int
    rounds_an_hour: float
    bound_an_hour: float
    ratio: float
    limit: str
    empty_round_s: float


def bound(graph: PlaceGraph, what: Round, vehicles: int) -> tuple[float, str, float]:
    """Return the bound on rounds a second, what limits them, and the round on the empty road in seconds.

    λ* = min(N/T₀, min over stations of c/(s + δ), flow over lane headways), with δ the rest-to-rest time over a
    vehicle's length and gap.
    """
    vehicle = graph.vehicle
    moves_up_s = rest_to_rest_s(vehicle, vehicle.pitch_m, vehicle.speed_mps)
    empty_s = sum(what.stays_s) + sum(
        rest_to_rest_s(vehicle, _metres(graph, here[0], there[0]), vehicle.speed_mps)
        for here, there in zip(what.groups, (*what.groups[1:], what.groups[0]), strict=True)
    )
    headway_s = (vehicle.pitch_m + braking_m(vehicle, vehicle.speed_mps)) / vehicle.speed_mps
    parts = {
        "vehicles": vehicles / empty_s,
        "lane": 1 / headway_s,
        **{
            f"{group[0]}": len(group) / (stay + moves_up_s)
            for group, stay in zip(what.groups, what.stays_s, strict=True)
        },
    }
    limit = min(parts, key=lambda name: parts[name])
    return parts[limit], limit, empty_s


def drive_rounds(
    road: RoadMap, what: Round, vehicles: int, *, warm_rounds: float, rounds: float, follow: bool = True
) -> Throughput:
    """Let vehicles go round, and count how often the first group of stations serves one after they have warmed up."""
    graph = lay_out(road)
    traffic = Traffic(graph, Random(vehicles), follow=follow)
    for name, place in _spread(graph, vehicles):
        traffic.enter(name, place)
    turn = dict.fromkeys(range(len(what.groups)), 0)
    nexts = _first_groups(graph, traffic, what)

    def more(vehicle: str, _: float) -> None:
        while len(traffic.mission(vehicle)) < AHEAD:
            group = nexts[vehicle]
            names = what.groups[group]
            place = graph.place(names[turn[group] % len(names)])
            turn[group] += 1
            traffic.send(vehicle, [Goal(place.index, what.stays_s[group])])
            nexts[vehicle] = (group + 1) % len(what.groups)

    rate, limit, empty_s = bound(graph, what, vehicles)
    driven = Road(traffic, more)
    slowest_s = max(empty_s, vehicles / rate)
    driven.run(warm_rounds * slowest_s)
    begins = driven.now_s
    driven.run(begins + rounds * slowest_s)
    counted = {graph.place(name).index for name in what.groups[0]}
    served = sum(at > begins and place in counted for at, _, place in driven.served)
    an_hour = served / (driven.now_s - begins) * 3600
    return Throughput(
        vehicles, round(an_hour, 2), round(rate * 3600, 2), round(an_hour / (rate * 3600), 4), limit, round(empty_s)
    )


def _metres(graph: PlaceGraph, here: str, there: str) -> float:
    """Return how far it is from one place to another, as driven fastest."""
    least = least_times(graph, graph.place(there).index)
    at, metres = graph.place(here).index, 0.0
    while at != graph.place(there).index:
        link = min(
            (graph.links[n] for n in graph.out[at]), key=lambda each: least[each.end] + each.length_m / each.speed_mps
        )
        metres, at = metres + link.length_m, link.end
    return metres


def _spread(graph: PlaceGraph, vehicles: int) -> list[tuple[str, int]]:
    """Return where vehicles begin: evenly over all places where they may wait in a row."""
    rows = [place.index for place in graph.places if place.row]
    return [(f"v{n}", rows[n * len(rows) // vehicles]) for n in range(vehicles)]


def _first_groups(graph: PlaceGraph, traffic: Traffic, what: Round) -> dict[str, int]:
    """Return for each vehicle the group of stations that comes next on its way."""
    far = [least_times(graph, graph.place(group[0]).index) for group in what.groups]
    stands = {name: course.last_granted.place for name, course in traffic.courses.by_vehicle.items()}
    return {name: min(range(len(far)), key=lambda n: far[n][at]) for name, at in stands.items()}
