"""Alarms read from PostgreSQL; each method is a query in ``queries/command.sql``."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kouan.adapters.postgres.database import Database
from kouan.command.alarms import Alarm


class PostgresAlarmRecords:
    """The AlarmRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find(self, number: str) -> Alarm | None:
        """Return one alarm."""
        row = await self._database.fetch_one("command.find_alarm", {"port": self._port, "number": number})
        return _alarm(row) if row else None

    async def latest(self, limit: int = 1000) -> Sequence[Alarm]:
        """Return alarms, those first that are not both over and acknowledged, newest first."""
        rows = await self._database.fetch_all("command.latest_alarms", {"port": self._port, "limit": limit})
        return [_alarm(row) for row in rows]


def _alarm(row: Sequence[Any]) -> Alarm:
    number, at, lane, passage, priority, code, params, *rest = row
    return Alarm(number, at, lane, passage, priority, code, msgspec.json.decode(params), *rest)
