"""Walks the hash chain in constant memory and names where it breaks.

One entry of look-ahead tells most damages apart: an entry for which its successor vouches is genuine, so what does not
fit before it is at fault.

The walk keeps the *tip*, the last entry that found its place. A tip's leaf is settled only when its successor is known,
because the successor's ``prev`` is the leaf that the tip had when it was written. So the tree is rebuilt past an edited
entry, and past a single missing one, and later heads still show whether anything else is wrong.
"""

from typing import Protocol

import msgspec

from kouan.ledger.damage import Damage
from kouan.ledger.entries import GENESIS, MAX_INTEGER, Entry

MAX_HELD = 1_024
"""Entries out of place, and gaps, that are kept at once; what is more is named at once. Our choice, to bound memory."""


class Link(msgspec.Struct, frozen=True):
    """What the walk needs of an entry: where it claims to stand, its own hash, and where it was read.

    ``junk`` counts the unreadable lines directly before it.
    """

    seq: int
    prev: str
    hash: str
    epoch: int
    line: int
    junk: int = 0

    @classmethod
    def of(cls, entry: Entry, line: int, junk: int = 0) -> "Link":
        """Return the link of an entry."""
        return cls(entry.seq, entry.prev, entry.hash, entry.epoch, line, junk)


class _Gap(msgspec.Struct, frozen=True):
    """Missing sequences ``first`` to ``last`` and the hashes that their neighbours claim; None where not known."""

    first: int
    last: int
    left: str | None
    right: str | None
    line: int


class Witness(Protocol):
    """Hears from the walk, and tells it what signed heads say."""

    def name(self, damage: Damage, position: int, through: int, line: int, detail: str) -> None:
        """Take note of a damage."""
        ...

    def settle(self, seq: int, leaf: str | None) -> None:
        """Take the final hex leaf of a sequence, in order; None where it and those skipped before it are unknown."""
        ...

    def vouches(self, seq: int, leaf: str) -> bool | None:
        """Say whether a signed head of size ``seq`` names this leaf as its last; None where there is no such head."""
        ...


