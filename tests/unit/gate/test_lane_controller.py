"""One lane, one order at a time: what opens the barrier, and what never does."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gate.lane_kit import LANE, PLATFORM, PORT, STRANGER, Crash, Table, rule_of

from kouan.gate.lane_controller.rules import LONGEST_SILENCE_US, NEVER_MOVES_US
from kouan.gate.lane_controller.state import Actuate, OrderCame, Report, StatusChanged, Write
from kouan.protocols.barrier.messages import Barrier, BarrierChanged, BarrierPosition
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import ActuationOutcome
from kouan.protocols.plate_camera.messages import PlatePosition
from kouan.protocols.plc.messages import CrossingSeen, Loop, LoopChanged, PlcFault
from kouan.protocols.status.messages import DeviceStatus
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Conflict, InvalidValue


def opened(table: Table) -> list[str]:
    return [command.order_id for command in table.commands]


def test_a_good_order_opens_the_barrier_once_and_is_reported() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    assert opened(table) == [order.order_id]
    assert table.commands[0].barrier is Barrier.RELEASE
    assert table.commands[0].nonce == order.nonce
    report = table.reports[-1]
    assert (report.order_id, report.outcome, report.rule) == (order.order_id, ActuationOutcome.ACTUATED, None)
    assert abs(report.at - table.wall) <= report.uncertainty_us < 250_000


def test_a_diversion_opens_the_barrier_toward_the_yard() -> None:
    table = Table().ready()
    table.send(table.order(barrier=Barrier.DIVERT, outcome="DIVERT_RADIATION"))
    assert [command.barrier for command in table.commands] == [Barrier.DIVERT]


def test_an_exit_of_the_yard_opens_on_its_own_kind_of_order_and_on_no_other() -> None:
    gate, exit_ = Table().ready(), Table().ready(Barrier.EXIT)
    for table, others in ((gate, "GATE_OUT"), (exit_, "RELEASE")):
        table.send(table.order(barrier=Barrier.EXIT if others == "GATE_OUT" else Barrier.RELEASE, outcome=others))
        assert (rule_of(table), table.commands) == ("barrier.unknown", [])
    exit_.send(exit_.order(barrier=Barrier.EXIT, outcome="GATE_OUT"))
    assert [command.barrier for command in exit_.commands] == [Barrier.EXIT]


@pytest.mark.parametrize(
    ("barrier", "outcome"),
    [
        (Barrier.EXIT, "RELEASE"), (Barrier.EXIT, "DIVERT_SCAN"), (Barrier.RELEASE, "GATE_OUT"),
        (Barrier.DIVERT, "GATE_OUT"),
    ],
)  # fmt: skip
def test_no_order_can_be_made_that_opens_a_barrier_for_anothers_reason(barrier: Barrier, outcome: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        Table().order(barrier=barrier, outcome=outcome)
    assert raised.value.rule == "order.outcome"


def test_intent_command_outcome_and_report_follow_each_other_in_that_order() -> None:
    table = Table().ready()
    seen: list[str] = []
    table.on_effect = lambda effect: seen.append(
        type(effect.records[0]).__name__ if isinstance(effect, Write) else type(effect).__name__
    )
    table.send(table.order())
    assert seen == ["Intent", Actuate.__name__, "Outcome", Report.__name__, "Reported"]


def test_copies_of_an_order_are_answered_with_what_became_of_it_and_open_nothing() -> None:
    table = Table().ready()
    compact = table.send(table.order())
    for _ in range(1000):
        table.now += 1000
        table.give(OrderCame(compact))
    assert len(table.commands) == 1
    assert {report.outcome for report in table.reports} == {ActuationOutcome.ACTUATED}
    assert 2 <= len(table.reports) <= 6


def test_a_refused_order_stays_refused_when_its_reason_goes_away() -> None:
    table = Table().ready()
    table.arm(BarrierPosition.UNKNOWN)
    order = table.order()
    compact = table.send(order)
    assert rule_of(table) == "barrier.unknown"
    table.arm(BarrierPosition.CLOSED)
    table.now += SECOND
    table.give(OrderCame(compact))
    assert table.commands == []
    assert table.reports[-1].outcome is ActuationOutcome.REFUSED


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"vehicle_plate": "蒙B023H8"}, "vehicle.plate_differs"),
        ({"vehicle_trailer": "蒙B9999挂"}, "vehicle.trailer_differs"),
        ({"vehicle_seal": "GQ000000"}, "vehicle.seal_differs"),
        ({"vehicle_axles": 5}, "vehicle.axles_differ"),
        ({"vehicle_track": 7}, "vehicle.track_differs"),
    ],
)
def test_an_order_for_another_vehicle_is_void(changes: dict[str, Any], rule: str) -> None:
    table = Table().ready()
    table.send(table.order(**changes))
    assert table.commands == []
    assert rule_of(table) == rule


@pytest.mark.parametrize("changes", [{"vehicle_trailer": None}, {"vehicle_seal": None}])
def test_trailer_and_seal_are_compared_only_where_the_order_names_them(changes: dict[str, Any]) -> None:
    table = Table().ready()
    table.send(table.order(**changes))
    assert len(table.commands) == 1


def test_a_plate_is_compared_whatever_its_separators_and_look_alikes() -> None:
    table = Table().ready()
    table.plate("1234 YБA")
    table.send(table.order(vehicle_plate="1234УБА"))
    assert len(table.commands) == 1


def test_a_vehicle_that_left_and_came_back_needs_a_new_order() -> None:
    table = Table().ready()
    order = table.order()
    table.now += SECOND // 2
    table.loop(False)
    table.now += SECOND // 2
    table.arrive()
    table.send(replace(order, vehicle=replace(order.vehicle, track=table.track)))
    assert table.commands == []
    assert rule_of(table) == "vehicle.judged_before_stop"


def test_an_order_for_an_empty_line_is_void() -> None:
    table = Table().ready()
    table.loop(False)
    table.send(table.order())
    assert rule_of(table) == "vehicle.absent"


def test_a_vehicle_that_is_not_alone_is_not_let_through() -> None:
    table = Table().ready()
    table.measure(alone=False)
    table.send(table.order())
    assert rule_of(table) == "vehicle.not_alone"


def test_a_late_reading_of_the_vehicle_before_changes_nothing() -> None:
    table = Table().ready()
    stale = table.track
    table.loop(False)
    table.arrive()
    table.track = stale
    table.plate("京A00001")
    table.track += 1
    table.now += SECOND
    table.send(table.order())
    assert len(table.commands) == 1


def test_readings_that_come_before_their_loop_count_for_their_stop() -> None:
    table = Table()
    table.arms_closed()
    table.poll()
    table.track = 1
    table.plate()
    table.plate("蒙B1234挂", PlatePosition.REAR)
    table.seal()
    table.loop(True)
    table.measure()
    table.now += SECOND
    table.send(table.order())
    assert len(table.commands) == 1


def test_a_hold_voids_the_orders_decided_before_it() -> None:
    table = Table().ready()
    order = table.order()
    table.hold(1)
    table.send(order)
    assert table.commands == []
    assert rule_of(table) == "order.epoch_stale"


def test_a_hold_that_arrives_while_the_intent_is_written_keeps_the_barrier_closed() -> None:
    table = Table().ready()

    def hold_in_between(effect: object) -> None:
        table.after_effect = lambda effect: None
        table.hold(1)

    table.after_effect = hold_in_between
    table.send(table.order())
    assert table.commands == []
    assert rule_of(table) == "order.epoch_stale"


def test_a_vehicle_that_rolls_off_while_the_intent_is_written_keeps_the_barrier_closed() -> None:
    table = Table().ready()

    def roll_in_between(effect: object) -> None:
        table.after_effect = lambda effect: None
        table.loop(False)

    table.after_effect = roll_in_between
    table.send(table.order())
    assert table.commands == []
    assert rule_of(table) == "vehicle.absent"


def test_an_order_that_expires_while_its_intent_is_written_keeps_the_barrier_closed() -> None:
    table = Table().ready()
    order = table.order()

    def wait(effect: object) -> None:
        table.after_effect = lambda effect: None
        table.now += 5 * SECOND - 50_000
        table.poll()

    table.after_effect = wait
    table.give(OrderCame(codec.sign_order(PLATFORM, order)))
    assert table.commands == []


def test_a_hold_that_was_missed_is_learnt_from_the_poll() -> None:
    table = Table().ready()
    order = table.order()
    table.poll(epoch=3)
    table.send(order)
    assert rule_of(table) == "order.epoch_stale"


def test_a_hold_outlives_a_crash() -> None:
    table = Table().ready()
    table.hold(4)
    table.restart()
    table.poll(epoch=0)
    table.send(table.order(epoch=3))
    assert rule_of(table) == "order.epoch_stale"


def test_a_forged_hold_holds_nothing() -> None:
    table = Table().ready()
    table.hold(9, signer=STRANGER)
    table.send(table.order())
    assert len(table.commands) == 1
    assert table.state.rejected == {"jws.signature": 1}


def test_an_order_of_a_later_epoch_is_taken_and_voids_the_earlier_ones() -> None:
    table = Table().ready()
    table.send(table.order(epoch=2))
    assert len(table.commands) == 1
    assert table.state.epoch == 2


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"lane": "I2"}, "order.other_lane"),
        ({"port": "erenhot"}, "order.other_port"),
    ],
)
def test_an_order_for_elsewhere_is_dropped_unanswered(changes: dict[str, Any], rule: str) -> None:
    table = Table().ready()
    signer = type(PLATFORM)(f"platform:{changes.get('port', PORT)}", PLATFORM._key)
    table.send(table.order(**changes), signer=signer)
    assert (table.commands, table.reports) == ([], [])
    assert table.state.rejected == {rule: 1}


def test_an_order_of_a_stranger_is_dropped_unanswered() -> None:
    table = Table().ready()
    table.send(table.order(), signer=STRANGER)
    assert (table.commands, table.reports) == ([], [])
    assert table.state.rejected == {"jws.signature": 1}


def test_a_good_order_after_a_forgery_under_its_name_still_opens() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order, signer=STRANGER)
    table.send(order)
    assert len(table.commands) == 1


def test_an_expired_order_is_refused() -> None:
    table = Table().ready()
    order = table.order()
    table.wait(5 * SECOND)
    table.send(order)
    assert rule_of(table) == "order.expired"


def test_an_order_that_expired_long_ago_is_not_even_verified() -> None:
    table = Table().ready()
    order = table.order()
    table.wait(20 * SECOND)
    table.send(order, signer=STRANGER)
    assert table.state.rejected == {"order.long_expired": 1}


def test_an_order_from_the_future_is_refused() -> None:
    table = Table().ready()
    table.send(table.order(issued_at=table.wall + 10 * SECOND, expires_at=table.wall + 15 * SECOND))
    assert rule_of(table) == "order.from_the_future"


def test_expiry_counts_with_the_clock_as_wrong_as_it_may_be() -> None:
    table = Table().ready()
    table.state = replace(table.state, clock=None)
    table.poll(round_trip=400_000)
    order = table.order(issued_at=table.wall - 5 * SECOND + 250_000, expires_at=table.wall + 250_000)
    table.send(order)
    assert table.commands == []
    assert rule_of(table) == "order.expired"


def test_a_round_trip_too_long_leaves_the_clock_too_uncertain() -> None:
    table = Table().ready()
    table.state = replace(table.state, clock=None)
    table.poll(round_trip=501_000)
    table.send(table.order())
    assert rule_of(table) == "clock.uncertain"


def test_a_platform_clock_that_leaps_stops_orders_until_the_next_answer_agrees() -> None:
    table = Table().ready()
    table.poll(skew=3600 * SECOND)
    table.send(table.order())
    assert rule_of(table) == "clock.uncertain"
    table.poll(skew=3600 * SECOND)
    order = table.order()
    later = replace(order, issued_at=order.issued_at + 3600 * SECOND, expires_at=order.expires_at + 3600 * SECOND)
    table.send(later)
    assert len(table.commands) == 1


def test_a_lane_that_does_not_hear_its_platform_opens_for_nobody() -> None:
    table = Table().ready()
    table.now += LONGEST_SILENCE_US + 1
    table.send(table.order())
    assert rule_of(table) == "lane.disconnected"


def test_a_lane_whose_epoch_was_never_named_opens_for_nobody() -> None:
    table = Table()
    table.arms_closed()
    table.poll(epoch=None)
    table.arrive()
    table.send(table.order())
    assert rule_of(table) == "lane.epoch_unknown"


def test_an_answer_that_was_not_asked_for_sets_no_clock() -> None:
    table = Table()
    table.poll(nonce="0" * 32)
    assert table.state.clock is None
    assert table.state.rejected == {"poll.unasked": 1}


def test_a_nonce_serves_one_order() -> None:
    table = Table().ready()
    first = table.order()
    table.send(first)
    table.arm(BarrierPosition.OPENING, order_id=first.order_id)
    table.arm(BarrierPosition.CLOSED, order_id=first.order_id)
    table.send(table.order(nonce=first.nonce))
    assert len(table.commands) == 1
    assert rule_of(table) == "order.nonce_used"


def test_a_nonce_that_another_lane_used_is_refused_by_the_log() -> None:
    table = Table().ready()
    order = table.order()
    elsewhere = replace(order, order_id="of-another-lane")
    table.log.append_now([_intent(elsewhere, "I2")])
    table.send(order)
    assert table.commands == []
    assert rule_of(table) == "order.nonce_used"
    with pytest.raises(Conflict):
        table.log.append_now([_intent(order, LANE)])


def _intent(order: Any, lane: str) -> Any:
    from kouan.gate.lane_controller.records import Intent

    return Intent(lane, order.order_id, PLATFORM.key_id, order.nonce, order.expires_at)


def test_only_one_vehicle_an_opening() -> None:
    table = Table().ready()
    first = table.order()
    table.send(first)
    table.send(table.order())
    assert rule_of(table) == "lane.opening"
    table.arm(BarrierPosition.OPENING, order_id=first.order_id)
    table.send(table.order())
    assert rule_of(table) == "barrier.not_closed"
    table.arm(BarrierPosition.OPEN, order_id=first.order_id)
    table.leave(first.order_id)
    table.arm(BarrierPosition.CLOSING, order_id=first.order_id)
    table.arm(BarrierPosition.CLOSED)
    table.arrive()
    table.now += SECOND
    table.send(table.order())
    assert len(table.commands) == 2


def test_a_command_that_was_lost_does_not_keep_the_lane_shut_for_ever() -> None:
    table = Table().ready()
    table.send(table.order())
    table.wait(NEVER_MOVES_US - SECOND)
    table.send(table.order())
    assert rule_of(table) == "lane.opening"
    table.wait(2 * SECOND)
    table.send(table.order())
    assert len(table.commands) == 2


def test_an_opening_that_is_never_seen_is_taken_back_once_and_the_arm_stays_for_that_order() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    table.wait(NEVER_MOVES_US + 2 * SECOND)
    told = [(report.outcome, report.rule) for report in table.reports]
    assert told == [(ActuationOutcome.ACTUATED, None), (ActuationOutcome.UNCERTAIN, "barrier.never_moved")]
    table.send(order)
    assert opened(table) == [order.order_id]


def test_an_opening_that_was_seen_is_never_taken_back() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    table.arm(BarrierPosition.OPENING, order_id=order.order_id)
    table.wait(2 * NEVER_MOVES_US)
    assert [report.outcome for report in table.reports] == [ActuationOutcome.ACTUATED]


def test_an_arm_that_went_up_keeps_the_lane_shut_however_long_it_takes() -> None:
    table = Table().ready()
    first = table.order()
    table.send(first)
    table.arm(BarrierPosition.OPENING, order_id=first.order_id)
    table.wait(2 * NEVER_MOVES_US)
    table.send(table.order())
    assert len(table.commands) == 1


def test_tailgating_latches_the_lane_until_a_person_resets_it() -> None:
    table = _tailgated()
    table.send(table.order())
    assert rule_of(table) == "lane.latched"
    table.reset()
    assert table.reports[-1].outcome is ActuationOutcome.RESET
    table.send(table.order())
    assert table.reports[-1].outcome is ActuationOutcome.ACTUATED


def _tailgated() -> Table:
    table = Table().ready()
    first = table.order()
    table.send(first)
    table.arm(BarrierPosition.OPEN, order_id=first.order_id)
    table.leave(first.order_id, vehicles=2)
    table.arm(BarrierPosition.CLOSED)
    table.arrive()
    table.now += SECOND
    return table


def test_the_latch_outlives_a_crash() -> None:
    table = _tailgated()
    table.restart()
    table.send(table.order())
    assert rule_of(table) == "lane.latched"


def test_a_reset_outlives_a_crash() -> None:
    table = _tailgated()
    table.reset()
    table.restart()
    table.send(table.order())
    assert table.reports[-1].outcome is ActuationOutcome.ACTUATED


def test_a_reset_given_before_the_tailgating_does_not_excuse_it() -> None:
    table = Table().ready()
    issued = table.wall
    table.now += SECOND
    first = table.order()
    table.send(first)
    table.arm(BarrierPosition.OPEN, order_id=first.order_id)
    table.leave(first.order_id, vehicles=2)
    table.reset(issued_at=issued, expires_at=issued + 5 * SECOND)
    assert rule_of(table) == "reset.before_latch"
    assert table.state.latch == "tailgating"


@pytest.mark.parametrize("forged", [{"signer": STRANGER}, {"lane": "I2"}])
def test_a_forged_reset_resets_nothing(forged: dict[str, Any]) -> None:
    table = _tailgated()
    table.reset(**forged)
    assert table.state.latch == "tailgating"


def test_two_crossings_in_one_opening_are_tailgating() -> None:
    table = Table().ready()
    first = table.order()
    table.send(first)
    table.arm(BarrierPosition.OPEN, order_id=first.order_id)
    table.leave()
    table.give(CrossingSeen(**table.stamp("plc"), track=table.track, vehicles=1))
    assert table.state.latch == "tailgating"


def test_a_crossing_without_an_order_latches_the_lane() -> None:
    table = Table().ready()
    table.leave()
    assert table.state.latch == "crossing_unordered"


def test_an_arm_that_moves_without_an_order_latches_the_lane() -> None:
    table = Table().ready()
    table.arm(BarrierPosition.OPENING)
    assert table.state.latch == "barrier_moved_unordered"


def test_the_arm_of_the_other_barrier_has_no_part_in_an_opening() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    table.arm(BarrierPosition.OPENING, Barrier.DIVERT, order.order_id)
    assert table.state.latch == "barrier_moved_unordered"


def test_an_arm_that_a_safety_loop_lifts_again_is_still_the_same_opening() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    for position in (BarrierPosition.OPEN, BarrierPosition.CLOSING, BarrierPosition.OPENING, BarrierPosition.OPEN):
        table.arm(position, order_id=order.order_id)
    assert table.state.latch is None


def test_an_arm_never_heard_of_is_unknown() -> None:
    table = Table()
    table.poll()
    table.arrive()
    table.send(table.order())
    assert rule_of(table) == "barrier.unknown"


def test_a_fault_of_the_plc_stops_the_lane_until_it_ends() -> None:
    table = Table().ready()
    table.give(PlcFault(**table.stamp("plc"), code="loop_shorted", active=True))
    table.send(table.order())
    assert rule_of(table) == "lane.plc_fault"
    table.give(PlcFault(**table.stamp("plc"), code="loop_shorted", active=False))
    table.send(table.order())
    assert len(table.commands) == 1


@pytest.mark.parametrize("device", ["plc", "barrier"])
@pytest.mark.parametrize("absence", [{"online": False}, {"online": True, "faults": ("relay",)}])
def test_while_plc_or_barrier_is_away_nothing_opens_nor_afterwards_what_was_ordered_before(
    device: str, absence: dict[str, Any]
) -> None:
    table = Table().ready()
    order = table.order()
    table.give(StatusChanged(device, DeviceStatus(device=device, seq=1, at=table.wall, **absence)))
    table.send(table.order())
    assert rule_of(table) == "lane.device_offline"
    table.now += SECOND
    table.give(StatusChanged(device, DeviceStatus(device=device, seq=2, at=table.wall, online=True)))
    table.send(order)
    assert rule_of(table) == "vehicle.judged_before_stop"
    table.send(table.order())
    assert len(table.commands) == 1


def test_what_a_dead_controller_missed_is_made_up_for_by_copies_of_what_the_devices_said_last() -> None:
    table = Table().ready()
    first = table.order()
    table.send(first)
    table.arm(BarrierPosition.OPEN, order_id=first.order_id)
    crossing = CrossingSeen(**table.stamp("plc"), track=table.track, vehicles=1, order_id=first.order_id)
    table.give(crossing)
    table.crash()
    lost = LoopChanged(**table.stamp("plc"), loop=Loop.STOP, occupied=False, track=table.track)
    closed = table.stamp("barrier")
    table.boot()
    table.give(crossing)
    table.give(lost)
    table.give(
        BarrierChanged(**closed, barrier=Barrier.RELEASE, position=BarrierPosition.CLOSED, order_id=None, boots=1)
    )
    table.wait(3 * SECOND)
    assert table.state.latch is None
    table.arrive()
    table.now += SECOND
    table.send(table.order())
    assert len(table.commands) == 2


def test_a_restarted_plc_voids_what_it_said_before() -> None:
    table = Table().ready()
    table.seq = 0
    table.now += SECOND
    table.measure()
    table.send(table.order())
    assert rule_of(table) == "vehicle.absent"


def test_a_late_copy_of_a_loop_message_does_not_bring_a_vehicle_back() -> None:
    table = Table()
    table.track = 1
    table.give(message := LoopChanged(**table.stamp("plc"), loop="stop", occupied=True, track=1))  # type: ignore[arg-type]
    table.loop(False)
    table.give(message)
    assert table.state.view.track is None


@pytest.mark.parametrize("at", range(4))
def test_a_crash_before_each_effect_never_opens_twice_and_always_ends_in_a_report(at: int) -> None:
    table = Table().ready()
    order = table.order()
    compact = codec.sign_order(PLATFORM, order)
    count = iter(range(100))

    def die(effect: object) -> None:
        if next(count) == at:
            raise Crash

    table.on_effect = die
    with pytest.raises(Crash):
        table.give(OrderCame(compact))
    table.on_effect = lambda effect: None
    table.restart()
    for _ in range(5):
        table.give(OrderCame(compact))
    assert len(table.commands) == (1 if at >= 2 else 0)
    outcome = table.reports[-1].outcome
    expected = [ActuationOutcome.REFUSED, ActuationOutcome.UNCERTAIN, ActuationOutcome.UNCERTAIN]
    assert outcome is [*expected, ActuationOutcome.ACTUATED][at]


def test_a_vehicle_at_the_line_can_be_released_after_a_restart_by_a_new_order() -> None:
    table = Table().ready()
    table.restart()
    table.send(table.order())
    assert len(table.commands) == 1


def test_a_restarted_lane_takes_no_order_before_it_has_settled() -> None:
    table = Table().ready()
    table.crash()
    table.boot()
    table.poll()
    table.send(table.order())
    assert rule_of(table) == "lane.settling"


def test_an_order_given_before_the_restart_is_void_after_it() -> None:
    table = Table().ready()
    order = table.order()
    table.restart()
    table.send(order)
    assert rule_of(table) == "vehicle.judged_before_stop"


def test_an_opening_that_goes_on_over_a_restart_is_known_by_its_order() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    table.restart()
    table.arm(BarrierPosition.OPEN, order_id=order.order_id)
    table.leave(order.order_id)
    table.arm(BarrierPosition.CLOSED, order_id=order.order_id)
    assert table.state.latch is None
    table.arrive()
    table.now += SECOND
    table.send(table.order())
    assert len(table.commands) == 2


@pytest.mark.parametrize("moved_before", [True, False])
def test_a_lane_whose_controller_was_away_while_somebody_crossed_waits_for_a_person(moved_before: bool) -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    if moved_before:
        table.arm(BarrierPosition.OPENING, order_id=order.order_id)
    table.restart()
    table.arm(BarrierPosition.CLOSED, order_id=order.order_id)
    assert table.state.latch == "crossing_missed"


def test_a_lane_that_has_seen_who_crossed_before_its_controller_restarts_goes_on() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    table.arm(BarrierPosition.OPEN, order_id=order.order_id)
    table.leave(order.order_id)
    table.restart()
    table.arm(BarrierPosition.CLOSED, order_id=order.order_id)
    assert table.state.latch is None


def test_a_command_that_the_carrier_may_not_have_taken_is_uncertain_and_not_repeated() -> None:
    from kouan.gate.lane_controller import step
    from kouan.gate.lane_controller.state import Commanded, IntentWritten

    table = Table().ready()
    order = table.order()
    stepped = step(table.state, OrderCame(codec.sign_order(PLATFORM, order)), table.now)
    stepped = step(stepped.state, IntentWritten(order.order_id), table.now)
    stepped = step(stepped.state, Commanded(order.order_id, sure=False), table.now)
    write = stepped.effects[0]
    assert isinstance(write, Write)
    table.state = stepped.state
    table.perform(write)
    assert table.reports[-1].outcome is ActuationOutcome.UNCERTAIN
    assert table.reports[-1].rule == "barrier.command_uncertain"
    assert table.commands == []


def test_a_report_that_the_carrier_did_not_take_is_sent_again() -> None:
    table = Table().ready()
    order = table.order()
    sent: list[Any] = []

    class Lost(Exception):
        pass

    def lose(effect: object) -> None:
        if isinstance(effect, Report):
            sent.append(effect.report)
            raise Lost

    table.on_effect = lose
    with pytest.raises(Lost):
        table.send(order)
    table.now += SECOND
    with pytest.raises(Lost):
        table.poll()
    assert [report.outcome for report in sent] == [ActuationOutcome.ACTUATED] * 2


def test_an_old_order_is_forgotten_but_its_time_never_comes_again() -> None:
    table = Table().ready()
    order = table.order()
    table.send(order)
    table.arm(BarrierPosition.OPEN, order_id=order.order_id)
    table.arm(BarrierPosition.CLOSED)
    table.now += 25 * 3600 * SECOND
    table.poll()
    assert order.order_id not in table.state.known
    assert table.state.horizons == {PLATFORM.key_id: order.expires_at}
    table.state = replace(table.state, clock=None)
    back = order.issued_at - table.wall
    table.poll(skew=back)
    again = replace(order, order_id="again", issued_at=order.issued_at, expires_at=order.expires_at)
    table.send(again)
    assert len(table.commands) == 1
