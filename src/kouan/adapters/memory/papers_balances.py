"""The statements of supporting papers and of balances in memory; see ``inspection.roles`` for what each does."""

from typing import Any

from kouan.adapters.memory.tables import Row, Tables, guard
from kouan.inspection.records import BalanceRecord, SupportingRecord, WriteOffRecord


def balances_of(tables: Tables, port: str, kind: str, number: str) -> list[Row]:
    """Return the balances of a paper."""
    found = tables.where("papers_balances", "number", number)
    return [row for row in found if row["port"] == port and row["kind"] == kind]


def put_balance(tables: Tables, row: Row, **changes: Any) -> int:
    """Replace a balance by itself with some changes."""
    tables.put("papers_balances", {**row, **changes}, row["port"], row["kind"], row["number"], row["item"])
    return 1


def _find(tables: Tables, row: Row) -> Row | None:
    return tables.get("papers_balances", row["port"], row["kind"], row["number"], row["item"])


def _most_kg(granted_kg: int, overrun_permille: int) -> int:
    return granted_kg + granted_kg * overrun_permille // 1000


@guard("papers.insert_supporting", *SupportingRecord.__struct_fields__)
def insert_supporting(tables: Tables, row: Row) -> int:
    """Insert a supporting paper; refused where its kind has its number."""
    key = (row["port"], row["kind"], row["number"])
    if tables.get("papers_supporting", *key):
        return 0
    tables.put("papers_supporting", row, *key)
    return 1


@guard("papers.amend_supporting", *(name for name in SupportingRecord.__struct_fields__ if name != "submitted_at"))
def amend_supporting(tables: Tables, row: Row) -> int:
    """Replace an active supporting paper by its next version."""
    key = (row["port"], row["kind"], row["number"])
    before = tables.get("papers_supporting", *key)
    if before is None or before["state"] != "active" or before["version"] != row["version"] - 1:
        return 0
    tables.put("papers_supporting", {**row, "submitted_at": before["submitted_at"]}, *key)
    return 1


@guard("papers.revoke_supporting", "kind", "number", "at")
def revoke_supporting(tables: Tables, row: Row) -> int:
    """Revoke an active supporting paper."""
    key = (row["port"], row["kind"], row["number"])
    before = tables.get("papers_supporting", *key)
    if before is None or before["state"] != "active":
        return 0
    tables.put("papers_supporting", {**before, "state": "revoked", "changed_at": row["at"]}, *key)
    return 1


@guard("papers.keep_balances", "kind", "number", "items")
def keep_balances(tables: Tables, row: Row) -> int:
    """Close a paper's balances but for those of some items; refused where mass is written off against another."""
    of_paper = balances_of(tables, row["port"], row["kind"], row["number"])
    others = [each for each in of_paper if each["state"] == "active" and each["item"] not in row["items"]]
    if any(each["taken_kg"] for each in others):
        return 0
    for each in others:
        put_balance(tables, each, state="closed")
    return 1


@guard("papers.grant_balance", *BalanceRecord.__struct_fields__)
def grant_balance(tables: Tables, row: Row) -> int:
    """Grant a mass against an item of a paper, or another than before; refused below what is written off."""
    before = _find(tables, row)
    if before is None:
        return put_balance(tables, row)
    kept = {name: before[name] for name in ("taken_kg", "overrun_permille")}
    if before["taken_kg"] > _most_kg(row["granted_kg"], before["overrun_permille"]):
        return 0
    return put_balance(tables, row, **kept)


@guard("papers.close_balances", "kind", "number")
def close_balances(tables: Tables, row: Row) -> int:
    """Close a paper's balances; never refuses."""
    for each in balances_of(tables, row["port"], row["kind"], row["number"]):
        put_balance(tables, each, state="closed")
    return 1


@guard("papers.take_balance", "kind", "number", "item", "mass_kg", "at", "overrun_permille")
def take_balance(tables: Tables, row: Row) -> int:
    """Write a mass off against an item of a paper that is in force; refused beyond what it grants with its overrun."""
    before = _find(tables, row)
    if before is None or before["state"] != "active" or row["mass_kg"] <= 0:
        return 0
    begun = before["valid_from"] is None or before["valid_from"] <= row["at"]
    ended = before["valid_until"] is not None and before["valid_until"] <= row["at"]
    taken_kg = before["taken_kg"] + row["mass_kg"]
    if not begun or ended or taken_kg > _most_kg(before["granted_kg"], row["overrun_permille"]):
        return 0
    return put_balance(tables, before, taken_kg=taken_kg, overrun_permille=row["overrun_permille"])


@guard("papers.give_back", "kind", "number", "item", "mass_kg")
def give_back(tables: Tables, row: Row) -> int:
    """Take back what was written off against an item of a paper, whatever its state; refused below nought."""
    before = _find(tables, row)
    if before is None or row["mass_kg"] <= 0 or before["taken_kg"] < row["mass_kg"]:
        return 0
    return put_balance(tables, before, taken_kg=before["taken_kg"] - row["mass_kg"])


@guard("papers.keep_write_off", *WriteOffRecord.__struct_fields__)
def keep_write_off(tables: Tables, row: Row) -> int:
    """Keep what a ticket writes off against an item of a paper; refused where it did so before."""
    key = (row["port"], row["ticket"], row["kind"], row["number"], row["item"])
    if tables.get("papers_write_offs", *key):
        return 0
    tables.put("papers_write_offs", row, *key)
    return 1


@guard("papers.void_write_offs", "ticket", "at")
def void_write_offs(tables: Tables, row: Row) -> int:
    """Void what a ticket wrote off; refused where nothing stands."""
    found = [
        each
        for each in tables.where("papers_write_offs", "ticket", row["ticket"])
        if each["port"] == row["port"] and each["voided_at"] is None
    ]
    for each in found:
        key = (each["port"], each["ticket"], each["kind"], each["number"], each["item"])
        tables.put("papers_write_offs", {**each, "voided_at": row["at"]}, *key)
    return len(found)
