"""Papers and control orders read from the in-memory tables."""

from collections.abc import Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
)
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction


class MemoryPapersRecords:
    """The PapersRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find_confirmation(self, number: str) -> ConfirmationRecord | None:
        """Return one confirmation in whatever state."""
        return self._records.one("papers_confirmations", ConfirmationRecord, number)

    async def confirmations_of_plate(self, plate: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations of a vehicle in one direction, newest submission first."""
        return self._active(direction, "plate", plate)

    async def active_plates(self, direction: Direction) -> Sequence[str]:
        """Return the plates of the active confirmations in one direction, sorted, each once."""
        return sorted({record.plate for record in self._active(direction, "state", "active")})

    async def confirmations_of_container(self, container: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations that name a container, newest submission first."""
        return self._active(direction, "containers", container, parted=True)

    def _active(
        self, direction: Direction, column: str, value: str, *, parted: bool = False
    ) -> list[ConfirmationRecord]:
        having = self._records.where("papers_confirmations", ConfirmationRecord, column, value, parted=parted)
        found = [record for record in having if record.state == "active" and record.direction == direction]
        return sorted(found, key=lambda record: (record.submitted_at, record.number), reverse=True)

    async def latest_confirmations(self, limit: int) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations that were handed in last, newest submission first."""
        found = self._records.where("papers_confirmations", ConfirmationRecord, "state", "active")
        return sorted(found, key=lambda record: (record.submitted_at, record.number), reverse=True)[:limit]

    async def confirmations_of_batch(self, batch: str) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of a batch in every state but ``deleted``, by number."""
        all_ = self._records.where("papers_confirmations", ConfirmationRecord, "batch", batch)
        found = [record for record in all_ if record.state != "deleted"]
        return sorted(found, key=lambda record: record.number)

    async def find_manifest(self, number: str) -> ManifestRecord | None:
        """Return one manifest in whatever state."""
        return self._records.one("papers_manifests", ManifestRecord, number)

    async def manifests_of_batch(self, batch: str) -> Sequence[ManifestRecord]:
        """Return the active manifests of a batch, by number."""
        all_ = self._records.where("papers_manifests", ManifestRecord, "batch", batch)
        found = [record for record in all_ if record.state == "active"]
        return sorted(found, key=lambda record: record.number)

    async def consignments(self, numbers: Sequence[str], direction: Direction) -> Sequence[ConsignmentRecord]:
        """Return the active consignments among these numbers in one direction, by number."""
        named = sorted(set(numbers))
        found = [self._records.one("papers_consignments", ConsignmentRecord, name, str(direction)) for name in named]
        return [record for record in found if record is not None and record.state == "active"]

    async def find_declaration(self, number: str) -> DeclarationRecord | None:
        """Return one declaration."""
        return self._records.one("papers_declarations", DeclarationRecord, number)

    async def declarations(self, numbers: Sequence[str]) -> Sequence[DeclarationRecord]:
        """Return the declarations among these numbers, by number."""
        found = [self._records.one("papers_declarations", DeclarationRecord, name) for name in sorted(set(numbers))]
        return [record for record in found if record is not None]

    async def find_order(self, number: str) -> ControlOrderRecord | None:
        """Return one control order, lifted or not."""
        return self._records.one("papers_orders", ControlOrderRecord, number)

    async def orders_in_force(self, at: Instant) -> Sequence[ControlOrderRecord]:
        """Return the control orders that are valid at an instant and not lifted, oldest first."""
        found = [
            record
            for record in self._records.all("papers_orders", ControlOrderRecord)
            if record.lifted_at is None
            and record.valid_from <= at
            and (record.valid_until is None or record.valid_until > at)
        ]
        return sorted(found, key=lambda record: (record.placed_at, record.number))

    async def orders_naming(self, names: Sequence[str], at: Instant) -> Sequence[ControlOrderRecord]:
        """Return those of ``orders_in_force`` whose plate, container, consignment or declaration is among the names."""
        wanted = set(names)
        return [
            record
            for record in await self.orders_in_force(at)
            if wanted.intersection((record.plate, record.container, record.consignment, record.declaration))
        ]
