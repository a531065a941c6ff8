"""Port files: one TOML a port says which lanes it has, what stands in them and which rules are in force.

A file with ``like = "ganqimaodu"`` says only what differs from that port: what stands in ``SHARED`` it need not repeat.
The table ``[simulation]`` belongs to the simulated field and is not read here.
"""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from kouan.gate.procedures import Procedure
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.vocabulary.places import Direction, LaneName, PortName
from kouan.yard.settings import YardSettings, check_settings

Point = tuple[float, float]
"""Metres east and north of the port file's origin."""

SHARED = ("timezone", "rulebook", "procedures", "order_lifetime_s", "verdict_deadline_s", "offline")
"""What a port may take from the one that it is like. A certificate, the hours and the lanes are each port's own."""

REGION = "region.toml"
"""The file beside the ports' own that describes their region; it is no port."""

Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name as people read it, in the languages of the screens."""

    zh: str
    en: str


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opening hours in the port's own time, ``HH:MM``; ``00:00``-``24:00`` is always open."""

    opens: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-4]):[0-5]\d$")]
    closes: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-4]):[0-5]\d$")]


class ProcedureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the ten procedures at this port.

    ``deadline_s`` counts from the stop; ``devices`` are what feeds it; ``required_for`` lists the loads (``loaded``,
    ``empty``, ``empty_container``) for which its evidence must be there.
    """

    deadline_s: Seconds
    devices: tuple[str, ...] = ()
    required_for: tuple[str, ...] = ("loaded", "empty", "empty_container")


class LaneSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lane: its direction, whether that may change, and where it lies on the drawn map (metres, degrees)."""

    name: str
    direction: Direction
    x: float
    y: float
    heading: float
    length_m: float
    tidal: bool = False


class Offline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the port does while it does not hear its hub (I13); says nothing where it has none.

    ``max_age_s`` is how old the hub's word may be before that: our choice of 300 s is ten bulletins that did not come.
    ``serve`` says who is released without a person then: pre-authorised vehicles of low risk, or nobody.
    """

    max_age_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 300
    serve: Literal["pre_authorised", "nobody"] = "pre_authorised"


class DrawnMap(msgspec.Struct, frozen=True):
    """What the console draws besides the lanes; each shape is a list of points in metres."""

    roads: tuple[tuple[Point, ...], ...] = ()
    yards: tuple[dict[str, Any], ...] = ()
    border: tuple[Point, ...] = ()
    buildings: tuple[dict[str, Any], ...] = ()
    labels: tuple[dict[str, Any], ...] = ()


class PortFile(msgspec.Struct, frozen=True):
    """A port (口岸) as its file describes it.

    ``calibrated_until`` is the day on which the verification of its weighbridges ends (midnight, the port's own time);
    a port that does not say has weighbridges that count for nothing.
    """

    name: str
    title: Title
    timezone: str
    hours: Hours
    rulebook: str
    lanes: tuple[LaneSettings, ...]
    procedures: dict[Procedure, ProcedureSettings]
    order_lifetime_s: Annotated[float, msgspec.Meta(gt=0, le=5)] = 5.0
    verdict_deadline_s: Seconds = 30.0
    calibrated_until: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")] = "2020-01-01"
    offline: Offline = Offline()
    map: DrawnMap = DrawnMap()
    yard: YardSettings = YardSettings()

    @property
    def controlled(self) -> tuple[str, ...]:
        """The names of the lanes that the lane controller serves: the gate's, and the exits of the yard."""
        return (*(lane.name for lane in self.lanes), *(each.name for each in self.yard.exits))

    @property
    def port(self) -> PortName:
        """The port's short name."""
        return PortName.parse(self.name)


_PATH = re.compile(r"^(?P<mend>.*?)(?: - at `\$\.?(?P<field>[^`]*)`)?$", re.DOTALL)


def parse(text: str) -> PortFile:
    """Return the port described by a TOML text; raise InvalidValue naming the field and the rule, or NotFound."""
    try:
        data = tomllib.loads(text)
        port = msgspec.convert({**_shared(data.pop("like", None)), **data}, PortFile)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("", "port_file.toml", f"is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        found = _PATH.match(str(error))
        field, mend = (found["field"] or "", found["mend"]) if found else ("", str(error))
        raise InvalidValue(field, "port_file.shape", mend) from error
    _check(port)
    return port


def _shared(like: object) -> dict[str, Any]:
    """Return what a port takes from the one that it is like, None for a port of its own kind."""
    if like is None:
        return {}
    path = path_of(str(like))
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if "like" in data:
        raise InvalidValue("like", "port_file.like", f"must name a port that is like no other, which {like} is not")
    return {name: data[name] for name in SHARED if name in data}


def _check(port: PortFile) -> None:
    PortName.parse(port.name)
    if not port.lanes:
        raise InvalidValue("lanes", "port_file.lanes", "a port has at least one lane")
    seen: set[str] = set()
    for number, lane in enumerate(port.lanes):
        LaneName.parse(lane.name)
        if lane.name in seen:
            raise InvalidValue(f"lanes[{number}].name", "port_file.lane_once", f"{lane.name} stands twice")
        seen.add(lane.name)
    for procedure in Procedure:
        if procedure is not Procedure.DECISION and procedure not in port.procedures:
            raise InvalidValue(f"procedures.{procedure}", "port_file.procedures", "is missing: all ten are configured")
    check_settings(port.yard)
    for name in port.yard.places:
        if LaneName.parse(name) in seen:
            raise InvalidValue("yard.scales", "port_file.place_once", f"{name} is a lane's name as well")
    if port.hours.opens >= port.hours.closes:
        raise InvalidValue("hours.closes", "port_file.hours", "must come after opens")


def folder() -> Path:
    """Return the folder of the port files that come with kouan: the checkout's, else the installed package's."""
    checkout = Path(__file__).resolve().parents[3] / "ports"
    if checkout.is_dir():
        return checkout
    return Path(str(resources.files("kouan") / "ports"))


def path_of(name_or_path: str) -> Path:
    """Return the path of a port's file, given its short name or the path itself; raise NotFound or InvalidValue."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = folder() / f"{PortName.parse(name_or_path)}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder().glob("*.toml") if p.name != REGION))
        raise NotFound(f"no port file {path}; ports that come with kouan: {known}")
    return path


def rulebooks_beside(path: Path) -> Path:
    """Return the folder of rulebooks that belongs to a port's file: the one beside it, else kouan's own."""
    beside = path.parent / "rulebooks"
    return beside if beside.is_dir() else folder() / "rulebooks"


def drawn(port: PortFile) -> dict[str, Any]:
    """Return the port as the console draws it."""
    drawing: dict[str, Any] = msgspec.to_builtins(
        {"port": port.name, "name": port.title, "timezone": port.timezone, "hours": port.hours}
    )
    drawing["lanes"] = msgspec.to_builtins(port.lanes)
    drawing["map"] = msgspec.to_builtins(port.map)
    return drawing


def load(name_or_path: str) -> PortFile:
    """Return a port by its short name or by the path of its file; raise NotFound or InvalidValue."""
    return parse(path_of(name_or_path).read_text(encoding="utf-8"))
