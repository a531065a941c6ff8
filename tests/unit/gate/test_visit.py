"""Visits and the four releases."""

import pytest
from tests.unit.gate.passage_kit import NOON, POLICY, Drive, but
from tests.unit.gate.test_passage import left, report

from kouan.gate.evidence import SealCondition
from kouan.gate.facts import VehicleArrived
from kouan.gate.releases import GoodsReleased, admit, gate_out, yard_in
from kouan.gate.roles import Sighting
from kouan.gate.states import Cleared
from kouan.gate.visit import Begun, Complete, begin_visit, end_visit, seen_elsewhere, visit_record
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

PLATE = "1234УБА"


def cleared(direction: Direction, passage: str, mass_kg: int, hours: int = 0) -> Cleared:
    """Return a cleared passage of the good lorry, loaded or empty by its mass."""
    now = NOON + hours * 3600 * SECOND
    arrived = VehicleArrived(now, passage, "ganqimaodu", "I3", direction, 7, 3)
    evidence = but(weight={"mass_kg": mass_kg, "zero_checked_at": now, "at": now})
    if mass_kg < 20_000:
        evidence |= but(
            weight={"mass_kg": mass_kg, "zero_checked_at": now, "at": now},
            papers={"load": "empty", "containers": (), "seals": (), "consignments": ()},
            container={"numbers": ()},
            seal={"number": None, "condition": SealCondition.ABSENT},
        )
    drive = Drive(POLICY, arrived, now).show(evidence).agree()
    left(report(drive, "actuated"))
    assert isinstance(drive.state, Cleared)
    return drive.state


def test_a_visit_joins_in_and_out_and_nets_what_was_left_here() -> None:
    begun = begin_visit(cleared(Direction.IN, "p-in", 50_120), PLATE)
    assert isinstance(begun, Begun)
    ended = end_visit(begun, cleared(Direction.OUT, "p-out", 18_100, hours=2), PLATE)
    assert isinstance(ended, Complete)
    assert (ended.first, ended.second, ended.net_kg) == ("p-in", "p-out", 32_020)
    record = visit_record(ended)
    assert (record.visit, record.in_passage, record.out_passage) == (begun.visit, "p-in", "p-out")
    assert visit_record(begun).closed_at is None


def test_a_visit_ends_with_the_same_vehicle_the_other_way() -> None:
    begun = begin_visit(cleared(Direction.IN, "p-in", 50_120), PLATE)
    out = cleared(Direction.OUT, "p-out", 18_100, hours=2)
    again = cleared(Direction.IN, "p-again", 50_120, hours=2)
    assert code(end_visit(begun, out, "5555УБА")) == "visit.another_vehicle"
    assert code(end_visit(begun, again, PLATE)) == "visit.same_way"


def code(found: object) -> str:
    assert isinstance(found, Refused)
    return found.reasons[0].code


def test_only_an_inbound_passage_admits() -> None:
    admitted = admit(cleared(Direction.IN, "p-in", 50_120), PLATE, crew=1)
    assert not isinstance(admitted, Refused)
    arrived = yard_in(admitted, NOON + SECOND, 50_120)
    assert (arrived.passage, arrived.gross_kg) == ("p-in", 50_120)
    assert code(admit(cleared(Direction.OUT, "p-out", 18_100), PLATE, crew=1)) == "release.not_inbound"


def test_no_more_leaves_than_customs_released() -> None:
    released = GoodsReleased("D1", 60_000, NOON)
    first = gate_out(released, (), "蒙B023H6", 32_000, NOON)
    assert not isinstance(first, Refused)
    assert code(gate_out(released, (first,), "蒙B023H7", 28_001, NOON)) == "release.exceeded"
    assert not isinstance(gate_out(released, (first,), "蒙B023H7", 28_000, NOON), Refused)
    assert code(gate_out(released, (), "蒙B023H7", 0, NOON)) == "release.exceeded"


@pytest.mark.parametrize(
    ("port", "lane", "passage", "ago_s", "found"),
    [
        ("ganqimaodu", "I4", "other", 119, "ganqimaodu I4"),
        ("ganqimaodu", "I4", "other", 120, None),
        ("ganqimaodu", "I3", "other", 1, None),
        ("ganqimaodu", "I4", "this", 1, None),
        ("erenhot", "O1", "other", 3599, "erenhot O1"),
        ("erenhot", "O1", "other", 3600, None),
    ],
)
def test_one_plate_stands_in_one_place(port: str, lane: str, passage: str, ago_s: int, found: str | None) -> None:
    last = Sighting(PLATE, port, lane, "in", passage, NOON - ago_s * SECOND)
    assert seen_elsewhere(last, "ganqimaodu", "I3", "this", NOON) == found


def test_a_plate_never_seen_before_is_nowhere_else() -> None:
    assert seen_elsewhere(None, "ganqimaodu", "I3", "this", NOON) is None


def test_a_cloned_plate_is_held() -> None:
    drive = Drive().show(but(papers={"seen_elsewhere": "erenhot O1"})).agree()
    assert drive.codes() == ["plates.seen_elsewhere"]
    assert drive.name == "in_review"
