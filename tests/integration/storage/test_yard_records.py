"""The yard's rows and guards; each test runs on PostgreSQL and in memory."""

from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.ledger.roles import Appended, Statement, Unit
from kouan.yard.records import (
    LotRecord,
    MovementRecord,
    NetRecord,
    PickupRecord,
    ScaleRecord,
    StackRecord,
    TicketRecord,
    VisitRecord,
    WarrantRecord,
    params_of,
)

VISIT = VisitRecord(
    "v1", 1, "coal", "蒙B023H6", "CARRIER-01", "delivery", "L1", "arrived", b"{}", b"salt", 10, 10, due_at=70
)
LOT = LotRecord("L1", 1, "coal", "2701121000", "炼焦煤", "coking-1", 1000, changed_at=10)
STACK = StackRecord("coal/A/1/1", 1, "coal", "L1", 500, 800, 10)
MOVEMENT = MovementRecord("m1", "L1", "coal", "in", "coal/A/1/1", 10, 500, 800, None, "v1", "yard", 10)
TICKET = TicketRecord("t1", "W1", "gross", "蒙B023H6", 97_000, 10, "v1")
NET = NetRecord("v1", "delivery", "coal", "L1", "A", "C", "g1", "t1", "W1", "W2", 80_000, "T1", 80_100, 20)
SCALE = ScaleRecord("W1", 1, "coal", 1, None, None, 0, "wang", 10)
PICKUP = PickupRecord("o1", 1, "L1", "coal", "蒙L12345", "C", 30_000, 5, 50, None, "open", "li", 10, reserved_kg=30_000)
WARRANT = WarrantRecord("w1", 1, "warehouse", "coking-1", "FIRM", 1, "issued", None, 10, 10)


def but(record: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(record, **changes)


class Guards:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def granted(self, *statements: tuple[str, Any]) -> bool:
        """Append the statements as the guards of one unit; say whether all held."""
        named = [
            Statement(f"yard.{name}", given if isinstance(given, dict) else params_of(given))
            for name, given in statements
        ]
        return isinstance(await self._ledger.append(Unit((), tuple(named))), Appended)


@pytest.fixture
async def guards(player: Player) -> Guards:
    return Guards(await player.open_writer())


VERSIONED = [
    ("put_visit", VISIT, "find_visit", "visit"),
    ("put_lot", LOT, "find_lot", "lot"),
    ("put_stack", STACK, "find_stack", "lies_at"),
    ("put_scale", SCALE, "find_scale", "scale"),
    ("put_pickup", PICKUP, "find_pickup", "number"),
    ("put_warrant", WARRANT, "find_warrant", "warrant"),
]


@pytest.mark.parametrize(("put", "record", "find", "key"), VERSIONED, ids=[each[0] for each in VERSIONED])
async def test_each_row_goes_from_version_to_version_and_skips_none(
    player: Player, guards: Guards, put: str, record: Any, find: str, key: str
) -> None:
    assert not await guards.granted((put, but(record, version=2)))
    assert await guards.granted((put, record))
    assert not await guards.granted((put, record))
    assert not await guards.granted((put, but(record, version=3)))
    assert await getattr(player.yard, find)(getattr(record, key)) == record
    assert await guards.granted((put, but(record, version=2)), (put, but(record, version=3)))
    assert await getattr(player.yard, find)(getattr(record, key)) == but(record, version=3)
    assert await getattr(player.yard, find)("another") is None


async def test_a_vehicle_has_one_open_visit(player: Player, guards: Guards) -> None:
    assert await guards.granted(("put_visit", VISIT))
    assert not await guards.granted(("put_visit", but(VISIT, visit="v2")))
    over = but(VISIT, version=2, state="left", closed_at=90, due_at=None, salt=b"")
    assert await player.yard.open_visit_of("蒙B023H6") == VISIT
    assert await guards.granted(("put_visit", over), ("put_visit", but(VISIT, visit="v2", opened_at=95)))
    assert [each.visit for each in await player.yard.open_visits()] == ["v2"]
    assert [each.visit for each in await player.yard.visits_of_lot("L1")] == ["v1", "v2"]
    assert await player.yard.open_visit_of("蒙B000A1") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"in_dg": 1},
        {"in_dg": -1, "stock_dg": -1},
        {"out_dg": -5, "stock_dg": 5},
        {"reserved_kg": -1},
        {"taken_kg": -1},
        {"in_dg": 10, "out_dg": 12, "stock_dg": -2},
    ],
)
async def test_an_account_that_does_not_balance_is_refused(guards: Guards, changes: dict[str, int]) -> None:
    assert not await guards.granted(("put_lot", but(LOT, **changes)))
    assert await guards.granted(("put_lot", but(LOT, in_dg=10, out_dg=4, stock_dg=9, loss_dg=-3)))


