"""Proofs out of tiles: 256 hashes of one level at a time, so that a proof over ten million entries reads a few tiles.

Tile (level, index) holds the roots of the complete subtrees of 256^level leaves from place ``index × 256`` on; level 0
holds the leaf hashes themselves. The last tile of a level may be narrower.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from kouan.ledger.merkle import (
    EMPTY_ROOT,
    TILE_HEIGHT,
    TILE_WIDTH,
    consistency_ranges,
    inclusion_ranges,
    node_hash,
    root_of,
)
from kouan.vocabulary.errors import Corrupt

_RUN = 64 * TILE_WIDTH
"""Leaves asked for at once while upper tiles are filled: 512 KiB of hashes. Our choice, to bound memory."""

_DIGEST = 32


class TileSource(Protocol):
    """Gives tiles of one ledger's tree."""

    async def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` (at most 256) hashes of a tile, each 32 bytes."""
        ...


class LeafTiles:
    """A TileSource over leaf hashes alone; it keeps the upper levels in memory, n/8 bytes for n leaves.

    ``leaves(start, end)`` returns the leaf hashes of the sequences in (start, end], as ``Ledger.leaf_hashes`` does.
    The first proof reads all leaves once; later ones read what was added since.
    """

    def __init__(self, leaves: Callable[[int, int], Awaitable[Sequence[bytes]]]) -> None:
        self._leaves = leaves
        self._kept: list[bytearray] = []

    async def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile; raise Corrupt where the ledger has fewer leaves."""
        start = index * TILE_WIDTH
        if level == 0:
            return await self._read(start, start + width)
        await self._fill(start + width << TILE_HEIGHT * (level - 1))
        kept = self._kept[level - 1]
        return [bytes(kept[place * _DIGEST : (place + 1) * _DIGEST]) for place in range(start, start + width)]

    async def _read(self, start: int, end: int) -> Sequence[bytes]:
        hashes = await self._leaves(start, end)
        if len(hashes) != end - start or any(len(one) != _DIGEST for one in hashes):
            raise Corrupt(f"leaf hashes ({start}, {end}]: {len(hashes)} came where {end - start} must be")
        return hashes

    async def _fill(self, tiles: int) -> None:
        """Make sure that the roots of the first ``tiles`` tiles of leaves are kept, and all levels above them."""
        while (known := self._count(0)) < tiles:
            end = min(tiles * TILE_WIDTH, known * TILE_WIDTH + _RUN)
            hashes = await self._read(known * TILE_WIDTH, end)
            if self._count(0) != known:  # somebody else filled while this one waited
                continue
            for start in range(0, len(hashes), TILE_WIDTH):
                self._keep(0, root_of(hashes[start : start + TILE_WIDTH]))

    def _count(self, kept_level: int) -> int:
        return len(self._kept[kept_level]) // _DIGEST if kept_level < len(self._kept) else 0

    def _keep(self, kept_level: int, root: bytes) -> None:
        if kept_level == len(self._kept):
            self._kept.append(bytearray())
        kept = self._kept[kept_level]
        kept.extend(root)
        if not len(kept) % (TILE_WIDTH * _DIGEST):
            tile = kept[-TILE_WIDTH * _DIGEST :]
            self._keep(
                kept_level + 1,
                root_of(bytes(tile[place : place + _DIGEST]) for place in range(0, len(tile), _DIGEST)),
            )


async def prove_inclusion(source: TileSource, index: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that leaf ``index`` stands in the tree of ``size`` leaves; raise InvalidValue."""
    return await _roots(source, inclusion_ranges(index, size))


async def prove_consistency(source: TileSource, first: int, second: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of ``second`` leaves extends the tree of ``first``; raise InvalidValue."""
    return await _roots(source, consistency_ranges(first, second))


async def prove_root(source: TileSource, size: int) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return (await _roots(source, ((0, size),)))[0] if size else EMPTY_ROOT


async def _roots(source: TileSource, ranges: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    reader = _Reader(source, max((end for _, end in ranges), default=0))
    return tuple([await reader.range_root(start, end) for start, end in ranges])


class _Reader:
    """Reads each tile once while one proof is made."""

    def __init__(self, source: TileSource, size: int) -> None:
        self._source = source
        self._size = size
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    async def range_root(self, start: int, end: int) -> bytes:
        """Return the root over the leaves [start, end), a range of the RFC's recursion."""
        root: bytes | None = None
        for height, place in reversed(_complete_subtrees(start, end)):
            node = await self._node(height, place)
            root = node if root is None else node_hash(node, root)
        return EMPTY_ROOT if root is None else root

    async def _node(self, height: int, place: int) -> bytes:
        """Return the root of the complete subtree of 2^height leaves at ``place``, counted in such subtrees."""
        level, within = divmod(height, TILE_HEIGHT)
        first = place << within
        tile = await self._tile(level, first // TILE_WIDTH)
        offset = first % TILE_WIDTH
        return root_of(tile[offset : offset + (1 << within)])

    async def _tile(self, level: int, index: int) -> Sequence[bytes]:
        key = (level, index)
        if key not in self._tiles:
            width = min(TILE_WIDTH, (self._size >> TILE_HEIGHT * level) - index * TILE_WIDTH)
            self._tiles[key] = await self._source.tile(level, index, width)
        return self._tiles[key]


def _complete_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return the complete subtrees (height, place) that make up a range, widest first."""
    parts: list[tuple[int, int]] = []
    while start < end:
        height = (end - start).bit_length() - 1
        parts.append((height, start >> height))
        start += 1 << height
    return parts
