"""One plate, one place (I6): whether one vehicle can have stood at two ports at the times at which its plate did."""

import math
from collections.abc import Mapping

import msgspec

from kouan.network.reading import PassageChange
from kouan.network.views import PortFacts
from kouan.vocabulary.clock import SECOND, Instant

MAX_SPEED_KMH = 120
"""Fastest that a lorry is believed to travel. Our choice: China's highest limit (Road Traffic Safety Law's regulation,
article 78) is 120 km/h for cars and 100 for lorries; with the straight line for the road, nobody genuine is faster."""

EARTH_RADIUS_M = 6_371_009
"""Mean radius of the Earth (IUGG), in metres."""


class Presence(msgspec.Struct, frozen=True):
    """A plate stood at a port's stop line from ``since`` to ``until``; ``passage`` names the passage."""

    plate: str
    port: str
    lane: str
    direction: str
    passage: str
    since: Instant
    until: Instant


def presence_of(port: str, passage: PassageChange, until: Instant) -> Presence | None:
    """Return where a passage's plate stood, None where its plate or its beginning is not known.

    An open passage lasts ``until`` its port's latest entry.
    """
    if passage.plate is None or passage.opened_at is None:
        return None
    end = until if passage.closed_at is None else passage.closed_at
    lane, direction = passage.lane or "", passage.direction or ""
    since = passage.opened_at
    return Presence(passage.plate, port, lane, direction, passage.passage, since, max(since, end))


class Impossible(msgspec.Struct, frozen=True):
    """One plate in two places: ``gap_us`` lies between the two (negative where both were open at once).

    ``least_us`` is the least time that the way of ``distance_m`` takes.
    """

    earlier: Presence
    later: Presence
    distance_m: int
    gap_us: int
    least_us: int

    @property
    def number(self) -> str:
        """The name of the alarm: the same for the same two passages, whichever was heard of first."""
        first, second = sorted(f"{one.port}/{one.passage}" for one in (self.earlier, self.later))
        return f"travel/{first}/{second}"


class Distances:
    """How far the ports of a region lie apart, as the crow flies: no road is shorter."""

    def __init__(self, ports: Mapping[str, PortFacts]) -> None:
        places = {name: _place(port) for name, port in ports.items()}
        self._metres = {(one, other): great_circle_m(places[one], places[other]) for one in places for other in places}

    def metres(self, one: str, other: str) -> int:
        """Return the great-circle distance; 0 where one of the two is not known, so that nothing is claimed."""
        return self._metres.get((one, other), 0)

    def least_us(self, one: str, other: str) -> int:
        """Return the least time from one port to the other, in microseconds."""
        return travel_us(self.metres(one, other))

    def longest_us(self) -> int:
        """Return the least time between the two ports that lie farthest apart: nothing older can contradict."""
        return travel_us(max(self._metres.values(), default=0))


def travel_us(distance_m: int) -> int:
    """Return the least time that a distance takes, in microseconds."""
    return distance_m * 3600 * SECOND // (MAX_SPEED_KMH * 1000)


def great_circle_m(one: tuple[float, float], other: tuple[float, float]) -> int:
    """Return the distance between two places (latitude, longitude in degrees), rounded down to whole metres."""
    (lat_1, lon_1), (lat_2, lon_2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return math.floor(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half))))


def impossible(one: Presence, other: Presence, distances: Distances) -> Impossible | None:
    """Return why the two cannot be one vehicle, None where they can."""
    if one.plate != other.plate or one.port == other.port:
        return None
    earlier, later = (one, other) if (one.since, one.port) <= (other.since, other.port) else (other, one)
    gap_us = later.since - earlier.until
    least_us = distances.least_us(earlier.port, later.port)
    if gap_us >= 0 and gap_us >= least_us:
        return None
    return Impossible(earlier, later, distances.metres(one.port, other.port), gap_us, least_us)


def _place(port: PortFacts) -> tuple[float, float]:
    return port.latitude_udeg / 1_000_000, port.longitude_udeg / 1_000_000
