"""Which lanes are staffed in which hour, which way the tidal ones go, and who gets a later appointment: the problem.

It is solved on lorries that flow like water, hour by hour, with a proven gap (``adapters/lane_planner``). What the plan
brings is then told by the flow model, with its chance and its intervals: the solver proposes, the model judges.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec

from kouan.planning.model.exact import mmc_wait_s
from kouan.planning.model.plan import PortPlan, Slots, Tide
from kouan.vocabulary.errors import InvalidValue

HOURS = 24
"""Hours of the day that is planned."""

BUSY = 0.98
"""Share of its time that a lane is busy at most when the chance wait is reckoned; what is beyond it is the line's."""

DEFERRED = 0.1
"""What an hour until a later appointment costs, of what one in line does. Our choice: who waits at home can work."""

STAFFED = 0.01
"""What an hour of a staffed lane costs, in lorry-hours in line. Our choice: so little that it only keeps people from
being called who would shorten no line."""

OUT_AFTER_H, BACK_AFTER_H = 1, 2
"""Hours after which a lorry that came in leaves, and one that went out comes back: the plan's own spans, rounded."""

Places = Annotated[int, msgspec.Meta(ge=0)]


class LaneProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Lorries that come to each side in each hour of a day, and the lanes and people there are.

    ``rate_in`` and ``rate_out`` are lorries an hour that a lane serves at most. ``booths`` is how many lanes there are
    of both directions together, ``least`` how many each direction keeps while it is open, ``lane_hours`` the budget of
    staffed lanes times hours. ``appointments`` says whether inbound lorries may be given a later hour.
    """

    coming_in: tuple[float, ...]
    coming_out: tuple[float, ...]
    rate_in: float
    rate_out: float
    open: tuple[bool, ...]
    booths: Annotated[int, msgspec.Meta(ge=2)]
    least: Annotated[int, msgspec.Meta(ge=1)] = 1
    lane_hours: Annotated[int, msgspec.Meta(ge=1)]
    appointments: bool = False
    chance_in: tuple[tuple[float, ...], ...] = ()
    chance_out: tuple[tuple[float, ...], ...] = ()


class LaneSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Lanes of each hour, and lorries deferred at its end.

    ``cost`` is lorry-hours in line, with those deferred and those of staff at their shares. ``bound`` is a proven least
    cost; ``gap`` how far the plan may be above it, as a share.
    """

    lanes_in: tuple[Places, ...]
    lanes_out: tuple[Places, ...]
    deferred: tuple[float, ...]
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the cost may be above the least there is."""
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0

    @property
    def lane_hours(self) -> int:
        """Staffed lanes times hours."""
        return sum(self.lanes_in) + sum(self.lanes_out)


Solve = Callable[[LaneProblem], LaneSchedule]
"""The role of the solver; raises InvalidValue where the budget cannot keep the least lanes open."""


def problem_of(plan: PortPlan, booths: int, lane_hours: int, *, appointments: bool) -> LaneProblem:
    """Return the problem of a port's day; raise InvalidValue where the budget is below one lane each way."""
    gate = plan.gate
    checks = [check.mean for check in gate.checks] or [0.0]
    stop_s = gate.moving.mean + (max(checks) if gate.combined else sum(checks))
    imports, exports = _hourly(plan.imports, plan.traffic), _hourly(plan.exports, plan.traffic)
    # Staff stay after closing for those on the road and in the yard.
    open_ = tuple(plan.opens_h <= hour < min(24.0, plan.closes_h + plan.clears_h) for hour in range(HOURS))
    if lane_hours < 2 * sum(open_):
        raise InvalidValue("lane_hours", "lane_plan.budget", f"must be at least {2 * sum(open_)}: a lane each way")
    coming_in, coming_out = _together(imports, exports, BACK_AFTER_H), _together(exports, imports, OUT_AFTER_H)
    return LaneProblem(
        coming_in=coming_in,
        coming_out=coming_out,
        rate_in=3600 / stop_s,
        rate_out=3600 / plan.gate_out.mean,
        open=open_,
        booths=booths,
        lane_hours=lane_hours,
        appointments=appointments,
        chance_in=_chance(coming_in, stop_s, booths),
        chance_out=_chance(coming_out, plan.gate_out.mean, booths),
    )


def scheduled(plan: PortPlan, schedule: LaneSchedule) -> PortPlan:
    """Return the plan with a schedule's lanes as tides, and with appointments where it deferred anybody."""
    tides = tuple(
        Tide(float(hour), lanes_in, lanes_out)
        for hour, (lanes_in, lanes_out) in enumerate(zip(schedule.lanes_in, schedule.lanes_out, strict=True))
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
            each * mmc_wait_s(min(each / 3600, BUSY * lanes / stop_s), stop_s, lanes) / 3600 if lanes and each else 0.0
            for lanes in range(booths + 1)
        )
        for each in coming
    )


def _together(own: tuple[float, ...], others: tuple[float, ...], later_h: int) -> tuple[float, ...]:
    return tuple(one + (others[hour - later_h] if hour >= later_h else 0.0) for hour, one in enumerate(own))
