"""The model of a whole port, its what-ifs and the headline experiment; few replications, so only large effects."""

import msgspec
import numpy as np
import pytest

from kouan.planning.model.arrivals import by_appointment, exactly, following
from kouan.planning.model.changes import changed, now, told
from kouan.planning.model.headline import gate_alone
from kouan.planning.model.laws import constant
from kouan.planning.model.measures import PLACES, in_line, measured
from kouan.planning.model.network import Combined
from kouan.planning.model.plan import PortPlan, Slots, Tide, Trouble, Yard, checked
from kouan.planning.model.port import arrivals, simulate_port
from kouan.planning.model.what_if import compare, replicate, what_if
from kouan.vocabulary.errors import InvalidValue

CALM = PortPlan(trouble=Trouble(lane_mtbf_h=0.0, storm_share=0.0))


def means(plan: PortPlan, seeds: range = range(3)) -> dict[str, float]:
    found = [measured(simulate_port(plan, seed)) for seed in seeds]
    return {name: sum(each[name] for each in found) / len(found) for name in found[0]}


def test_every_lorry_of_the_record_day_is_served_before_midnight() -> None:
    found = means(PortPlan())
    assert found["lorries"] == pytest.approx(1622, rel=0.05)
    assert found["served_share"] > 0.99


def test_every_vehicle_that_comes_leaves_whatever_happens() -> None:
    plan = changed(PortPlan(traffic=2.0), ["agv_loads=100", "trains=4", "held_share=0.2", "yard_space=60"])
    outcome = simulate_port(plan, 4)
    assert not np.isnan(outcome.left_s).any()
    assert set(outcome.coming.kind.tolist()) == {0, 1, 2, 3}


def test_nobody_is_checked_before_the_port_opens() -> None:
    outcome = simulate_port(PortPlan(), 2, traced=True)
    begun_s = outcome.entered_s[:, 0] + outcome.waits_s[:, 0]
    assert np.nanmin(begun_s) >= 8 * 3600


def test_merged_checkpoints_collapse_with_serial_checks_and_pay_when_the_freed_booths_are_redeployed() -> None:
    three = means(gate_alone(1.0, 4, Combined.SERIAL, one_stop=False))["gate_min"]
    serial = means(gate_alone(1.0, 4, Combined.SERIAL, one_stop=True))["gate_min"]
    redeployed = means(gate_alone(1.0, 12, Combined.PARALLEL, one_stop=True))["gate_min"]
    assert serial > 5 * three > 15 * redeployed


def test_a_lane_that_turns_with_the_tide_shortens_the_morning_line() -> None:
    scarce = msgspec.structs.replace(gate_alone(1.0, 4, Combined.PARALLEL, one_stop=True), lanes_out=8)
    tidal = msgspec.structs.replace(scarce, tides=(Tide(8.0, 8, 4), Tide(11.0, 4, 8)))
    assert means(tidal)["line_longest"] < 0.7 * means(scarce)["line_longest"]


def test_appointments_level_the_surge_without_losing_a_lorry() -> None:
    even = msgspec.structs.replace(CALM, slots=Slots(minutes=30.0, places=70))
    before, after = arrivals(CALM, 1), arrivals(even, 1)
    assert len(before.when_s) == len(after.when_s)
    assert means(even)["turn_round_p95_min"] < means(CALM)["turn_round_p95_min"]


def test_twice_the_traffic_brings_the_same_lorries_sooner() -> None:
    once, twice = following([50.0] * 4, 900.0, 1, "a"), following([100.0] * 4, 900.0, 1, "a")
    assert len(twice) > len(once)
    assert twice[:10].tolist() == pytest.approx((once[:10] / 2).tolist())


def test_counted_arrivals_come_as_counted() -> None:
    came = exactly([3, 0, 5], 900.0, 1, "a")
    assert [int(((came >= at) & (came < at + 900)).sum()) for at in (0, 900, 1800)] == [3, 0, 5]


