"""The gate's statements and records in memory; see ``gate.roles`` for what each statement does."""

from collections.abc import Mapping, Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.adapters.memory.tables import Row, Tables, effect, guard
from kouan.gate.roles import ExceptionRecord, LaneRecord, PassageRecord, Sighting, VisitRecord
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict


@guard("gate.open_passage", *PassageRecord.__struct_fields__)
def open_passage(tables: Tables, row: Row) -> int:
    """Insert a passage; refused where it exists, or its lane and track have an open one."""
    place = (row["port"], row["lane"], row["track"])
    if tables.get("gate_passages", row["port"], row["passage"]) or tables.get("gate_passages_open", *place):
        return 0
    tables.put("gate_passages", row, row["port"], row["passage"])
    if row["closed_at"] is None:
        tables.put("gate_passages_open", row, *place)
    return 1


@guard("gate.update_passage", *PassageRecord.__struct_fields__)
def update_passage(tables: Tables, row: Row) -> int:
    """Replace a passage by a later version; refused where one as late stands."""
    before = tables.get("gate_passages", row["port"], row["passage"])
    if before is None or before["version"] >= row["version"]:
        return 0
    tables.put("gate_passages", row, row["port"], row["passage"])
    if before["closed_at"] is None:
        tables.delete("gate_passages_open", row["port"], before["lane"], before["track"])
    if row["closed_at"] is None:
        place = (row["port"], row["lane"], row["track"])
        if tables.get("gate_passages_open", *place):
            raise Conflict(f"track {row['track']} of lane {row['lane']} has another open passage")
        tables.put("gate_passages_open", row, *place)
    return 1


@guard("gate.close_passage", *PassageRecord.__struct_fields__)
def close_passage(tables: Tables, row: Row) -> int:
    """Replace an open passage by its last version; refused where one as late stands, or it is closed."""
    before = tables.get("gate_passages", row["port"], row["passage"])
    if before is None or before["closed_at"] is not None:
        return 0
    return update_passage(tables, row)


@effect("gate.add_entries", "passage", fills_sequences=True)
def add_entries(tables: Tables, row: Row) -> int:
    """Note which entries of other streams belong to a passage."""
    for sequence in row["sequences"]:
        tables.put("gate_entries", row, row["port"], row["passage"], sequence)
    return len(row["sequences"])


@guard("gate.raise_epoch", "lane", "epoch")
def raise_epoch(tables: Tables, row: Row) -> int:
    """Raise a lane's hold epoch by one, from 0 where it has none; refused where it stands elsewhere."""
    before = tables.get("gate_lane_epochs", row["port"], row["lane"])
    if (before["epoch"] if before else 0) != row["epoch"] - 1:
        return 0
    tables.put("gate_lane_epochs", row, row["port"], row["lane"])
    return 1


@effect("gate.update_lane", *LaneRecord.__struct_fields__)
def update_lane(tables: Tables, row: Row) -> int:
    """Replace a lane's state."""
    tables.put("gate_lanes", row, row["port"], row["lane"])
    return 1


@effect("gate.note_exception", *ExceptionRecord.__struct_fields__)
def note_exception(tables: Tables, row: Row) -> int:
    """Insert an exception that a person gave."""
    number = sum(1 for _ in tables.rows("gate_exceptions"))
    tables.put("gate_exceptions", row, row["port"], number)
    return 1


@guard("gate.within_cap", "by", "since", "most")
def within_cap(tables: Tables, row: Row) -> int:
    """Hold where a person gave fewer exceptions after an instant than are allowed."""
    given = [each for each in tables.where("gate_exceptions", "by", row["by"]) if each["port"] == row["port"]]
    return int(sum(each["at"] > row["since"] for each in given) < row["most"])


@effect("gate.note_sighting", *Sighting.__struct_fields__)
def note_sighting(tables: Tables, row: Row) -> int:
    """Replace where a plate was last seen, unless a later sighting stands."""
    before = tables.get("gate_sightings", row["port"], row["plate"])
    if before is not None and before["at"] > row["at"]:
        return 0
    tables.put("gate_sightings", row, row["port"], row["plate"])
    return 1


