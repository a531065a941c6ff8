"""The Ledger role played in memory."""

import asyncio
from collections.abc import Sequence

from kouan.adapters.appending.writer import PATIENCE_S, GroupWriter
from kouan.adapters.memory.disk import LedgerFile, MemoryDisk
from kouan.adapters.memory.store import MemoryStore
from kouan.adapters.signing.sealing import Sealer
from kouan.ledger.entries import Entry
from kouan.ledger.heads import SignedHead
from kouan.ledger.roles import Appended, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotAllowed, NotFound


class MemoryLedger:
    """One port's ledger on a MemoryDisk; made by ``open_writer`` or ``open_reader``."""

    def __init__(self, disk: MemoryDisk, port: str, clock: Clock, sealer: Sealer, writer: GroupWriter | None) -> None:
        self._disk = disk
        self._port = port
        self._clock = clock
        self._sealer = sealer
        self._writer = writer
        self._crashed = False

    @classmethod
    async def open_writer(
        cls, disk: MemoryDisk, port: str, clock: Clock, sealer: Sealer, *, patience_s: float = PATIENCE_S
    ) -> "MemoryLedger":
        """Become the port's one writer, fencing the one before.

        Raises Unavailable where the disk cannot be reached, Corrupt where the end of the ledger does not verify.
        """
        writer = GroupWriter(MemoryStore(disk, port, sealer), clock, patience_s=patience_s)
        await writer.open()
        return cls(disk, port, clock, sealer, writer)

    @classmethod
    def open_reader(cls, disk: MemoryDisk, port: str, clock: Clock, sealer: Sealer) -> "MemoryLedger":
        """Return the port's ledger for reading only; ``append`` raises NotAllowed."""
        return cls(disk, port, clock, sealer, None)

    @property
    def _file(self) -> LedgerFile:
        return self._disk.ledger(self._port)

    @property
    def writer(self) -> GroupWriter:
        """The group writer; raise NotAllowed where the ledger was opened for reading."""
        if self._writer is None:
            raise NotAllowed("this ledger was opened for reading only")
        return self._writer

    def crash(self) -> None:
        """Die as a killed process does: what is not committed is gone, and nobody who waits is ever answered."""
        self._crashed = True
        if self._writer is not None:
            self._writer.abandon()

    async def append(self, unit: Unit) -> Appended | UnitRefused:
        """Record the unit durably; see ``ledger.roles.Ledger.append``."""
        return await self.writer.append(unit)

    async def close(self) -> None:
        """Finish what is being committed and stop writing."""
        if self._writer is not None and not self._crashed:
            await self._writer.close()

    async def read(self, after: int = 0, limit: int = 1000, stream: str | None = None) -> Sequence[Entry]:
        """Return entries with sequence > ``after`` in order, of one stream if given."""
        if stream is None:
            return self._file.entries[after : after + limit]
        numbers = [number for number in self._file.streams.get(stream, ()) if number > after]
        return [self._file.entries[number - 1] for number in numbers[:limit]]

    async def get(self, sequence: int) -> Entry:
        """Return one entry; raise NotFound."""
        if not 0 < sequence <= len(self._file.entries):
            raise NotFound(f"there is no entry {sequence}")
        return self._file.entries[sequence - 1]

    async def size(self) -> int:
        """Return the number of entries."""
        return self._file.standing.sequence

    async def heads(self, limit: int = 100) -> Sequence[SignedHead]:
        """Return the latest signed heads, newest first."""
        return self._file.heads[::-1][:limit]

    async def add_head(self, head: SignedHead) -> None:
        """Keep a signed head."""
        await self._unless_crashed()
        self._file.heads.append(head)

    async def leaf_hashes(self, start: int, end: int) -> Sequence[bytes]:
        """Return the 32-byte leaf hashes of the entries with sequence in (start, end]."""
        return self._file.hashes[start:end]

    async def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile (``ledger.tiles.TileSource``), of which proofs are made."""
        return await self._file.tile(level, index, width)

    async def open_personal(self, commitment: str) -> bytes | None:
        """Return the payload behind a commitment, or None where the person has been forgotten."""
        sealed = self._file.sealed.get(commitment)
        wrapped = None if sealed is None else self._disk.wrapped_keys.get(sealed.subject)
        return None if sealed is None or wrapped is None else self._sealer.open(sealed, wrapped)

    async def forget(self, subject: str) -> bool:
        """Destroy the subject's key, so that nothing sealed under it can be read again; say whether there was one."""
        await self._unless_crashed()
        for fingerprint in [print_ for print_, named in self._disk.subjects.items() if named == subject]:
            del self._disk.subjects[fingerprint]
        if self._disk.wrapped_keys.get(subject) is None:
            return False
        self._disk.wrapped_keys[subject] = None
        return True

    async def _unless_crashed(self) -> None:
        """Never return once the process is dead: it has no effect outside."""
        if self._crashed:
            await asyncio.get_running_loop().create_future()


class MemorySubjects:
    """Names the subject of an identity, such as a document number, without keeping the identity."""

    def __init__(self, disk: MemoryDisk, sealer: Sealer) -> None:
        self._disk = disk
        self._sealer = sealer

    async def subject_for(self, identity: str) -> str:
        """Return the subject of an identity, naming it where it has no name."""
        fingerprint = self._sealer.fingerprint(identity)
        if fingerprint not in self._disk.subjects:
            self._disk.subjects[fingerprint] = self._sealer.new_subject()
        return self._disk.subjects[fingerprint]

    async def find_subject(self, identity: str) -> str | None:
        """Return the subject of an identity, None where it has none or was forgotten."""
        return self._disk.subjects.get(self._sealer.fingerprint(identity))