async def test_a_stack_holds_one_lot_and_never_less_than_nothing(player: Player, guards: Guards) -> None:
    assert not await guards.granted(("put_stack", but(STACK, dry_dg=-1)))
    assert await guards.granted(("put_stack", STACK))
    assert not await guards.granted(("put_stack", but(STACK, version=2, lot="L2")))
    bare = but(STACK, version=2, dry_dg=0)
    assert await guards.granted(("put_stack", bare), ("put_stack", but(STACK, version=3, lot="L2")))
    await guards.granted(("put_stack", but(STACK, lies_at="warehouse/W/1/1", site="warehouse")))
    assert [each.lies_at for each in await player.yard.stacks()] == ["coal/A/1/1", "warehouse/W/1/1"]
    assert [each.lot for each in await player.yard.stacks("coal")] == ["L2"]


async def test_movements_and_tickets_are_kept_once_in_the_order_of_time(player: Player, guards: Guards) -> None:
    later, reference = but(TICKET, ticket="t0", at=20), but(TICKET, ticket="t3", at=15, known_kg=97_000, visit=None)
    for ticket in (later, TICKET, reference):
        assert await guards.granted(("add_ticket", ticket))
    assert not await guards.granted(("add_ticket", but(TICKET, mass_kg=1)))
    assert await player.yard.tickets(0) == [TICKET, reference, later]
    assert await player.yard.tickets(0, limit=1) == [later]
    assert await player.yard.tickets(15) == [reference, later]
    assert await player.yard.references("W1", 0) == [reference]
    assert await player.yard.references("W1", 16) == await player.yard.references("W2", 0) == []
    assert await player.yard.find_ticket("t1") == TICKET
    assert await guards.granted(("add_movement", but(MOVEMENT, movement="m0", at=30)), ("add_movement", MOVEMENT))
    assert not await guards.granted(("add_movement", MOVEMENT))
    assert [each.movement for each in await player.yard.movements("L1")] == ["m1", "m0"]
    assert await player.yard.movements_at() == await player.yard.movements_at(MOVEMENT.site)
    assert [each.movement for each in await player.yard.movements_at()] == ["m1", "m0"]
    assert await player.yard.movements_at("elsewhere") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"visit": "v1", "gross_ticket": "g2", "tare_ticket": "t2"},
        {"visit": "v2", "tare_ticket": "t2"},
        {"visit": "v2", "gross_ticket": "g2"},
        {"visit": "v2", "gross_ticket": "t1", "tare_ticket": "t2"},
        {"visit": "v2", "gross_ticket": "g2", "tare_ticket": "g1"},
        {"visit": "v2", "gross_ticket": "g2", "tare_ticket": "t2", "net_kg": 0},
    ],
)
async def test_each_visit_has_one_net_and_each_ticket_stands_in_one(
    player: Player, guards: Guards, changes: dict[str, Any]
) -> None:
    assert await guards.granted(("add_net", NET))
    assert not await guards.granted(("add_net", but(NET, **changes)))
    other = but(NET, visit="v3", gross_ticket="g3", tare_ticket="t3", at=30)
    assert await guards.granted(("add_net", other))
    assert await player.yard.nets(0, 30) == [NET]
    assert await player.yard.nets(20, 31) == [NET, other]
    assert await player.yard.find_net("v1") == NET
    assert await player.yard.find_net("v2") is None


async def test_warrants_are_covered_by_the_stock_of_their_grade_at_their_site(player: Player, guards: Guards) -> None:
    here = {"site": "warehouse", "grade": "coking-1"}
    held = but(LOT, site="warehouse", in_dg=25_000, stock_dg=25_000)
    assert await guards.granted(("cover_warrants", here))
    assert not await guards.granted(("put_warrant", WARRANT), ("cover_warrants", here))
    assert await guards.granted(("put_lot", held), ("put_warrant", but(WARRANT, dry_kg=2)), ("cover_warrants", here))
    second = but(WARRANT, warrant="w2")
    assert not await guards.granted(("put_warrant", second), ("cover_warrants", here))
    assert await guards.granted(("put_warrant", but(second, grade="coking-2")), ("cover_warrants", here))
    done = but(WARRANT, version=2, dry_kg=2, state="redeemed")
    assert await guards.granted(
        ("put_warrant", done), ("put_warrant", but(second, warrant="w3")), ("cover_warrants", here)
    )
    assert [each.warrant for each in await player.yard.warrants("warehouse")] == ["w1", "w2", "w3"]
    assert await player.yard.warrants("coal") == []


async def test_orders_are_found_while_somebody_may_still_come_on_them(player: Player, guards: Guards) -> None:
    for changes in (
        {},
        {"number": "o2", "state": "under_way"},
        {"number": "o3", "plate": "B"},
        {"number": "o4", "state": "done"},
    ):
        assert await guards.granted(("put_pickup", but(PICKUP, **changes)))
    assert [each.number for each in await player.yard.open_pickups()] == ["o1", "o2", "o3"]
    assert [each.number for each in await player.yard.open_pickups("B")] == ["o3"]
    assert [each.lot for each in await player.yard.lots()] == []
    await guards.granted(("put_lot", LOT), ("put_scale", SCALE), ("put_scale", but(SCALE, scale="V")))
    assert [each.scale for each in await player.yard.scales()] == ["V", "W1"]
    assert await player.yard.lots("coal") == [LOT]
    assert await player.yard.lots("meat") == []
