"""Lanes: in service or not, which way, and what they lack."""

import pytest
from tests.unit.gate.passage_kit import NOON

from kouan.gate.lanes import (
    BarrierSeen,
    DeviceCameBack,
    DeviceFailed,
    DirectionWanted,
    Lane,
    LaneEmptied,
    LaneFact,
    LaneStarted,
    LaneStep,
    LaneStopped,
    LightShown,
    VehicleEntered,
    decode_lane,
    encode_lane,
    lane_drafts,
    may_enter,
    show_mode,
    step_lane,
)
from kouan.gate.procedures import Procedure
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import GRANTED, Reason, Refused

TIDAL = Lane("I12", Direction.IN, tidal=True)
OUTWARD = DirectionWanted(NOON, Direction.OUT, "operator", "queue outbound")


def after(lane: Lane, *facts: LaneFact) -> LaneStep:
    taken = LaneStep(lane)
    for number, fact in enumerate(facts):
        taken = step_lane(taken.lane, fact, NOON + number)
        assert decode_lane(encode_lane(taken.lane)) == taken.lane
    return taken


def code(taken: LaneStep) -> str | None:
    return taken.verdict.reasons[0].code if isinstance(taken.verdict, Refused) else None


def test_an_empty_tidal_lane_turns_at_once() -> None:
    taken = after(TIDAL, OUTWARD)
    assert (taken.lane.direction, taken.lane.mode) == (Direction.OUT, "open")
    assert [event.direction for event in taken.events] == [Direction.OUT]


def test_an_occupied_lane_turns_only_when_its_vehicle_has_left() -> None:
    wanted = after(TIDAL, VehicleEntered(NOON), OUTWARD)
    assert (wanted.lane.direction, wanted.lane.mode) == (Direction.IN, "draining")
    assert may_enter(wanted.lane) != GRANTED
    emptied = after(wanted.lane, LaneEmptied(NOON))
    assert (emptied.lane.direction, emptied.lane.mode) == (Direction.OUT, "open")
    assert len(emptied.events) == 1, "the turn itself is recorded"


def test_a_turn_that_is_taken_back_ends_the_draining() -> None:
    back = DirectionWanted(NOON, Direction.IN, "operator", "no need any more")
    assert after(TIDAL, VehicleEntered(NOON), OUTWARD, back).lane.mode == "open"


def test_a_lane_that_is_not_tidal_never_turns() -> None:
    taken = after(Lane("I1", Direction.IN), OUTWARD)
    assert (code(taken), taken.lane.direction) == ("lane.not_tidal", Direction.IN)


@pytest.mark.parametrize("fact", [DirectionWanted(NOON, Direction.OUT, "o", " "), LaneStarted(NOON, "o", "")])
def test_a_person_gives_a_reason(fact: LaneFact) -> None:
    assert code(after(TIDAL, fact)) == "review.no_reason"


def test_a_failed_device_degrades_the_lane_by_the_procedures_that_need_it() -> None:
    failed = DeviceFailed(NOON, "seal_reader", "offline", (Procedure.SEAL,))
    taken = after(TIDAL, failed)
    assert (taken.lane.mode, taken.lane.lacking) == ("degraded", (Procedure.SEAL,))
    again = step_lane(taken.lane, DeviceFailed(NOON + 5, "seal_reader", "tamper", (Procedure.SEAL,)), NOON + 5)
    assert (again.lane.out[0].since, again.lane.out[0].cause) == (NOON, "tamper")
    assert after(again.lane, DeviceCameBack(NOON, "seal_reader")).lane.mode == "open"


def test_a_device_that_no_procedure_needs_degrades_nothing() -> None:
    assert after(TIDAL, DeviceFailed(NOON, "display", "offline")).lane.mode == "open"


def test_a_stopped_lane_stays_closed_until_a_person_opens_it() -> None:
    stopped = after(TIDAL, LaneStopped(NOON, Reason("order.tailgating", {"vehicles": 2})), LaneEmptied(NOON))
    assert stopped.lane.mode == "closed"
    assert may_enter(stopped.lane) != GRANTED
    started = after(stopped.lane, LaneStarted(NOON, "operator", "looked at it"))
    assert (started.lane.mode, may_enter(started.lane)) == ("open", GRANTED)


def test_what_a_lane_tells_of_its_mode_leaves_the_light_to_the_passage() -> None:
    shown = show_mode(after(TIDAL, LightShown(NOON, "green"), LaneStopped(NOON, Reason("order.tailgating"))).lane)
    assert (shown.colour, shown.route, shown.lines) == (None, "closed", (Reason("display.lane_closed"),))


def test_only_what_matters_is_recorded() -> None:
    quiet = [VehicleEntered(NOON), BarrierSeen(NOON, "release", "open"), LightShown(NOON, "green"), LaneEmptied(NOON)]
    lane = TIDAL
    for fact in quiet:
        taken = step_lane(lane, fact, NOON)
        assert taken.events == ()
        lane = taken.lane
    assert (lane.barriers["release"], lane.light) == ("open", "green")


def test_drafts_stand_in_the_lanes_stream() -> None:
    taken = after(TIDAL, DeviceFailed(NOON, "seal_reader", "offline", (Procedure.SEAL,)))
    (draft,) = lane_drafts(taken.events, "m:1")
    assert (draft.kind, draft.stream, draft.key) == ("gate.device_fault/1", "I12", "m:1")
    assert lane_drafts(after(TIDAL, OUTWARD).events, "m:2")[0].kind == "gate.lane_changed/1"
