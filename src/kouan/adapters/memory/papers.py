"""Papers and control orders read from the in-memory tables."""

from collections.abc import Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.inspection.control_orders import TARGETS, in_force
from kouan.inspection.records import (
    BalanceRecord,
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
    SupportingRecord,
    WriteOffRecord,
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

    async def confirmations_of_vehicle(self, plate: str, limit: int) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of a plate in every state but ``deleted``, newest submission first."""
        return self._not_deleted("plate", [plate], limit)

    async def confirmations_of_carriers(self, carriers: Sequence[str], limit: int) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of these carriers in every state but ``deleted``, newest submission first."""
        return self._not_deleted("carrier", carriers, limit)

    def _not_deleted(self, column: str, values: Sequence[str], limit: int) -> list[ConfirmationRecord]:
        having = [
            record
            for value in sorted(set(values))
            for record in self._records.where("papers_confirmations", ConfirmationRecord, column, value)
            if record.state != "deleted"
        ]
        return sorted(having, key=lambda record: (record.submitted_at, record.number), reverse=True)[:limit]

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

    async def declarations_due(self, at: Instant, limit: int | None = None) -> Sequence[DeclarationRecord]:
        """Return the declarations whose ``full_due`` is not later than an instant, by it (then by number)."""
        waiting = self._records.where("papers_declarations", DeclarationRecord, "step", "summary")
        due = [
            (record.full_due, record.number, record)
            for record in waiting
            if record.full_due is not None and record.full_due <= at and record.status != "cancelled"
        ]
        return [record for _, _, record in sorted(due, key=lambda found: found[:2])[:limit]]

    async def find_supporting(self, kind: str, number: str) -> SupportingRecord | None:
        """Return one supporting paper in whatever state."""
        return self._records.one("papers_supporting", SupportingRecord, kind, number)

    async def supporting_of_lot(self, lot: str) -> Sequence[SupportingRecord]:
        """Return the active supporting papers about a lot, by kind and number."""
        having = self._records.where("papers_supporting", SupportingRecord, "lots", lot, parted=True)
        found = [record for record in having if record.state == "active"]
        return sorted(found, key=lambda record: (record.kind, record.number))

    async def latest_supporting(self, kind: str, limit: int) -> Sequence[SupportingRecord]:
        """Return the active supporting papers of a kind that were handed in last, newest submission first."""
        of_kind = self._records.where("papers_supporting", SupportingRecord, "kind", kind)
        found = [record for record in of_kind if record.state == "active"]
        return sorted(found, key=lambda record: (record.submitted_at, record.number), reverse=True)[:limit]

    async def balances(self, numbers: Sequence[str]) -> Sequence[BalanceRecord]:
        """Return the balances of the papers of these numbers, of every kind and state, by kind, number and item."""
        found = [
            record
            for number in sorted(set(numbers))
            for record in self._records.where("papers_balances", BalanceRecord, "number", number)
        ]
        return sorted(found, key=lambda record: (record.kind, record.number, record.item))

    async def write_offs(self, kind: str, number: str) -> Sequence[WriteOffRecord]:
        """Return what was written off against a paper, oldest first (then by ticket and item)."""
        found = self._records.where("papers_write_offs", WriteOffRecord, "number", number)
        against = [record for record in found if record.kind == kind]
        return sorted(against, key=lambda record: (record.at, record.ticket, record.item))

    async def write_offs_of_ticket(self, ticket: str) -> Sequence[WriteOffRecord]:
        """Return what a weighing ticket wrote off, by kind, number and item."""
        found = self._records.where("papers_write_offs", WriteOffRecord, "ticket", ticket)
        return sorted(found, key=lambda record: (record.kind, record.number, record.item))

    async def find_order(self, number: str) -> ControlOrderRecord | None:
        """Return one control order, lifted or not."""
        return self._records.one("papers_orders", ControlOrderRecord, number)

    async def orders_in_force(self, at: Instant) -> Sequence[ControlOrderRecord]:
        """Return the control orders that are valid at an instant and not lifted, oldest first."""
        found = [each for each in self._records.all("papers_orders", ControlOrderRecord) if in_force(each, at)]
        return sorted(found, key=_placed)

    async def orders_naming(self, names: Sequence[str], at: Instant) -> Sequence[ControlOrderRecord]:
        """Return those of ``orders_in_force`` whose plate, container, consignment or declaration is among the names."""
        named = {
            record.number: record
            for name in dict.fromkeys(names)
            for target in TARGETS
            for record in self._records.where("papers_orders", ControlOrderRecord, target, name)
        }
        return sorted((each for each in named.values() if in_force(each, at)), key=_placed)


def _placed(record: ControlOrderRecord) -> tuple[Instant, str]:
    return (record.placed_at, record.number)
