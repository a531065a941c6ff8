"""What stays when a process in the simulation dies: committed entries, projections and keys."""

import enum
from collections.abc import Awaitable, Callable

import msgspec

from kouan.adapters.appending.chain import GENESIS_STANDING, Block, Standing
from kouan.adapters.memory.tables import Tables
from kouan.adapters.signing.sealing import Sealed
from kouan.ledger.entries import Entry
from kouan.ledger.heads import SignedHead
from kouan.ledger.merkle import TILE_WIDTH


class Fault(enum.StrEnum):
    """What can happen to one commit."""

    NONE = "none"
    FAIL = "fail"
    """The group fails and nothing is written, as where a statement breaks a constraint; units are then tried singly."""
    BUSY = "busy"
    """Nothing is written, and the writer tries again, as where the disk is full for a while."""
    LOSE = "lose"
    """The connection is lost before the commit: nothing is written, and the writer cannot know that."""
    UNCERTAIN = "uncertain"
    """The commit takes effect, and the connection is lost before the answer."""
    FENCE = "fence"
    """Another writer raises the epoch just before the commit."""


async def _at_once() -> None:
    """Take no time."""


class Faults(msgspec.Struct):
    """What the store does wrong, asked anew at each commit and each opening; by default nothing.

    ``of_commit`` names the fault of the next commit, ``reachable`` says whether an opening succeeds, ``delay`` is
    awaited before each commit: in virtual time it is how long the disk takes.
    """

    of_commit: Callable[[], Fault] = lambda: Fault.NONE
    reachable: Callable[[], bool] = lambda: True
    delay: Callable[[], Awaitable[None]] = _at_once


class LedgerFile:
    """One port's committed ledger."""

    def __init__(self) -> None:
        self.standing: Standing = GENESIS_STANDING
        self.entries: list[Entry] = []
        self.hashes: list[bytes] = []
        self.numbers: dict[str, int] = {}
        self.streams: dict[str, list[int]] = {}
        self.tiles: dict[int, list[bytes]] = {}
        self.heads: list[SignedHead] = []
        self.sealed: dict[str, Sealed] = {}

    def write(self, block: Block) -> None:
        """Add a block; from here on it is durable."""
        for entry, leaf in zip(block.entries, block.hashes, strict=True):
            self.entries.append(entry)
            self.hashes.append(leaf)
            self.numbers[entry.key] = entry.seq
            self.streams.setdefault(entry.stream, []).append(entry.seq)
        for tile in block.tiles:
            self.tiles.setdefault(tile.level, []).append(tile.root)
        self.standing = block.after

    def lose_last(self, entries: int) -> None:
        """Drop the last entries although they were acknowledged, as a disk that lies about flushing does.

        Projections stay as they are. For showing that a check finds the loss.
        """
        for entry in self.entries[len(self.entries) - entries :]:
            del self.numbers[entry.key]
            self.streams[entry.stream].pop()
        del self.entries[len(self.entries) - entries :]
        del self.hashes[len(self.hashes) - entries :]

    async def tile(self, level: int, index: int, width: int) -> list[bytes]:
        """Return the first ``width`` hashes of a tile (``ledger.tiles.TileSource``)."""
        start = index * TILE_WIDTH
        hashes = self.tiles.get(level, []) if level else self.hashes
        return hashes[start : start + width]


class MemoryDisk:
    """A store that outlives the processes that write to it; hand the same one to each of them."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.tables = Tables()
        self.wrapped_keys: dict[str, bytes | None] = {}
        self.subjects: dict[bytes, str] = {}
        self._ledgers: dict[str, LedgerFile] = {}

    def ledger(self, port: str) -> LedgerFile:
        """Return the ledger of a port, empty at first."""
        return self._ledgers.setdefault(port, LedgerFile())