def test_no_slot_is_given_to_more_than_it_has_places_for() -> None:
    came = by_appointment(following([40.0] * 2, 900.0, 1, "a"), 3600.0, 1800.0, 20, 0.0, 1, "s")
    for slot in range(5):
        begins = 3600.0 + slot * 1800.0
        assert int(((came >= begins) & (came < begins + 1800.0)).sum()) <= 20
    assert came.min() >= 3600.0


def test_a_what_if_tells_every_measure_with_a_paired_interval() -> None:
    found = {each.measure: each for each in what_if(CALM, ["unload_min=6", "scales=4"], 30, 1).measures}
    assert found["yard_min"].certain
    assert found["yard_min"].difference.mean < -5
    # Paired: the same lorries in both, so that the difference is known better than either mean.
    assert found["yard_min"].difference.half < found["yard_min"].before.half


def test_a_change_that_changes_nothing_makes_no_difference_at_all() -> None:
    found = what_if(CALM, ["lanes_in=12"], 30, 1)
    assert all(each.difference.mean == 0 and not each.certain for each in found.measures)
    assert found.measures


def test_no_figure_rests_on_fewer_than_thirty_replications() -> None:
    with pytest.raises(InvalidValue, match="30"):
        replicate(CALM, 29, 1)


@pytest.mark.parametrize(
    "change",
    ["lanes=3", "lanes_in", "lanes_in=0", "lanes_in=two", "open=7", "open=21:00", "unload_min=-3", "checks=both"],
)
def test_a_change_that_cannot_be_is_refused_with_its_mend(change: str) -> None:
    with pytest.raises(InvalidValue):
        changed(PortPlan(), [change])


def test_the_issue_s_own_example_is_understood() -> None:
    plan = changed(PortPlan(), ["open=07:00", "lanes_in=14", "slots=30min", "unload_min=12"])
    assert (plan.opens_h, plan.lanes_in, plan.slots.minutes) == (7.0, 14, 30.0)
    assert plan.yard.unload.mean == pytest.approx(720)


def test_tides_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidValue, match="tides"):
        checked(PortPlan(tides=(Tide(11.0, 4, 8), Tide(8.0, 8, 4))))


def test_a_comparison_of_different_numbers_of_replications_is_refused() -> None:
    found = replicate(CALM, 30, 1)
    with pytest.raises(InvalidValue):
        compare(found, found[:-1])


def test_changes_are_told_beside_what_they_replace_and_what_files_do_not_show_cannot_be_changed() -> None:
    found = told(CALM, ["open=07:30", "unload_min=9", "lanes_in=13", "lanes_in=14"])
    assert [(each.name, each.before, each.after) for each in found] == [
        ("open", "08:00", "07:30"), ("unload_min", "12min", "9min"), ("lanes_in", "12", "14"),
    ]  # fmt: skip
    assert all(changed(CALM, [f"{name}={value}"]) == CALM for name, value in now(CALM).items() if "_min" not in name)
    silent = msgspec.structs.replace(CALM, yard=Yard(weighing=constant(0.0), queue_in_unload=True))
    for change in ("weighing_min=1", "unloading=50"):
        with pytest.raises(InvalidValue, match="the files do not"):
            changed(silent, [change])


def test_lines_by_the_clock_hold_the_hours_that_lorries_spend_in_them() -> None:
    outcome = simulate_port(CALM, 3)
    waited_h = {place: sum(lines) / 4 for place, lines in zip(PLACES, in_line(outcome), strict=True)}
    scales = [outcome.place(name) for name in ("weigh_gross", "weigh_tare")]
    assert waited_h["weighing"] == pytest.approx(outcome.waited[scales].sum() / 3600, rel=1e-6)
    assert waited_h["unload"] == pytest.approx(outcome.waited[outcome.place("unload")] / 3600, rel=1e-6)
