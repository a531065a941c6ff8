"""The network's statements in memory; see ``network.records`` for what each does."""

from collections.abc import Callable
from typing import Any

import msgspec

from kouan.adapters.memory.tables import Row, Tables, effect, guard
from kouan.network.bulletins import Issued, PublishedRulebook
from kouan.network.reading import PassageChange
from kouan.network.records import KeptBulletin, PortRecord, PreAuthorisedRecord, RegionHold, Watched
from kouan.network.region import HOUR_US
from kouan.network.views import Flow

_ROWS = msgspec.json.Decoder(list[PassageChange])


@guard("network.admit_port", "last")
def admit_port(tables: Tables, row: Row) -> int:
    """Insert a port of which nothing was taken yet; refused where it is there."""
    if tables.get("network_ports", row["port"]):
        return 0
    fresh = PortRecord(row["port"], 0, row["last"], 0, 0, None, None, None, 0, None)
    tables.put("network_ports", msgspec.structs.asdict(fresh), row["port"])
    return 1


def _change_port(tables: Tables, port: str, holds: Callable[[Row], bool], **change: Any) -> int:
    before = tables.get("network_ports", port)
    if before is None or not holds(before):
        return 0
    tables.put("network_ports", {**before, **change}, port)
    return 1


@guard("network.advance", "before", "taken", "last", "epoch", "entry_at", "heard_at", "size")
def advance(tables: Tables, row: Row) -> int:
    """Move what is taken of a port on; refused where it stands elsewhere, or the port is suspended."""
    change = {name: row[name] for name in ("taken", "last", "epoch", "entry_at", "heard_at")}
    before = tables.get("network_ports", row["port"])
    size = max(row["size"], before["size"] if before else 0)
    stands = row["before"]
    return _change_port(
        tables, row["port"], lambda port: port["taken"] == stands and port["suspended"] is None, size=size, **change
    )


@effect("network.insert_entries", "before", "leaves", "entries")
def insert_entries(tables: Tables, row: Row) -> int:
    """Insert entries of a port, numbered from ``before`` + 1; those that stand stay."""
    for seq, (leaf, entry) in enumerate(zip(row["leaves"], row["entries"], strict=True), row["before"] + 1):
        if tables.get("network_entries", row["port"], seq) is None:
            tables.put("network_entries", {"leaf": leaf, "entry": entry}, row["port"], seq)
    return len(row["entries"])


@effect("network.insert_tile", "level", "place", "root")
def insert_tile(tables: Tables, row: Row) -> int:
    """Insert the root of a subtree that is complete now."""
    tables.put("network_tiles", row, row["port"], row["level"], row["place"])
    return 1


@effect("network.open_passages", "rows")
def open_passages(tables: Tables, row: Row) -> int:
    """Insert the passages that begin."""
    for change in _ROWS.decode(row["rows"]):
        key = (row["port"], change.passage)
        if change.opened_at is not None and tables.get("network_passages", *key) is None:
            fresh = msgspec.structs.asdict(change)
            _put_passage(tables, {**fresh, "port": row["port"], "held": bool(change.held)})
    return 1


