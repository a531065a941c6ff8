"""Lorries as they truly are: what is painted on them, what they weigh, who sits in them, what they carry."""

import enum

import msgspec

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.goods import Cargo
from kouan.simulator.people import Person
from kouan.vocabulary.places import Direction


class Load(enum.StrEnum):
    """How a lorry is laden; papers differ by it (``domain.md``)."""

    LOADED = "loaded"
    EMPTY = "empty"
    EMPTY_CONTAINER = "empty_container"


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A container on a chassis: its painted number, ISO 6346 size-type and visible damage."""

    number: str
    size_type: str
    damage: tuple[str, ...] = ()


class Rig(msgspec.Struct, frozen=True, kw_only=True):
    """A true identity that comes again: tractor, trailer and their measures. Plates are as painted, without spaces."""

    identity: str
    nationality: str
    plate: str
    trailer: str | None
    axles: int
    length_mm: int
    tare_kg: int


class Papers(msgspec.Struct, frozen=True, kw_only=True):
    """What carrier, broker and declarant say of a crossing, true or not."""

    confirmation: str
    manifest: str | None
    declaration: str | None
    batch: str
    plate: str
    trailer: str | None
    driver: Person
    crew_count: int
    containers: tuple[Container, ...]
    seals: tuple[str, ...]
    tare_kg: int
    cargo_kg: int


class Lorry(msgspec.Struct, frozen=True, kw_only=True):
    """One lorry on one crossing: its rig, its true load and people, its papers, and what is wrong with it.

    ``gamma_pm`` is the rise of the gamma count over background in per mille; ``neutron`` says that a source aboard
    emits neutrons. ``impostor`` says that somebody else sits there with the
    announced driver's document. ``seal`` is the number that its seal truly answers with, None where no seal hangs.
    """

    crossing: str
    rig: Rig
    direction: Direction
    load: Load
    cargo: Cargo | None
    driver: Person
    impostor: bool = False
    occupants: int
    temperature_dc: int
    containers: tuple[Container, ...]
    seal: str | None
    seal_tampered: bool
    cargo_kg: int
    tare_kg: int
    gamma_pm: int
    neutron: bool
    papers: Papers
    anomalies: tuple[Anomaly, ...] = ()

    @property
    def gross_kg(self) -> int:
        """The true mass on the weighbridge in kilograms."""
        return self.tare_kg + self.cargo_kg

    def has(self, anomaly: Anomaly) -> bool:
        """Return whether this trouble was planted on it."""
        return anomaly in self.anomalies
