"""How much goes wrong, how fast people and devices are, and who takes part: one TOML file a scenario."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.reading import read_as
from kouan.vocabulary.errors import InvalidValue

Rate = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Span = tuple[Annotated[float, msgspec.Meta(ge=0.0)], Annotated[float, msgspec.Meta(ge=0.0)]]
"""The shortest and the longest of something, in seconds."""


class Timings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long things take, in seconds of the field's time; device spans count from the stop.

    Our choice, so that the slowest sensor (face and fingerprint) sets the lane's time at about half of the 30 s
    published for Ganqimaodu (``docs/explanation/calibration.md``).
    """

    approach: Span = (4.0, 6.0)
    measure: Span = (0.3, 0.6)
    plates: Span = (0.7, 0.9)
    container: Span = (1.0, 1.4)
    seal: Span = (2.0, 3.0)
    weight_settles: Span = (2.6, 4.2)
    driver: Span = (6.0, 9.0)
    health: Span = (3.0, 4.0)
    disinfection: Span = (2.0, 3.5)
    barrier_travel: Span = (1.2, 2.0)
    drive_out: Span = (4.0, 6.0)
    agency_thinks: Span = (0.3, 1.5)


class Episodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Trouble of devices and of the wire rather than of vehicles; spans are in seconds of the field's time.

    ``device_mtbf_s`` is the mean time between two failures in one lane (0 for never), ``device_repair_s`` how long one
    lasts. ``garbage``, ``duplicate`` are rates a message. ``scale_drift_pm`` bounds the scales' error in per mille.
    """

    device_mtbf_s: float = 0.0
    device_repair_s: Span = (20.0, 90.0)
    garbage: Rate = 0.0
    duplicate: Rate = 0.0
    scale_drift_pm: float = 1.0


Pause = Annotated[float, msgspec.Meta(gt=0.0)]


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much devices say without being asked; our choices. Spans are in seconds of the wall clock.

    ``heartbeat_s`` is the time between two statuses of a device, of which three lost ones are noticed in a minute, and
    ``queue_counted_s`` that between two counts of the queue. ``scale_frames`` is how many of a moving scale's frames,
    ten a second, its serial server sends at a time.
    """

    heartbeat_s: Pause = 20.0
    queue_counted_s: Pause = 5.0
    scale_frames: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes part: simulated duty officers, and how long each waits, in seconds of the field's time.

    ``officer_waits_s`` is how old a review item is when an officer takes it; ``patience_s`` how long a driver stands
    before he backs out of the lane, in seconds of the wall clock if the field runs faster. ``announced_ahead`` is how
    many lorries of a queue have sent their papers, besides one for each lane.
    """

    officers: bool = True
    officer_waits_s: float = 20.0
    patience_s: float = 300.0
    announced_ahead: int = 4


class Inspection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Simulated inspectors and their laboratory; spans are in seconds of the field's time. All are our choice.

    ``drives_s`` is how long a driver who is called takes to his bay; ``pace`` what a step takes of the minutes that the
    sheet gives it; ``settles_s`` how long it takes until what was found is dealt with, and two officers let go. A
    result comes after ``laboratory_s``, and is bad at the rate ``fails``; a certificate follows after ``certifies_s``.
    """

    inspectors: bool = True
    drives_s: Span = (60.0, 240.0)
    pace: Annotated[float, msgspec.Meta(gt=0.0)] = 1.0
    settles_s: Span = (1_800.0, 7_200.0)
    laboratory_s: Span = (4 * 3_600.0, 48 * 3_600.0)
    certifies_s: Span = (1_800.0, 6 * 3_600.0)
    fails: Rate = 0.03


class YardLife(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Simulated people of the yard; spans are in seconds of the field's time. All are our choice.

    ``moves_s`` is a way within the yard; ``unloads_s``, ``loads_s`` and ``mends_s`` say how long it takes to handle a
    vehicle, and to deal with one that is held. ``references_s`` is the time between two rounds of the reference
    vehicles, ``adjusts_s`` how long a scale is out of use, ``drift_pm`` bounds the scales' error in per mille.
    ``samples``, ``unsound``, ``overloads`` and ``strangers`` are rates a vehicle: a sample is taken, goods are not
    sound, a domestic lorry loads too much, somebody else sits in it at the exit. ``fetching`` is how many domestic
    lorries come at once, at most.
    """

    people: bool = True
    moves_s: Span = (120.0, 420.0)
    unloads_s: Span = (900.0, 2_100.0)
    loads_s: Span = (900.0, 2_700.0)
    mends_s: Span = (120.0, 600.0)
    references_s: Annotated[float, msgspec.Meta(gt=0.0)] = 6 * 3_600.0
    adjusts_s: Span = (1_800.0, 5_400.0)
    drift_pm: float = 2.0
    samples: Rate = 0.2
    unsound: Rate = 0.01
    overloads: Rate = 0.05
    strangers: Rate = 0.01
    fetching: Annotated[int, msgspec.Meta(ge=0)] = 12


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way in which the day goes. ``first`` plants kinds on the n-th lorries to stop, to have something to show."""

    name: str
    rates: Mapping[Anomaly, Rate] = {}
    first: Mapping[str, Anomaly] = {}
    timings: Timings = Timings()
    episodes: Episodes = Episodes()
    wire: Wire = Wire()
    people: People = People()
    inspection: Inspection = Inspection()
    yard: YardLife = YardLife()
    pictures: bool = True
    traffic: Annotated[float, msgspec.Meta(ge=0.0)] = 1.0


def parse_scenario(text: str) -> Scenario:
    """Return the scenario of a TOML document; raise InvalidValue naming the field that does not fit."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("$", "scenario.toml", str(error)) from error
    return read_as(Scenario, data, "scenario.field")


def load_scenario(name: str) -> Scenario:
    """Return a scenario that ships with kouan by its name, or the one in a file whose path ends in ``.toml``."""
    if name.endswith(".toml"):
        return parse_scenario(Path(name).read_text(encoding="utf-8"))
    shipped = resources.files("kouan.simulator") / "scenarios" / f"{name}.toml"
    if not shipped.is_file():
        raise InvalidValue(
            "scenario", "scenario.name", f"must be a path to a .toml file or one of {', '.join(names())}"
        )
    return parse_scenario(shipped.read_text(encoding="utf-8"))


def names() -> tuple[str, ...]:
    """Return the names of the scenarios that ship with kouan."""
    folder = resources.files("kouan.simulator") / "scenarios"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))
