"""A plan fitted to files finds what made them, and its error is told on days that it has not seen."""

from datetime import date, timedelta

import msgspec
import pytest

from kouan.planning.model.fit import back_test, fit
from kouan.planning.model.laws import constant, uniform
from kouan.planning.model.measures import measured
from kouan.planning.model.plan import FarSide, Gate, PortPlan, Second, Trouble, Yard
from kouan.planning.model.port import simulate_port
from kouan.planning.traffic import DayOfArrivals, Observed, Stage, StageTimes, Traffic, checked
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

FIRST = date(2026, 9, 1)
CALM = Trouble(lane_mtbf_h=0.0, storm_share=0.0)
UNLOADING_S = (700.0, 700.0)


def traffic(days: int, *, rest_min: float = 10.0) -> Traffic:
    """Days whose visits take 30 s at each gate, 700 s of unloading on average, and a rest that no file explains."""
    counts = tuple(10 if 32 <= slot < 80 else 0 for slot in range(96))
    whole_s = 30 + sum(UNLOADING_S) / 2 + 30 + rest_min * 60
    each = [FIRST + timedelta(days=place) for place in range(days)]
    return checked(
        Traffic(
            port="somewhere",
            timezone="Asia/Shanghai",
            arrivals=tuple(DayOfArrivals(day=day, direction=way, counts=counts) for day in each for way in Direction),
            stages=(
                StageTimes(stage=Stage.GATE_IN, samples_s=(30.0,)),
                StageTimes(stage=Stage.UNLOAD, samples_s=UNLOADING_S, includes_waiting=True),
                StageTimes(stage=Stage.GATE_OUT, samples_s=(30.0,)),
            ),
            opens_s=8 * 3600,
            closes_s=20 * 3600,
            observed=tuple(Observed(day=day, visits=480, turn_round_s=whole_s) for day in each),
            missing=("stage.scan",),
        )
    )


def test_what_the_files_do_not_explain_is_found_and_named() -> None:
    found = fit(traffic(8))
    assert found.elsewhere_min == pytest.approx(10.0, abs=0.3)
    assert "stage.scan" in found.assumed
    assert "stage.weigh_gross" in found.assumed
    assert "stage.unload" not in found.assumed


def test_days_like_those_fitted_are_predicted() -> None:
    found = back_test(traffic(9))
    assert len(found.days) == 3
    assert found.absolute < 0.03


def test_days_that_take_half_as_long_again_show_as_an_error() -> None:
    seen = traffic(9)
    late = tuple(
        msgspec.structs.replace(each, turn_round_s=(each.turn_round_s or 0) * (1.5 if place >= 6 else 1.0))
        for place, each in enumerate(seen.observed)
    )
    found = back_test(msgspec.structs.replace(seen, observed=late))
    assert found.error.mean == pytest.approx(1 / 1.5 - 1, abs=0.03)


def test_places_to_unload_are_learnt_from_how_visits_grow_with_the_traffic() -> None:
    """Six places of 900 s serve 24 an hour; days above that wait between the weighings, and files show only both."""
    true = PortPlan(
        gate=Gate(moving=constant(30.0), checks=()), gate_out=constant(30.0), drive=constant(600.0), trouble=CALM,
        second=Second(scan_share=0.0, examine_share=0.0), exports=(0.0,) * 96,
        yard=Yard(weighing=constant(0.0), unload=uniform(880.0, 920.0), unloading=6),
        far_side=FarSide(lanes=10_000, check=constant(0.0), road=1_000_000, drive=constant(0.0), always_open=True),
    )  # fmt: skip
    days, between, seen = [], [], []
    for place, hourly in enumerate((16, 20, 24, 28, 22, 30)):
        counts = tuple(hourly // 4 if 32 <= slot < 80 else 0 for slot in range(96))
        plan = msgspec.structs.replace(true, imports=tuple(map(float, counts)), counted=True)
        outcome = simulate_port(plan, 77 + place, traced=True)
        unload = outcome.place("unload")
        between += (outcome.waits_s[:, unload] + 900).tolist()
        day = FIRST + timedelta(days=place)
        days += [DayOfArrivals(day=day, direction=way, counts=counts) for way in Direction]
        found = measured(outcome)
        whole_s = 60 * (found["visit_min"] - found["gate_wait_min"])
        seen.append(Observed(day=day, visits=sum(counts), turn_round_s=whole_s))
    stages = (
        StageTimes(stage=Stage.GATE_IN, samples_s=(30.0,)),
        StageTimes(stage=Stage.UNLOAD, samples_s=tuple(between), includes_waiting=True),
        StageTimes(stage=Stage.GATE_OUT, samples_s=(30.0,)),
    )
    files = Traffic(
        port="somewhere", timezone="Asia/Shanghai", arrivals=tuple(days), stages=stages, opens_s=8 * 3600,
        closes_s=20 * 3600, observed=tuple(seen),
    )  # fmt: skip
    learnt = fit(files)
    assert learnt.places in {5, 6, 7}
    assert learnt.elsewhere_min == pytest.approx(10.0, abs=5.0)
    assert back_test(files).absolute < 0.25


def test_too_few_days_are_not_tested() -> None:
    with pytest.raises(InvalidValue, match="six days"):
        back_test(traffic(4))


def test_files_without_an_arrival_fit_no_plan() -> None:
    with pytest.raises(InvalidValue, match="arrivals"):
        fit(Traffic(port="nowhere", timezone="Asia/Shanghai", arrivals=()))
