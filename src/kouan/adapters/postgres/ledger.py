"""The Ledger role played by PostgreSQL."""

from collections.abc import Sequence

import msgspec

from kouan.adapters.appending.writer import PATIENCE_S, GroupWriter
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.reading import entry_of
from kouan.adapters.postgres.store import PostgresStore
from kouan.adapters.signing.sealing import Sealed, Sealer
from kouan.ledger.entries import Entry
from kouan.ledger.heads import SignedHead
from kouan.ledger.merkle import TILE_WIDTH
from kouan.ledger.roles import Appended, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotAllowed, NotFound


class PostgresLedger:
    """One port's ledger; made by ``open_writer`` or ``open_reader``."""

    def __init__(self, database: Database, port: str, clock: Clock, sealer: Sealer, writer: GroupWriter | None) -> None:
        self._database = database
        self._port = port
        self._clock = clock
        self._sealer = sealer
        self._writer = writer

    @classmethod
    async def open_writer(
        cls, database: Database, port: str, clock: Clock, sealer: Sealer, *, patience_s: float = PATIENCE_S
    ) -> "PostgresLedger":
        """Become the port's one writer, fencing the one before.

        Raises Unavailable where the database cannot be reached, Corrupt where the end of the ledger does not verify.
        """
        writer = GroupWriter(PostgresStore(database, port, sealer), clock, patience_s=patience_s)
        await writer.open()
        return cls(database, port, clock, sealer, writer)

    @classmethod
    def open_reader(cls, database: Database, port: str, clock: Clock, sealer: Sealer) -> "PostgresLedger":
        """Return the port's ledger for reading only; ``append`` raises NotAllowed."""
        return cls(database, port, clock, sealer, None)

    @property
    def writer(self) -> GroupWriter:
        """The group writer; raise NotAllowed where the ledger was opened for reading."""
        if self._writer is None:
            raise NotAllowed("this ledger was opened for reading only")
        return self._writer

    async def append(self, unit: Unit) -> Appended | UnitRefused:
        """Record the unit durably; see ``ledger.roles.Ledger.append``."""
        return await self.writer.append(unit)

    async def close(self) -> None:
        """Finish what is being committed and stop writing."""
        if self._writer is not None:
            await self._writer.close()

    async def read(self, after: int = 0, limit: int = 1000, stream: str | None = None) -> Sequence[Entry]:
        """Return entries with sequence > ``after`` in order, of one stream if given."""
        params = {"port": self._port, "after": after, "limit": limit, "stream": stream}
        name = "ledger.read" if stream is None else "ledger.read_stream"
        return [entry_of(row) for row in await self._database.fetch_all(name, params)]

    async def get(self, sequence: int) -> Entry:
        """Return one entry; raise NotFound."""
        row = await self._database.fetch_one("ledger.get", {"port": self._port, "seq": sequence})
        if row is None:
            raise NotFound(f"there is no entry {sequence}")
        return entry_of(row)

    async def size(self) -> int:
        """Return the number of entries."""
        row = await self._database.fetch_one("ledger.size", {"port": self._port})
        return 0 if row is None else int(row[0])

    async def heads(self, limit: int = 100) -> Sequence[SignedHead]:
        """Return the latest signed heads, newest first."""
        rows = await self._database.fetch_all("ledger.heads", {"port": self._port, "limit": limit})
        return [msgspec.json.decode(row[0], type=SignedHead) for row in rows]

    async def add_head(self, head: SignedHead) -> None:
        """Keep a signed head."""
        params = {"port": self._port, "size": head.size, "at": head.at, "head": head.encode().decode()}
        await self._database.change("ledger.add_head", params)

    async def leaf_hashes(self, start: int, end: int) -> Sequence[bytes]:
        """Return the 32-byte leaf hashes of the entries with sequence in (start, end]."""
        rows = await self._database.fetch_all("ledger.leaf_hashes", {"port": self._port, "start": start, "end": end})
        return [bytes(row[0]) for row in rows]

    async def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile (``ledger.tiles.TileSource``), of which proofs are made."""
        start = index * TILE_WIDTH
        params = {"port": self._port, "level": level, "start": start, "end": start + width}
        rows = await self._database.fetch_all("ledger.tiles" if level else "ledger.leaf_hashes", params)
        return [bytes(row[0]) for row in rows]

    async def open_personal(self, commitment: str) -> bytes | None:
        """Return the payload behind a commitment, or None where the person has been forgotten."""
        row = await self._database.fetch_one("ledger.sealed", {"port": self._port, "commitment": commitment})
        if row is None or row[3] is None:
            return None
        return self._sealer.open(Sealed(commitment, row[0], bytes(row[1]), bytes(row[2])), bytes(row[3]))

    async def forget(self, subject: str) -> bool:
        """Destroy the subject's key, so that nothing sealed under it can be read again; say whether there was one."""
        rows = await self._database.change("ledger.forget", {"subject": subject, "at": self._clock.now()})
        return bool(rows)
