"""Where vehicles truly lie while they drive, by geometry alone: traffic is not asked what it thinks."""

import itertools

from shapely import LineString, Point
from shapely.ops import substring

from kouan.proving.bench_fleet.drive import Body, Road


def lying(road: Road, body: Body) -> LineString:
    """Return the middle line of a vehicle: half its length before and behind its middle, along the way it drives."""
    graph, course = road.graph, road.traffic.courses.by_vehicle[body.vehicle]
    half = graph.vehicle.length_m / 2
    came = course.visit(body.at).link if course.first <= body.at else None
    behind = [] if came is None else list(graph.links[came].points)
    ahead = list(graph.links[body.grants[0].link].points) if body.grants else []
    at = LineString(behind).length + body.past_m if behind else body.past_m
    points = [*behind[:-1], *ahead] if behind and ahead else behind or ahead
    if not points:
        return LineString(
            [Point(graph.places[course.last_granted.place].x, graph.places[course.last_granted.place].y)] * 2
        )
    line = LineString(points)
    return substring(line, max(0.0, at - half), min(line.length, at + half))


def touching(road: Road, bodies: list[Body]) -> list[tuple[str, str]]:
    """Return who touches whom."""
    width = road.graph.vehicle.width_m
    lines = {body.vehicle: lying(road, body) for body in bodies}
    return [(a, b) for a, b in itertools.combinations(lines, 2) if lines[a].distance(lines[b]) < width - 0.05]
