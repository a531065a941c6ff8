"""The Merkle tree of RFC 9162 (RFC 6962's, unchanged): roots, the compact frontier, proofs and their verification.

Leaves count from 0 here; the entry with sequence n is leaf n − 1. Hashes are 32 bytes of SHA-256.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from kouan.vocabulary.errors import InvalidValue

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 section 2.1.1)."""

TILE_HEIGHT = 8
"""Levels of the tree that one tile spans. Our choice, because 256 hashes are 8 KiB, a page of PostgreSQL."""

TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes in a whole tile."""

MAX_PROOF = 128
"""Most hashes in a proof that is looked at: a consistency proof over 2^63 leaves has at most 126."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 section 2.1.1: a zero byte goes before the data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162 section 2.1.1: a byte 1 goes before the children)."""
    return sha256(b"\x01" + left + right).digest()


class TileRoot(msgspec.Struct, frozen=True):
    """The root of a complete subtree of 256^level leaves; ``place`` counts such subtrees from 0, ``level`` from 1."""

    level: int
    place: int
    root: bytes


class Frontier:
    """A growing tree in O(log n) memory: its size and the roots of its complete subtrees, widest first."""

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self._size = size
        self._peaks = list(peaks)
        if size < 0 or len(self._peaks) != size.bit_count():
            mend = f"a tree of {size} leaves has {max(size, 0).bit_count()} complete subtrees"
            raise InvalidValue("frontier", "merkle.frontier", mend)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, widest first, one for each bit set in the size."""
        return tuple(self._peaks)

    def copy(self) -> "Frontier":
        """Return a frontier that grows apart from this one."""
        return Frontier(self._size, self._peaks)

    def add(self, leaf: bytes) -> tuple[TileRoot, ...]:
        """Append one leaf hash; return the roots of the tiles that it completed (mostly none)."""
        peaks, rest, node = self._peaks, self._size, leaf
        completed: tuple[TileRoot, ...] = ()
        height = 0
        while rest & 1:
            node = sha256(b"\x01" + peaks.pop() + node).digest()
            rest >>= 1
            height += 1
            if not height % TILE_HEIGHT:
                completed += (TileRoot(height // TILE_HEIGHT, rest, node),)
        peaks.append(node)
        self._size += 1
        return completed

    def extend(self, leaves: Iterable[bytes]) -> tuple[TileRoot, ...]:
        """Append leaf hashes; return the roots of the tiles that they completed."""
        completed: list[TileRoot] = []
        for leaf in leaves:
            completed.extend(self.add(leaf))
        return tuple(completed)

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = sha256(b"\x01" + peak + root).digest()
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_ranges(index: int, size: int) -> tuple[tuple[int, int], ...]:
    """Return the leaf ranges [start, end) whose subtree roots prove leaf ``index`` of ``size``, leaf's sibling first.

    RFC 9162 section 2.1.3.1. Raises InvalidValue where there is no such leaf.
    """
    if not 0 <= index < size:
        raise InvalidValue("index", "merkle.index", f"must be from 0 to {size - 1}")
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return tuple(reversed(ranges))


def consistency_ranges(first: int, second: int) -> tuple[tuple[int, int], ...]:
    """Return the leaf ranges whose subtree roots prove that the tree of ``second`` leaves extends that of ``first``.

    RFC 9162 section 2.1.4.1; none are needed from the empty tree or between equal sizes.
    """
    if not 0 <= first <= second:
        raise InvalidValue("first", "merkle.sizes", f"must be from 0 to {second}")
    if first in (0, second):
        return ()
    ranges: list[tuple[int, int]] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return tuple(reversed(ranges))


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` is the leaf ``index`` of the tree of ``size`` leaves with ``root`` (RFC 9162 2.1.3.2).

    Raises InvalidValue with the rule ``merkle.inclusion``.
    """
    if not 0 <= index < size or len(proof) > MAX_PROOF:
        raise InvalidValue("proof", "merkle.inclusion", f"is not one of leaf {index} of {size}")
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise InvalidValue("proof", "merkle.inclusion", "is too long")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if last or node != root:
        raise InvalidValue("proof", "merkle.inclusion", f"does not lead from leaf {index} to the root of {size}")


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``second`` leaves extends the tree of ``first`` leaves (RFC 9162 section 2.1.4.2).

    Raises InvalidValue with the rule ``merkle.consistency``.
    """
    if not 0 <= first <= second or len(proof) > MAX_PROOF:
        raise InvalidValue("proof", "merkle.consistency", f"is not one from {first} to {second}")
    if first in (0, second):
        roots_hold = first_root == (second_root if first else EMPTY_ROOT)
        if proof or not roots_hold:
            raise InvalidValue("proof", "merkle.consistency", f"the roots of {first} and {second} do not agree")
        return
    old, new = _extended_roots(first, second, first_root, proof)
    if old != first_root or new != second_root:
        raise InvalidValue("proof", "merkle.consistency", f"the tree of {second} does not extend that of {first}")


def _extended_roots(first: int, second: int, first_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the old and the new tree to which a consistency proof leads."""
    nodes = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not nodes:
        raise InvalidValue("proof", "merkle.consistency", "is too short")
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise InvalidValue("proof", "merkle.consistency", "is too long")
        if place & 1 or place == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, node)
        place, last = place >> 1, last >> 1
    if last:
        raise InvalidValue("proof", "merkle.consistency", "is too short")
    return old, new
