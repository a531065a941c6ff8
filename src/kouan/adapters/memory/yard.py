"""The yard read from the in-memory tables."""

from collections.abc import Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.vocabulary.clock import Instant
from kouan.yard.records import (
    LotRecord,
    MovementRecord,
    NetRecord,
    PickupRecord,
    ScaleRecord,
    StackRecord,
    TicketRecord,
    VisitRecord,
    WarrantRecord,
)
from kouan.yard.states import OPEN_STATES


class MemoryYardRecords:
    """The YardRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find_visit(self, visit: str) -> VisitRecord | None:
        """Return one visit, open or over."""
        return self._records.one("yard_visits", VisitRecord, visit)

    async def open_visits(self) -> Sequence[VisitRecord]:
        """Return the visits that are not over, oldest first."""
        found = [
            each for state in OPEN_STATES for each in self._records.where("yard_visits", VisitRecord, "state", state)
        ]
        return sorted(found, key=_by_opening)

    async def open_visit_of(self, plate: str) -> VisitRecord | None:
        """Return the visit of a vehicle that is not over."""
        found = self._records.where("yard_visits", VisitRecord, "plate", plate)
        return next((each for each in found if each.closed_at is None), None)

    async def visits_of_lot(self, lot: str) -> Sequence[VisitRecord]:
        """Return all visits for a lot, oldest first."""
        return sorted(self._records.where("yard_visits", VisitRecord, "lot", lot), key=_by_opening)

    async def find_lot(self, lot: str) -> LotRecord | None:
        """Return one lot's account."""
        return self._records.one("yard_lots", LotRecord, lot)

    async def lots(self, site: str | None = None) -> Sequence[LotRecord]:
        """Return the accounts at a site, or at all, by lot."""
        found = [each for each in self._records.all("yard_lots", LotRecord) if site in (None, each.site)]
        return sorted(found, key=lambda each: each.lot)

    async def find_stack(self, lies_at: str) -> StackRecord | None:
        """Return what lies at a place."""
        return self._records.one("yard_stacks", StackRecord, lies_at)

    async def stacks(self, site: str | None = None) -> Sequence[StackRecord]:
        """Return the stacks of a site, or all, by place."""
        found = [each for each in self._records.all("yard_stacks", StackRecord) if site in (None, each.site)]
        return sorted(found, key=lambda each: each.lies_at)

    async def movements(self, lot: str) -> Sequence[MovementRecord]:
        """Return the journal of a lot, oldest first."""
        found = self._records.where("yard_movements", MovementRecord, "lot", lot)
        return sorted(found, key=lambda each: (each.at, each.movement))

    async def movements_at(self, site: str | None = None) -> Sequence[MovementRecord]:
        """Return the journal of a site, or of all, oldest first."""
        found = self._records.all("yard_movements", MovementRecord)
        return sorted((each for each in found if site in (None, each.site)), key=lambda each: (each.at, each.movement))

    async def find_ticket(self, ticket: str) -> TicketRecord | None:
        """Return one weighing ticket."""
        return self._records.one("yard_tickets", TicketRecord, ticket)

    async def tickets(self, since: Instant, limit: int = 10_000) -> Sequence[TicketRecord]:
        """Return the latest tickets taken at an instant or after it, oldest first."""
        found = [each for each in self._records.all("yard_tickets", TicketRecord) if each.at >= since]
        return sorted(found, key=_by_weighing)[-limit:]

    async def references(self, scale: str, since: Instant) -> Sequence[TicketRecord]:
        """Return the reference weighings of a scale at an instant or after it, oldest first."""
        found = self._records.where("yard_tickets", TicketRecord, "scale", scale)
        return sorted((each for each in found if each.known_kg is not None and each.at >= since), key=_by_weighing)

    async def find_net(self, visit: str) -> NetRecord | None:
        """Return the net of a visit."""
        return self._records.one("yard_nets", NetRecord, visit)

    async def nets(self, since: Instant, until: Instant) -> Sequence[NetRecord]:
        """Return the nets written off from an instant to before another, oldest first."""
        found = [each for each in self._records.all("yard_nets", NetRecord) if since <= each.at < until]
        return sorted(found, key=lambda each: (each.at, each.visit))

    async def scales(self) -> Sequence[ScaleRecord]:
        """Return every scale of which something is recorded, by name."""
        return sorted(self._records.all("yard_scales", ScaleRecord), key=lambda each: each.scale)

    async def find_scale(self, scale: str) -> ScaleRecord | None:
        """Return how a scale stands."""
        return self._records.one("yard_scales", ScaleRecord, scale)

    async def find_pickup(self, number: str) -> PickupRecord | None:
        """Return one pick-up order."""
        return self._records.one("yard_pickups", PickupRecord, number)

    async def open_pickups(self, plate: str | None = None) -> Sequence[PickupRecord]:
        """Return the orders that are open or under way, of a vehicle or all, by number."""
        found = [
            each
            for each in self._records.all("yard_pickups", PickupRecord)
            if each.state in ("open", "under_way") and plate in (None, each.plate)
        ]
        return sorted(found, key=lambda each: each.number)

    async def find_warrant(self, warrant: str) -> WarrantRecord | None:
        """Return one warehouse warrant."""
        return self._records.one("yard_warrants", WarrantRecord, warrant)

    async def warrants(self, site: str | None = None) -> Sequence[WarrantRecord]:
        """Return the warrants of a site, or all, by warrant."""
        found = [each for each in self._records.all("yard_warrants", WarrantRecord) if site in (None, each.site)]
        return sorted(found, key=lambda each: each.warrant)


def _by_opening(record: VisitRecord) -> tuple[Instant, str]:
    return record.opened_at, record.visit


def _by_weighing(record: TicketRecord) -> tuple[Instant, str]:
    return record.at, record.ticket
