"""What if: a plan and a changed plan live through the same chance, and the difference is told with its interval."""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from kouan.planning.model.changes import changed
from kouan.planning.model.intervals import LEAST_REPLICATIONS, Interval, Spread, interval, one_by_one, paired
from kouan.planning.model.measures import MEASURES, PLACES, in_line, measured
from kouan.planning.model.plan import PortPlan
from kouan.planning.model.port import simulate_port
from kouan.vocabulary.errors import InvalidValue

Given = Mapping[str, Interval]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One measure without the change and with it, and the mean of the paired differences."""

    measure: str
    before: Interval
    after: Interval
    difference: Interval

    @property
    def certain(self) -> bool:
        """Whether the interval of the difference leaves out 0: the change does something."""
        return not self.difference.holds(0.0)


class LineCompared(msgspec.Struct, frozen=True, kw_only=True):
    """Vehicles in line at a place in each quarter hour of the day, without the change and with it: means of all days.

    A quarter of their sum is the vehicle-hours in line a day.
    """

    place: str
    before: tuple[float, ...]
    after: tuple[float, ...]


class Answered(msgspec.Struct, frozen=True):
    """What a change does: every measure, and the lines of every place where anybody stands, the longest first."""

    measures: tuple[Compared, ...]
    lines: tuple[LineCompared, ...]


class Lived(NamedTuple):
    """One replication: its measures, and its lines by place and quarter hour."""

    measures: Mapping[str, float]
    lines: NDArray[np.float64]


def live(plan: PortPlan, replications: int, seed: int, spread: Spread = one_by_one, days: int = 1) -> list[Lived]:
    """Return independent replications; replication n of any plan lives through the same chance.

    Raise InvalidValue for fewer than 30, which no figure may rest on.
    """
    if replications < LEAST_REPLICATIONS:
        raise InvalidValue("replications", "what_if.replications", f"must be at least {LEAST_REPLICATIONS}")
    return spread(functools.partial(_lived, plan, seed, days), range(replications))


def _lived(plan: PortPlan, seed: int, days: int, number: int) -> Lived:
    outcome = simulate_port(plan, seed * 100_000 + number, days=days)
    return Lived(measured(outcome), in_line(outcome))


def replicate(
    plan: PortPlan, replications: int, seed: int, spread: Spread = one_by_one, days: int = 1
) -> list[Mapping[str, float]]:
    """Return the measures of independent replications; errors as in ``live``."""
    return [each.measures for each in live(plan, replications, seed, spread, days)]


def intervals_of(found: Sequence[Mapping[str, float]]) -> Given:
    """Return each measure's mean and interval over replications."""
    return {name: interval([each[name] for each in found]) for name in MEASURES}


def compare(base: Sequence[Mapping[str, float]], changed: Sequence[Mapping[str, float]]) -> tuple[Compared, ...]:
    """Return every measure without and with a change, from replications of both in the same order."""
    before, after = intervals_of(base), intervals_of(changed)
    return tuple(
        Compared(
            measure=name, before=before[name], after=after[name],
            difference=paired([each[name] for each in changed], [each[name] for each in base]),
        )
        for name in MEASURES
    )  # fmt: skip


def what_if(
    plan: PortPlan, changes: Sequence[str], replications: int, seed: int, spread: Spread = one_by_one
) -> Answered:
    """Compare a plan with the same plan after changes such as ``lanes_in=14``; errors as in ``changed``."""
    return against(plan, changed(plan, changes), replications, seed, spread)


def against(plan: PortPlan, other: PortPlan, replications: int, seed: int, spread: Spread = one_by_one) -> Answered:
    """Compare two plans that live through the same chance."""
    base, new = (live(each, replications, seed, spread) for each in (plan, other))
    measures = compare([each.measures for each in base], [each.measures for each in new])
    return Answered(measures, _lines(base, new))


def _lines(base: Sequence[Lived], new: Sequence[Lived]) -> tuple[LineCompared, ...]:
    before, after = (np.mean([each.lines for each in lived], axis=0).round(3) for lived in (base, new))
    found = [
        LineCompared(place=place, before=tuple(before[at].tolist()), after=tuple(after[at].tolist()))
        for at, place in enumerate(PLACES)
    ]
    known = [each for each in found if any(each.before) or any(each.after)]
    return tuple(sorted(known, key=lambda each: -sum(each.before)))
