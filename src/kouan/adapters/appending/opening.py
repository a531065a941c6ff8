"""What a writer checks before it goes on with a ledger: the last entries, their tiles, and the latest signed head."""

from collections.abc import Sequence

from kouan.adapters.appending.chain import Standing
from kouan.ledger.entries import GENESIS, Entry
from kouan.ledger.heads import SignedHead
from kouan.ledger.merkle import TILE_HEIGHT, TILE_WIDTH, Frontier, leaf_hash, root_of
from kouan.ledger.tiles import TileSource, prove_root
from kouan.vocabulary.errors import Corrupt

CHECKED_ENTRIES = 1000
"""Entries that are verified when a writer opens. Our choice: some seconds of traffic, read and hashed in 10 ms."""


async def frontier_at(source: TileSource, size: int) -> Frontier:
    """Return the frontier of the first ``size`` leaves, read from a few tiles."""
    peaks: list[bytes] = []
    start = 0
    while start < size:
        height = (size - start).bit_length() - 1
        peaks.append(await _peak(source, size, height, start))
        start += 1 << height
    return Frontier(size, peaks)


async def _peak(source: TileSource, size: int, height: int, start: int) -> bytes:
    """Return the root of the complete subtree of 2^height leaves that begins at leaf ``start``."""
    level, within = divmod(height, TILE_HEIGHT)
    index, offset = divmod(start >> TILE_HEIGHT * level, TILE_WIDTH)
    width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH)
    tile = await source.tile(level, index, width)
    return root_of(tile[offset : offset + (1 << within)])


async def check_end(source: TileSource, standing: Standing, last: Sequence[tuple[Entry, bytes]]) -> None:
    """Verify the last entries, given with their stored hashes, against each other, the writer's row and the tiles.

    Raises Corrupt, which names the entry.
    """
    _check_chain(standing, last)
    if not last:
        return
    first_tile = (last[0][0].seq - 1 + TILE_WIDTH - 1) // TILE_WIDTH
    for place in range(first_tile, standing.sequence // TILE_WIDTH):
        leaves = [hash_ for entry, hash_ in last if (entry.seq - 1) // TILE_WIDTH == place]
        index, offset = divmod(place, TILE_WIDTH)
        stored = await source.tile(1, index, offset + 1)
        if stored[offset] != root_of(leaves):
            first = place * TILE_WIDTH + 1
            raise Corrupt(f"the tile over entries {first} to {first + TILE_WIDTH - 1} does not verify")


def _check_chain(standing: Standing, last: Sequence[tuple[Entry, bytes]]) -> None:
    number, expected = standing.sequence, standing.last
    if not last and (number, expected) != (0, GENESIS):
        raise Corrupt(f"the ledger ends at entry {number}, which is not there")
    for entry, stored in reversed(last):
        found = leaf_hash(entry.encode())
        if entry.seq != number or found.hex() != expected or found != stored:
            raise Corrupt(f"entry {number} does not verify: it is missing, was changed, or does not follow on")
        number, expected = number - 1, entry.prev
    if number == 0 and expected != GENESIS:
        raise Corrupt("entry 1 does not begin the chain")


async def check_head(source: TileSource, standing: Standing, head: SignedHead | None) -> None:
    """Verify that the tree still holds what the latest signed head vouches for; raise Corrupt.

    The signature is the verifier's matter: the store holds no public key.
    """
    if head is None:
        return
    if head.size > standing.sequence:
        raise Corrupt(f"a head was signed at {head.size} entries, and there are only {standing.sequence}")
    if (await prove_root(source, head.size)).hex() != head.root:
        raise Corrupt(f"the root at {head.size} entries is not the one that was signed")
