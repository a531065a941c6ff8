"""The field's own sight of a port file: its name, hours, lanes and the table ``[simulation]``, and nothing else."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from kouan.simulator.goods import CARGOES
from kouan.simulator.reading import read_as
from kouan.simulator.yard_port import FieldYard
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction, LaneName, PortName

Count = Annotated[int, msgspec.Meta(ge=0)]


class FieldLane(msgspec.Struct, frozen=True):
    """One lane as drivers know it: its name and which way it goes."""

    name: str
    direction: Direction


class Opening(msgspec.Struct, frozen=True):
    """When the port opens and closes, in its own time, HH:MM."""

    opens: str = "08:00"
    closes: str = "20:00"


class Simulation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The traffic of a day; every field is explained in ``ports/ganqimaodu.toml``."""

    scenario: str = "ordinary"
    customs_office: Annotated[str, msgspec.Meta(pattern=r"^\d{4}$")] = "0706"
    utc_offset_minutes: int = 480
    inbound_per_day: Count
    outbound_per_day: Count
    exports_per_day: Count
    opening_queue_in: Count = 0
    opening_queue_out: Count = 0
    turnround_s: Annotated[float, msgspec.Meta(gt=0)] = 5400.0
    hourly: tuple[Annotated[float, msgspec.Meta(ge=0)], ...]
    cargo: Mapping[str, Annotated[float, msgspec.Meta(ge=0)]]


class FieldPort(msgspec.Struct, frozen=True):
    """What the simulated field reads of a port file."""

    name: str
    lanes: tuple[FieldLane, ...]
    simulation: Simulation
    hours: Opening = Opening()
    yard: FieldYard = FieldYard()

    def lanes_of(self, direction: Direction) -> tuple[FieldLane, ...]:
        """Return the lanes that go this way, in the order of the file."""
        return tuple(lane for lane in self.lanes if lane.direction is direction)

    @property
    def opens_s(self) -> int:
        """Seconds after midnight, port time, at which the gate opens."""
        return _seconds(self.hours.opens)

    @property
    def closes_s(self) -> int:
        """Seconds after midnight, port time, at which the gate closes."""
        return _seconds(self.hours.closes)


def _seconds(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 3600 + int(minutes) * 60


def parse_port(text: str) -> FieldPort:
    """Return the port of a port file's text; raise InvalidValue with the field and the rule that it breaks."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("$", "port_file.toml", f"is not TOML: {error}") from error
    port = read_as(FieldPort, data, "port_file.field")
    _check(port)
    return port


def load_port(path: Path) -> FieldPort:
    """Return the port of a file; errors as in ``parse_port``, and OSError where it cannot be read."""
    return parse_port(path.read_text(encoding="utf-8"))


def _check(port: FieldPort) -> None:
    PortName.parse(port.name)
    if not port.lanes:
        raise InvalidValue("lanes", "port_file.lanes", "must name at least one lane")
    names: list[str] = [LaneName.parse(lane.name) for lane in port.lanes]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InvalidValue(f"lanes[{place}].name", "port_file.lane_once", f"{name} stands twice")
    for cargo in port.simulation.cargo:
        if cargo not in CARGOES:
            known = ", ".join(CARGOES)
            raise InvalidValue(f"simulation.cargo.{cargo}", "simulation.cargo", f"must be one of {known}")
    for direction in Direction:
        if not any(share and CARGOES[name].direction is direction for name, share in port.simulation.cargo.items()):
            raise InvalidValue("simulation.cargo", "simulation.cargo", f"must have a cargo that goes {direction}")
    if sum(port.simulation.hourly) <= 0:
        raise InvalidValue("simulation.hourly", "simulation.hourly", "must have an hour with traffic")
    if port.simulation.exports_per_day > port.simulation.outbound_per_day:
        raise InvalidValue("simulation.exports_per_day", "simulation.exports", "must not exceed outbound_per_day")
