"""A fleet's road as it is drawn: nodes, roads between them, stations, and the vehicle that fits on all of it."""

import enum
import itertools
import math
import re

import msgspec

from kouan.vocabulary.errors import InvalidValue

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,32}")
MAX_NODES = 2_000
"""Nodes that a map may have. Our choice: a line of 10 km with a node every 5 m."""


class StationKind(enum.StrEnum):
    """What is done at a station."""

    CRANE = "crane"
    EXIT_CHECK = "exit_check"
    SCAN = "scan"
    ENTRY_CHECK = "entry_check"
    CHARGING = "charging"
    HANDOVER = "handover"
    PARKING = "parking"


class Vehicle(msgspec.Struct, frozen=True):
    """The largest vehicle of a fleet; its reference point is its middle. Lengths in m, speeds in m/s, rates in m/s².

    ``gap_m`` is kept free between vehicles that stand behind each other, ``near_m`` at any time, ``side_m`` beside one
    that moves. ``brakes`` is what it surely achieves; ``slows`` and ``gains`` are how it drives.
    """

    length_m: float = 15.0
    width_m: float = 3.0
    gap_m: float = 5.0
    near_m: float = 1.5
    side_m: float = 0.5
    speed_mps: float = 25 / 3.6
    gains_mps2: float = 0.5
    slows_mps2: float = 0.5
    brakes_mps2: float = 1.5

    @property
    def pitch_m(self) -> float:
        """How far apart the middles of two vehicles are that stand behind each other."""
        return self.length_m + self.gap_m


class Node(msgspec.Struct, frozen=True):
    """A point of the road, in metres east and north of the port's origin; a vehicle may ``wait`` there or not."""

    name: str
    x: float
    y: float
    wait: bool = True


class Road(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A road between two nodes, straight unless it goes ``via`` points; ``both`` ways or one.

    ``places_m`` divides a one-way road into places to wait, at least so far apart; nothing: none but its ends.
    """

    from_: str
    to: str
    both: bool = False
    speed_mps: float | None = None
    via: tuple[tuple[float, float], ...] = ()
    places_m: float | None = None


class Station(msgspec.Struct, frozen=True):
    """Where something is done to a vehicle that stands at ``node``, for about ``service_s`` seconds."""

    name: str
    node: str
    kind: StationKind
    service_s: float = 0.0


class RoadMap(msgspec.Struct, frozen=True):
    """The road of a fleet (路网). Raises nothing: ``check`` says what is wrong with it."""

    nodes: tuple[Node, ...]
    roads: tuple[Road, ...]
    stations: tuple[Station, ...] = ()
    vehicle: Vehicle = Vehicle()

    def node(self, name: str) -> Node:
        """Return a node by its name; raise KeyError where there is none."""
        return next(each for each in self.nodes if each.name == name)


def check(road: RoadMap) -> None:
    """Raise InvalidValue, naming the field and the rule, unless every part of a map is sound by itself."""
    _check_vehicle(road.vehicle)
    if not 1 <= len(road.nodes) <= MAX_NODES:
        raise InvalidValue("nodes", "fleet.nodes", f"must be 1 to {MAX_NODES}, not {len(road.nodes)}")
    _check_names("nodes", [each.name for each in road.nodes])
    _check_names("stations", [each.name for each in road.stations])
    known = {each.name: each for each in road.nodes}
    for n, each in enumerate(road.nodes):
        if not (math.isfinite(each.x) and math.isfinite(each.y)):
            raise InvalidValue(f"nodes[{n}]", "fleet.finite", f"{each.name}: x and y must be numbers")
    drawn: set[tuple[str, str]] = set()
    for n, way in enumerate(road.roads):
        _check_road(way, f"roads[{n}]", known, road.vehicle)
        for pair in ((way.from_, way.to), *(((way.to, way.from_),) if way.both else ())):
            if pair in drawn:
                raise InvalidValue(f"roads[{n}]", "fleet.road_twice", f"{pair[0]} to {pair[1]} is drawn twice")
            drawn.add(pair)
    for n, station in enumerate(road.stations):
        if station.node not in known or not known[station.node].wait:
            raise InvalidValue(f"stations[{n}].node", "fleet.station_place", f"{station.node} is no place to wait")
        if not (math.isfinite(station.service_s) and station.service_s >= 0):
            raise InvalidValue(f"stations[{n}].service_s", "fleet.service", "must be 0 or more seconds")


def _check_vehicle(vehicle: Vehicle) -> None:
    for name in vehicle.__struct_fields__:
        value = getattr(vehicle, name)
        if not (math.isfinite(value) and value > 0):
            raise InvalidValue(f"vehicle.{name}", "fleet.vehicle", "must be a number above 0")
    if vehicle.near_m > vehicle.gap_m:
        raise InvalidValue("vehicle.near_m", "fleet.near", "must be no more than gap_m")
    if vehicle.brakes_mps2 < vehicle.slows_mps2:
        raise InvalidValue(
            "vehicle.brakes_mps2", "fleet.brakes", "must be no less than slows_mps2: it is surely achieved"
        )


def _check_names(field: str, names: list[str]) -> None:
    for n, name in enumerate(names):
        if not _NAME.fullmatch(name):
            raise InvalidValue(f"{field}[{n}].name", "fleet.name", f"{name!r} must be 1 to 32 of A-Z a-z 0-9 _ . : -")
        if name in names[:n]:
            raise InvalidValue(f"{field}[{n}].name", "fleet.name_twice", f"{name} stands twice")


def _check_road(way: Road, field: str, known: dict[str, Node], vehicle: Vehicle) -> None:
    for end, name in (("from", way.from_), ("to", way.to)):
        if name not in known:
            raise InvalidValue(f"{field}.{end}", "fleet.node_unknown", f"{name} is no node")
    if way.from_ == way.to:
        raise InvalidValue(f"{field}.to", "fleet.loop", "must be another node than from")
    if way.both and way.places_m is not None:
        raise InvalidValue(
            f"{field}.places_m", "fleet.places_both", "is for one-way roads: vehicles would meet between"
        )
    if way.places_m is not None and way.places_m < vehicle.pitch_m:
        raise InvalidValue(f"{field}.places_m", "fleet.places_near", f"must be {vehicle.pitch_m:g} m or more")
    if way.speed_mps is not None and not (math.isfinite(way.speed_mps) and way.speed_mps > 0):
        raise InvalidValue(f"{field}.speed_mps", "fleet.speed", "must be above 0")
    line = line_of(way, known)
    if any(math.dist(a, b) <= 0 for a, b in itertools.pairwise(line)):
        raise InvalidValue(f"{field}.via", "fleet.via", "must be points that differ from their neighbours")


def line_of(way: Road, nodes: dict[str, Node]) -> tuple[tuple[float, float], ...]:
    """Return a road's points, its ends included."""
    start, end = nodes[way.from_], nodes[way.to]
    return ((start.x, start.y), *way.via, (end.x, end.y))
