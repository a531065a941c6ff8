"""What the flow model runs: stations with servers, rooms with limited space, kinds of vehicles with routes, a calendar.

Everything that a port does to a lorry is one of these. A lane, a scanner, a bay with its officers, a weighbridge, the
AGVs of a line and the cranes at a track are stations. A yard, a stretch of road or a station's own waiting places are
rooms: who finds a room full stands still where he is, and holds what he occupies there. Hours, breakdowns, weather and
tidal lanes are entries of the calendar.
"""

import enum
from collections.abc import Mapping

import msgspec

from kouan.planning.model.laws import Law
from kouan.vocabulary.errors import InvalidValue

ENDLESS = 1_000_000_000
"""Servers of a station at which nobody ever waits: driving from here to there."""


class Combined(enum.IntEnum):
    """How the checks at one stop add up."""

    SERIAL = 0
    PARALLEL = 1


class Work(msgspec.Struct, frozen=True):
    """What one stop takes: ``base``, and the ``checks`` one after the other or side by side."""

    base: Law
    checks: tuple[Law, ...] = ()
    combined: Combined = Combined.SERIAL


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A place with servers before which vehicles wait in one line.

    ``stream`` names its chance: stations of two variants that share a stream give a lorry the same times. ``room`` is
    where one is while waiting and served. ``work`` is by kind of vehicle; ``""`` stands for every other kind.
    """

    name: str
    servers: int
    work: Mapping[str, Work]
    room: str | None = None
    stream: str = ""


class Room(msgspec.Struct, frozen=True):
    """A space for so many vehicles; who comes from outside and finds it full turns away where ``lost``, else waits."""

    name: str
    space: int
    lost: bool = False


class Kind(msgspec.Struct, frozen=True):
    """A kind of vehicle: where it enters, and where it goes from each station with which probability.

    A station without an entry in ``goes`` is its last one, and so is what remains below a sum of 1.
    """

    name: str
    enters: str
    goes: Mapping[str, Mapping[str, float]]


class Change(msgspec.Struct, frozen=True):
    """From ``at_s`` on a station has ``servers`` more or fewer, and its work takes ``pace`` times as long if given.

    Who is being served when a server closes is served to the end.
    """

    at_s: float
    station: str
    servers: int = 0
    pace: float | None = None


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A whole model."""

    stations: tuple[Station, ...]
    kinds: tuple[Kind, ...]
    rooms: tuple[Room, ...] = ()
    calendar: tuple[Change, ...] = ()


def check(network: Network) -> None:
    """Raise InvalidValue where a name is unknown, stands twice, or probabilities exceed 1."""
    stations = _once("stations", [each.name for each in network.stations])
    rooms = _once("rooms", [each.name for each in network.rooms])
    kinds = _once("kinds", [each.name for each in network.kinds])
    for station in network.stations:
        if station.room is not None and station.room not in rooms:
            raise InvalidValue(f"stations.{station.name}.room", "network.room", f"there is no room {station.room}")
        for kind in station.work:
            if kind and kind not in kinds:
                raise InvalidValue(f"stations.{station.name}.work", "network.kind", f"there is no kind {kind}")
    for kind_ in network.kinds:
        _check_routes(kind_, stations)
    for change in network.calendar:
        if change.station not in stations:
            raise InvalidValue("calendar", "network.station", f"there is no station {change.station}")


def _check_routes(kind: Kind, stations: frozenset[str]) -> None:
    for name in (kind.enters, *kind.goes, *(to for row in kind.goes.values() for to in row)):
        if name not in stations:
            raise InvalidValue(f"kinds.{kind.name}", "network.station", f"there is no station {name}")
    for name, row in kind.goes.items():
        if min(row.values(), default=0) < 0 or sum(row.values()) > 1 + 1e-9:
            raise InvalidValue(f"kinds.{kind.name}.{name}", "network.shares", "shares must be from 0 to 1 in all")


def _once(field: str, names: list[str]) -> frozenset[str]:
    found = frozenset(names)
    if len(found) < len(names):
        raise InvalidValue(field, "network.once", "no name may stand twice")
    return found
