"""Alarms in memory: what their statements do (see ``command.roles``), and how they are read."""

from collections.abc import Sequence

import msgspec

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.adapters.memory.tables import Row, Tables, effect, guard
from kouan.command.alarms import Alarm, AlarmState

_TABLE = "command_alarms"
_RAISED = ("number", "at", "lane", "passage", "priority", "code", "params", "lasts")
_FRESH = {"returned_at": None, "acknowledged_by": None, "acknowledged_at": None, "word": None}


@effect("command.raise_alarm", *_RAISED)
def raise_alarm(tables: Tables, row: Row) -> int:
    """Insert an alarm, or have it stand again that returned to normal and was not acknowledged."""
    before = tables.get(_TABLE, row["port"], row["number"])
    if before is not None and before["acknowledged_at"] is not None:
        return 0
    again = {} if before is None else {name: before[name] for name in ("lane", "passage", "code", "params")}
    tables.put(_TABLE, {**_FRESH, **row, **again}, row["port"], row["number"])
    return 1


@effect("command.return_alarm", "number", "returned_at")
def return_alarm(tables: Tables, row: Row) -> int:
    """Note when what an alarm was raised for was over."""
    before = tables.get(_TABLE, row["port"], row["number"])
    if before is None or before["returned_at"] is not None:
        return 0
    tables.put(_TABLE, {**before, "returned_at": row["returned_at"]}, row["port"], row["number"])
    return 1


@guard("command.acknowledge_alarm", "number", "acknowledged_by", "acknowledged_at", "word", "returned_at")
def acknowledge_alarm(tables: Tables, row: Row) -> int:
    """Note who acknowledged an alarm; refused where somebody did, or there is none."""
    before = tables.get(_TABLE, row["port"], row["number"])
    if before is None or before["acknowledged_at"] is not None:
        return 0
    over = row["returned_at"] if before["returned_at"] is None else before["returned_at"]
    said = {name: row[name] for name in ("acknowledged_by", "acknowledged_at", "word")}
    tables.put(_TABLE, {**before, **said, "returned_at": over}, row["port"], row["number"])
    return 1


class MemoryAlarmRecords:
    """The AlarmRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find(self, number: str) -> Alarm | None:
        """Return one alarm."""
        row = self._records.row(_TABLE, number)
        return None if row is None else _alarm(row)

    async def latest(self, limit: int = 1000) -> Sequence[Alarm]:
        """Return alarms, those first that are not both over and acknowledged, newest first."""
        found = [_alarm(row) for row in self._records.rows(_TABLE)]
        found.sort(key=lambda alarm: (alarm.state is AlarmState.NORMAL, -alarm.at, alarm.number))
        return found[:limit]


def _alarm(row: Row) -> Alarm:
    fields = {name: row[name] for name in Alarm.__struct_fields__}
    return Alarm(**{**fields, "params": msgspec.json.decode(row["params"])})
