"""A simulated day at the examination yard: who is sent there when, what is asked of him, and how long it really takes.

Arrivals follow the port file's hours, cargoes its shares. What is asked, and how far the work strays from its planned
minutes, is our choice: no public figure says.
"""

import math
from random import Random

import msgspec

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination import moves
from kouan.inspection.examination.examination import Ask, Examination, Vehicle
from kouan.inspection.examination.rules import ExaminationRules
from kouan.simulator.port_file import FieldPort
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Refused

PERISHABLE = ("vegetables", "live_aquatic")
"""Cargoes of the port file that perish."""

ASKED = (
    (Agency.CUSTOMS, ControlKind.SCAN, 0.50),
    (Agency.CUSTOMS, ControlKind.EXAMINE, 0.30),
    (Agency.CUSTOMS, ControlKind.QUARANTINE, 0.12),
    (Agency.BORDER_INSPECTION, ControlKind.EXAMINE, 0.30),
    (Agency.SITE, ControlKind.EXAMINE, 0.10),
)
"""How often each agency asks for what of a vehicle that is sent to the yard. Our choice."""

STRAYS = 0.35
"""Standard deviation of the logarithm of how long the work takes, against what was planned. Our choice."""

SEALED = 0.4
"""Share of vehicles with a seal: containers. Our choice; the port file's coal in bulk carries none."""


class Arrival(msgspec.Struct, frozen=True):
    """One vehicle of the day: when it comes (minutes after opening), what is asked, and how the work strays."""

    at: int
    vehicle: Vehicle
    asks: tuple[Ask, ...]
    stray: float


def day_of(port: FieldPort, rules: ExaminationRules, vehicles: int, chance: Random) -> list[Arrival]:
    """Return the vehicles of a day by their arrival; so many come on the average."""
    hourly, cargoes = port.simulation.hourly, port.simulation.cargo
    arrivals: list[Arrival] = []
    for hour, share in enumerate(hourly):
        rate = vehicles * share / sum(hourly) / 60
        at = chance.expovariate(rate) if rate > 0 else 60.0
        while at < 60:
            number = len(arrivals)
            cargo = chance.choices(list(cargoes), list(cargoes.values()))[0]
            arrivals.append(_arrival(number, hour * 60 + int(at), cargo, rules, chance))
            at += chance.expovariate(rate)
    return arrivals


def ordered(arrival: Arrival, asks: tuple[Ask, ...], number: str, rules: ExaminationRules, now: Instant) -> Examination:
    """Return the examination of a vehicle for some of its asks."""
    begun = moves.order(number, arrival.vehicle, asks, rules, now)
    if isinstance(begun, Refused):
        raise KouanError(f"a simulated vehicle was refused: {begun.reasons[0].code}")
    return begun


def _arrival(number: int, at: int, cargo: str, rules: ExaminationRules, chance: Random) -> Arrival:
    vehicle = Vehicle(
        plate=f"S{number:05}",
        seals=("S1",) if chance.random() < SEALED else (),
        cargo=cargo,
        perishable=cargo in PERISHABLE,
    )
    drawn = [(agency, kind) for agency, kind, share in ASKED if chance.random() < share]
    asks = tuple(
        Ask(f"{vehicle.plate}-{place}", agency, kind, rules.asked_by(agency, kind), "profile", "simulation", 0)
        for place, (agency, kind) in enumerate(drawn or [(Agency.CUSTOMS, ControlKind.SCAN)])
    )
    return Arrival(at, vehicle, asks, math.exp(chance.gauss(-(STRAYS**2) / 2, STRAYS)))
