"""A port as the planner sees it: everything that a what-if can change, with where each default comes from.

"Published" means docs/explanation/calibration.md; all else is our choice until a port's own files say better.
"""

import itertools
from typing import Annotated

import msgspec

from kouan.planning.model.laws import Law, constant, lognormal, uniform
from kouan.planning.model.network import Combined
from kouan.planning.traffic import SLOTS
from kouan.vocabulary.errors import InvalidValue

HOUR_S = 3600.0
DAY_S = 86_400.0
"""Seconds of an hour and of a day."""

Count = Annotated[int, msgspec.Meta(ge=0)]
Some = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
HourOfDay = Annotated[float, msgspec.Meta(ge=0.0, le=24.0)]

OVERNIGHT = 180 / 1622
"""Share of the day's lorries that stand before the gate at opening: 180 of 1,622, as in ``ports/ganqimaodu.toml``."""

HOURLY = (0.14, 0.12, 0.10, 0.09, 0.08, 0.08, 0.08, 0.07, 0.07, 0.06, 0.06, 0.05)
"""Shares of the others in each hour after 08:00, as in ``ports/ganqimaodu.toml``: a surge, then an even day."""


def surging(per_day: float, opens_h: float = 8.0, overnight: float = OVERNIGHT) -> tuple[float, ...]:
    """Return lorries expected in each quarter hour of a day: those of the last two hours before opening, then a surge.

    Whoever waited overnight is in line at opening; that he came in the two hours before it is our choice and lengthens
    his wait, not the line.
    """
    slots = [0.0] * SLOTS
    first = round(opens_h * 4)
    for slot in range(max(0, first - 8), first):
        slots[slot] += per_day * overnight / min(8, first)
    for hour, share in enumerate(HOURLY):
        for quarter in range(4):
            slots[(first + 4 * hour + quarter) % SLOTS] += per_day * (1 - (overnight if first else 0)) * share / 4
    return tuple(slots)


class Tide(msgspec.Struct, frozen=True):
    """From ``from_h`` (hours of the day) until the next one, so many lanes go in and so many out.

    ``bays`` are those with officers; None for all that there are.
    """

    from_h: HourOfDay
    lanes_in: Count
    lanes_out: Count
    bays: Count | None = None


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """How a lorry is checked when it enters: at one stop, or at as many as there are checks.

    ``booths`` are the lanes of each stop; with one stop those of the port. ``moving`` is driving in and out.
    """

    moving: Law = lognormal(12.0, 0.3)
    checks: tuple[Law, ...] = (lognormal(11.0, 0.5), lognormal(9.0, 0.5), lognormal(4.0, 0.5))
    combined: Combined = Combined.PARALLEL
    one_stop: bool = True


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """The second line: scanners with their review, bays with their officers, and who is sent there.

    A pass through a scanner takes 20 s (published, H986 class); its pictures come back in 3 min where they are reviewed
    far away (published). A physical examination takes up to 120 min (published); 45 min on average are our choice.
    """

    scan_share: Share = 0.10
    scanners: Some = 2
    scan: Law = uniform(20.0, 40.0)
    review: Law = lognormal(180.0, 0.4)
    examine_share: Share = 0.03
    bays: Some = 8
    examine: Law = lognormal(2700.0, 0.6)


class Yard(msgspec.Struct, frozen=True, kw_only=True):
    """The supervised yard: gross weight, a hold where goods must wait for a result, unloading, tare.

    ``space`` counts the lorries inside. ``held_share`` must stand with their goods until a sample's first result, for
    ``held``: none where release comes before inspection. ``unloading`` are places to tip; 12 min each are our choice.
    ``queue_in_unload`` says that unloading times are from files and include the line before it: nobody waits twice.
    """

    space: Some = 400
    scales: Some = 3
    weighing: Law = lognormal(50.0, 0.3)
    held_share: Share = 0.0
    held: Law = lognormal(4 * HOUR_S, 0.5)
    unloading: Some = 40
    unload: Law = lognormal(720.0, 0.4)
    queue_in_unload: bool = False


