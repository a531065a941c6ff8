"""The statements of rule documents in memory; see ``inspection.rules.roles`` for what each does."""

from typing import Any

from kouan.adapters.memory.tables import Row, Tables, guard
from kouan.inspection.rules.records import RuleRecord

_TABLE = "rules_documents"


def _key(row: Row) -> tuple[Any, ...]:
    return (row["port"], row["kind"], row["name"], row["version"])


@guard("rules.draft", *RuleRecord.__struct_fields__)
def draft(tables: Tables, row: Row) -> int:
    """Insert a version of a document; refused where it exists."""
    if tables.get(_TABLE, *_key(row)):
        return 0
    tables.put(_TABLE, row, *_key(row))
    return 1


@guard(
    "rules.approve",
    *("kind", "name", "version", "digest", "effective_from", "effective_until"),
    *("approved_by", "approved_at", "approval_reason", "signature"),
)
def approve(tables: Tables, row: Row) -> int:
    """Approve a draft of somebody else's, unless an approved version begins with it or before it ends."""
    before = tables.get(_TABLE, *_key(row))
    if before is None or before["state"] != "draft" or before["digest"] != row["digest"]:
        return 0
    if before["drafted_by"] == row["approved_by"] or any(_overtakes(other, row) for other in tables.rows(_TABLE)):
        return 0
    changed = {name: row[name] for name in ("approved_by", "approved_at", "approval_reason", "signature")}
    tables.put(_TABLE, {**before, **changed, "state": "approved"}, *_key(row))
    return 1


def _overtakes(other: Row, row: Row) -> bool:
    same = all(other[name] == row[name] for name in ("port", "kind", "name")) and other["state"] == "approved"
    until = row["effective_until"]
    return same and other["effective_from"] >= row["effective_from"] and (
        until is None or other["effective_from"] < until
    )  # fmt: skip


@guard("rules.withdraw", "kind", "name", "version", "withdrawn_by", "withdrawn_at", "withdrawal_reason")
def withdraw(tables: Tables, row: Row) -> int:
    """Withdraw a version; refused where it was withdrawn before."""
    before = tables.get(_TABLE, *_key(row))
    if before is None or before["state"] == "withdrawn":
        return 0
    changed = {name: row[name] for name in ("withdrawn_by", "withdrawn_at", "withdrawal_reason")}
    tables.put(_TABLE, {**before, **changed, "state": "withdrawn"}, *_key(row))
    return 1