class Chain:
    """The walk: ``add`` each link as it comes, then ``end``."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._tip = Link(0, "", GENESIS, 0, 0)
        self._suspect = False
        self._waiting: Link | None = None
        self._early: dict[int, Link] = {}
        self._gaps: list[_Gap] = []
        self._epoch = 0

    @property
    def size(self) -> int:
        """The sequence of the last entry that found its place."""
        return self._tip.seq

    def next_place(self) -> int:
        """Return the sequence that the next entry to be read should have."""
        return (self._waiting or self._tip).seq + 1

    def add(self, link: Link) -> None:
        """Take the next link; the one before it now has a follower, and finds its place."""
        if self._waiting is not None:
            self._place(self._waiting, link)
        self._waiting = link

    def end(self) -> None:
        """Place the last link and name what is missing or has no place."""
        if self._waiting is not None:
            self._place(self._waiting, None)
            self._waiting = None
        self._take_early(None)
        for _, link in sorted(self._early.items()):
            self._place_leftover(link)
        for gap in self._gaps:
            self._name_dropped(gap)
        if self._tip.seq:
            self._witness.settle(self._tip.seq, None if self._suspect else self._tip.hash)

    # ---- where a link goes

    def _place(self, link: Link, follower: Link | None) -> None:
        self._take_early(link)
        expected = self._tip.seq + 1
        if link.seq == expected:
            self._place_expected(link, follower)
        elif self._is_renumbered(link, follower):
            self._name(Damage.EDITED, msgspec.structs.replace(link, seq=expected), f"it says that it is {link.seq}")
            self._advance(msgspec.structs.replace(link, seq=expected), suspect=True)
        elif link.seq > expected:
            self._place_ahead(link, follower)
        else:
            self._place_behind(link, follower)

    def _is_renumbered(self, link: Link, follower: Link | None) -> bool:
        """Say whether an entry stands in its place in the chain and only its sequence was edited."""
        return link.prev == self._tip.hash and (follower is None or follower.seq == self._tip.seq + 2)

    def _place_expected(self, link: Link, follower: Link | None) -> None:
        early = self._early.pop(link.seq, None)
        if early is not None:
            self._name(Damage.INSERTED, early, "another entry has its place in the chain")
        if self._suspect:
            self._advance(link, leaf=link.prev)
        elif link.prev == self._tip.hash:
            self._advance(link)
        elif follower is not None and follower.seq == link.seq and follower.prev == self._tip.hash:
            self._name(Damage.INSERTED, link, "the chain goes on past it")
        elif self._is_genuine(link, follower):
            self._name(Damage.EDITED, self._tip, f"entry {link.seq} vouches for another")
            self._advance(link, leaf=link.prev, trust=False)
        else:
            self._name(Damage.EDITED, link, f"it does not follow from entry {self._tip.seq}")
            self._advance(link, suspect=True)

    def _is_genuine(self, link: Link, follower: Link | None) -> bool:
        """Say whether a link that does not fit its tip is genuine, so that the tip is at fault."""
        if self._tip.seq == 0:
            return False
        if follower is not None:
            return follower.prev == link.hash or follower.seq != link.seq + 1
        vouched = self._witness.vouches(link.seq, link.hash)
        if vouched is None:
            return self._witness.vouches(self._tip.seq, self._tip.hash) is not True
        return vouched

    def _place_ahead(self, link: Link, follower: Link | None) -> None:
        """Place a link whose sequence is past the next: it came too early, or those before it are missing."""
        goes_on = follower is None or follower.prev == link.hash or follower.seq == link.seq + 1
        if link.seq > MAX_INTEGER:
            self._name(Damage.INSERTED, link, "no ledger is so long")
            return
        if not goes_on and len(self._early) < MAX_HELD:
            if link.seq in self._early:
                self._name(Damage.INSERTED, link, "another entry claims its place, too")
            self._early.setdefault(link.seq, link)
            return
        gap = _Gap(self._tip.seq + 1, link.seq - 1, self._tip.hash, link.prev, link.line)
        if gap.last - gap.first >= link.junk:
            self._keep_gap(gap)
        self._advance_past(gap, link)

    def _place_behind(self, link: Link, follower: Link | None) -> None:
        """Place a link whose sequence is past already: it came too late, or it has no place."""
        if self._fill(link):
            return
        if self._replaces_tip(link, follower):
            self._name(Damage.INSERTED, self._tip, "the chain goes on from another entry")
            self._tip = link
        else:
            self._name(Damage.INSERTED, link, "its place is taken")

    def _replaces_tip(self, link: Link, follower: Link | None) -> bool:
        """Say whether the tip was slipped in before the genuine entry of its sequence."""
        if link.seq != self._tip.seq or link.hash == self._tip.hash:
            return False
        if follower is None:
            return self._witness.vouches(link.seq, link.hash) is True
        return follower.prev == link.hash

    def _place_leftover(self, link: Link) -> None:
        """Place an entry that came early and was never reached; a head may vouch for it."""
        if link.seq > self._tip.seq and self._witness.vouches(link.seq, link.hash):
            self._place_ahead(link, None)
        elif not self._fill(link):
            self._name(Damage.INSERTED, link, "nothing leads to it")

    def _take_early(self, link: Link | None) -> None:
        """Go on through entries that came before their place, as long as they fit."""
        while (early := self._early.get(self._tip.seq + 1)) is not None:
            contested = link is not None and link.seq == early.seq
            if contested or early.prev != self._tip.hash:
                return
            del self._early[early.seq]
            self._name(Damage.REORDERED, early, f"it stands before entry {self._tip.seq}")
            self._advance(early)

    # ---- how the tip moves

    def _advance(self, link: Link, *, leaf: str | None = None, suspect: bool = False, trust: bool = True) -> None:
        """Make ``link`` the tip. ``leaf`` is the old tip's true leaf, where that is not its own hash.

        ``suspect`` says that the link itself is edited, ``trust`` is False where the old tip is.
        """
        if self._tip.seq:
            known = leaf or (None if self._suspect else self._tip.hash)
            self._witness.settle(self._tip.seq, known)
        if trust and not self._suspect:
            self._epoch = max(self._epoch, self._tip.epoch)
        if link.epoch < self._epoch and not suspect:
            detail = f"it carries epoch {link.epoch} after {self._epoch}"
            self._name(Damage.EPOCH_WENT_BACK, link, detail)
        self._tip, self._suspect = link, suspect

    def _advance_past(self, gap: _Gap, link: Link) -> None:
        """Make ``link`` the tip after missing entries; the last one's leaf is what the link claims."""
        if self._tip.seq:
            self._witness.settle(self._tip.seq, None if self._suspect else self._tip.hash)
        self._witness.settle(gap.last, gap.right if gap.first == gap.last else None)
        self._epoch = max(self._epoch, 0 if self._suspect else self._tip.epoch)
        if link.epoch < self._epoch:
            self._name(Damage.EPOCH_WENT_BACK, link, f"it carries epoch {link.epoch} after {self._epoch}")
        self._tip, self._suspect = link, False

    # ---- gaps

    def _keep_gap(self, gap: _Gap) -> None:
        if len(self._gaps) < MAX_HELD:
            self._gaps.append(gap)
        else:
            self._name_dropped(gap)

    def _fill(self, link: Link) -> bool:
        """Put a late entry into the gap that it left, checked against the gap's neighbours; say if there was one."""
        gap = next((gap for gap in self._gaps if gap.first <= link.seq <= gap.last), None)
        if gap is None:
            return False
        self._gaps.remove(gap)
        fits_left = link.seq != gap.first or gap.left in (None, link.prev)
        fits_right = link.seq != gap.last or gap.right in (None, link.hash)
        self._name(Damage.REORDERED, link, f"it stands after entry {self._tip.seq}")
        if not (fits_left and fits_right):
            self._name(Damage.EDITED, link, "it does not fit where it belongs")
        if link.seq > gap.first:
            self._gaps.append(_Gap(gap.first, link.seq - 1, gap.left, link.prev, gap.line))
        if link.seq < gap.last:
            self._gaps.append(_Gap(link.seq + 1, gap.last, link.hash, gap.right, gap.line))
        return True

    # ---- naming

    def _name(self, damage: Damage, link: Link, detail: str) -> None:
        self._witness.name(damage, link.seq, link.seq, link.line, detail)

    def _name_dropped(self, gap: _Gap) -> None:
        count = gap.last - gap.first + 1
        self._witness.name(Damage.DROPPED, gap.first, gap.last, gap.line, f"{count} missing")