class FarSide(msgspec.Struct, frozen=True, kw_only=True):
    """The neighbour's gate: what it lets out, and how many lorries the road between the gates holds.

    It keeps the port's hours unless ``always_open``.
    """

    lanes: Some = 12
    check: Law = lognormal(100.0, 0.5)
    road: Some = 400
    drive: Law = uniform(300.0, 600.0)
    always_open: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The AGV line: ``loads_per_day`` of two containers each, vehicles, and a round trip of 50 min (published).

    ``gates`` check an AGV in 90 s (published: entry to exit with all checks).
    """

    loads_per_day: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    vehicles: Count = 24
    hours: Annotated[float, msgspec.Meta(gt=0.0, le=24.0)] = 12.0
    gates: Some = 2
    check: Law = constant(90.0)
    trip: Law = uniform(2700.0, 3120.0)


class Rail(msgspec.Struct, frozen=True, kw_only=True):
    """Trains that are worked at a track each: 55 containers (published: 54 to 55) at ``cranes`` times their pace."""

    trains_per_day: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    tracks: Some = 3
    handle: Law = lognormal(55 * 150.0, 0.2)


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong: a lane fails once in ``lane_mtbf_h`` and is mended in ``repair_min`` (0 for never).

    A storm comes on a day with probability ``storm_share``, lasts ``storm_h`` and slows the gate by ``storm_pace``.
    """

    lane_mtbf_h: Annotated[float, msgspec.Meta(ge=0.0)] = 100.0
    repair_min: Annotated[float, msgspec.Meta(gt=0.0)] = 20.0
    storm_share: Share = 0.05
    storm_h: Annotated[float, msgspec.Meta(gt=0.0)] = 3.0
    storm_pace: Annotated[float, msgspec.Meta(ge=1.0)] = 1.6


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """Appointments: slots of ``minutes`` (0 for none) with so many ``places`` each.

    Who has one comes at most ``punctual_min`` before or after its middle.
    """

    minutes: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    places: Some = 70
    punctual_min: Annotated[float, msgspec.Meta(ge=0.0)] = 15.0


class PortPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A port's day. Ganqimaodu's published lanes, hours and record day are the defaults.

    ``imports`` and ``exports`` are lorries expected in each of 96 quarter hours; exporting lorries come back empty
    after ``away``. ``traffic`` multiplies both; where ``counted`` they are lorries that came, not expected ones, and
    ``traffic`` is 1. After closing, when the far side lets nobody out any more, the gate
    stays staffed for ``clears_h``, so that those on the road and in the yard get through (our choice). ``drive`` is the
    way from the gate to the yard and from there to the way out, some 2 km (our choice).
    """

    opens_h: HourOfDay = 8.0
    closes_h: HourOfDay = 20.0
    clears_h: Annotated[float, msgspec.Meta(ge=0.0)] = 2.0
    lanes_in: Some = 12
    lanes_out: Some = 7
    tides: tuple[Tide, ...] = ()
    imports: tuple[float, ...] = surging(1622.0)
    exports: tuple[float, ...] = surging(260.0, overnight=0.1)
    traffic: Annotated[float, msgspec.Meta(ge=0.0)] = 1.0
    counted: bool = False
    slots: Slots = Slots()
    gate: Gate = Gate()
    gate_out: Law = lognormal(26.0, 0.35)
    second: Second = Second()
    drive: Law = uniform(180.0, 420.0)
    yard: Yard = Yard()
    far_side: FarSide = FarSide()
    away: Law = uniform(4320.0, 7020.0)
    line: Line = Line()
    rail: Rail = Rail()
    trouble: Trouble = Trouble()


def checked(plan: PortPlan) -> PortPlan:
    """Return the plan; raise InvalidValue where hours, tides or profiles cannot be."""
    if plan.closes_h <= plan.opens_h:
        raise InvalidValue("closes_h", "plan.hours", "must be later than opens_h")
    for name in ("imports", "exports"):
        slots = getattr(plan, name)
        if len(slots) != SLOTS or min(slots) < 0:
            raise InvalidValue(name, "plan.profile", f"must be {SLOTS} numbers, none below 0")
    if plan.counted and plan.traffic != 1.0:
        raise InvalidValue("traffic", "plan.counted", "must be 1 where lorries were counted")
    if any(one.from_h >= other.from_h for one, other in itertools.pairwise(plan.tides)):
        raise InvalidValue("tides", "plan.tides", "must follow one another in the day")
    return plan
