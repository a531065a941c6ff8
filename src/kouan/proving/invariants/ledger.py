"""The ledger itself: one chain that nobody changes, and heads that vouch for it (I19)."""

import hashlib
from typing import ClassVar

from cryptography.exceptions import InvalidSignature

from kouan.ledger.entries import GENESIS
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant

HEAD_WITHIN_US = 60 * SECOND
"""Longest time between two signed heads, in microseconds (I19)."""

STORE_AWAY_US = 50 * SECOND
"""How long a store may be out of reach, in which no head can be kept: the longest that the nemesis makes, and some."""

SIZES_KEPT = 600
"""Sizes of the tree for which a head may still come: one commit's entries, and some."""


class OneChain(Checker):
    """I19."""

    invariant: ClassVar[str] = "I19"
    promise: ClassVar[str] = (
        "entries are numbered without a gap, each names the hash of the one before, no key comes twice, and none is "
        "changed or lost until the end; heads come every minute, are signed, and bear the root over all entries"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._hashes: list[str] = [GENESIS]
        self._keys: set[str] = set()
        self._peaks: list[bytes] = []
        self._trees: dict[int, tuple[bytes, ...]] = {0: ()}
        self._head_at: Instant | None = None
        self._head_size = 0

    @on("entry")
    def added(self, seen: Observation) -> None:
        """An entry is durable."""
        entry = seen.data
        if entry.seq != len(self._hashes) or entry.prev != self._hashes[-1]:
            self.violated(seen, f"entry {entry.seq} does not follow on entry {len(self._hashes) - 1}", entry=entry.seq)
        if entry.key in self._keys:
            self.violated(seen, f"entry {entry.seq} repeats the key {entry.key}", entry=entry.seq)
        self._keys.add(entry.key)
        leaf = hashlib.sha256(b"\x00" + entry.encode()).digest()
        self._hashes.append(leaf.hex())
        self._grow(leaf)

    @on("head")
    def signed(self, seen: Observation) -> None:
        """A head vouches for the ledger at one size."""
        head = seen.data
        self._in_time(seen)
        if head.size < self._head_size:
            self.violated(seen, f"a head of size {head.size} after one of {self._head_size}", size=head.size)
        self._head_size = head.size
        peaks = self._trees.get(head.size)
        fits = head.size < len(self._hashes) and head.last == self._hashes[head.size]
        if peaks is None or not fits or head.root != _root(peaks):
            self.violated(seen, f"the head at size {head.size} does not vouch for what is recorded", size=head.size)
        key = None if self.known.port is None else self.known.port.head_signer.public_key
        try:
            if key is not None:
                key.verify(bytes.fromhex(head.signature), head.head.signed_bytes())
        except InvalidSignature:
            self.violated(seen, f"the head at size {head.size} is not signed by the ledger's key", size=head.size)

    @on("start")
    def started(self, seen: Observation) -> None:
        """A platform that starts has a minute to sign a head."""
        if seen.node == "platform":
            self._head_at = seen.at

    @on("crash", "failed", "corrupt")
    def died(self, seen: Observation) -> None:
        """A dead platform signs nothing."""
        if seen.node == "platform":
            self._head_at = None

    @on("end")
    def ended(self, seen: Observation) -> None:
        """All is still there, as it was."""
        if self._head_at is not None:
            self._in_time(seen)
        port = self.known.port
        if port is None:
            return
        entries = port.disk.ledger(port.name).entries
        if len(entries) != len(self._hashes) - 1:
            self.violated(seen, f"{len(self._hashes) - 1} entries became durable, and {len(entries)} are there")
        for entry, known in zip(entries, self._hashes[1:], strict=False):
            if hashlib.sha256(b"\x00" + entry.encode()).hexdigest() != known:
                self.violated(seen, f"entry {entry.seq} is another one now", entry=entry.seq)

    def _in_time(self, seen: Observation) -> None:
        since, self._head_at = self._head_at, seen.at
        if since is not None and seen.at - since > HEAD_WITHIN_US + STORE_AWAY_US:
            self.violated(seen, f"no head was signed for {(seen.at - since) / SECOND:.0f} s")

    def _grow(self, leaf: bytes) -> None:
        """Add a leaf to the tree (RFC 6962, section 2.1), and keep its peaks at this size for a while."""
        node, rest = leaf, len(self._hashes) - 2
        while rest & 1:
            node = hashlib.sha256(b"\x01" + self._peaks.pop() + node).digest()
            rest >>= 1
        self._peaks.append(node)
        size = len(self._hashes) - 1
        self._trees[size] = tuple(self._peaks)
        self._trees.pop(size - SIZES_KEPT, None)


def _root(peaks: tuple[bytes, ...]) -> str:
    if not peaks:
        return hashlib.sha256(b"").hexdigest()
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = hashlib.sha256(b"\x01" + peak + root).digest()
    return root.hex()
