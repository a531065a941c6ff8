"""Examinations in memory: their statements and the role that reads them; see ``inspection.examination.records``."""

from collections.abc import Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.adapters.memory.tables import Row, Tables, guard
from kouan.inspection.examination.records import ExaminationRecord
from kouan.vocabulary.clock import Instant

_TABLE, _OPEN = "examinations", "examinations_open"


@guard("examination.open", *ExaminationRecord.__struct_fields__)
def open_examination(tables: Tables, row: Row) -> int:
    """Insert an examination; refused where its number exists, or its vehicle has one that goes on."""
    if tables.get(_TABLE, row["port"], row["number"]) or tables.get(_OPEN, row["port"], row["plate"]):
        return 0
    tables.put(_TABLE, row, row["port"], row["number"])
    if row["closed_at"] is None:
        tables.put(_OPEN, row, row["port"], row["plate"])
    return 1


@guard("examination.update", *ExaminationRecord.__struct_fields__)
def update_examination(tables: Tables, row: Row) -> int:
    """Replace an examination that goes on by its next version; else refused."""
    before = tables.get(_TABLE, row["port"], row["number"])
    if before is None or before["closed_at"] is not None or before["version"] != row["version"] - 1:
        return 0
    tables.put(_TABLE, row, row["port"], row["number"])
    tables.delete(_OPEN, row["port"], before["plate"])
    if row["closed_at"] is None:
        tables.put(_OPEN, row, row["port"], row["plate"])
    return 1


class MemoryExaminationRecords:
    """The ExaminationRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find_examination(self, number: str) -> ExaminationRecord | None:
        """Return one examination in whatever state."""
        return self._records.one(_TABLE, ExaminationRecord, number)

    async def open_examinations(self) -> Sequence[ExaminationRecord]:
        """Return the examinations without ``closed_at``, oldest order first."""
        return sorted(self._records.all(_OPEN, ExaminationRecord), key=_age)

    async def open_of_plate(self, plate: str) -> ExaminationRecord | None:
        """Return the examination of a vehicle that goes on."""
        return self._records.one(_OPEN, ExaminationRecord, plate)

    async def latest_of_plate(self, plate: str) -> ExaminationRecord | None:
        """Return a vehicle's examination that was ordered last, open or closed."""
        return max(self._records.where(_TABLE, ExaminationRecord, "plate", plate), key=_age, default=None)

    async def list_examinations(self, before: Instant | None = None, limit: int = 100) -> Sequence[ExaminationRecord]:
        """Return the examinations ordered before ``before``, newest first."""
        found = [
            each for each in self._records.all(_TABLE, ExaminationRecord) if before is None or each.ordered_at < before
        ]
        return sorted(found, key=_age, reverse=True)[:limit]


def _age(record: ExaminationRecord) -> tuple[Instant, str]:
    return (record.ordered_at, record.number)
