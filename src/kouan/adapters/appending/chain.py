"""Numbering and chaining: a group's drafts become entries, leaf hashes and Merkle tiles. Pure."""

from collections.abc import Sequence

import msgspec

from kouan.ledger.entries import GENESIS, Entry
from kouan.ledger.merkle import Frontier, TileRoot, leaf_hash
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant


class Standing(msgspec.Struct, frozen=True):
    """Where a ledger stands: the writer's epoch, the last entry's number and hex hash, the number of commits so far.

    ``frontier`` holds the roots of the complete subtrees, from which the next tile and the tree's root follow.
    """

    epoch: int
    sequence: int
    last: str
    commits: int
    frontier: Frontier


class Block(msgspec.Struct, frozen=True):
    """What one commit adds to a ledger: ``entries[i]`` has the leaf hash ``hashes[i]``.

    ``spans`` gives, for each unit of the group in order, its entries as (first, end) places in ``entries``.
    """

    before: Standing
    after: Standing
    entries: tuple[Entry, ...]
    hashes: tuple[bytes, ...]
    tiles: tuple[TileRoot, ...]
    spans: tuple[tuple[int, int], ...]

    def entries_of(self, place: int) -> tuple[Entry, ...]:
        """Return the entries of one unit."""
        first, end = self.spans[place]
        return self.entries[first:end]


GENESIS_STANDING = Standing(epoch=0, sequence=0, last=GENESIS, commits=0, frontier=Frontier())
"""Where a port's ledger stands before its first writer."""


def chain(port: str, standing: Standing, units: Sequence[Unit], at: Instant) -> Block:
    """Return the block that the units make after ``standing``; ``at`` becomes the entries' time.

    Without units nothing is committed, and the standing after is the one before.
    """
    entries: list[Entry] = []
    hashes: list[bytes] = []
    tiles: list[TileRoot] = []
    spans: list[tuple[int, int]] = []
    frontier = standing.frontier.copy()
    last, sequence, epoch = standing.last, standing.sequence, standing.epoch
    for unit in units:
        first = len(entries)
        for draft in unit.drafts:
            sequence += 1
            raw = msgspec.Raw(draft.body)
            entry = Entry(at, raw, epoch, draft.key, draft.kind, port, last, sequence, draft.stream)
            leaf = leaf_hash(entry.encode())
            last = leaf.hex()
            entries.append(entry)
            hashes.append(leaf)
            tiles.extend(frontier.add(leaf))
        spans.append((first, len(entries)))
    commits = standing.commits + (1 if units else 0)
    after = Standing(epoch, sequence, last, commits, frontier)
    return Block(standing, after, tuple(entries), tuple(hashes), tuple(tiles), tuple(spans))
