"""Plants one anomaly on an honest lorry: changes what is true of it, or what its papers leave out."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.identities import seal_number
from kouan.simulator.people import make_person
from kouan.simulator.vehicles import Lorry, Rig
from kouan.vocabulary.clock import Instant

DAMAGE_CODES = ("hole", "broken_door", "cut_panel", "bent_locking_bar")
"""What the camera calls damage that may have let something in or out; a dent is no anomaly."""

OVERWEIGHT_KG = (6_000, 16_000)
"""Undeclared mass: from well over any sensible tolerance of a 117 t combination (5 %) upward."""


def _overweight(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    return replace(lorry, cargo_kg=lorry.cargo_kg + random.randint(*OVERWEIGHT_KG))


def _broken(lorry: Lorry, _random: Random, _now: Instant) -> Lorry:
    return replace(lorry, seal_tampered=True)


def _absent(lorry: Lorry, _random: Random, _now: Instant) -> Lorry:
    return replace(lorry, seal=None)


def _differs(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    return replace(lorry, seal=seal_number(random))


def _source(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    return replace(lorry, gamma_pm=random.randint(6_000, 60_000), neutron=random.random() < 0.3)


def _norm(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    return replace(lorry, gamma_pm=random.randint(900, 2_500))


def _wrong_driver(lorry: Lorry, random: Random, now: Instant) -> Lorry:
    if random.random() < 0.4:
        return replace(lorry, impostor=True)
    return replace(lorry, driver=make_person(random, lorry.rig.nationality, now))


def _expired(lorry: Lorry, random: Random, now: Instant) -> Lorry:
    driver = make_person(random, lorry.rig.nationality, now, expired=True)
    return replace(lorry, driver=driver, papers=replace(lorry.papers, driver=driver))


def _stowaway(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    return replace(lorry, occupants=lorry.occupants + random.randint(1, 2))


def _fever(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    return replace(lorry, temperature_dc=random.randint(379, 396))


def _damaged(lorry: Lorry, random: Random, _now: Instant) -> Lorry:
    first = replace(lorry.containers[0], damage=(random.choice(DAMAGE_CODES),))
    return replace(lorry, containers=(first, *lorry.containers[1:]))


_CHANGES: dict[Anomaly, Callable[[Lorry, Random, Instant], Lorry]] = {
    Anomaly.OVERWEIGHT_UNDECLARED: _overweight,
    Anomaly.SEAL_BROKEN: _broken,
    Anomaly.SEAL_ABSENT: _absent,
    Anomaly.SEAL_DIFFERS: _differs,
    Anomaly.RADIATION_SOURCE: _source,
    Anomaly.NORM_ALARM: _norm,
    Anomaly.WRONG_DRIVER: _wrong_driver,
    Anomaly.EXPIRED_DOCUMENT: _expired,
    Anomaly.STOWAWAY: _stowaway,
    Anomaly.FEVER: _fever,
    Anomaly.DAMAGED_CONTAINER: _damaged,
}
"""What is not here changes no lorry: misreadings are the devices', late papers the traders', holds the officers'."""


def clone(lorry: Lorry, victim: Rig) -> Lorry:
    """Return the lorry under another's plates, with papers made out for them."""
    rig = replace(lorry.rig, plate=victim.plate, trailer=victim.trailer)
    return replace(lorry, rig=rig, papers=replace(lorry.papers, plate=victim.plate, trailer=victim.trailer))


def plant(lorry: Lorry, kind: Anomaly, random: Random, now: Instant, recent: tuple[Rig, ...]) -> Lorry:
    """Return the lorry with one anomaly, marked as such.

    ``recent`` are rigs that passed lately, the latest at the end: a clone bears its plates.
    """
    change = _CHANGES.get(kind)
    if change is not None:
        lorry = change(lorry, random, now)
    if kind is Anomaly.CLONED_PLATE:
        lorry = clone(lorry, recent[-1])
    return replace(lorry, anomalies=(*lorry.anomalies, kind))
