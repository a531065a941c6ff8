"""The statements of papers and control orders in memory; see ``inspection.roles`` for what each does."""

from typing import Any

import msgspec

from kouan.adapters.memory.papers_balances import balances_of, put_balance
from kouan.adapters.memory.tables import Row, Tables, effect, guard
from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
)


def _fields(form: type[msgspec.Struct], *without: str) -> list[str]:
    return [name for name in form.__struct_fields__ if name not in without]


def _insert(tables: Tables, table: str, row: Row) -> int:
    if tables.get(table, row["port"], row["number"]):
        return 0
    tables.put(table, row, row["port"], row["number"])
    return 1


def _amend(tables: Tables, table: str, row: Row, kept: tuple[str, ...]) -> int:
    """Replace a row by its next version, but for the kept fields; refused where it is not active."""
    before = tables.get(table, row["port"], row["number"])
    if before is None or before["version"] != row["version"] - 1 or before.get("state", "active") != "active":
        return 0
    tables.put(table, {**row, **{name: before[name] for name in kept}}, row["port"], row["number"])
    return 1


def _change(tables: Tables, table: str, row: Row, **changes: Any) -> int:
    tables.put(table, {**row, **changes}, row["port"], row["number"])
    return 1


@guard("papers.insert_confirmation", *_fields(ConfirmationRecord))
def insert_confirmation(tables: Tables, row: Row) -> int:
    """Insert a confirmation; refused where its number exists."""
    return _insert(tables, "papers_confirmations", row)


@guard("papers.amend_confirmation", *_fields(ConfirmationRecord, "submitted_at", "arrived_at", "passage"))
def amend_confirmation(tables: Tables, row: Row) -> int:
    """Replace an active confirmation by its next version; what was noted of its vehicle stays."""
    return _amend(tables, "papers_confirmations", row, ("submitted_at", "arrived_at", "passage"))


@effect("papers.note_arrival", "number", "at")
def note_arrival(tables: Tables, row: Row) -> int:
    """Note when a confirmation's vehicle first stood at the gate."""
    before = tables.get("papers_confirmations", row["port"], row["number"])
    if before is None or before["arrived_at"] is not None:
        return 0
    return _change(tables, "papers_confirmations", before, arrived_at=row["at"])


@guard("papers.use_confirmation", "number", "passage", "at")
def use_confirmation(tables: Tables, row: Row) -> int:
    """Mark an active confirmation as used by a passage."""
    before = tables.get("papers_confirmations", row["port"], row["number"])
    if before is None or before["state"] != "active":
        return 0
    changes = {"state": "used", "passage": row["passage"], "changed_at": row["at"]}
    return _change(tables, "papers_confirmations", before, **changes)


@guard("papers.insert_manifest", *_fields(ManifestRecord))
def insert_manifest(tables: Tables, row: Row) -> int:
    """Insert a manifest; refused where its number exists."""
    return _insert(tables, "papers_manifests", row)


@guard("papers.amend_manifest", *_fields(ManifestRecord, "submitted_at"))
def amend_manifest(tables: Tables, row: Row) -> int:
    """Replace an active manifest by its next version."""
    return _amend(tables, "papers_manifests", row, ("submitted_at",))


@guard("papers.drop_consignments", "manifest", "direction")
def drop_consignments(tables: Tables, row: Row) -> int:
    """Delete the active consignments of a manifest; never refuses."""
    _delete_consignments(tables, row, "manifest", "direction")
    return 1


@guard("papers.insert_consignment", *_fields(ConsignmentRecord))
def insert_consignment(tables: Tables, row: Row) -> int:
    """Insert a consignment or take over a deleted one; refused where one is active, or too much crossed."""
    key = (row["port"], row["number"], row["direction"])
    before = tables.get("papers_consignments", *key)
    if before is None:
        tables.put("papers_consignments", row, *key)
        return 1
    if before["state"] != "deleted" or before["crossed_kg"] > row["gross_kg"]:
        return 0
    tables.put("papers_consignments", {**row, "crossed_kg": before["crossed_kg"]}, *key)
    return 1


