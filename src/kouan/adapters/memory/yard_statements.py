"""The statements of the yard in memory; see ``yard.roles`` for what each does."""

import msgspec

from kouan.adapters.memory.tables import Row, Tables, guard
from kouan.yard.moisture import DECIGRAMS
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
)


def _fields(form: type[msgspec.Struct]) -> list[str]:
    return list(form.__struct_fields__)


def _follows(tables: Tables, table: str, row: Row, key: str) -> bool:
    """Say whether a row is the first of its key, or the next version of the one that stands."""
    before = tables.get(table, row["port"], row[key])
    return bool(row["version"] == (1 if before is None else before["version"] + 1))


def _put(tables: Tables, table: str, row: Row, key: str) -> int:
    if not _follows(tables, table, row, key):
        return 0
    tables.put(table, row, row["port"], row[key])
    return 1


def _add(tables: Tables, table: str, row: Row, key: str) -> int:
    if tables.get(table, row["port"], row[key]) is not None:
        return 0
    tables.put(table, row, row["port"], row[key])
    return 1


@guard("yard.put_visit", *_fields(VisitRecord))
def put_visit(tables: Tables, row: Row) -> int:
    """Insert or replace a visit's next version; refused too where the vehicle has another open one."""
    others = [
        found
        for found in tables.where("yard_visits", "plate", row["plate"])
        if found["port"] == row["port"] and found["closed_at"] is None and found["visit"] != row["visit"]
    ]
    return 0 if others else _put(tables, "yard_visits", row, "visit")


@guard("yard.put_lot", *_fields(LotRecord))
def put_lot(tables: Tables, row: Row) -> int:
    """Insert or replace an account's next version; refused too where it does not balance."""
    balanced = row["in_dg"] == row["out_dg"] + row["stock_dg"] + row["loss_dg"]
    least = min(row[name] for name in ("in_dg", "out_dg", "stock_dg", "taken_kg", "reserved_kg"))
    return _put(tables, "yard_lots", row, "lot") if balanced and least >= 0 else 0


@guard("yard.put_stack", *_fields(StackRecord))
def put_stack(tables: Tables, row: Row) -> int:
    """Insert or replace a stack's next version; refused too below zero, or where another lot still lies."""
    before = tables.get("yard_stacks", row["port"], row["lies_at"])
    taken = before is not None and before["lot"] != row["lot"] and before["dry_dg"] != 0
    return 0 if taken or row["dry_dg"] < 0 else _put(tables, "yard_stacks", row, "lies_at")


@guard("yard.put_scale", *_fields(ScaleRecord))
def put_scale(tables: Tables, row: Row) -> int:
    """Insert or replace a scale's next version."""
    return _put(tables, "yard_scales", row, "scale")


@guard("yard.put_pickup", *_fields(PickupRecord))
def put_pickup(tables: Tables, row: Row) -> int:
    """Insert or replace a pick-up order's next version."""
    return _put(tables, "yard_pickups", row, "number")


@guard("yard.put_warrant", *_fields(WarrantRecord))
def put_warrant(tables: Tables, row: Row) -> int:
    """Insert or replace a warrant's next version."""
    return _put(tables, "yard_warrants", row, "warrant")


@guard("yard.add_movement", *_fields(MovementRecord))
def add_movement(tables: Tables, row: Row) -> int:
    """Insert a movement of mass; refused where it exists."""
    return _add(tables, "yard_movements", row, "movement")


@guard("yard.add_ticket", *_fields(TicketRecord))
def add_ticket(tables: Tables, row: Row) -> int:
    """Insert a weighing ticket; refused where it exists."""
    return _add(tables, "yard_tickets", row, "ticket")


@guard("yard.add_net", *_fields(NetRecord))
def add_net(tables: Tables, row: Row) -> int:
    """Insert the net of a visit; refused where it has one, or either ticket stands in one."""
    sides = ("gross_ticket", "tare_ticket")
    used = [found for column in sides for own in sides for found in tables.where("yard_nets", column, row[own])]
    if row["net_kg"] <= 0 or any(found["port"] == row["port"] for found in used):
        return 0
    return _add(tables, "yard_nets", row, "visit")


@guard("yard.cover_warrants", "site", "grade")
def cover_warrants(tables: Tables, row: Row) -> int:
    """Hold where the warrants of a grade at a site are covered by what lies there."""
    here = (row["port"], row["site"], row["grade"])
    bound = sum(
        found["dry_kg"]
        for found in tables.rows("yard_warrants")
        if (found["port"], found["site"], found["grade"]) == here and found["state"] != "redeemed"
    )
    stock_dg = sum(
        found["stock_dg"]
        for found in tables.rows("yard_lots")
        if (found["port"], found["site"], found["grade"]) == here
    )
    return int(bound * DECIGRAMS <= stock_dg)
