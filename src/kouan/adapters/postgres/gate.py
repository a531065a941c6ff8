"""The gate's records read from PostgreSQL; each method is the query of its name in ``queries/gate.sql``."""

from collections.abc import Mapping, Sequence
from typing import Any

from kouan.adapters.postgres.database import Database
from kouan.gate.roles import LaneRecord, PassageRecord, Sighting, VisitRecord
from kouan.vocabulary.clock import Instant

_END_OF_TIME = 2**63 - 1


class PostgresGateRecords:
    """The GateRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def open_passages(self) -> Sequence[PassageRecord]:
        """Return every passage without ``closed_at``, oldest first."""
        return [PassageRecord(*row) for row in await self._all("gate.open_passages")]

    async def find_passage(self, passage: str) -> PassageRecord | None:
        """Return one passage, open or closed."""
        row = await self._one("gate.find_passage", passage=passage)
        return PassageRecord(*row) if row else None

    async def list_passages(
        self, state: str | None = None, before: Instant | None = None, limit: int = 100, since: Instant = 0
    ) -> Sequence[PassageRecord]:
        """Return passages opened from ``since`` to before ``before``, newest first, of one state if given."""
        end = _END_OF_TIME if before is None else before
        rows = await self._all("gate.list_passages", state=state, before=end, limit=limit, since=since)
        return [PassageRecord(*row) for row in rows]

    async def open_reviews(self) -> Sequence[PassageRecord]:
        """Return the passages in state ``in_review``, oldest first."""
        return [PassageRecord(*row) for row in await self._all("gate.open_reviews")]

    async def entries_of(self, passage: str) -> Sequence[int]:
        """Return the ledger sequences of a passage's entries, ascending."""
        return [row[0] for row in await self._all("gate.entries_of", passage=passage)]

    async def lanes(self) -> Sequence[LaneRecord]:
        """Return the last recorded state of every lane, by name."""
        return [LaneRecord(*row) for row in await self._all("gate.lanes")]

    async def lane_epochs(self) -> Mapping[str, int]:
        """Return the hold epoch of every lane that has one."""
        return dict(await self._all("gate.lane_epochs"))

    async def count_exceptions(self, by: str, since: Instant) -> int:
        """Return how many exceptions this person gave after ``since``."""
        row = await self._one("gate.count_exceptions", by=by, since=since)
        return int(row[0]) if row else 0

    async def find_sighting(self, plate: str) -> Sighting | None:
        """Return where the plate was last seen."""
        row = await self._one("gate.find_sighting", plate=plate)
        return Sighting(*row) if row else None

    async def find_open_visit(self, plate: str) -> VisitRecord | None:
        """Return the visit of this vehicle that has not ended."""
        row = await self._one("gate.find_open_visit", plate=plate)
        return VisitRecord(*row) if row else None

    async def _all(self, name: str, **params: Any) -> Sequence[tuple[Any, ...]]:
        return await self._database.fetch_all(name, {"port": self._port, **params})

    async def _one(self, name: str, **params: Any) -> tuple[Any, ...] | None:
        return await self._database.fetch_one(name, {"port": self._port, **params})
