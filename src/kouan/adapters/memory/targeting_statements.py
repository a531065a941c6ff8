"""The statements of targeting in memory; see ``inspection.targeting.roles`` for what each does."""

from typing import Any

from kouan.adapters.memory.tables import Row, Tables, effect, guard
from kouan.inspection.targeting.budget import Budget
from kouan.inspection.targeting.profiles import Addition, Profile, added
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, NoticeRecord, WatchRecord

_CANDIDATES, _MODELS, _SPENT = "targeting_candidates", "targeting_models", "targeting_spent"


def _insert(tables: Tables, table: str, row: Row, name: str) -> int:
    if tables.get(table, row["port"], row[name]):
        return 0
    tables.put(table, row, row["port"], row[name])
    return 1


def _change(tables: Tables, table: str, before: Row, name: str, **changes: Any) -> int:
    tables.put(table, {**before, **changes}, before["port"], before[name])
    return 1


@guard("targeting.judge", *CandidateRecord.__struct_fields__)
def judge(tables: Tables, row: Row) -> int:
    """Insert a judged candidate, or replace one that passed and whose papers say something else now; else refused."""
    before = tables.get(_CANDIDATES, row["port"], row["number"])
    if before is not None and (before["source"] is not None or before["digest"] == row["digest"]):
        return 0
    tables.put(_CANDIDATES, row, row["port"], row["number"])
    return 1


@guard("targeting.spend", "kind", "period", "most")
def spend(tables: Tables, row: Row) -> int:
    """Take one examination of a period's budget; refused where it is spent."""
    before = _spent(tables, row)
    if before["used"] >= row["most"]:
        return 0
    tables.put(_SPENT, {**before, "used": before["used"] + 1}, row["port"], row["kind"], row["period"])
    return 1


@effect("targeting.count", "kind", "period", "used", "seen")
def count(tables: Tables, row: Row) -> int:
    """Count a judged candidate in its period, and an examination that the budget does not bind."""
    before = _spent(tables, row)
    after = {**before, "used": before["used"] + row["used"], "seen": before["seen"] + row["seen"]}
    tables.put(_SPENT, after, row["port"], row["kind"], row["period"])
    return 1


def _spent(tables: Tables, row: Row) -> Row:
    fresh = {"port": row["port"], "kind": row["kind"], "period": row["period"], "used": 0, "seen": 0}
    return tables.get(_SPENT, row["port"], row["kind"], row["period"]) or fresh


@effect("targeting.add_profile", *Addition.__struct_fields__)
def add_profile(tables: Tables, row: Row) -> int:
    """Add to what is known of a firm, a plate, goods or a route."""
    before = tables.get("targeting_profiles", row["port"], row["key"])
    standing = None if before is None else Profile(*[before[name] for name in Profile.__struct_fields__])
    after = added(standing, Addition(*[row[name] for name in Addition.__struct_fields__]))
    fields = {name: getattr(after, name) for name in Profile.__struct_fields__}
    tables.put("targeting_profiles", {"port": row["port"], **fields}, row["port"], row["key"])
    return 1


@guard("targeting.note_result", "number", "found", "result_at")
def note_result(tables: Tables, row: Row) -> int:
    """Note what was found of a selected candidate that has no result yet; else refused."""
    before = tables.get(_CANDIDATES, row["port"], row["number"])
    if before is None or before["source"] is None or before["result_at"] is not None:
        return 0
    return _change(tables, _CANDIDATES, before, "number", found=row["found"], result_at=row["result_at"])


@guard("targeting.set_budget", *Budget.__struct_fields__)
def set_budget(tables: Tables, row: Row) -> int:
    """Insert a budget; refused where its number exists."""
    return _insert(tables, "targeting_budgets", row, "number")


@guard("targeting.watch", *WatchRecord.__struct_fields__)
def watch(tables: Tables, row: Row) -> int:
    """Insert an entry of a watch list; refused where its number exists."""
    return _insert(tables, "targeting_watched", row, "number")


@guard("targeting.unwatch", "number", "authority")
def unwatch(tables: Tables, row: Row) -> int:
    """Delete an entry of an authority's watch list; refused where there is none."""
    before = tables.get("targeting_watched", row["port"], row["number"])
    if before is None or before["authority"] != row["authority"]:
        return 0
    return int(tables.delete("targeting_watched", row["port"], row["number"]))


@guard("targeting.keep_model", *ModelRecord.__struct_fields__)
def keep_model(tables: Tables, row: Row) -> int:
    """Insert a model; refused where its version exists."""
    return _insert(tables, _MODELS, row, "version")


@guard("targeting.propose_model", "version", "by")
def propose_model(tables: Tables, row: Row) -> int:
    """Propose a model whose grade allows its use and that is not in force; else refused."""
    before = tables.get(_MODELS, row["port"], row["version"])
    if before is None or not before["passed"] or before["state"] == "active":
        return 0
    return _change(tables, _MODELS, before, "version", state="proposed", proposed_by=row["by"])


@guard("targeting.retire_models")
def retire_models(tables: Tables, row: Row) -> int:
    """Retire the model in force, before another takes its place; never refuses."""
    for before in tables.where(_MODELS, "state", "active"):
        if before["port"] == row["port"]:
            _change(tables, _MODELS, before, "version", state="retired")
    return 1


@guard("targeting.activate_model", "version", "by", "at")
def activate_model(tables: Tables, row: Row) -> int:
    """Put a model in force that somebody else proposed; else refused."""
    before = tables.get(_MODELS, row["port"], row["version"])
    if before is None or before["state"] != "proposed" or before["proposed_by"] == row["by"]:
        return 0
    changes = {"state": "active", "activated_by": row["by"], "activated_at": row["at"]}
    return _change(tables, _MODELS, before, "version", **changes)


@guard("targeting.notice", *NoticeRecord.__struct_fields__)
def notice(tables: Tables, row: Row) -> int:
    """Insert a notice of drift; refused where its number exists."""
    return _insert(tables, "targeting_notices", row, "number")


@guard("targeting.acknowledge", "number", "by")
def acknowledge(tables: Tables, row: Row) -> int:
    """Note who has seen a notice of drift; refused where somebody has."""
    before = tables.get("targeting_notices", row["port"], row["number"])
    if before is None or before["acknowledged_by"] is not None:
        return 0
    return _change(tables, "targeting_notices", before, "number", acknowledged_by=row["by"])
