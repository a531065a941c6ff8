"""The kinds of damage that a ledger can show, and the report that names them."""

import enum

import msgspec


class Damage(enum.StrEnum):
    """What can be wrong with a ledger."""

    EDITED = "edited"
    """An entry is not the one that its successor or a signed head vouches for."""
    DROPPED = "dropped"
    """Entries are missing before others that are there."""
    REORDERED = "reordered"
    """An entry or a head stands in another place than its sequence says."""
    TRUNCATED = "truncated"
    """The ledger ends before a signed head's size, or before the size that was expected."""
    INSERTED = "inserted"
    """An entry stands where the chain has no place for it."""
    FORKED = "forked"
    """What was signed is not this history: two heads of one size differ, or a head differs from a consistent chain."""
    BAD_SIGNATURE = "bad_signature"
    """A head's form or signature does not hold."""
    WRONG_PORT = "wrong_port"
    """An entry or a head belongs to another port."""
    EPOCH_WENT_BACK = "epoch_went_back"
    """A writer wrote after a newer one had taken over."""
    NOT_CANONICAL = "not_canonical"
    """Bytes are not the canonical form of an entry or head of a known version."""


class Finding(msgspec.Struct, frozen=True):
    """One damage.

    ``position`` is the sequence of the first entry concerned (for a head its size), ``through`` of the last. ``line``
    counts what was read, from 1: the line of an export, else entries and heads as they came.
    """

    damage: Damage
    position: int
    through: int
    line: int
    detail: str

    def __str__(self) -> str:
        """One sentence for a person."""
        where = f"entry {self.position}" if self.through == self.position else f"entries {self.position}–{self.through}"
        return f"{self.damage}: {where} (line {self.line}): {self.detail}"


class Report(msgspec.Struct, frozen=True):
    """What verification found.

    ``size`` is the last sequence of the chain, ``heads`` the number of heads whose signature holds, ``vouched`` the
    size of the largest head that the entries bear out: nothing after it is vouched for by a signature. ``root`` is the
    hex Merkle root over the chain, None where missing entries leave it unknown. ``complete`` is False where
    verification stopped at the most findings it keeps.
    """

    port: str | None
    size: int
    heads: int
    vouched: int
    root: str | None
    findings: tuple[Finding, ...]
    complete: bool = True

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong with what was read."""
        return self.complete and not self.findings
