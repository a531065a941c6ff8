"""What the group writer asks of a store, and how a store says that a commit did not happen as wished."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kouan.adapters.appending.chain import Block, Standing
from kouan.ledger.entries import Entry
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import KouanError

FILLED_IN = frozenset({"port", "sequences"})
"""The parameters of statements that the store fills in, where the caller does not give them."""


class Written(msgspec.Struct, frozen=True):
    """One commit: what it wrote, and which guard refused which unit, by the unit's place in the group."""

    block: Block
    refused: Mapping[int, str]


class LostError(Exception):
    """The connection was lost; ``written`` is what stands if the commit took effect, None if it cannot have."""

    def __init__(self, reason: str, written: Written | None = None) -> None:
        super().__init__(reason)
        self.written = written


class BusyError(Exception):
    """The store cannot take the group now, and wrote nothing; it may be asked again."""


class KeysTakenError(Exception):
    """One of the group's idempotency keys is recorded already; nothing was written."""


class GroupFailedError(Exception):
    """A statement failed, and nothing was written; the cause is what a caller is told if its unit alone fails so."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def told(error: Exception) -> KouanError:
    """Return what the caller is told of an error that its unit caused."""
    return error if isinstance(error, KouanError) else KouanError(f"the unit cannot be recorded: {error!r}")


class Known(msgspec.Struct, frozen=True):
    """The statements that a store knows, by name, each with the parameters that it must be given."""

    guards: Mapping[str, frozenset[str]]
    effects: Mapping[str, frozenset[str]]


class Store(Protocol):
    """Commits groups of units to one port's ledger, under one epoch."""

    @property
    def known(self) -> Known:
        """The statements that units may name; the writer lets no others through."""
        ...

    async def open(self, epoch: int | None) -> Standing:
        """Raise the port's epoch, and return where the ledger stands.

        ``epoch`` is the one held so far, None at the first opening. Raises Fenced where another writer has raised it
        since, LostError where the store cannot be reached, Corrupt where the end of the ledger does not verify.
        """
        ...

    async def commit(self, units: Sequence[Unit], standing: Standing, at: Instant) -> Written:
        """Record the units in one commit, after which they are durable.

        Raises Fenced, LostError, BusyError, KeysTakenError or GroupFailedError.
        """
        ...

    async def recorded(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Return the entries that are recorded under these idempotency keys; raise LostError."""
        ...

    async def close(self) -> None:
        """Give up what the store holds for writing."""
        ...
