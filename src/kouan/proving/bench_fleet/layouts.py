"""Roads to measure on: lines with stations in a row, the line of Ganqimaodu, and layouts in which traffic locks."""

import itertools
import math

from kouan.fleet.road.road_map import Node, Road, RoadMap, Station, StationKind, Vehicle

SMALL = Vehicle(length_m=8.0, width_m=2.5, gap_m=2.0, near_m=1.0)
"""A vehicle for yards: two of them have room between nodes that lie 20 m apart."""

LINE_M = 6_190.0
"""Length of Ganqimaodu's AGV line (published, docs/explanation/calibration.md)."""

BESIDE_M = 6.0
"""Metres between ways that lie side by side. Our choice: two vehicles pass each other with 3 m between."""


def tandem(service_s: float, vehicle: Vehicle) -> RoadMap:
    """Return a ring with two stations of one place each on its one-way road, 200 m apart."""
    pitch, way = vehicle.pitch_m, 600.0
    nodes = (
        Node("A", 0, 0), Node("S1", 200, 0), Node("S2", 400, 0), Node("B", way, 0),
        Node("C", way, 200), Node("D", 0, 200),
    )  # fmt: skip
    ring = ("A", "S1", "S2", "B", "C", "D", "A")
    roads = tuple(Road(a, b, places_m=pitch) for a, b in itertools.pairwise(ring))
    return RoadMap(nodes, roads, tuple(Station(n, n, StationKind.SCAN, service_s) for n in ("S1", "S2")), vehicle)


def line(
    bays: int, crane_s: float, checks_s: tuple[float, float], vehicle: Vehicle, length_m: float = LINE_M
) -> RoadMap:
    """Return one lane out and one back between two ports, half of Ganqimaodu's four; the other half is its like.

    ``bays`` crane places lie side by side at each end; a check stands on the way out and one on the way back.
    """
    pitch, right = vehicle.pitch_m, length_m
    wide = (bays - 1) * BESIDE_M
    nodes = [Node("out", 0, 0), Node("check-out", 300, 0), Node("far", right, 0)]
    nodes += [Node("back", right, wide + 60), Node("check-in", 300, wide + 60), Node("near", 0, wide + 60)]
    roads = [Road("out", "check-out", places_m=pitch), Road("check-out", "far", places_m=pitch)]
    roads += [Road("back", "check-in", places_m=pitch), Road("check-in", "near", places_m=pitch)]
    stations = [
        Station("check-out", "check-out", StationKind.EXIT_CHECK, checks_s[0]),
        Station("check-in", "check-in", StationKind.ENTRY_CHECK, checks_s[1]),
    ]
    for end, x, step, first, then in (("F", right, 1, "far", "back"), ("N", 0.0, -1, "near", "out")):
        for n in range(bays):
            name, y = f"{end}{n + 1}", 30 + n * BESIDE_M
            at = x + step * (120 + 2 * wide)
            nodes.append(Node(name, at, y))
            stations.append(Station(name, name, StationKind.CRANE, crane_s))
            into, out = (x + step * 60, y), (at + step * 60, y)
            turn = (at + step * (80 + n * BESIDE_M), y)
            low = 0.0 if first == "near" else wide + 60
            roads.append(Road(first, name, via=(into,)))
            roads.append(Road(name, then, via=(out, turn, (turn[0], low))))
    return RoadMap(tuple(nodes), tuple(roads), tuple(stations), vehicle)


def grid(side: int, vehicle: Vehicle = SMALL) -> RoadMap:
    """Return a square of nodes 20 m apart, joined both ways."""
    nodes = tuple(Node(f"{x}.{y}", 20.0 * x, 20.0 * y) for x in range(side) for y in range(side))
    across = [Road(f"{x}.{y}", f"{x + 1}.{y}", both=True) for x in range(side - 1) for y in range(side)]
    along = [Road(f"{x}.{y}", f"{x}.{y + 1}", both=True) for x in range(side) for y in range(side - 1)]
    return RoadMap(nodes, (*across, *along), vehicle=vehicle)


def corridor(vehicle: Vehicle = SMALL) -> RoadMap:
    """Return a corridor of six places, both ways, with one place beside its middle."""
    nodes = (*(Node(f"c{n}", 20.0 * n, 0) for n in range(6)), Node("side", 60, 20))
    ways = (*(Road(f"c{n}", f"c{n + 1}", both=True) for n in range(5)), Road("c3", "side", both=True))
    return RoadMap(nodes, ways, vehicle=vehicle)


def sections(vehicle: Vehicle = SMALL) -> RoadMap:
    """Return two single-track sections in a row, with a passing place between, and two places at each end."""
    nodes = (
        Node("w1", 0, 10), Node("w2", 0, -10), Node("a", 30, 0), Node("p1", 120, 10), Node("p2", 120, -10),
        Node("b", 75, 0, wait=False), Node("c", 165, 0, wait=False), Node("d", 210, 0), Node("e1", 240, 10),
        Node("e2", 240, -10),
    )  # fmt: skip
    ways = (("w1", "a"), ("w2", "a"), ("a", "b"), ("b", "p1"), ("b", "p2"), ("p1", "c"), ("p2", "c"), ("c", "d"))
    ends = (("d", "e1"), ("d", "e2"))
    return RoadMap(nodes, tuple(Road(a, b, both=True) for a, b in (*ways, *ends)), vehicle=vehicle)


def roundabout(vehicle: Vehicle = SMALL) -> RoadMap:
    """Return a one-way ring of eight places, with four arms that are driven both ways."""
    turn = [(40 * math.cos(n * math.pi / 4), 40 * math.sin(n * math.pi / 4)) for n in range(8)]
    nodes = [Node(f"r{n}", x, y) for n, (x, y) in enumerate(turn)]
    nodes += [Node(f"a{n}", turn[n][0] * 1.75, turn[n][1] * 1.75) for n in range(0, 8, 2)]
    ring = [Road(f"r{n}", f"r{(n + 1) % 8}") for n in range(8)]
    arms = [Road(f"a{n}", f"r{n}", both=True) for n in range(0, 8, 2)]
    return RoadMap(tuple(nodes), (*ring, *arms), vehicle=vehicle)
