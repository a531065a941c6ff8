"""Fits a plan to a port's own files, says what it assumed, and tests it on days that it has not seen."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from kouan.planning.model.intervals import Interval, Spread, interval, one_by_one
from kouan.planning.model.laws import Law, constant, sampled
from kouan.planning.model.measures import measured
from kouan.planning.model.plan import HOUR_S, FarSide, Gate, PortPlan, Second, Trouble, Yard
from kouan.planning.model.port import simulate_port
from kouan.planning.traffic import FREE_SHARE, SLOT_S, Stage, Traffic
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

HELD_OUT_DAYS = 7
"""Days at the end that a fit does not see: a week. Our choice; where there are fewer than three weeks, a third."""

FIT_REPLICATIONS = 5
"""Replications that find how much of a visit the model does not explain. Our choice: a mean to some per cent."""

STEPS = 16
"""Numbers of places that are tried, from a quarter to twice of what the busiest hour would keep busy. Our choice."""

BETTER = 0.9
"""What fewer places must bring the error down to, as a share: else more of them explain as much. Our choice."""

LEARNT_DAYS = 8
"""Days on which they are tried: the last ones. Our choice: each costs a run for each of the steps."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A plan fitted to files. ``assumed`` names what they do not show (message ids), which keeps its default.

    ``elsewhere_min`` is what visits took on the days of the fit beyond everything that the model knows: a constant
    whose cause the files do not tell, and which no what-if may touch. ``places`` to unload are learnt where files show
    only both weighings: as many as make the line between them grow with the traffic as it did; None where not learnt.
    """

    plan: PortPlan
    assumed: tuple[str, ...]
    elsewhere_min: float
    places: int | None = None


class DayTested(msgspec.Struct, frozen=True, kw_only=True):
    """A held-out day: what a visit took on average, in minutes, and what the model said."""

    day: date
    observed_min: float
    predicted_min: float


class BackTest(msgspec.Struct, frozen=True, kw_only=True):
    """How wrong the model is on days that it has not seen.

    ``error`` is the mean of predicted over observed, less 1, with its interval over days; ``absolute`` the mean of the
    absolute errors as a share.
    """

    fitted_days: int
    days: tuple[DayTested, ...]
    error: Interval
    absolute: float


def fit(traffic: Traffic, spread: Spread = one_by_one, seed: int = 1) -> Fitted:
    """Return the plan of a port's ordinary day; raise InvalidValue where the files show no arrivals."""
    if not traffic.arrivals:
        raise InvalidValue("traffic", "fit.arrivals", "must have a day of arrivals")
    plan, places = _with_places(_plan(traffic, traffic.profile(Direction.IN), _exports(traffic)), traffic, seed, spread)
    seen, known = _each_day(plan, traffic, seed, spread)
    elsewhere_min = max(0.0, float(np.mean(seen - known))) if len(seen) else 0.0
    assumed = tuple(f"stage.{stage.value}" for stage in Stage if traffic.times(stage) is None)
    missing = (*traffic.missing, *(name for name in assumed if name not in traffic.missing))
    if elsewhere_min:
        plan = msgspec.structs.replace(plan, drive=constant(elsewhere_min * 60))
    return Fitted(plan=plan, assumed=missing, elsewhere_min=elsewhere_min, places=places)


