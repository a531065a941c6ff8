"""Release read from the in-memory tables."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.inspection.records import DeclarationRecord
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.pressing import Place, place_of
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

    async def declarations_pressing(self, at: Instant, after: Place, limit: int) -> Sequence[Place]:
        """Return the declarations that come after a place, in the order in which they are looked at."""
        due = {number for number, full_due in self._full_due().items() if full_due <= at}
        waiting = {lot.declaration for lot in self._lots() if lot.deadline is not None}
        return self._places(due | waiting, at, after, limit)

    async def declarations_found(
        self, at: Instant, after: Place, limit: int, numbers: Sequence[str] | None, consignee: str | None
    ) -> Sequence[Place]:
        """Return such of these numbers, with a lot of this consignee, that come after a place."""
        lots = self._lots()
        known = {lot.declaration for lot in lots} | {row["number"] for row in self._records.rows("papers_declarations")}
        if numbers is not None:
            known &= set(numbers)
        if consignee is not None:
            known &= {lot.declaration for lot in lots if lot.consignee == consignee}
        return self._places(known, at, after, limit)

    def _places(self, numbers: AbstractSet[str], at: Instant, after: Place, limit: int) -> list[Place]:
        due, lots = self._full_due(), dict[str, list[LotRecord]]()
        for lot in self._lots():
            lots.setdefault(lot.declaration, []).append(lot)
        places = [place_of(number, due.get(number), lots.get(number, ()), at) for number in numbers]
        return sorted(place for place in places if place > after)[:limit]

    def _full_due(self) -> dict[str, Instant]:
        """Return when the full form of each declaration is due of which it is awaited."""
        papers = self._records.where("papers_declarations", DeclarationRecord, "step", "summary")
        found = ((paper.number, paper.full_due) for paper in papers if paper.status != "cancelled")
        return {number: due for number, due in found if due is not None}

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
