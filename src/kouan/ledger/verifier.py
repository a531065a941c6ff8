"""Verifies a ledger: chain, tree and signed heads, in one pass and constant memory."""

import heapq
import re
from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.ledger.chain import Chain, Link
from kouan.ledger.damage import Damage, Finding, Report
from kouan.ledger.entries import Entry, require_canonical
from kouan.ledger.heads import SignedHead, verify_head
from kouan.ledger.merkle import Frontier, verify_consistency
from kouan.vocabulary.errors import InvalidValue

MAX_FINDINGS = 1_000
"""Findings that are kept; verification stops at so many. Our choice: nobody reads more."""

MAX_AHEAD = 65_536
"""Heads kept whose entries have not come yet. Our choice: a month of heads a minute is 43,200."""


def verify(
    entries: Iterable[Entry],
    heads: Iterable[SignedHead],
    key: Ed25519PublicKey,
    *,
    port: str | None = None,
    expected_size: int | None = None,
) -> Report:
    """Verify entries in the order of the ledger against its signed heads; memory grows with the heads only.

    ``port`` defaults to the first entry's or head's; a ledger shorter than ``expected_size`` is truncated.
    """
    verifier = Verifier(key, port=port, expected_size=expected_size)
    waiting = sorted(heads, key=lambda head: head.size, reverse=True)
    for entry in entries:
        verifier.entry(entry)
        while waiting and waiting[-1].size <= entry.seq:
            verifier.head(waiting.pop())
        if verifier.full:
            break
    for head in reversed(waiting):
        verifier.head(head)
    return verifier.finish()


_HASH = re.compile(r"[0-9a-f]{64}")


class Verifier:
    """Takes entries and heads as they come, each head after its entry, and tells at the end what is wrong."""

    def __init__(
        self, key: Ed25519PublicKey, *, port: str | None = None, expected_size: int | None = None, line: int = 0
    ) -> None:
        self._key = key
        self._port = port
        self._expected_size = expected_size or 0
        self._line = line
        self._junk = 0
        self._chain = Chain(self)
        self._tree: Frontier | None = Frontier()
        self._findings: dict[tuple[Damage, int], Finding] = {}
        self._full = False
        self._ahead: list[tuple[int, int, SignedHead]] = []
        self._latest: SignedHead | None = None
        self._heads = 0
        self._vouched = 0
        self._broken = 0

    @property
    def full(self) -> bool:
        """Whether as many findings are kept as are kept at all, so that reading on is of no use."""
        return self._full

    # ---- what is read

    def entry(self, entry: Entry, data: bytes | None = None) -> None:
        """Take the next entry and, where it was read from an export, its bytes."""
        self._line += 1
        self._require_port(entry.port, entry.seq)
        try:
            require_canonical(entry, data)
        except InvalidValue as error:
            self.name(Damage.NOT_CANONICAL, entry.seq, entry.seq, self._line, str(error))
        try:
            link = Link.of(entry, self._line, self._junk)
        except (UnicodeError, OverflowError) as error:
            self.unreadable(str(error), counted=True)
            return
        self._junk = 0
        self._chain.add(link)

    def unreadable(self, detail: str, *, counted: bool = False) -> None:
        """Take note of a line that is neither entry nor head; it counts for the entry that should stand there."""
        self._line += 0 if counted else 1
        place = self._chain.next_place() + self._junk
        self._junk += 1
        self.name(Damage.NOT_CANONICAL, place, place, self._line, detail)

    def head(self, head: SignedHead, data: bytes | None = None) -> None:
        """Take the next signed head; heads come in the order of their sizes."""
        self._line += 1
        try:
            verify_head(head, self._key)
        except (InvalidValue, UnicodeError) as error:
            self._name_head(Damage.BAD_SIGNATURE, head, str(error))
            return
        self._heads += 1
        if data is not None and head.encode() != data:
            self._name_head(Damage.NOT_CANONICAL, head, "must be canonical JSON (RFC 8785)")
        if self._require_port(head.port, head.size):
            self._compare_with_latest(head)
            self._expected_size = max(self._expected_size, head.size)
            self._keep(head)

    def finish(self, miscounted: str | None = None) -> Report:
        """Return the report; nothing may be taken after it.

        ``miscounted`` says what an export's last line shows to be missing, named unless something else explains it.
        """
        self._chain.end()
        size = self._chain.size
        if miscounted is not None and not self._findings:
            self._expected_size = max(self._expected_size, size + 1)
        if size < self._expected_size and not self._full:
            detail = miscounted or f"must reach {self._expected_size}"
            self.name(Damage.TRUNCATED, size + 1, self._expected_size, self._line, detail)
        findings = tuple(sorted(self._findings.values(), key=lambda finding: (finding.position, finding.line)))
        root = self._tree.root().hex() if self._tree is not None else None
        return Report(self._port, size, self._heads, self._vouched, root, findings, not self._full)

    # ---- what the chain tells and asks (ledger.chain.Witness)

    def name(self, damage: Damage, position: int, through: int, line: int, detail: str) -> None:
        """Keep a finding; one of each damage and position."""
        if len(self._findings) >= MAX_FINDINGS:
            self._full = True
            return
        if damage in (Damage.EDITED, Damage.DROPPED, Damage.REORDERED, Damage.INSERTED):
            self._broken = max(self._broken, through)
        self._findings.setdefault((damage, position), Finding(damage, position, through, line, detail))

    def settle(self, seq: int, leaf: str | None) -> None:
        """Let the tree grow to ``seq`` and hold it against the heads of that size."""
        before = self._tree
        if leaf is not None and not _HASH.fullmatch(leaf):
            leaf = None
        if leaf is None or before is None:
            self._tree = None
        elif self._ahead and self._ahead[0][0] <= seq:
            self._tree = before.copy()
            self._tree.add(bytes.fromhex(leaf))
        else:
            before.add(bytes.fromhex(leaf))
        while self._ahead and self._ahead[0][0] <= seq:
            _, head_line, head = heapq.heappop(self._ahead)
            if head.size == seq and leaf is not None:
                self._hold_against(head, leaf, before, head_line)

    def vouches(self, seq: int, leaf: str) -> bool | None:
        """Say whether a head of size ``seq`` names this leaf as its last; None where there is none."""
        for _, _, head in self._ahead:
            if head.size == seq:
                return head.last == leaf
        return True if seq and seq == self._vouched else None

    # ---- heads

    def _keep(self, head: SignedHead) -> None:
        if head.size == 0:
            return
        if len(self._ahead) >= MAX_AHEAD:
            self._name_head(Damage.REORDERED, head, "too many heads stand before their entries")
        else:
            heapq.heappush(self._ahead, (head.size, self._line, head))

    def _compare_with_latest(self, head: SignedHead) -> None:
        latest = self._latest
        if latest is not None:
            if head.size < latest.size:
                self._name_head(Damage.REORDERED, head, f"it stands after the head of {latest.size}")
                return
            if head.size == latest.size and (head.root, head.last) != (latest.root, latest.last):
                self._name_head(Damage.FORKED, head, "two signed heads of this size differ")
            if head.epoch < latest.epoch:
                detail = f"the head carries epoch {head.epoch} after {latest.epoch}"
                self._name_head(Damage.EPOCH_WENT_BACK, head, detail)
        self._latest = head

    def _hold_against(self, head: SignedHead, leaf: str, before: Frontier | None, line: int) -> None:
        """Compare a head with the tree of its size; ``before`` is the tree without its last leaf."""
        fits = self._tree is None or self._tree.root().hex() == head.root
        if leaf == head.last and fits:
            self._vouched = head.size
        elif leaf == head.last:
            self._name_hidden(head, line)
        elif (mended := _mended(head, before)) is not None:
            self.name(Damage.EDITED, head.size, head.size, line, "the signed head vouches for another")
            self._tree = mended
        else:
            first = self._vouched + 1
            self.name(Damage.FORKED, min(first, head.size), head.size, line, "the chain is not the one that was signed")
            self._tree = None

    def _name_hidden(self, head: SignedHead, line: int) -> None:
        """Name what a head's root shows beyond the breaks of the chain, somewhere after the head before."""
        first = self._vouched + 1
        if self._broken >= first:
            detail = "more entries than those named differ from what was signed"
            self.name(Damage.EDITED, first, self._broken, line, detail)
            self._vouched = head.size
        else:
            self.name(
                Damage.FORKED, head.size, head.size, line, "root and last entry of the head contradict each other"
            )
        self._tree = None

    def _name_head(self, damage: Damage, head: SignedHead, detail: str) -> None:
        self.name(damage, head.size, head.size, self._line, detail)

    def _require_port(self, port: str, position: int) -> bool:
        if self._port is None:
            self._port = port
        if port != self._port:
            self.name(Damage.WRONG_PORT, position, position, self._line, f"it belongs to {port[:64]!a}")
        return port == self._port


