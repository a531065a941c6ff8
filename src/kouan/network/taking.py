"""How the hub takes a port's ledger: every entry once, in order, and only what follows from what it took before."""

from collections.abc import Sequence

import msgspec

from kouan.ledger.entries import GENESIS, Entry, decode_entry
from kouan.ledger.merkle import leaf_hash
from kouan.vocabulary.errors import InvalidValue


class Position(msgspec.Struct, frozen=True):
    """How far a port's ledger was taken: number of entries, hex hash and writer's epoch of the last one."""

    size: int = 0
    last: str = GENESIS
    epoch: int = 0


class Copied(msgspec.Struct, frozen=True):
    """One entry as it came: its canonical bytes, and their leaf hash (32 bytes)."""

    entry: Entry
    encoded: bytes
    leaf: bytes


class Batch(msgspec.Struct, frozen=True):
    """Consecutive entries of one port, at least one: each is canonical and names the hash of the one before."""

    copied: tuple[Copied, ...]


class Accepted(msgspec.Struct, frozen=True):
    """These entries are new and follow on; ``after`` is the position once they are durable."""

    fresh: tuple[Copied, ...]
    after: Position


class Repeated(msgspec.Struct, frozen=True):
    """Nothing new: what came is held already, byte for byte."""


class Early(msgspec.Struct, frozen=True):
    """The batch begins beyond what was taken: one before it was lost on the way, or comes yet."""


class Broken(msgspec.Struct, frozen=True):
    """The batch contradicts itself or what was taken: ``rule`` says how, ``seq`` where.

    Nothing more is taken from this port until a person decides.
    """

    rule: str
    seq: int


Judgement = Accepted | Repeated | Early | Broken


def read_batch(port: str, entries: Sequence[bytes]) -> Batch | Broken:
    """Return the batch that canonical bytes make, whatever was taken before: so it can be read ahead of its turn.

    Rules of a ``Broken``: of ``decode_entry``, ``chain.empty``, ``chain.port``, ``chain.sequence``, ``chain.prev``
    and ``chain.epoch`` for a batch that no ledger of this port can hold. ``seq`` is 0 where no number can be told.
    """
    copied: list[Copied] = []
    for encoded in entries:
        try:
            copied.append(Copied(decode_entry(encoded), encoded, leaf_hash(encoded)))
        except InvalidValue as error:
            return Broken(error.rule, copied[-1].entry.seq + 1 if copied else 0)
    if not copied:
        return Broken("chain.empty", 0)
    return _inner_break(port, copied) or Batch(tuple(copied))


def overlap(position: Position, batch: Batch) -> int | None:
    """Return the number of the latest entry that a batch shares with what was taken, None where they share none.

    The leaf hash that is held under that number is what ``judge`` must be given.
    """
    first, last = (batch.copied[place].entry.seq for place in (0, -1))
    shared = min(last, position.size)
    return shared if first <= shared else None


def judge(position: Position, batch: Batch, held: bytes | None = None) -> Judgement:
    """Return what becomes of a batch; ``held`` is the leaf hash that is held at its ``overlap``.

    Rules of a ``Broken``: ``chain.fork`` where it goes another way than what was taken, ``chain.epoch`` where an
    earlier writer wrote it.
    """
    if batch.copied[0].entry.seq > position.size + 1:
        return Early()
    return _join(position, batch.copied, overlap(position, batch), held)


def _inner_break(port: str, copied: Sequence[Copied]) -> Broken | None:
    """Return where consecutive entries do not follow from each other."""
    before: Copied | None = None
    for one in copied:
        entry = one.entry
        if entry.port != port:
            return Broken("chain.port", entry.seq)
        if before is not None:
            if entry.seq != before.entry.seq + 1:
                return Broken("chain.sequence", entry.seq)
            if entry.prev != before.leaf.hex():
                return Broken("chain.prev", entry.seq)
            if entry.epoch < before.entry.epoch:
                return Broken("chain.epoch", entry.seq)
        before = one
    return None


def _join(position: Position, copied: Sequence[Copied], shared: int | None, held: bytes | None) -> Judgement:
    first = copied[0].entry.seq
    fresh: tuple[Copied, ...]
    if shared is None:
        fresh = tuple(copied)
        if fresh[0].entry.prev != position.last:
            return Broken("chain.fork", first)
    else:
        if copied[shared - first].leaf != held:
            return Broken("chain.fork", shared)
        fresh = tuple(copied[shared - first + 1 :])
    if not fresh:
        return Repeated()
    if fresh[0].entry.epoch < position.epoch:
        return Broken("chain.epoch", fresh[0].entry.seq)
    end = fresh[-1]
    return Accepted(fresh, Position(end.entry.seq, end.leaf.hex(), end.entry.epoch))
