"""Papers and control orders; each test runs on PostgreSQL and in memory."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
    params_of,
)
from kouan.ledger.roles import Appended, Statement, Unit
from kouan.vocabulary.places import Direction

IN = Direction.IN
CONFIRMATION = ConfirmationRecord(
    "C1", 1, "B1", "in", "蒙B023H6", None, "CSQU3054383 MSCU6639870", "d", b"{}", "active", 10, 10
)
MANIFEST = ManifestRecord("M1", 1, "B1", "in", "d", b"{}", "active", 10, 10)
CONSIGNMENT = ConsignmentRecord("W1", "in", "M1", "B1", "2701129090", "煤", 1000, None)
ORDER = ControlOrderRecord("O1", "customs", "scan", "A", None, None, None, "reason", "wang", 10, 10, 100)


def changed(record: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields)


class Papers:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def granted(self, *statements: tuple[str, Any]) -> bool:
        """Append the statements as the guards of one unit; say whether all held."""
        named = [Statement(f"papers.{name}", _params(given)) for name, given in statements]
        return isinstance(await self._ledger.append(Unit((), tuple(named))), Appended)

    async def effect(self, name: str, **params: Any) -> None:
        await self._ledger.append(Unit((), (), (Statement(f"papers.{name}", params),)))


def _params(given: Any) -> Any:
    return given if isinstance(given, dict) else params_of(given)


@pytest.fixture
async def papers(player: Player) -> Papers:
    return Papers(await player.open_writer())


async def test_confirmations_are_found_by_vehicle_and_by_carrier_once_they_are_used_too(
    player: Player, papers: Papers
) -> None:
    mine = changed(CONFIRMATION, carrier="CARRIER-01")
    theirs = changed(CONFIRMATION, number="C2", submitted_at=20, plate="蒙A1", carrier="CARRIER-02")
    later = changed(CONFIRMATION, number="C3", direction="out", submitted_at=30, carrier="CARRIER-01")
    gone = changed(CONFIRMATION, number="C4", batch="B2", carrier="CARRIER-01")
    for record in (mine, theirs, later, gone):
        assert await papers.granted(("insert_confirmation", record))
    assert await papers.granted(("use_confirmation", {"number": "C1", "passage": "p1", "at": 40}))
    assert await papers.granted(("delete_batch", {"batch": "B2", "at": 40}))
    used = changed(mine, state="used", passage="p1", changed_at=40)
    assert await player.papers.confirmations_of_vehicle("蒙B023H6", 10) == [later, used]
    assert await player.papers.confirmations_of_vehicle("蒙B023H6", 1) == [later]
    assert await player.papers.confirmations_of_carriers(["CARRIER-01"], 10) == [later, used]
    assert await player.papers.confirmations_of_carriers(["CARRIER-02", "CARRIER-01"], 10) == [later, theirs, used]
    assert await player.papers.confirmations_of_carriers([], 10) == []
    moved = changed(theirs, version=2, carrier="CARRIER-03")
    assert await papers.granted(("amend_confirmation", moved))
    assert [one.number for one in await player.papers.confirmations_of_carriers(["CARRIER-03"], 10)] == ["C2"]


async def test_a_confirmation_is_found_by_plate_container_and_batch(player: Player, papers: Papers) -> None:
    later = changed(CONFIRMATION, number="C2", submitted_at=20, containers="MSCU6639870", batch="B2")
    other = changed(CONFIRMATION, number="C3", direction="out")
    for record in (CONFIRMATION, later, other):
        assert await papers.granted(("insert_confirmation", record))
    assert not await papers.granted(("insert_confirmation", CONFIRMATION))
    assert await player.papers.find_confirmation("C1") == CONFIRMATION
    assert await player.papers.confirmations_of_plate("蒙B023H6", IN) == [later, CONFIRMATION]
    assert await player.papers.confirmations_of_container("MSCU6639870", IN) == [later, CONFIRMATION]
    assert await player.papers.confirmations_of_container("CSQU3054383", IN) == [CONFIRMATION]
    assert await player.papers.confirmations_of_container("CSQU305438", IN) == []
    assert await player.papers.confirmations_of_batch("B1") == [CONFIRMATION, other]
    assert await player.papers.latest_confirmations(10) == [later, other, CONFIRMATION]
    assert await player.papers.latest_confirmations(1) == [later]
    await papers.granted(("insert_confirmation", changed(CONFIRMATION, number="C4", plate="А129ХУ196")))
    assert await player.papers.active_plates(IN) == ["А129ХУ196", "蒙B023H6"]


async def test_an_amended_confirmation_keeps_when_its_vehicle_arrived(player: Player, papers: Papers) -> None:
    await papers.granted(("insert_confirmation", CONFIRMATION))
    await papers.effect("note_arrival", number="C1", at=50)
    await papers.effect("note_arrival", number="C1", at=60)
    amended = changed(CONFIRMATION, version=2, plate="蒙B000A1", submitted_at=70, changed_at=70)
    assert not await papers.granted(("amend_confirmation", changed(amended, version=3)))
    assert await papers.granted(("amend_confirmation", amended))
    assert await player.papers.find_confirmation("C1") == changed(amended, submitted_at=10, arrived_at=50)


async def test_a_confirmation_is_used_once(player: Player, papers: Papers) -> None:
    await papers.granted(("insert_confirmation", CONFIRMATION))
    use = {"number": "C1", "passage": "p1", "at": 90}
    assert await papers.granted(("use_confirmation", use))
    assert not await papers.granted(("use_confirmation", use))
    assert not await papers.granted(("amend_confirmation", changed(CONFIRMATION, version=2)))
    assert await player.papers.confirmations_of_plate("蒙B023H6", IN) == []
    used = changed(CONFIRMATION, state="used", passage="p1", changed_at=90)
    assert await player.papers.confirmations_of_batch("B1") == [used]


async def test_no_more_crosses_than_is_declared_however_many_try(player: Player, papers: Papers) -> None:
    await papers.granted(("insert_manifest", MANIFEST), ("insert_consignment", CONSIGNMENT))
    part = {"number": "W1", "direction": "in", "mass_kg": 300}
    answers = await asyncio.gather(*[papers.granted(("write_off", part)) for _ in range(8)])
    assert sum(answers) == 3
    assert await player.papers.consignments(["W1"], IN) == [changed(CONSIGNMENT, crossed_kg=900)]
    assert await papers.granted(("write_off", {**part, "mass_kg": 100}))
    assert not await papers.granted(("write_off", {**part, "mass_kg": 1}))


async def test_one_consignment_has_one_active_manifest(player: Player, papers: Papers) -> None:
    await papers.granted(("insert_manifest", MANIFEST), ("insert_consignment", CONSIGNMENT))
    fork = (
        ("insert_manifest", changed(MANIFEST, number="M2")),
        ("insert_consignment", changed(CONSIGNMENT, manifest="M2")),
    )
    assert not await papers.granted(*fork)
    assert await player.papers.find_manifest("M2") is None
    assert await papers.granted(("insert_consignment", changed(CONSIGNMENT, direction="out")))


async def test_an_amended_manifest_takes_its_consignments_over(player: Player, papers: Papers) -> None:
    await papers.granted(("insert_manifest", MANIFEST), ("insert_consignment", CONSIGNMENT))
    await papers.granted(("write_off", {"number": "W1", "direction": "in", "mass_kg": 300}))
    drop = ("drop_consignments", {"manifest": "M1", "direction": "in"})
    amended = changed(MANIFEST, version=2, submitted_at=99, changed_at=99)
    more = changed(CONSIGNMENT, number="W2")

    def amend(gross_kg: int) -> tuple[tuple[str, Any], ...]:
        taken = changed(CONSIGNMENT, gross_kg=gross_kg)
        return (("amend_manifest", amended), drop, ("insert_consignment", taken), ("insert_consignment", more))

    assert not await papers.granted(*amend(299))
    assert await player.papers.find_manifest("M1") == MANIFEST
    assert await papers.granted(*amend(500))
    assert await player.papers.consignments(["W1"], IN) == [changed(CONSIGNMENT, gross_kg=500, crossed_kg=300)]
    assert await player.papers.consignments(["W2"], IN) == [more]
    assert await player.papers.find_manifest("M1") == changed(amended, submitted_at=10)
    assert await papers.granted(drop)
    assert await papers.granted(drop)
    assert await player.papers.consignments(["W2"], IN) == []


async def test_a_batch_is_deleted_whole_unless_a_vehicle_has_crossed(player: Player, papers: Papers) -> None:
    await papers.granted(("insert_manifest", MANIFEST), ("insert_consignment", CONSIGNMENT))
    for number in ("C1", "C2"):
        await papers.granted(("insert_confirmation", changed(CONFIRMATION, number=number)))
    other = changed(CONFIRMATION, number="C9", batch="B9")
    await papers.granted(("insert_confirmation", other))
    delete = ("delete_batch", {"batch": "B1", "at": 99})
    assert await papers.granted(delete)
    assert not await papers.granted(delete)
    assert await player.papers.confirmations_of_batch("B1") == []
    assert await player.papers.manifests_of_batch("B1") == []
    assert await player.papers.consignments(["W1"], IN) == []
    assert await player.papers.find_manifest("M1") == changed(MANIFEST, state="deleted", changed_at=99)
    assert await player.papers.confirmations_of_batch("B9") == [other]

    await papers.granted(("use_confirmation", {"number": "C9", "passage": "p1", "at": 100}))
    await papers.granted(("insert_confirmation", changed(other, number="C10")))
    assert not await papers.granted(("delete_batch", {"batch": "B9", "at": 101}))
    assert len(await player.papers.confirmations_of_batch("B9")) == 2


async def test_a_declaration_takes_only_its_next_version(player: Player, papers: Papers) -> None:
    declaration = DeclarationRecord("D1", 1, "in", "declared", 0, "d", b"{}", 10, 10)
    cleared = changed(declaration, version=2, status="cleared", submitted_at=20, changed_at=20)
    assert await papers.granted(("insert_declaration", declaration))
    assert not await papers.granted(("insert_declaration", declaration))
    assert await papers.granted(("amend_declaration", cleared))
    assert not await papers.granted(("amend_declaration", cleared))
    assert await player.papers.find_declaration("D1") == changed(cleared, submitted_at=10)
    await papers.granted(("insert_declaration", changed(declaration, number="D0")))
    found = await player.papers.declarations(["D1", "D0", "D1", "D9"])
    assert [record.number for record in found] == ["D0", "D1"]


async def test_a_control_order_is_in_force_for_its_time_until_its_authority_lifts_it(
    player: Player, papers: Papers
) -> None:
    endless = changed(ORDER, number="O2", valid_until=None, placed_at=5)
    for order in (ORDER, endless):
        assert await papers.granted(("place_order", order))
    assert not await papers.granted(("place_order", ORDER))
    in_force = {at: [order.number for order in await player.papers.orders_in_force(at)] for at in (9, 10, 99, 100)}
    assert in_force == {9: [], 10: ["O2", "O1"], 99: ["O2", "O1"], 100: ["O2"]}
    naming = {name: len(await player.papers.orders_naming([name, "Z"], 50)) for name in ("A", "B", "O1")}
    assert naming == {"A": 2, "B": 0, "O1": 0}
    lift = {"number": "O1", "authority": "customs", "lifted_by": "li", "lifted_at": 50, "lift_reason": "examined"}
    assert not await papers.granted(("lift_order", {**lift, "authority": "site"}))
    assert await papers.granted(("lift_order", lift))
    assert not await papers.granted(("lift_order", lift))
    assert await player.papers.orders_in_force(60) == [endless]
    assert await player.papers.find_order("O1") == changed(ORDER, lifted_by="li", lifted_at=50, lift_reason="examined")
