"""A visit (进出一次): one vehicle, in and out again, joined from its two passages; net = gross - tare.

The unit of the port is the visit, not the passage: what came in loaded and leaves empty has left its goods here.
"""

import msgspec
from msgspec.structs import replace

from kouan.gate.dossier import case_of
from kouan.gate.roles import Sighting, VisitRecord
from kouan.gate.states import Cleared
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused, refuse


class Weighing(msgspec.Struct, frozen=True):
    """One gross weight of a visit, in kilograms, and the passage in which it was taken."""

    passage: str
    at: Instant
    mass_kg: int


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The vehicle crossed the border once and has not come back yet."""

    visit: str
    plate: str
    first: str
    direction: Direction
    opened_at: Instant
    weighed: Weighing | None = None


class Complete(msgspec.Struct, frozen=True, tag="complete"):
    """The vehicle has been in and out; ``net_kg`` is what it left behind (negative: took along), if weighed twice."""

    visit: str
    plate: str
    first: str
    second: str
    opened_at: Instant
    closed_at: Instant
    net_kg: int | None


Visit = Begun | Complete


def begin_visit(state: Cleared, plate: str) -> Begun:
    """Return the visit that begins with this cleared passage; it is named after the passage."""
    dossier = state.dossier
    return Begun(
        visit=f"visit-{dossier.passage}",
        plate=plate,
        first=dossier.passage,
        direction=dossier.direction,
        opened_at=state.closed_at,
        weighed=_weighing(state),
    )


def end_visit(visit: Begun, state: Cleared, plate: str) -> Complete | Refused:
    """Return the visit that ends with this cleared passage: the same vehicle, the other way, later."""
    dossier = state.dossier
    if plate != visit.plate:
        return refuse("visit.another_vehicle", plate=plate, expected=visit.plate)
    if dossier.direction == visit.direction or state.closed_at < visit.opened_at:
        return refuse("visit.same_way", plate=plate, direction=dossier.direction)
    weighed = _weighing(state)
    net_kg = None if weighed is None or visit.weighed is None else visit.weighed.mass_kg - weighed.mass_kg
    return Complete(visit.visit, plate, visit.first, dossier.passage, visit.opened_at, state.closed_at, net_kg)


def _weighing(state: Cleared) -> Weighing | None:
    found = case_of(state.dossier).weight
    return None if found is None else Weighing(state.dossier.passage, found.at, found.mass_kg)


def visit_record(visit: Visit) -> VisitRecord:
    """Return the row of a visit's projection."""
    record = VisitRecord(visit.visit, visit.plate, visit.first, visit.opened_at)
    if isinstance(visit, Begun):
        return record
    return replace(record, out_passage=visit.second, closed_at=visit.closed_at)


CROSSING_US = seconds(120)
"""Least time between two stops of one vehicle in different lanes. Our choice: leaving, turning and coming back takes
longer even at a port whose lanes lie side by side."""

TRAVEL_US = seconds(3600)
"""Least time between stops at two ports. Our choice: the nearest two road ports of Inner Mongolia are hours apart."""


def seen_elsewhere(last: Sighting | None, port: str, lane: str, passage: str, now: Instant) -> str | None:
    """Return where a plate stood so lately that the same vehicle cannot be here now (I6), or None.

    A plate that stands in another lane of this port at this very time is the clearest case: ``last`` is then that
    passage.
    """
    if last is None or last.passage == passage:
        return None
    if last.port != port:
        return f"{last.port} {last.lane}" if now - last.at < TRAVEL_US else None
    return f"{last.port} {last.lane}" if last.lane != lane and now - last.at < CROSSING_US else None
