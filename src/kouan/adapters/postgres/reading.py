"""Reads of the ledger over one connection, within whatever transaction it is in."""

from collections.abc import Sequence

import msgspec
from psycopg.rows import TupleRow

from kouan.adapters.postgres.database import Connection
from kouan.adapters.postgres.queries import sql
from kouan.ledger.entries import Entry
from kouan.ledger.heads import SignedHead
from kouan.ledger.merkle import TILE_WIDTH


def entry_of(row: TupleRow) -> Entry:
    """Return the entry in a row of ``ledger.read``'s columns."""
    at, body, epoch, key, kind, port, prev, seq, stream, v = row[:10]
    return Entry(at, msgspec.Raw(body.encode()), epoch, key, kind, port, bytes(prev).hex(), seq, stream, v)


class Reading:
    """One port's entries, tiles and heads; a ``ledger.tiles.TileSource``."""

    def __init__(self, connection: Connection, port: str) -> None:
        self._connection = connection
        self._port = port

    async def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile."""
        start = index * TILE_WIDTH
        params = {"port": self._port, "level": level, "start": start, "end": start + width}
        name = "ledger.tiles" if level else "ledger.leaf_hashes"
        return [bytes(row[0]) for row in await self._fetch(name, params)]

    async def last(self, sequence: int, limit: int) -> Sequence[tuple[Entry, bytes]]:
        """Return up to ``limit`` entries that end with number ``sequence``, with their stored hashes, in order."""
        rows = await self._fetch("ledger.last", {"port": self._port, "sequence": sequence, "limit": limit})
        return [(entry_of(row), bytes(row[10])) for row in reversed(rows)]

    async def has_beyond(self, sequence: int) -> bool:
        """Say whether there is an entry with a higher number."""
        return bool(await self._fetch("ledger.beyond", {"port": self._port, "sequence": sequence}))

    async def latest_head(self) -> SignedHead | None:
        """Return the latest signed head."""
        rows = await self._fetch("ledger.heads", {"port": self._port, "limit": 1})
        return msgspec.json.decode(rows[0][0], type=SignedHead) if rows else None

    async def _fetch(self, name: str, params: dict[str, object]) -> Sequence[TupleRow]:
        return await (await self._connection.execute(sql(name), params)).fetchall()