def back_test(traffic: Traffic, spread: Spread = one_by_one, seed: int = 1) -> BackTest:
    """Fit to all but the last days, and predict those from their arrivals alone.

    Raise InvalidValue for fewer than four days with visits.
    """
    days = sorted({each.day for each in traffic.observed if each.turn_round_s is not None} & set(traffic.days()))
    held = min(HELD_OUT_DAYS, len(days) // 3 if len(days) < 3 * HELD_OUT_DAYS else HELD_OUT_DAYS)
    if held < 2 or len(days) - held < 2:
        raise InvalidValue("traffic", "back_test.days", "must have at least six days with whole visits")
    fitted = fit(traffic.on(days[:-held]), spread, seed)
    tested = [_test(fitted, traffic.on([day]), seed, spread) for day in days[-held:]]
    ratios = [each.predicted_min / each.observed_min - 1 for each in tested]
    absolute = float(np.mean(np.abs(ratios)))
    return BackTest(fitted_days=len(days) - held, days=tuple(tested), error=interval(ratios), absolute=absolute)


def _test(fitted: Fitted, day: Traffic, seed: int, spread: Spread) -> DayTested:
    plan = _on(fitted.plan, day)
    observed_s = day.observed[0].turn_round_s or 0.0
    predicted = _predicted(plan, day, FIT_REPLICATIONS, seed, spread)
    return DayTested(day=day.observed[0].day, observed_min=observed_s / 60, predicted_min=predicted)


def _with_places(plan: PortPlan, traffic: Traffic, seed: int, spread: Spread) -> tuple[PortPlan, int | None]:
    """Return the plan with as many places to unload as explain how visits grew with the traffic, and their number.

    Where files show both weighings only, what lies between them is a line and a service. The quickest met no line: they
    are the service. The number of places is the one whose days, less one constant, are nearest to those observed.
    """
    between = traffic.times(Stage.UNLOAD)
    if between is None or not between.includes_waiting or between.servers is not None or len(traffic.observed) < 3:
        return plan, None
    spans = np.asarray(between.samples_s)
    service = sampled([float(each) for each in spans[spans <= np.quantile(spans, FREE_SHARE)]])
    busiest = max(sum(plan.imports[hour * 4 : hour * 4 + 4]) for hour in range(24))
    best: tuple[float, PortPlan, int] | None = None
    for share in np.linspace(2.0, 0.25, STEPS):
        places = max(1, round(busiest / HOUR_S * service.mean * share))
        yard = msgspec.structs.replace(plan.yard, unload=service, unloading=places, queue_in_unload=False)
        tried = msgspec.structs.replace(plan, yard=yard)
        seen, known = _each_day(tried, traffic, seed, spread)
        error = float(np.var(seen - known)) + float(np.mean(np.minimum(seen - known, 0.0) ** 2))
        if best is None or error < BETTER * best[0]:
            best = (error, tried, places)
    return (plan, None) if best is None else best[1:]


def _each_day(
    plan: PortPlan, traffic: Traffic, seed: int, spread: Spread
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean minutes of a visit on each of the last days, observed and by the plan with the day's arrivals."""
    days = [each for each in traffic.observed if each.turn_round_s is not None][-LEARNT_DAYS:]
    known = [_predicted(_on(plan, traffic.on([each.day])), traffic, 1, seed, spread) for each in days]
    return np.array([(each.turn_round_s or 0.0) / 60 for each in days]), np.array(known)


def _on(plan: PortPlan, day: Traffic) -> PortPlan:
    return msgspec.structs.replace(plan, imports=day.profile(Direction.IN), exports=_exports(day), counted=True)


def _predicted(plan: PortPlan, traffic: Traffic, replications: int, seed: int, spread: Spread) -> float:
    """Return the mean minutes of a visit, from passing the gate where that is what files show."""

    def once(number: int) -> Mapping[str, float]:
        return measured(simulate_port(plan, seed * 100_000 + number))

    found = spread(once, range(replications))
    from_gate = all(each.from_gate for each in traffic.observed)
    return float(np.mean([each["visit_min"] - (each["gate_wait_min"] if from_gate else 0.0) for each in found]))


def _exports(traffic: Traffic) -> tuple[float, ...]:
    """Return the lorries that start from our side: those out beyond those that came in and go home."""
    out, came = traffic.profile(Direction.OUT), traffic.profile(Direction.IN)
    extra = max(0.0, sum(out) - sum(came))
    return tuple(each * extra / sum(out) for each in out) if extra else (0.0,) * len(out)


def _plan(traffic: Traffic, imports: Sequence[float], exports: Sequence[float]) -> PortPlan:
    """Return the plan of what the files show: nothing that they are silent about takes any time."""
    lanes = {each.direction: max(1, *each.lanes) for each in traffic.lanes}
    unload = traffic.times(Stage.UNLOAD)
    return PortPlan(
        opens_h=traffic.opens_s / HOUR_S,
        closes_h=max(traffic.closes_s, traffic.opens_s + SLOT_S) / HOUR_S,
        lanes_in=lanes.get(Direction.IN, PortPlan().lanes_in),
        lanes_out=lanes.get(Direction.OUT, PortPlan().lanes_out),
        imports=tuple(imports),
        exports=tuple(exports),
        gate=Gate(moving=_law(traffic, Stage.GATE_IN, PortPlan().gate_out), checks=()),
        gate_out=_law(traffic, Stage.GATE_OUT, PortPlan().gate_out),
        second=Second(scan_share=0.0, examine_share=0.0),
        drive=constant(0.0),
        yard=Yard(
            space=1_000_000,
            weighing=_law(traffic, Stage.WEIGH_GROSS, constant(0.0)),
            unload=_law(traffic, Stage.UNLOAD, constant(0.0)),
            queue_in_unload=unload is None or unload.includes_waiting or unload.servers is None,
            unloading=(unload.servers if unload and unload.servers else 1),
        ),
        far_side=FarSide(lanes=1_000_000, check=constant(0.0), road=1_000_000, drive=constant(0.0), always_open=True),
        trouble=Trouble(lane_mtbf_h=0.0, storm_share=0.0),
    )


def _law(traffic: Traffic, stage: Stage, otherwise: Law) -> Law:
    found = traffic.times(stage)
    return otherwise if found is None else sampled(found.samples_s)
