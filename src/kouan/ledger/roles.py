"""What is asked of a ledger's store, and the units in which facts are appended."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kouan.ledger.entries import Entry
from kouan.ledger.heads import SignedHead


class Personal(msgspec.Struct, frozen=True):
    """Personal data that an entry only commits to; stored encrypted under the key of ``subject``, salt included."""

    subject: str
    salt: bytes
    payload: bytes

    @property
    def commitment(self) -> str:
        """The hex SHA-256 over salt and payload that stands in the entry's body in their place."""
        return hashlib.sha256(b"kouan-personal\x00" + self.salt + self.payload).hexdigest()


class Draft(msgspec.Struct, frozen=True):
    """A fact that is to become an entry.

    ``kind`` is versioned (``gate.evidence/1``), ``stream`` is what the fact is about (a passage's id), ``key`` makes
    the append idempotent: the same key is never recorded twice in a port. ``body`` is canonical JSON
    (``entries.canonical``).
    """

    kind: str
    stream: str
    key: str
    body: bytes
    personal: tuple[Personal, ...] = ()


class Statement(msgspec.Struct, frozen=True):
    """A named change to a projection: a query in the adapter's ``queries.sql``, a function of the in-memory store."""

    name: str
    params: Mapping[str, Any]


class Unit(msgspec.Struct, frozen=True):
    """What is recorded together or not at all.

    Each guard must change or find a row, else the unit is refused and writes nothing; effects are applied with the
    entries.
    """

    drafts: tuple[Draft, ...]
    guards: tuple[Statement, ...] = ()
    effects: tuple[Statement, ...] = ()

    def beside(self, other: "Unit") -> "Unit":
        """Return the unit that records both, or neither."""
        return Unit(self.drafts + other.drafts, self.guards + other.guards, self.effects + other.effects)


class Appended(msgspec.Struct, frozen=True):
    """The unit is durable. ``repeated`` says that it was already, under the same keys."""

    entries: tuple[Entry, ...]
    repeated: bool = False


class UnitRefused(msgspec.Struct, frozen=True):
    """A guard found no row, so nothing was written."""

    guard: str


class Ledger(Protocol):
    """One port's ledger."""

    async def append(self, unit: Unit) -> Appended | UnitRefused:
        """Record the unit durably; units of many callers share a commit.

        Raises Fenced when a newer writer holds the port, Unavailable when the store cannot be reached.
        """
        ...

    async def read(self, after: int = 0, limit: int = 1000, stream: str | None = None) -> Sequence[Entry]:
        """Return entries with sequence > ``after`` in order, of one stream if given."""
        ...

    async def get(self, sequence: int) -> Entry:
        """Return one entry; raise NotFound."""
        ...

    async def size(self) -> int:
        """Return the number of entries."""
        ...

    async def heads(self, limit: int = 100) -> Sequence[SignedHead]:
        """Return the latest signed heads, newest first."""
        ...

    async def add_head(self, head: SignedHead) -> None:
        """Keep a signed head."""
        ...

    async def leaf_hashes(self, start: int, end: int) -> Sequence[bytes]:
        """Return the 32-byte leaf hashes of the entries with sequence in (start, end]."""
        ...

    async def open_personal(self, commitment: str) -> bytes | None:
        """Return the payload behind a commitment, or None where the person has been forgotten."""
        ...

    async def forget(self, subject: str) -> bool:
        """Destroy the subject's key, so that nothing sealed under it can be read again; say whether there was one."""
        ...


class Subjects(Protocol):
    """Names the person behind an identity (a document's number) without keeping the identity."""

    async def subject_for(self, identity: str) -> str:
        """Return the subject of an identity, naming it where it has no name yet; raise Unavailable."""
        ...

    async def find_subject(self, identity: str) -> str | None:
        """Return the subject of an identity, or None where it has none or was forgotten."""
        ...
