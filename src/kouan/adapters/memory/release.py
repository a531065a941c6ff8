"""Release read from the in-memory tables."""

from collections.abc import Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord, standing_of
from kouan.vocabulary.clock import Instant


class MemoryReleaseRecords:
    """The ReleaseRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find_lot(self, number: str) -> LotRecord | None:
        """Return one lot in whatever state."""
        return self._records.one("release_lots", LotRecord, number)

    async def lots_of_declaration(self, declaration: str) -> Sequence[LotRecord]:
        """Return the lots of a declaration, by line."""
        found = self._records.where("release_lots", LotRecord, "declaration", declaration)
        return sorted(found, key=lambda record: record.line)

    async def lots_of_consignee(self, consignee: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots of a consignee in whatever state, the latest declared first (then by number)."""
        found = self._records.where("release_lots", LotRecord, "consignee", consignee)
        return sorted(found, key=lambda lot: (-lot.declared_at, lot.number))[:limit]

    async def lots_of_certificate(self, certificate: str) -> Sequence[LotRecord]:
        """Return the lots that a certificate frees now, by number."""
        free = self._records.where("release_lots", LotRecord, "state", LotState.FREE.value)
        return sorted((lot for lot in free if standing_of(lot).certificate == certificate), key=lambda lot: lot.number)

    async def lots_due(self, at: Instant, limit: int) -> Sequence[LotRecord]:
        """Return the lots whose deadline is at or before an instant, the earliest deadline first."""
        found = [(lot.deadline, lot.number, lot) for lot in self._lots() if lot.deadline is not None]
        return [lot for deadline, _, lot in sorted(found, key=lambda each: each[:2]) if deadline <= at][:limit]

    async def lots_waiting(self, after: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots in no final state with a number after ``after``, by number."""
        found = [lot for lot in self._lots() if lot.deadline is not None and lot.number > after]
        return sorted(found, key=lambda lot: lot.number)[:limit]

    async def lots_in(self, state: str, limit: int) -> Sequence[LotRecord]:
        """Return the lots in a state, the earliest deadline first."""
        found = self._records.where("release_lots", LotRecord, "state", state)
        return sorted(found, key=lambda lot: (lot.deadline is None, lot.deadline or 0, lot.number))[:limit]

    async def next_deadline(self) -> Instant | None:
        """Return the earliest deadline of all lots, None where none waits."""
        return min((lot.deadline for lot in self._lots() if lot.deadline is not None), default=None)

    async def samples_of(self, lot: str) -> Sequence[SampleRecord]:
        """Return the samples of a lot, duplicates included, by number."""
        found = self._records.where("release_samples", SampleRecord, "lot", lot)
        return sorted(found, key=lambda sample: sample.number)

    async def custody_of(self, item: str) -> Sequence[CustodyRecord]:
        """Return the chain of custody of a lot or a sample, from its first link."""
        found = self._records.where("release_custody", CustodyRecord, "item", item)
        return sorted(found, key=lambda link: link.step)

    def _lots(self) -> list[LotRecord]:
        return self._records.all("release_lots", LotRecord)
