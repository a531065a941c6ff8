"""From what the gate has read of a vehicle to the papers that it crosses under."""

from typing import Any

import pytest
from tests.unit.inspection.papers_kit import IN_DECLARATION, NOW, Records, confirmation, declaration, line, manifest
from tests.unit.inspection.test_use_cases import _apply, hand_in, hand_in_manifest

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind, ControlOrder, order_record, place_order
from kouan.inspection.desk import MatchedPapers, holds_without_papers
from kouan.inspection.lookup import Sought, find_papers
from kouan.inspection.papers import Declaration
from kouan.inspection.reading import read_declaration
from kouan.inspection.use_cases import note_arrival, submit_declaration, write_off
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.places import Direction


def declare(records: Records, **changes: Any) -> None:
    read = read_declaration(declaration(**changes))
    assert isinstance(read, Declaration)
    _apply(records, submit_declaration(read, records.declared.get(read.number), NOW))


def order(records: Records, number: str, **target: str) -> None:
    asked = ControlOrder(ControlKind.EXAMINE, "as told", **target)
    placed = place_order(order_record(asked, number, Agency.CUSTOMS, "o", NOW))
    assert isinstance(placed, Unit)
    assert records.apply(placed) is None


async def find(records: Records, **changes: Any) -> MatchedPapers:
    found = await look(records, **changes)
    assert found is not None
    return found


async def look(records: Records, **changes: Any) -> MatchedPapers | None:
    fields: dict[str, Any] = {"direction": Direction.IN, "at": NOW + SECOND, "plate": "1234УБА"}
    return await find_papers(records, Sought(**(fields | changes)))


@pytest.fixture
def records() -> Records:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest(consignments=[line(gross_kg=200_000)]))
    declare(records, status="cleared")
    return records


async def test_a_vehicle_finds_its_papers_by_its_plate(records: Records) -> None:
    found = await find(records)
    assert found.confirmation.number == "CF000001"
    (consignment,) = found.consignments
    assert (consignment.number, consignment.part_kg, consignment.total_kg, consignment.crossed_kg) == (
        "MF000001", 80_000, 200_000, 0,
    )  # fmt: skip
    assert (consignment.declaration, consignment.cleared, consignment.controlled) == (IN_DECLARATION, True, False)
    assert (found.missing, found.duplicate_of, found.expected, found.present) == ((), None, 1, 1)


async def test_a_plate_that_was_not_read_gives_way_to_the_containers(records: Records) -> None:
    assert (await find(records, plate=None, containers=("CSQU3054383",))).confirmation.number == "CF000001"


async def test_a_misread_plate_finds_papers_by_a_plate_that_looks_alike(records: Records) -> None:
    found = await find(records, plate="1284УБА")
    assert found.confirmation.plate == "1234УБА"


async def test_the_other_direction_finds_nothing(records: Records) -> None:
    assert await look(records, direction=Direction.OUT) is None


async def test_the_newest_confirmation_of_a_plate_counts(records: Records) -> None:
    hand_in(records, confirmation(number="CF000002", batch="B000002", consignments=None))
    assert (await find(records)).confirmation.number == "CF000002"


async def test_a_used_confirmation_is_not_found_again(records: Records) -> None:
    records.apply(write_off("CF000001", "p1", (), "in", NOW))
    assert await look(records) is None


async def test_a_consignment_without_a_manifest_is_missing() -> None:
    records = Records()
    hand_in(records, confirmation())
    found = await find(records)
    assert (found.consignments, found.missing) == ((), ("MF000001",))


async def test_a_consignment_of_another_batch_is_a_duplicate(records: Records) -> None:
    hand_in(records, confirmation(number="CF000002", plate="9999УБА", batch="B000002"))
    assert (await find(records, plate="9999УБА")).duplicate_of == "MF000001"


async def test_a_confirmation_that_names_no_goods_carries_what_its_batch_declares(records: Records) -> None:
    hand_in(records, confirmation(number="CF000003", plate="9999УБА", consignments=None))
    found = await find(records, plate="9999УБА")
    assert [each.part_kg for each in found.consignments] == [200_000]


@pytest.mark.parametrize("status", ["declared", "under_control", "cancelled"])
async def test_only_a_cleared_declaration_clears(status: str) -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest())
    declare(records, status=status)
    (consignment,) = (await find(records)).consignments
    assert not consignment.cleared
    assert consignment.controlled == (status == "under_control")


async def test_a_declaration_that_nobody_has_seen_declares_nothing() -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest())
    (consignment,) = (await find(records)).consignments
    assert (consignment.declaration, consignment.cleared) == (None, False)


async def test_a_transit_declaration_must_be_cleared() -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest())
    declare(records, transit=True)
    (consignment,) = (await find(records)).consignments
    assert not consignment.transit_cleared


async def test_orders_are_found_on_what_was_read_and_on_what_was_declared(records: Records) -> None:
    order(records, "C-1", plate="1234УБА")
    order(records, "C-2", container="CSQU3054383")
    order(records, "C-3", plate="7777УБА")
    order(records, "C-4", consignment="MF000001")
    order(records, "C-5", declaration=IN_DECLARATION)
    order(records, "C-6", plate="8888УБА")
    found = await find(records, trailer="7777УБА")
    assert [each.number for each in found.holds] == ["C-1", "C-2", "C-3"]
    assert [each.number for each in found.goods_holds] == ["C-4", "C-5"]
    assert found.consignments[0].controlled


async def test_orders_hold_a_vehicle_without_papers(records: Records) -> None:
    order(records, "C-1", plate="7777УБА")
    in_force = await records.orders_in_force(NOW)
    assert [each.number for each in holds_without_papers(("7777УБА",), (), in_force, NOW)] == ["C-1"]


async def test_a_convoy_is_there_when_all_its_vehicles_have_arrived() -> None:
    records = Records()
    for number in (1, 2, 3):
        hand_in(records, confirmation(number=f"CF00000{number}", plate=f"000{number}УБА", vehicles=3))
    for number, present in ((1, 1), (2, 2), (3, 3)):
        found = await find(records, plate=f"000{number}УБА")
        assert (found.present, found.expected) == (present, 3)
        records.apply(note_arrival(f"CF00000{number}", f"p{number}", NOW))


async def test_the_last_paper_says_when_the_papers_were_complete(records: Records) -> None:
    assert (await find(records)).submitted_at == NOW


@pytest.mark.parametrize("transit", [False, True])
async def test_a_declaration_that_does_not_name_the_consignment_declares_and_clears_nothing(*, transit: bool) -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest())
    declare(records, status="cleared", transit=transit, consignments=[line(number="MF000009")])
    (consignment,) = (await find(records)).consignments
    assert (consignment.declaration, consignment.cleared, consignment.transit_cleared) == (None, False, False)


async def test_a_declaration_amended_to_other_consignments_clears_no_longer(records: Records) -> None:
    (consignment,) = (await find(records)).consignments
    assert consignment.cleared
    declare(records, status="cleared", version=2, consignments=[line(number="MF000009")])
    (consignment,) = (await find(records)).consignments
    assert not consignment.cleared


async def test_an_order_on_a_declaration_holds_whoever_draws_on_it() -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest())
    declare(records, status="cleared", consignments=[line(number="MF000009")])
    order(records, "C-1", declaration=IN_DECLARATION)
    assert (await find(records)).consignments[0].controlled