@guard("papers.write_off", "number", "direction", "mass_kg")
def write_off(tables: Tables, row: Row) -> int:
    """Add what crossed to an active consignment; refused beyond what is declared."""
    key = (row["port"], row["number"], row["direction"])
    before = tables.get("papers_consignments", *key)
    if before is None or before["state"] != "active":
        return 0
    crossed_kg = before["crossed_kg"] + row["mass_kg"]
    if not 0 <= crossed_kg <= before["gross_kg"]:
        return 0
    tables.put("papers_consignments", {**before, "crossed_kg": crossed_kg}, *key)
    return 1


@guard("papers.insert_declaration", *_fields(DeclarationRecord))
def insert_declaration(tables: Tables, row: Row) -> int:
    """Insert a declaration; refused where its number exists."""
    return _insert(tables, "papers_declarations", row)


@guard("papers.amend_declaration", *_fields(DeclarationRecord, "submitted_at", "overdue_at"))
def amend_declaration(tables: Tables, row: Row) -> int:
    """Replace a declaration by its next version; that it was overdue stays noted."""
    return _amend(tables, "papers_declarations", row, ("submitted_at", "overdue_at"))


@guard("papers.note_overdue", "number", "at")
def note_overdue(tables: Tables, row: Row) -> int:
    """Note once that the full declaration did not come in time."""
    before = tables.get("papers_declarations", row["port"], row["number"])
    if before is None or before["overdue_at"] is not None:
        return 0
    if before["full_due"] is None or before["full_due"] > row["at"]:
        return 0
    return _change(tables, "papers_declarations", before, overdue_at=row["at"])


@guard("papers.delete_batch", "batch", "at")
def delete_batch(tables: Tables, row: Row) -> int:
    """Delete all active papers of a batch; refused where there is none, a vehicle crossed, or mass is written off."""
    confirmations = _of_batch(tables, "papers_confirmations", row)
    manifests = [manifest for manifest in _of_batch(tables, "papers_manifests", row) if manifest["state"] == "active"]
    active = [confirmation for confirmation in confirmations if confirmation["state"] == "active"]
    if any(confirmation["state"] == "used" for confirmation in confirmations) or not active + manifests:
        return 0
    balances = [
        each for manifest in manifests for each in balances_of(tables, row["port"], "manifest", manifest["number"])
    ]
    if any(balance["taken_kg"] for balance in balances):
        return 0
    for balance in balances:
        put_balance(tables, balance, state="closed")
    for confirmation in active:
        _change(tables, "papers_confirmations", confirmation, state="deleted", changed_at=row["at"])
    for manifest in manifests:
        _change(tables, "papers_manifests", manifest, state="deleted", changed_at=row["at"])
    _delete_consignments(tables, row, "batch")
    return 1


@guard("papers.place_order", *_fields(ControlOrderRecord))
def place_order(tables: Tables, row: Row) -> int:
    """Insert a control order; refused where its number exists."""
    return _insert(tables, "papers_orders", row)


@guard("papers.lift_order", "number", "authority", "lifted_by", "lifted_at", "lift_reason")
def lift_order(tables: Tables, row: Row) -> int:
    """Lift a control order of this authority that is not lifted; else refused."""
    before = tables.get("papers_orders", row["port"], row["number"])
    if before is None or before["lifted_at"] is not None or before["authority"] != row["authority"]:
        return 0
    changes = {name: row[name] for name in ("lifted_by", "lifted_at", "lift_reason")}
    return _change(tables, "papers_orders", before, **changes)


def _of_batch(tables: Tables, table: str, row: Row) -> list[Row]:
    return [found for found in tables.where(table, "batch", row["batch"]) if found["port"] == row["port"]]


def _delete_consignments(tables: Tables, row: Row, *same: str) -> None:
    """Delete the active consignments that agree with the row in the fields named."""
    for found in tables.where("papers_consignments", same[0], row[same[0]]):
        if found["state"] == "active" and all(found[name] == row[name] for name in ("port", *same)):
            deleted = {**found, "state": "deleted"}
            tables.put("papers_consignments", deleted, found["port"], found["number"], found["direction"])
