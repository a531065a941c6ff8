"""Release read from PostgreSQL; each method is the query of its name in ``queries/release.sql``."""

from collections.abc import Sequence
from typing import Any

from kouan.adapters.postgres.database import Database
from kouan.inspection.release.pressing import LATE, NEVER, PRESSING, Place
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord
from kouan.vocabulary.clock import Instant


class PostgresReleaseRecords:
    """The ReleaseRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find_lot(self, number: str) -> LotRecord | None:
        """Return one lot in whatever state."""
        found = await self._lots("release.find_lot", number=number)
        return found[0] if found else None

    async def lots_of_declaration(self, declaration: str) -> Sequence[LotRecord]:
        """Return the lots of a declaration, by line."""
        return await self._lots("release.lots_of_declaration", declaration=declaration)

    async def declarations_pressing(self, at: Instant, after: Place, limit: int) -> Sequence[Place]:
        """Return the declarations that come after a place, in the order in which they are looked at."""
        return await self._places("release.declarations_pressing", at, after, limit=limit)

    async def declarations_found(
        self, at: Instant, after: Place, limit: int, numbers: Sequence[str] | None, consignee: str | None
    ) -> Sequence[Place]:
        """Return such of these numbers, with a lot of this consignee, that come after a place."""
        sought = {"numbers": None if numbers is None else list(numbers), "consignee": consignee}
        return await self._places("release.declarations_found", at, after, limit=limit, **sought)

    async def lots_of_certificate(self, certificate: str) -> Sequence[LotRecord]:
        """Return the lots that a certificate frees now, by number."""
        return await self._lots("release.lots_of_certificate", certificate=certificate)

    async def lots_due(self, at: Instant, limit: int) -> Sequence[LotRecord]:
        """Return the lots whose deadline is at or before an instant, the earliest deadline first."""
        return await self._lots("release.lots_due", at=at, limit=limit)

    async def lots_waiting(self, after: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots in no final state with a number after ``after``, by number."""
        return await self._lots("release.lots_waiting", after=after, limit=limit)

    async def lots_in(self, state: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots in a state, the earliest deadline first."""
        return await self._lots("release.lots_in", state=state, limit=limit)

    async def next_deadline(self) -> Instant | None:
        """Return the earliest deadline of all lots, None where none waits."""
        found: Instant | None = (await self._all("release.next_deadline"))[0][0]
        return found

    async def samples_of(self, lot: str) -> Sequence[SampleRecord]:
        """Return the samples of a lot, duplicates included, by number."""
        return [SampleRecord(*row) for row in await self._all("release.samples_of", lot=lot)]

    async def custody_of(self, item: str) -> Sequence[CustodyRecord]:
        """Return the chain of custody of a lot or a sample, from its first link."""
        return [CustodyRecord(*row) for row in await self._all("release.custody_of", item=item)]

    async def _places(self, name: str, at: Instant, after: Place, **params: Any) -> list[Place]:
        order = {"pressing": [state.value for state in PRESSING], "late": [state.value for state in LATE]}
        beyond = {f"after_{field}": getattr(after, field) for field in after.__struct_fields__}
        return [Place(*row) for row in await self._all(name, at=at, never=NEVER, **order, **beyond, **params)]

    async def _lots(self, name: str, **params: Any) -> list[LotRecord]:
        return [LotRecord(*row) for row in await self._all(name, **params)]

    async def _all(self, name: str, **params: Any) -> Sequence[tuple[Any, ...]]:
        return await self._database.fetch_all(name, {"port": self._port, **params})
