"""Which transactions had committed, kept outside the database, so that a flipped bit among them is found out.

PostgreSQL keeps two bits a transaction in ``pg_xact``, without a checksum. One that flips there at rest makes a
transaction that committed look like one that did not: rows vanish, without a word (measured: ``kouan prove
durability``). A ledger whose entry vanished no longer verifies, but a row beside the ledger is missed by nobody. What
a checkpoint has written of old transactions never changes again, so its digest is kept beside the database after each
checkpoint, and a server whose files do not have it is not started.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec
import psycopg

from kouan.adapters.engines.data_folder import DataFolder
from kouan.vocabulary.errors import Corrupt

NAME = "transactions.mark"

A_BYTE = 4
"""Transactions in a byte (``CLOG_XACTS_PER_BYTE`` of PostgreSQL's clog.c)."""

A_FILE = 32 * 8192 * A_BYTE
"""Transactions in a file: 32 pages of 8 KiB (``SLRU_PAGES_PER_SEGMENT`` of slru.h, ``BLCKSZ``)."""

_CHECKPOINT = "SELECT oldest_active_xid::text, next_xid FROM pg_control_checkpoint()"


class Part(msgspec.Struct, frozen=True):
    """How many transactions of a file are told of, from its first, and the SHA-256 of their states in hex."""

    count: int
    digest: str


class TransactionsMark:
    """The mark of a cluster's transactions, a file in its data folder; ``states`` is the cluster's ``pg_xact``."""

    def __init__(self, folder: DataFolder, states: Path) -> None:
        self._folder = folder
        self._states = states
        self._kept: dict[str, Part] = {}

    @property
    def path(self) -> Path:
        """Where the mark is."""
        return self._folder.path / NAME

    def check(self) -> None:
        """Compare the files, of a server that does not run, with the mark; raise Corrupt where they differ.

        A file that is gone is PostgreSQL's own affair: it removes those that it needs no longer, and says so where it
        needs one that is not there.
        """
        for name, part in self._read().items():
            file = self._states / name
            if file.exists() and _part(file, part.count) != part:
                raise Corrupt(
                    f"{file} does not say any more which transactions committed: restore the port's export; or remove "
                    f"{self.path} if an older copy was put in the database's place on purpose"
                )

    async def keep(self, connection: psycopg.AsyncConnection) -> None:
        """Move the mark to what the last checkpoint wrote, durably. Raises psycopg.Error and OSError."""
        row = await (await connection.execute(_CHECKPOINT)).fetchone()
        if row is None:
            return
        oldest, following = int(row[0]), int(str(row[1]).rpartition(":")[2])
        parts = self._parts(oldest or following)
        if parts != self._kept:
            self._folder.write(NAME, msgspec.json.encode(parts))
            self._kept = parts

    def _parts(self, ended: int) -> dict[str, Part]:
        """Return the files with all transactions before ``ended``; those that were full before are not read again."""
        parts: dict[str, Part] = {}
        for number in range(ended // A_FILE + 1):
            name, count = f"{number:04X}", min(A_FILE, ended - number * A_FILE)
            file = self._states / name
            if count > 0 and file.exists():
                before = self._kept.get(name)
                parts[name] = before if before is not None and before.count == count else _part(file, count)
        return parts

    def _read(self) -> Mapping[str, Part]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Part])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise Corrupt(f"{self.path} cannot be read: {error}") from error


def _part(file: Path, count: int) -> Part:
    """Return the part of a file with so many transactions; a file that is too short has another digest."""
    with file.open("rb") as opened:
        data = bytearray(opened.read(-(-count // A_BYTE)))
    if count % A_BYTE:
        data[-1:] = bytes(byte & (1 << count % A_BYTE * 2) - 1 for byte in data[-1:])
    return Part(count, sha256(data).hexdigest())
