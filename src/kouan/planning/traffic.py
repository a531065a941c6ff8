"""What a study of a port's files hands to the flow model: who came when, how long things took, and what was waited.

Spans are in seconds, days are the port's own, and a quarter hour is numbered 0 to 95 from the port's own midnight.
Whatever the files did not show is left out here and named in ``missing``: the model then says that it assumed it.
"""

import enum
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

SLOT_S = 900
"""Seconds of a slot of arrivals. Our choice: a quarter hour still shows the surge at opening and has counts to fit."""

SLOTS = 96
"""Slots of a day."""

FREE_SHARE = 0.10
"""Share of the quickest that are taken to have met nobody: their slowest is a leg's free time. Our choice."""

Seconds = Annotated[float, msgspec.Meta(ge=0.0)]


class Stage(enum.StrEnum):
    """Where a visit spends its time, in the order in which a laden inbound lorry meets it."""

    FAR_SIDE = "far_side"
    GATE_IN = "gate_in"
    SCAN = "scan"
    EXAMINE = "examine"
    WEIGH_GROSS = "weigh_gross"
    UNLOAD = "unload"
    WEIGH_TARE = "weigh_tare"
    GATE_OUT = "gate_out"


class DayOfArrivals(msgspec.Struct, frozen=True, kw_only=True):
    """How many vehicles joined the queue of one direction in each quarter hour of one day.

    ``counts`` has 96 numbers. Where files tell only when a vehicle passed the gate, ``passed`` is true: the counts are
    of passings, and hide the queue before opening and at the peak.
    """

    day: date
    direction: Direction
    counts: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]
    passed: bool = False

    @property
    def total(self) -> int:
        """Vehicles of the day."""
        return sum(self.counts)


class StageTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage held vehicles: a sample of seconds, at least one.

    ``includes_waiting`` is true where files cannot tell service from the queue before it (gross to tare with one stamp
    each, say); such a sample is an upper bound of the service and is reported as one. ``servers`` is how many vehicles
    were served side by side at most, None where that is unknown.
    """

    stage: Stage
    samples_s: tuple[Seconds, ...]
    includes_waiting: bool = False
    servers: Annotated[int, msgspec.Meta(ge=1)] | None = None


class LanesOpen(msgspec.Struct, frozen=True, kw_only=True):
    """How many lanes of a direction were in use in each quarter hour of an ordinary day: 96 numbers."""

    direction: Direction
    lanes: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What one day truly was, to test a model against.

    ``turn_round_s`` runs from joining the queue (or passing the gate, where ``from_gate``) to leaving; ``wait_s`` is
    the queue before the gate alone. Means over the day's ``visits``; None where files do not show it.
    """

    day: date
    visits: Annotated[int, msgspec.Meta(ge=0)]
    turn_round_s: Seconds | None = None
    turn_round_p95_s: Seconds | None = None
    wait_s: Seconds | None = None
    from_gate: bool = True


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """A port's traffic as its files show it.

    ``opens_s`` and ``closes_s`` are seconds of the day at which the gate began and ceased to serve; a port that never
    closes has 0 and 86,400. ``missing`` names stages and causes of which the files say nothing, as message ids.
    """

    port: str
    timezone: str
    arrivals: tuple[DayOfArrivals, ...]
    stages: tuple[StageTimes, ...] = ()
    lanes: tuple[LanesOpen, ...] = ()
    opens_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 0
    closes_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 86_400
    observed: tuple[Observed, ...] = ()
    missing: tuple[str, ...] = ()

    def days(self) -> tuple[date, ...]:
        """Return the days with arrivals, first to last."""
        return tuple(sorted({each.day for each in self.arrivals}))

    def on(self, days: Sequence[date]) -> "Traffic":
        """Return the traffic of these days only; service times stay those of all days."""
        kept = frozenset(days)
        return msgspec.structs.replace(
            self,
            arrivals=tuple(each for each in self.arrivals if each.day in kept),
            observed=tuple(each for each in self.observed if each.day in kept),
        )

    def profile(self, direction: Direction) -> tuple[float, ...]:
        """Return the mean arrivals of each of the 96 quarter hours; zeros where nobody came that way."""
        found = [each.counts for each in self.arrivals if each.direction is direction]
        return tuple(sum(counts) / len(found) for counts in zip(*found, strict=True)) if found else (0.0,) * SLOTS

    def times(self, stage: Stage) -> StageTimes | None:
        """Return a stage's sample, or None where the files do not show the stage."""
        return next((each for each in self.stages if each.stage is stage), None)


def checked(traffic: Traffic) -> Traffic:
    """Return the traffic; raise InvalidValue for days not of 96 slots, empty samples or impossible hours."""
    for place, day in enumerate(traffic.arrivals):
        if len(day.counts) != SLOTS:
            raise InvalidValue(
                f"arrivals.{place}.counts", "traffic.slots", f"must be {SLOTS} numbers, a quarter hour each"
            )
    for place, times in enumerate(traffic.stages):
        if not times.samples_s:
            raise InvalidValue(f"stages.{place}.samples_s", "traffic.sample", "must have at least one span")
    for place, lanes in enumerate(traffic.lanes):
        if len(lanes.lanes) != SLOTS:
            raise InvalidValue(f"lanes.{place}.lanes", "traffic.slots", f"must be {SLOTS} numbers, a quarter hour each")
    if traffic.closes_s <= traffic.opens_s:
        raise InvalidValue("closes_s", "traffic.hours", "must be later than opens_s")
    return traffic
