"""Who works where in which hour: lanes, which way the tidal ones go, inspection bays; and who gets a later appointment.

It is solved on lorries that flow like water, hour by hour, with a proven gap (``adapters/lane_planner``). What the plan
brings is then told by the flow model, with its chance and its intervals: the solver proposes, the model judges.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec

from kouan.planning.model.exact import mmc_wait_s
from kouan.planning.model.plan import HOUR_S, PortPlan, Slots, Tide
from kouan.vocabulary.errors import InvalidValue

HOURS = 24
"""Hours of the day that is planned."""

BUSY = 0.98
"""Share of its time that a lane is busy at most when the chance wait is reckoned; what is beyond it is the line's."""

DEFERRED = 0.1
"""What an hour until a later appointment costs, of what one in line does. Our choice: who waits at home can work."""

STAFFED = 0.01
"""What an hour of one person costs, in lorry-hours in line. Our choice: so little that it only keeps people from
being called who would shorten no line."""

PEOPLE_A_BAY = 2
"""Officers of a bay that is staffed: two at least make an examination (customs decree 138 of 2005, article 6)."""

OUT_AFTER_H, BACK_AFTER_H = 1, 2
"""Hours after which a lorry that came in leaves, and one that went out comes back: the plan's own spans, rounded."""

Places = Annotated[int, msgspec.Meta(ge=0)]


class LaneProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Lorries that come to each side and to the bays in each hour of a day, and the lanes, bays and people there are.

    ``rate_in``, ``rate_out`` and ``rate_bay`` are lorries an hour that a lane or a bay serves at most. ``booths`` is
    how many lanes there are of both directions together, ``least`` how many each direction keeps while it is open;
    ``bays`` may be staffed, each by ``people_a_bay``, and one is while it is open wherever anybody is examined.
    ``staff_hours`` is the budget of people times hours, one a lane. ``appointments`` says whether inbound lorries may
    be given a later hour; those to be examined are reckoned as they wish to come.
    """

    coming_in: tuple[float, ...]
    coming_out: tuple[float, ...]
    coming_bay: tuple[float, ...] = (0.0,) * HOURS
    rate_in: float
    rate_out: float
    rate_bay: float = 0.0
    open: tuple[bool, ...]
    booths: Annotated[int, msgspec.Meta(ge=2)]
    least: Annotated[int, msgspec.Meta(ge=1)] = 1
    bays: Annotated[int, msgspec.Meta(ge=0)] = 0
    people_a_bay: Annotated[int, msgspec.Meta(ge=1)] = PEOPLE_A_BAY
    staff_hours: Annotated[int, msgspec.Meta(ge=1)]
    appointments: bool = False
    chance_in: tuple[tuple[float, ...], ...] = ()
    chance_out: tuple[tuple[float, ...], ...] = ()
    chance_bay: tuple[tuple[float, ...], ...] = ()

    @property
    def least_bays(self) -> int:
        """Bays that are staffed in every open hour."""
        return min(1, self.bays) if any(self.coming_bay) else 0


class LaneSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Lanes and bays of each hour, and lorries deferred at its end.

    ``staff_hours`` are people times hours. ``cost`` is lorry-hours in line, with those deferred and those of staff at
    their shares. ``bound`` is a proven least cost; ``gap`` how far the plan may be above it, as a share.
    """

    lanes_in: tuple[Places, ...]
    lanes_out: tuple[Places, ...]
    bays: tuple[Places, ...]
    staff_hours: int
    deferred: tuple[float, ...]
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the cost may be above the least there is."""
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0


Solve = Callable[[LaneProblem], LaneSchedule]
"""The role of the solver; raises InvalidValue where the budget cannot keep the least lanes open."""


def problem_of(plan: PortPlan, booths: int, staff_hours: int, *, appointments: bool) -> LaneProblem:
    """Return the problem of a port's day; raise InvalidValue where the budget is below one lane each way and a bay."""
    gate, second = plan.gate, plan.second
    checks = [check.mean for check in gate.checks] or [0.0]
    stop_s = gate.moving.mean + (max(checks) if gate.combined else sum(checks))
    imports, exports = _hourly(plan.imports, plan.traffic), _hourly(plan.exports, plan.traffic)
    # Staff stay after closing for those on the road and in the yard.
    open_ = tuple(plan.opens_h <= hour < min(24.0, plan.closes_h + plan.clears_h) for hour in range(HOURS))
    coming_in, coming_out = _together(imports, exports, BACK_AFTER_H), _together(exports, imports, OUT_AFTER_H)
    coming_bay = tuple(second.examine_share * each for each in imports)
    problem = LaneProblem(
        coming_in=coming_in,
        coming_out=coming_out,
        coming_bay=coming_bay,
        rate_in=HOUR_S / stop_s,
        rate_out=HOUR_S / plan.gate_out.mean,
        rate_bay=HOUR_S / second.examine.mean,
        open=open_,
        booths=booths,
        bays=second.bays if second.examine_share else 0,
        staff_hours=staff_hours,
        appointments=appointments,
        chance_in=_chance(coming_in, stop_s, booths),
        chance_out=_chance(coming_out, plan.gate_out.mean, booths),
        chance_bay=_chance(coming_bay, second.examine.mean, second.bays if second.examine_share else 0),
    )
    least = (2 * problem.least + problem.people_a_bay * problem.least_bays) * sum(open_)
    if staff_hours < least:
        raise InvalidValue("staff_hours", "lane_plan.budget", f"must be at least {least}: a lane each way, and a bay")
    return problem


def scheduled(plan: PortPlan, schedule: LaneSchedule) -> PortPlan:
    """Return the plan with a schedule's lanes and bays as tides, and with appointments where it deferred anybody."""
    tides = tuple(
        Tide(float(hour), lanes_in, lanes_out, bays if any(schedule.bays) else None)
        for hour, (lanes_in, lanes_out, bays) in enumerate(
            zip(schedule.lanes_in, schedule.lanes_out, schedule.bays, strict=True)
        )
        if lanes_in or lanes_out
    )
    slots = plan.slots
    if any(schedule.deferred):
        before = (0.0, *schedule.deferred)
        coming = _hourly(plan.imports, plan.traffic)
        most = max(
            coming[hour] + before[hour] - schedule.deferred[hour] for hour in range(HOURS) if schedule.lanes_in[hour]
        )
        slots = Slots(minutes=30.0, places=max(1, round(most / 2)))
    return msgspec.structs.replace(plan, tides=tides, slots=slots)


def _hourly(profile: tuple[float, ...], traffic: float) -> tuple[float, ...]:
    return tuple(traffic * sum(profile[4 * hour : 4 * hour + 4]) for hour in range(HOURS))


def _chance(coming: tuple[float, ...], stop_s: float, booths: int) -> tuple[tuple[float, ...], ...]:
    """Return lorry-hours in line of each hour by the number of lanes, as M/M/c has them where no line grows."""
    return tuple(
        tuple(
            each * mmc_wait_s(min(each / HOUR_S, BUSY * lanes / stop_s), stop_s, lanes) / HOUR_S
            if lanes and each
            else 0.0
            for lanes in range(booths + 1)
        )
        for each in coming
    )


def _together(own: tuple[float, ...], others: tuple[float, ...], later_h: int) -> tuple[float, ...]:
    return tuple(one + (others[hour - later_h] if hour >= later_h else 0.0) for hour, one in enumerate(own))
