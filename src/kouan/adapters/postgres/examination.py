"""Examinations read from PostgreSQL; each method is a query of ``queries/examination.sql``."""

from collections.abc import Sequence
from typing import Any

from kouan.adapters.postgres.database import Database
from kouan.inspection.examination.records import ExaminationRecord
from kouan.vocabulary.clock import Instant

_END_OF_TIME = 2**63 - 1


class PostgresExaminationRecords:
    """The ExaminationRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find_examination(self, number: str) -> ExaminationRecord | None:
        """Return one examination in whatever state."""
        return await self._one("examination.find", number=number)

    async def open_examinations(self) -> Sequence[ExaminationRecord]:
        """Return the examinations without ``closed_at``, oldest order first."""
        return await self._all("examination.going_on")

    async def open_of_plate(self, plate: str) -> ExaminationRecord | None:
        """Return the examination of a vehicle that goes on."""
        return await self._one("examination.open_of_plate", plate=plate)

    async def latest_of_plate(self, plate: str) -> ExaminationRecord | None:
        """Return a vehicle's examination that was ordered last, open or closed."""
        return await self._one("examination.latest_of_plate", plate=plate)

    async def list_examinations(self, before: Instant | None = None, limit: int = 100) -> Sequence[ExaminationRecord]:
        """Return the examinations ordered before ``before``, newest first."""
        return await self._all("examination.list", before=_END_OF_TIME if before is None else before, limit=limit)

    async def _all(self, name: str, **params: Any) -> Sequence[ExaminationRecord]:
        rows = await self._database.fetch_all(name, {"port": self._port, **params})
        return [ExaminationRecord(*row) for row in rows]

    async def _one(self, name: str, **params: Any) -> ExaminationRecord | None:
        row = await self._database.fetch_one(name, {"port": self._port, **params})
        return ExaminationRecord(*row) if row else None
