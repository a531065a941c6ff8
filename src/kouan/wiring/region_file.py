"""The region's file: its ports, where they lie, and a sketch of its outline for the map."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec

from kouan.simulator.reading import read_as
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import PortName
from kouan.wiring.port_file import REGION, Title, folder

MICRO = 1_000_000
"""Microdegrees in a degree."""

Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Lanes = Annotated[int, msgspec.Meta(ge=0, le=200)]
Place = tuple[Longitude, Latitude]
"""Degrees east and north."""

FACTS = ("position", "hours", "lanes", "opposite")
"""What ``unverified`` may name."""


class PortKind(StrEnum):
    """How a port is reached."""

    ROAD = "road"
    RAIL = "rail"
    AIR = "air"


class Opposite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The port on the other side; ``country`` by ISO 3166-1, ``local`` as it is written there."""

    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
    zh: str
    en: str
    local: str = ""


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words on the map, set about a place."""

    zh: str
    en: str
    at: Place


class RegionPort(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One port of the region (口岸): degrees, opening hours in its own time ("" where nobody published them).

    ``lanes_in`` and ``lanes_out`` are freight lanes where known; ``unverified`` names the facts that have no source;
    ``console`` is the address of the port's own console as screens at the hub reach it, where one is to be linked.
    """

    name: str
    title: Title
    kind: PortKind
    latitude: Latitude
    longitude: Longitude
    hours: Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-4]):[0-5]\d–([01]\d|2[0-4]):[0-5]\d)?\Z")] = ""
    lanes_in: Lanes | None = None
    lanes_out: Lanes | None = None
    opposite: Opposite | None = None
    unverified: tuple[str, ...] = ()
    console: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/?#]+(/[^\s]*)?\Z", max_length=200)] | None = None

    @property
    def latitude_udeg(self) -> int:
        """Microdegrees north."""
        return round(self.latitude * MICRO)

    @property
    def longitude_udeg(self) -> int:
        """Microdegrees east."""
        return round(self.longitude * MICRO)


class RegionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A region and its ports; ``border`` and ``inland`` together are its outline, a sketch for the eye only."""

    name: str
    title: Title
    timezone: str
    border: tuple[Place, ...]
    inland: tuple[Place, ...]
    ports: tuple[RegionPort, ...]
    labels: tuple[Label, ...] = ()

    def port(self, name: str) -> RegionPort | None:
        """Return one port by its short name."""
        return next((port for port in self.ports if port.name == name), None)


def parse(text: str) -> RegionFile:
    """Return the region described by a TOML text; raise InvalidValue naming the field and the rule."""
    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("", "region_file.toml", f"is not TOML: {error}") from error
    region = read_as(RegionFile, data, "region_file.shape")
    _check(region)
    return region


def _check(region: RegionFile) -> None:
    PortName.parse(region.name)
    if not region.ports:
        raise InvalidValue("ports", "region_file.ports", "a region has at least one port")
    if region.border[-1:] != region.inland[:1] or region.inland[-1:] != region.border[:1]:
        raise InvalidValue("inland", "region_file.outline", "must begin where the border ends, and end where it begins")
    seen: set[str] = set()
    for number, port in enumerate(region.ports):
        try:
            PortName.parse(port.name)
        except InvalidValue as error:
            raise InvalidValue(f"ports[{number}].name", error.rule, error.mend) from error
        if port.name in seen:
            raise InvalidValue(f"ports[{number}].name", "region_file.port_once", f"{port.name} stands twice")
        seen.add(port.name)
        for fact in port.unverified:
            if fact not in FACTS:
                known = ", ".join(FACTS)
                raise InvalidValue(f"ports[{number}].unverified", "region_file.fact", f"{fact} is none of {known}")


def load_region(path: Path | None = None) -> RegionFile:
    """Return the region of a file, by default the one that comes with kouan; raise InvalidValue or OSError."""
    return parse((path or folder() / REGION).read_text(encoding="utf-8"))


def drawn_region(region: RegionFile) -> dict[str, Any]:
    """Return the region as the console draws it: degrees east and north."""
    return {
        "region": region.name,
        "title": msgspec.to_builtins(region.title),
        "timezone": region.timezone,
        "border": region.border,
        "inland": region.inland,
        "labels": msgspec.to_builtins(region.labels),
    }


def facts_of(port: RegionPort) -> dict[str, Any]:
    """Return what is known of a port whether or not it ever speaks to the hub."""
    return {
        "opposite": None if port.opposite is None else msgspec.to_builtins(port.opposite),
        "lanes_in": port.lanes_in,
        "lanes_out": port.lanes_out,
        "unverified": port.unverified,
    }
