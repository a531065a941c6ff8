"""What release asks of a place that remembers lots, samples and custody, and of whoever knows the rules in force.

The named changes to projections (``Statement.name`` of ``ledger.roles``) that the use cases put into their units. A
guard that finds no row to change refuses the whole unit.

======================== ====================================================================================
``release.insert_lot``   guard: insert a ``LotRecord``; refused if ``number`` exists
``release.move_lot``     guard: replace the row where ``version`` is one less; keeps ``declaration``, ``line``,
                         ``direction`` and ``declared_at``
``release.may_leave``    guard that changes nothing: refused unless the lot ``number`` is in a state in which goods
                         may leave, with no deadline passed at ``at``, and still at ``version``
``release.insert_sample`` guard: insert a ``SampleRecord``; refused if ``number`` exists
``release.note_result``  guard: set ``result`` and ``passed`` of the sample ``number`` of ``lot``; refused if it has one
``release.hand_over``    guard: insert a ``CustodyRecord``; refused if (``item``, ``step``) exists, or ``step`` is not
                         one more than the item's last
======================== ====================================================================================

The parameters of a statement that writes a record are the record's fields (``inspection.records.params_of``); those of
the others are the names in the table.
"""

from collections.abc import Sequence
from typing import Protocol

from kouan.inspection.release.pressing import Place
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord
from kouan.inspection.release.rulebook import ReleaseBook
from kouan.vocabulary.clock import Instant


class ReleaseRecords(Protocol):
    """Reads the release projections of one port; they are written only by statements in ledger units."""

    async def find_lot(self, number: str) -> LotRecord | None:
        """Return one lot in whatever state."""
        ...

    async def lots_of_declaration(self, declaration: str) -> Sequence[LotRecord]:
        """Return the lots of a declaration, by line."""
        ...

    async def declarations_pressing(self, at: Instant, after: Place, limit: int) -> Sequence[Place]:
        """Return the declarations that come after a place, in the order in which they are looked at at an instant.

        They have a lot in no final state, or a full form that is due by then; cancelled papers are never due.
        """
        ...

    async def declarations_found(
        self, at: Instant, after: Place, limit: int, numbers: Sequence[str] | None, consignee: str | None
    ) -> Sequence[Place]:
        """Return such of these numbers, with a lot of this consignee (None for any), that come after a place.

        They have a paper or a lot, in whatever state, and come in the same order.
        """
        ...

    async def lots_of_certificate(self, certificate: str) -> Sequence[LotRecord]:
        """Return the lots that a certificate frees now, by number."""
        ...

    async def lots_due(self, at: Instant, limit: int) -> Sequence[LotRecord]:
        """Return the lots whose deadline is at or before an instant, the earliest deadline first (then by number)."""
        ...

    async def lots_waiting(self, after: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots in no final state with a number after ``after``, by number."""
        ...

    async def lots_in(self, state: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots in a state, the earliest deadline first (then by number; none comes last)."""
        ...

    async def next_deadline(self) -> Instant | None:
        """Return the earliest deadline of all lots, None where none waits."""
        ...

    async def samples_of(self, lot: str) -> Sequence[SampleRecord]:
        """Return the samples of a lot, duplicates included, by number."""
        ...

    async def custody_of(self, item: str) -> Sequence[CustodyRecord]:
        """Return the chain of custody of a lot or a sample, from its first link."""
        ...


class ReleaseRules(Protocol):
    """Knows the release rules of one port."""

    async def book(self, at: Instant) -> ReleaseBook:
        """Return the rules as they are written at an instant, with all their versions; raise Unavailable."""
        ...
