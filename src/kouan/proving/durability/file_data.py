"""A file on a disk with a volatile cache: its bytes as they are read now, and what a power cut would make of them.

Every change since the last sync is kept with what stood there before. A cut decides the fate of each change; then every
512-byte sector holds what it held at one moment since the last sync, and the file has a length that it had, or was
growing to. Nothing else can come out: no byte is invented, and what was synced and not changed since is untouched.
"""

import enum
from collections.abc import Sequence
from random import Random

import msgspec

SECTOR = 512
"""Bytes that a disk writes whole or not at all: the smallest logical block of ATA and NVMe disks."""


class Fate(enum.StrEnum):
    """What becomes of one change that was not synced."""

    KEPT = "kept"
    LOST = "lost"
    TORN = "torn"


class Odds(msgspec.Struct, frozen=True):
    """How likely a change that was not synced is lost or torn; else it is kept. Our choice: all three are common."""

    lost: float = 0.4
    torn: float = 0.3

    def draw(self, chance: Random) -> Fate:
        """Return the fate of one change."""
        drawn = chance.random()
        return Fate.LOST if drawn < self.lost else Fate.TORN if drawn < self.lost + self.torn else Fate.KEPT


ALL_LOST = Odds(lost=1.0, torn=0.0)
"""The disk goes back to what was synced last."""


class _Change(msgspec.Struct):
    """One change: the sectors from ``first`` on, as they were before, and the file's length before and after."""

    first: int
    before: bytes
    sectors: int
    size_before: int
    size_after: int
    cuts: bool


class _Kept(msgspec.Struct):
    """What is on the medium of one change: which of its sectors, and the length that it gave the file, if any."""

    sectors: Sequence[bool]
    size: int | None


class FileData:
    """The bytes of one file. All sizes and offsets are in bytes."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)
        self._pending: list[_Change] = []

    def __len__(self) -> int:
        return len(self._data)

    @property
    def pending(self) -> int:
        """How many changes are not synced."""
        return len(self._pending)

    def read(self, offset: int, length: int) -> bytes:
        """Return what is read now."""
        return bytes(self._data[offset : offset + length])

    def write(self, offset: int, payload: bytes) -> None:
        """Put bytes at an offset; a gap before them reads as zeros."""
        if not payload:
            return
        size, end = len(self._data), offset + len(payload)
        self._note(offset, end, max(size, end))
        if offset > size:
            self._data.extend(bytes(offset - size))
        self._data[offset:end] = payload

    def truncate(self, size: int) -> None:
        """Give the file another length; what it grows by reads as zeros."""
        old = len(self._data)
        if size < old:
            self._note(size, old, size, cuts=True)
            del self._data[size:]
        elif size > old:
            self._note(old, old, size)
            self._data.extend(bytes(size - old))

    def sync(self) -> int:
        """Make all that was changed durable; return how many changes that were."""
        count = len(self._pending)
        self._pending.clear()
        return count

    def cut(self, chance: Random, odds: Odds) -> list[Fate]:
        """Cut the power: leave what the medium holds; return the fate of each change that was not synced."""
        if not self._pending:
            return []
        fates = self._fates(chance, odds)
        kept = [_kept(change, fate, chance) for change, fate in zip(self._pending, fates, strict=True)]
        sectors = self._sectors(kept)
        size = next((one.size for one in reversed(kept) if one.size is not None), self._pending[0].size_before)
        self._become(sectors, size)
        self._pending.clear()
        return fates

    def flip(self, bit: int) -> None:
        """Turn one bit of the file over, at rest."""
        self._data[bit // 8] ^= 1 << bit % 8

    def _note(self, start: int, end: int, size_after: int, *, cuts: bool = False) -> None:
        first, last = start // SECTOR, -(-end // SECTOR)
        before = bytes(self._data[first * SECTOR : last * SECTOR])
        self._pending.append(_Change(first, before, last - first, len(self._data), size_after, cuts))

    def _fates(self, chance: Random, odds: Odds) -> list[Fate]:
        """Draw the fates. After a shortening that is lost all is lost: what was written then lies in other blocks."""
        fates: list[Fate] = []
        gone = False
        for change in self._pending:
            fate = Fate.LOST if gone else odds.draw(chance)
            if fate is Fate.TORN and (change.cuts or not change.sectors):
                fate = Fate.KEPT  # a new length alone is written whole
            gone = gone or (change.cuts and fate is Fate.LOST)
            fates.append(fate)
        return fates

    def _sectors(self, kept: Sequence[_Kept]) -> dict[int, bytes]:
        """Return every sector that was changed as the medium holds it: as the last change that is kept there left it.

        Goes from the newest change to the oldest; ``then`` is what a sector held right after the change in hand.
        """
        final: dict[int, bytes] = {}
        then: dict[int, bytes] = {}
        for change, one in zip(reversed(self._pending), reversed(kept), strict=True):
            for number in range(change.sectors):
                sector = change.first + number
                if sector not in final and one.sectors[number]:
                    held = then.get(sector)
                    final[sector] = self.read(sector * SECTOR, SECTOR) if held is None else held
                then[sector] = change.before[number * SECTOR : (number + 1) * SECTOR]
        return {**then, **final}

    def _become(self, sectors: dict[int, bytes], size: int) -> None:
        length = max(size, (max(sectors, default=-1) + 1) * SECTOR)
        self._data.extend(bytes(max(0, length - len(self._data))))
        for sector, held in sectors.items():
            self._data[sector * SECTOR : (sector + 1) * SECTOR] = held.ljust(SECTOR, b"\0")
        del self._data[size:]


def _kept(change: _Change, fate: Fate, chance: Random) -> _Kept:
    if fate is Fate.LOST:
        return _Kept([False] * change.sectors, None)
    if fate is Fate.KEPT:
        return _Kept([True] * change.sectors, change.size_after)
    if chance.random() < 0.5:
        return _Kept([chance.random() < 0.5 for _ in range(change.sectors)], change.size_after)
    return _prefix(change, chance)


def _prefix(change: _Change, chance: Random) -> _Kept:
    """Return the beginning of a change: some of its first sectors; a file that was growing has grown by a part."""
    growth = change.size_after - change.size_before
    if growth <= 0:
        length = chance.randint(0, change.sectors)
        return _Kept([number < length for number in range(change.sectors)], change.size_after)
    size = change.size_before + chance.randint(0, growth)
    return _Kept([(change.first + number) * SECTOR < size for number in range(change.sectors)], size)
