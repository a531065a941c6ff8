"""The statements of release in memory; see ``inspection.release.roles`` for what each does."""

from kouan.adapters.memory.tables import Row, Tables, guard
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord

_KEPT = ("declaration", "line", "direction", "declared_at")
_MAY_LEAVE = ("conditionally_released", "passed", "certified", "free")


@guard("release.insert_lot", *LotRecord.__struct_fields__)
def insert_lot(tables: Tables, row: Row) -> int:
    """Insert a lot; refused where its number exists."""
    return _insert(tables, "release_lots", row)


@guard("release.move_lot", *(name for name in LotRecord.__struct_fields__ if name not in _KEPT))
def move_lot(tables: Tables, row: Row) -> int:
    """Replace a lot by its next version; refused where somebody else has moved it."""
    before = tables.get("release_lots", row["port"], row["number"])
    if before is None or before["version"] != row["version"] - 1:
        return 0
    kept = {name: before[name] for name in _KEPT}
    tables.put("release_lots", {**row, **kept}, row["port"], row["number"])
    return 1


@guard("release.may_leave", "number", "version", "at")
def may_leave(tables: Tables, row: Row) -> int:
    """Find a lot, as it was read, in a state in which goods may leave, with no deadline passed."""
    lot = tables.get("release_lots", row["port"], row["number"])
    if lot is None or lot["version"] != row["version"] or lot["state"] not in _MAY_LEAVE:
        return 0
    return int(lot["deadline"] is None or lot["deadline"] > row["at"])


@guard("release.insert_sample", *SampleRecord.__struct_fields__)
def insert_sample(tables: Tables, row: Row) -> int:
    """Insert a sample; refused where its number exists."""
    return _insert(tables, "release_samples", row)


@guard("release.note_result", "number", "lot", "result", "passed")
def note_result(tables: Tables, row: Row) -> int:
    """Note the result of a sample of a lot; refused where it has one."""
    before = tables.get("release_samples", row["port"], row["number"])
    if before is None or before["lot"] != row["lot"] or before["result"] is not None:
        return 0
    noted = {**before, "result": row["result"], "passed": row["passed"]}
    tables.put("release_samples", noted, row["port"], row["number"])
    return 1


@guard("release.hand_over", *CustodyRecord.__struct_fields__)
def hand_over(tables: Tables, row: Row) -> int:
    """Insert the next link of a chain of custody; refused where it is not the next."""
    links = [link for link in tables.where("release_custody", "item", row["item"]) if link["port"] == row["port"]]
    if row["step"] != len(links) + 1:
        return 0
    tables.put("release_custody", row, row["port"], row["item"], row["step"])
    return 1


def _insert(tables: Tables, table: str, row: Row) -> int:
    if tables.get(table, row["port"], row["number"]):
        return 0
    tables.put(table, row, row["port"], row["number"])
    return 1