def _put_passage(tables: Tables, passage: Row) -> None:
    """Put a passage, and note where it is found: by its plate, and by the hour in which it began."""
    key = (passage["port"], passage["passage"])
    tables.put("network_passages", passage, *key)
    if passage["plate"] is not None:
        for index, place in (("plate", passage["plate"]), ("hour", passage["opened_at"] // HOUR_US)):
            noted = tables.get("network_index", index, place) or {"keys": {}}
            if key not in noted["keys"]:
                tables.put("network_index", {"keys": {**noted["keys"], key: None}}, index, place)


@effect("network.change_passages", "rows")
def change_passages(tables: Tables, row: Row) -> int:
    """Change passages by what entries say of them."""
    for change in _ROWS.decode(row["rows"]):
        before = tables.get("network_passages", row["port"], change.passage)
        if before is not None:
            said = {name: getattr(change, name) for name in ("plate", "held", "closed_at", "state", "stop_us")}
            known = {name: value for name, value in said.items() if value is not None}
            _put_passage(tables, {**before, **known})
    return 1


@effect("network.count_closed", "rows")
def count_closed(tables: Tables, row: Row) -> int:
    """Add the passages that ended to the hours in which they did."""
    for change in _ROWS.decode(row["rows"]):
        passage = tables.get("network_passages", row["port"], change.passage)
        if change.closed_at is None or passage is None:
            continue
        key = (row["port"], change.closed_at // HOUR_US * HOUR_US)
        before = tables.get("network_flow", *key) or msgspec.structs.asdict(Flow(*key))
        counter = _counter(change.state, passage["direction"])
        tables.put("network_flow", {**before, counter: before[counter] + 1} if counter else before, *key)
    return 1


def _counter(state: str | None, direction: str) -> str | None:
    """Return the column of the flow in which a passage counts; one that was abandoned counts in none."""
    if state == "cleared":
        return f"released_{direction}"
    return state if state in ("diverted", "refused") else None


@guard("network.witness", "size", "at")
def witness(tables: Tables, row: Row) -> int:
    """Note the largest head of a port that was witnessed; refused where one as large was."""
    size = row["size"]
    return _change_port(
        tables,
        row["port"],
        lambda port: port["witnessed_size"] < size,
        witnessed_size=size,
        witnessed_at=row["at"],
    )


@guard("network.suspend", "rule")
def suspend(tables: Tables, row: Row) -> int:
    """Take nothing more from a port; refused where that is so."""
    return _change_port(tables, row["port"], lambda port: port["suspended"] is None, suspended=row["rule"])


@guard("network.resume")
def resume(tables: Tables, row: Row) -> int:
    """Take entries of a port again; refused where it is not suspended."""
    return _change_port(tables, row["port"], lambda port: port["suspended"] is not None, suspended=None)


@effect("network.raise_alarm", "number", "at", "priority", "code", "params")
def raise_alarm(tables: Tables, row: Row) -> int:
    """Insert an alarm, unless its number stands."""
    if tables.get("network_alarms", row["number"]) is not None:
        return 0
    tables.put("network_alarms", {**row, "acknowledged_by": None}, row["number"])
    return 1


@guard("network.acknowledge_alarm", "number", "by")
def acknowledge_alarm(tables: Tables, row: Row) -> int:
    """Note who acknowledged an alarm; refused where somebody did, or there is none."""
    before = tables.get("network_alarms", row["number"])
    if before is None or before["acknowledged_by"] is not None:
        return 0
    tables.put("network_alarms", {**before, "acknowledged_by": row["by"]}, row["number"])
    return 1


def _insert_once(tables: Tables, table: str, row: Row, *key: Any) -> int:
    if tables.get(table, *key) is not None:
        return 0
    tables.put(table, row, *key)
    return 1


@guard("network.place_hold", *RegionHold.__struct_fields__)
def place_hold(tables: Tables, row: Row) -> int:
    """Insert a hold; refused where its number exists."""
    return _insert_once(tables, "network_holds", row, row["number"])


@guard("network.lift_hold", "number", "lifted_by", "lifted_at")
def lift_hold(tables: Tables, row: Row) -> int:
    """Lift a hold that is in force; else refused."""
    before = tables.get("network_holds", row["number"])
    if before is None or before["lifted_at"] is not None:
        return 0
    lifted = {**before, "lifted_by": row["lifted_by"], "lifted_at": row["lifted_at"]}
    tables.put("network_holds", lifted, row["number"])
    return 1


@guard("network.add_watch", *Watched.__struct_fields__)
def add_watch(tables: Tables, row: Row) -> int:
    """Insert what is watched for; refused where its number exists."""
    return _insert_once(tables, "network_watched", row, row["number"])


@guard("network.remove_watch", "number")
def remove_watch(tables: Tables, row: Row) -> int:
    """Remove what is watched for; refused where it is not."""
    return int(tables.delete("network_watched", row["number"]))


@effect("network.preauthorise", *PreAuthorisedRecord.__struct_fields__)
def preauthorise(tables: Tables, row: Row) -> int:
    """Insert or replace a vehicle that may pass while the hub cannot be reached."""
    tables.put("network_preauthorised", row, row["plate"])
    return 1


@guard("network.withdraw", "plate")
def withdraw(tables: Tables, row: Row) -> int:
    """Remove a vehicle's permit; refused where it has none."""
    return int(tables.delete("network_preauthorised", row["plate"]))


@guard("network.publish_rulebook", *PublishedRulebook.__struct_fields__)
def publish_rulebook(tables: Tables, row: Row) -> int:
    """Insert a rulebook; refused where this version of it exists."""
    return _insert_once(tables, "network_rulebooks", row, row["name"], row["version"])


@effect("network.issue", *Issued.__struct_fields__)
def issue(tables: Tables, row: Row) -> int:
    """Note the version of a kind that is issued to a port."""
    tables.put("network_issued", row, row["port"], row["kind"])
    return 1


@guard("network.keep_bulletin", *KeptBulletin.__struct_fields__)
def keep_bulletin(tables: Tables, row: Row) -> int:
    """Keep a bulletin of a later version than the one that is kept; else refused."""
    before = tables.get("network_bulletins", row["port"], row["kind"])
    if before is not None and before["version"] >= row["version"]:
        return 0
    tables.put("network_bulletins", row, row["port"], row["kind"])
    return 1