def _mended(head: SignedHead, before: Frontier | None) -> Frontier | None:
    """Return the tree of the head's size if only its last leaf differs from what was signed, else None."""
    if before is None:
        return None
    tree = before.copy()
    tree.add(bytes.fromhex(head.last))
    return tree if tree.root().hex() == head.root else None


def compare_heads(
    first: SignedHead, second: SignedHead, proof: Sequence[bytes], key: Ed25519PublicKey
) -> tuple[Finding, ...]:
    """Return what two signed heads and a consistency proof between them show to be wrong, without any entry.

    ``first`` is the one of smaller size; the proof is the one of ``tiles.prove_consistency``.
    """
    found: list[Finding] = []
    for line, head in enumerate((first, second), start=1):
        try:
            verify_head(head, key)
        except InvalidValue as error:
            found.append(Finding(Damage.BAD_SIGNATURE, head.size, head.size, line, str(error)))
    if first.port != second.port:
        found.append(Finding(Damage.WRONG_PORT, second.size, second.size, 2, f"it belongs to {second.port[:64]!a}"))
    if not found:
        found.extend(_compare_roots(first, second, proof))
    return tuple(found)


def _compare_roots(first: SignedHead, second: SignedHead, proof: Sequence[bytes]) -> list[Finding]:
    if second.epoch < first.epoch:
        detail = f"the head carries epoch {second.epoch} after {first.epoch}"
        return [Finding(Damage.EPOCH_WENT_BACK, second.size, second.size, 2, detail)]
    try:
        roots = bytes.fromhex(first.root), bytes.fromhex(second.root)
        verify_consistency(first.size, second.size, *roots, proof)
    except InvalidValue as error:
        return [Finding(Damage.FORKED, min(first.size + 1, second.size), second.size, 2, str(error))]
    if first.size == second.size and first.last != second.last:
        return [Finding(Damage.FORKED, second.size, second.size, 2, "two signed heads of this size differ")]
    return []