@guard("gate.open_visit", *VisitRecord.__struct_fields__)
def open_visit(tables: Tables, row: Row) -> int:
    """Insert a visit; refused where it exists, or the plate has one open."""
    port = row["port"]
    if tables.get("gate_visits", port, row["visit"]) or tables.get("gate_visits_open", port, row["plate"]):
        return 0
    tables.put("gate_visits", row, port, row["visit"])
    if row["closed_at"] is None:
        tables.put("gate_visits_open", row, port, row["plate"])
    return 1


@guard("gate.close_visit", "visit", "closed_at", "out_passage")
def close_visit(tables: Tables, row: Row) -> int:
    """End a visit that is open; else refused."""
    before = tables.get("gate_visits", row["port"], row["visit"])
    if before is None or before["closed_at"] is not None:
        return 0
    ended = {**before, "closed_at": row["closed_at"], "out_passage": row["out_passage"]}
    tables.put("gate_visits", ended, row["port"], row["visit"])
    tables.delete("gate_visits_open", row["port"], before["plate"])
    return 1


class MemoryGateRecords:
    """The GateRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._disk = disk
        self._port = port
        self._records = Records(disk, port)

    async def open_passages(self) -> Sequence[PassageRecord]:
        """Return every passage without ``closed_at``, oldest first."""
        return sorted(self._records.all("gate_passages_open", PassageRecord), key=_age)

    async def find_passage(self, passage: str) -> PassageRecord | None:
        """Return one passage, open or closed."""
        return self._records.one("gate_passages", PassageRecord, passage)

    async def list_passages(
        self, state: str | None = None, before: Instant | None = None, limit: int = 100, since: Instant = 0
    ) -> Sequence[PassageRecord]:
        """Return passages opened from ``since`` to before ``before``, newest first, of one state if given."""
        found = [
            record
            for record in self._records.all("gate_passages", PassageRecord)
            if state in (None, record.state) and since <= record.opened_at
            if before is None or record.opened_at < before
        ]
        return sorted(found, key=_age, reverse=True)[:limit]

    async def open_reviews(self) -> Sequence[PassageRecord]:
        """Return the passages in state ``in_review``, oldest first."""
        return [record for record in await self.open_passages() if record.state == "in_review"]

    async def entries_of(self, passage: str) -> Sequence[int]:
        """Return the ledger sequences of a passage's entries, ascending."""
        own = self._disk.ledger(self._port).streams.get(passage, ())
        noted = [
            sequence
            for row in self._records.rows("gate_entries")
            if row["passage"] == passage
            for sequence in row["sequences"]
        ]
        return sorted({*own, *noted})

    async def lanes(self) -> Sequence[LaneRecord]:
        """Return the last recorded state of every lane, by name."""
        return sorted(self._records.all("gate_lanes", LaneRecord), key=lambda record: record.lane)

    async def lane_epochs(self) -> Mapping[str, int]:
        """Return the hold epoch of every lane that has one."""
        return {row["lane"]: row["epoch"] for row in self._records.rows("gate_lane_epochs")}

    async def count_exceptions(self, by: str, since: Instant) -> int:
        """Return how many exceptions this person gave after ``since``."""
        return sum(1 for row in self._records.rows("gate_exceptions") if row["by"] == by and row["at"] > since)

    async def find_sighting(self, plate: str) -> Sighting | None:
        """Return where the plate was last seen."""
        return self._records.one("gate_sightings", Sighting, plate)

    async def find_open_visit(self, plate: str) -> VisitRecord | None:
        """Return the visit of this vehicle that has not ended."""
        return self._records.one("gate_visits_open", VisitRecord, plate)


def _age(record: PassageRecord) -> tuple[Instant, str]:
    return (record.opened_at, record.passage)
