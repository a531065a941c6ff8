"""What traffic is made of: places where a vehicle may stand, links between them, and zones that two of these share.

A vehicle stands in one place or drives one link; its middle is what is counted. A **zone** is where two links, or a
link and a place, come so near that only one of them may be used at a time. Links that share an end and part there need
none: who drives one holds the place that it leads to, and the one that it comes from until it has cleared it.
"""

import itertools
import math
from collections.abc import Iterator

import msgspec
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import LineString
from shapely.ops import substring

from kouan.fleet.road.road_map import Node, Road, RoadMap, Vehicle, check, line_of
from kouan.vocabulary.errors import InvalidValue

STEP_M = 0.5
"""How finely it is looked for where two links part. Our choice: a tenth of the gap between vehicles."""

Points = tuple[tuple[float, float], ...]


class Place(msgspec.Struct, frozen=True):
    """Where a vehicle may stand: a node, or a point of a road; ``zones`` are held while it is held.

    In a ``row`` vehicles may wait for what lies ahead: the place is on a way that goes one way only, and no station.
    """

    index: int
    name: str
    x: float
    y: float
    row: bool
    zones: tuple[int, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """The way from one place to the next, in metres and m/s.

    The place that it starts from is free for another when the middle of the vehicle has driven ``clear_m``; ``zones``
    are held from its start to its end. ``onward`` are the links to its start from which it leads away: on these another
    may come closer behind who drives it.
    """

    index: int
    start: int
    end: int
    length_m: float
    speed_mps: float
    points: Points
    clear_m: float
    zones: tuple[int, ...] = ()
    onward: tuple[int, ...] = ()


class PlaceGraph(msgspec.Struct, frozen=True):
    """All places and links of a road, with the links out of each place."""

    places: tuple[Place, ...]
    links: tuple[Link, ...]
    out: tuple[tuple[int, ...], ...]
    zones: int
    vehicle: Vehicle

    def place(self, name: str) -> Place:
        """Return a place by its name; raise KeyError where there is none."""
        found = next((each for each in self.places if each.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


def lay_out(road: RoadMap) -> PlaceGraph:
    """Return what traffic is made of on this road.

    Raises InvalidValue, naming field and rule, where the map is unsound, two places are so near that vehicles would
    touch, or a place cannot be reached from every other.
    """
    check(road)
    drawn = _Drawing(road)
    links = [_link(n, way, road.vehicle) for n, way in enumerate(drawn.ways)]
    _check_lengths(drawn, links, road.vehicle)
    _check_reachable(drawn)
    return _with_zones(drawn, links, road.vehicle)


class _Way(msgspec.Struct, frozen=True):
    """A way from place to place, with the slowest speed on it."""

    start: int
    end: int
    points: Points
    speed_mps: float


class _Drawing:
    """Roads cut at their places, and joined where nobody may stand."""

    def __init__(self, road: RoadMap) -> None:
        self._road = road
        self._nodes = {each.name: each for each in road.nodes}
        self.stations = frozenset(each.node for each in road.stations)
        self.points: list[tuple[str, float, float]] = [(each.name, each.x, each.y) for each in road.nodes if each.wait]
        self._index = {name: n for n, (name, _, _) in enumerate(self.points)}
        self._pieces: dict[str, list[tuple[str, Points, float]]] = {each.name: [] for each in road.nodes}
        for way in road.roads:
            self._cut(way)
        names = list(self._index)
        self.ways = [way for name in names for way in self._joined(name)]

    def _cut(self, way: Road) -> None:
        line, speed = LineString(line_of(way, self._nodes)), way.speed_mps or self._road.vehicle.speed_mps
        count = 1 if way.places_m is None else max(1, math.floor(line.length / way.places_m))
        before = way.from_
        for n in range(1, count + 1):
            piece = substring(line, (n - 1) / count, n / count, normalized=True)
            points: Points = tuple((x, y) for x, y in piece.coords)
            name = way.to if n == count else self._between(way, n, points[-1])
            self._pieces[before].append((name, points, speed))
            if way.both:
                self._pieces[name].append((before, points[::-1], speed))
            before = name

    def _between(self, way: Road, n: int, at: tuple[float, float]) -> str:
        name = f"{way.from_}>{way.to}.{n}"
        self._index[name] = len(self.points)
        self.points.append((name, *at))
        self._nodes[name] = Node(name, *at)
        self._pieces[name] = []
        return name

    def _joined(self, name: str) -> Iterator[_Way]:
        """Walk from a place through nodes where nobody stands, never back, to the places that come next."""
        waiting: list[tuple[str, tuple[str, ...], Points, float]] = [(name, (name,), (), math.inf)]
        while waiting:
            at, been, points, slowest = waiting.pop()
            for to, more, speed in self._pieces[at]:
                joined, slow = (*points[:-1], *more) if points else more, min(slowest, speed)
                if to in self._index:
                    if to != name:
                        yield _Way(self._index[name], self._index[to], joined, slow)
                elif to not in been:
                    waiting.append((to, (*been, to), joined, slow))


def _link(n: int, way: _Way, vehicle: Vehicle) -> Link:
    length = LineString(way.points).length
    return Link(n, way.start, way.end, length, min(way.speed_mps, vehicle.speed_mps), way.points, vehicle.pitch_m)


def _check_lengths(drawn: _Drawing, links: list[Link], vehicle: Vehicle) -> None:
    for link in links:
        if link.length_m < vehicle.pitch_m - 1e-6:
            start, end = drawn.points[link.start][0], drawn.points[link.end][0]
            mend = f"{start} and {end} must be {vehicle.pitch_m:g} m apart or more, not {link.length_m:.1f}"
            raise InvalidValue("nodes", "fleet.places_near", mend)


def _check_reachable(drawn: _Drawing) -> None:
    count = len(drawn.points)
    ends = ([way.start for way in drawn.ways], [way.end for way in drawn.ways])
    parts, part_of = connected_components(
        coo_array(([1] * len(drawn.ways), ends), shape=(count, count)), directed=True, connection="strong"
    )
    if parts > 1:
        sizes = [int((part_of == part).sum()) for part in part_of]
        name = drawn.points[sizes.index(min(sizes))][0]
        raise InvalidValue(
            "roads", "fleet.dead_end", f"{name} cannot be reached from every place and left for every one"
        )


def _with_zones(drawn: _Drawing, links: list[Link], vehicle: Vehicle) -> PlaceGraph:
    lines = [LineString(link.points) for link in links]
    near = vehicle.width_m + vehicle.side_m
    found = _links_near(links, lines, near, vehicle)
    between = found.shared
    bodies = _bodies(drawn, links, lines, vehicle)
    _check_bodies(drawn, links, bodies, near)
    beside = _places_near(links, lines, near, bodies)
    of_links = [(link, zone) for zone, pair in enumerate(between) for link in pair]
    of_links += [(link, zone) for zone, (_, link) in enumerate(beside, len(between))]
    of_places = [(place, zone) for zone, (place, _) in enumerate(beside, len(between))]
    rows, zones, ways = _rows(drawn, links), _grouped(of_places, len(bodies)), _grouped(of_links, len(links))
    onward = _grouped(found.onward, len(links))
    return PlaceGraph(
        tuple(Place(n, *at, rows[n], zones[n]) for n, at in enumerate(drawn.points)),
        tuple(
            msgspec.structs.replace(link, clear_m=min(found.clear_m[n], link.length_m), zones=ways[n], onward=onward[n])
            for n, link in enumerate(links)
        ),
        _grouped([(link.start, link.index) for link in links], len(bodies)),
        len(between) + len(beside),
        vehicle,
    )


def _grouped(pairs: list[tuple[int, int]], count: int) -> tuple[tuple[int, ...], ...]:
    """Return what belongs to each number below a count, in the order given."""
    found: list[list[int]] = [[] for _ in range(count)]
    for number, each in pairs:
        found[number].append(each)
    return tuple(map(tuple, found))


class _Near(msgspec.Struct):
    """Which links cannot be driven at once, how far each is driven until its place is clear, and what it follows on."""

    clear_m: list[float]
    shared: list[tuple[int, int]] = []
    onward: list[tuple[int, int]] = []


def _links_near(links: list[Link], lines: list[LineString], near: float, vehicle: Vehicle) -> _Near:
    """Hold links that come near against each other: those of one start, those that follow, and all others."""
    found = _Near([link.clear_m for link in links])
    for a, b in _pairs_near(lines, near):
        one, other = links[a], links[b]
        ends = {one.start, one.end} & {other.start, other.end}
        leaving = [(x, y) for x, y in ((a, b), (b, a)) if links[x].start in (links[y].start, links[y].end)]
        parted = [_parts_at(lines[x], lines[y], near) for x, y in leaving]
        if None in parted or not ends:
            found.shared.append((a, b))
        for (x, y), at in zip(leaving, parted, strict=True):
            found.clear_m[x] = max(found.clear_m[x], (at or 0.0) + vehicle.length_m / 2)
            if at is not None and at <= vehicle.pitch_m and links[x].start == links[y].end:
                found.onward.append((x, y))
    return found


def _places_near(
    links: list[Link], lines: list[LineString], near: float, bodies: list[shapely.Geometry]
) -> list[tuple[int, int]]:
    """Return which places cannot be stood in while which link is driven, of those that it does not join."""
    tree = shapely.STRtree(lines)
    return [
        (place, int(a))
        for place, body in enumerate(bodies)
        for a in sorted(tree.query(body, predicate="dwithin", distance=near))
        if place not in (links[a].start, links[a].end)
    ]


def _rows(drawn: _Drawing, links: list[Link]) -> list[bool]:
    ways = {(link.start, link.end) for link in links}
    both = {place for start, end in ways if (end, start) in ways for place in (start, end)}
    return [n not in both and name not in drawn.stations for n, (name, _, _) in enumerate(drawn.points)]


def _pairs_near(lines: list[LineString], near: float) -> Iterator[tuple[int, int]]:
    tree = shapely.STRtree(lines)
    found = tree.query(lines, predicate="dwithin", distance=near)
    yield from sorted({(int(a), int(b)) for a, b in zip(*found, strict=True) if a < b})


def _parts_at(line: LineString, other: LineString, near: float) -> float | None:
    """Return how far along one link it has parted from another that starts with it; None where it never does."""
    steps = math.floor(line.length / STEP_M)
    for n in range(steps + 1):
        if substring(line, n * STEP_M, line.length).distance(other) >= near:
            return n * STEP_M
    return None


def _bodies(drawn: _Drawing, links: list[Link], lines: list[LineString], vehicle: Vehicle) -> list[shapely.Geometry]:
    """Return where a vehicle that stands in each place may lie: half its length along every link that meets there."""
    half = vehicle.length_m / 2
    parts: list[list[shapely.Geometry]] = [[shapely.Point(x, y)] for _, x, y in drawn.points]
    for link, line in zip(links, lines, strict=True):
        parts[link.start].append(substring(line, 0, half))
        parts[link.end].append(substring(line, line.length - half, line.length))
    return [shapely.union_all(each) for each in parts]


def _check_bodies(drawn: _Drawing, links: list[Link], bodies: list[shapely.Geometry], near: float) -> None:
    linked = {frozenset((link.start, link.end)) for link in links}
    tree = shapely.STRtree(bodies)
    for a, b in itertools.chain(zip(*tree.query(bodies, predicate="dwithin", distance=near), strict=True)):
        if a < b and frozenset((int(a), int(b))) not in linked:
            names = f"{drawn.points[a][0]} and {drawn.points[b][0]}"
            raise InvalidValue(
                "nodes", "fleet.places_near", f"{names} must lie further apart: vehicles there would touch"
            )
