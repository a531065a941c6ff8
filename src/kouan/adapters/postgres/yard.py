"""The yard read from PostgreSQL; each method is the query of its name in ``queries/yard.sql``."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from kouan.adapters.postgres.database import Database
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

Record = TypeVar("Record", bound=msgspec.Struct)


class PostgresYardRecords:
    """The YardRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find_visit(self, visit: str) -> VisitRecord | None:
        """Return one visit, open or over."""
        return await self._one(VisitRecord, "yard.find_visit", visit=visit)

    async def open_visits(self) -> Sequence[VisitRecord]:
        """Return the visits that are not over, oldest first."""
        return await self._all(VisitRecord, "yard.open_visits")

    async def open_visit_of(self, plate: str) -> VisitRecord | None:
        """Return the visit of a vehicle that is not over."""
        return await self._one(VisitRecord, "yard.open_visit_of", plate=plate)

    async def visits_of_lot(self, lot: str) -> Sequence[VisitRecord]:
        """Return all visits for a lot, oldest first."""
        return await self._all(VisitRecord, "yard.visits_of_lot", lot=lot)

    async def find_lot(self, lot: str) -> LotRecord | None:
        """Return one lot's account."""
        return await self._one(LotRecord, "yard.find_lot", lot=lot)

    async def lots(self, site: str | None = None) -> Sequence[LotRecord]:
        """Return the accounts at a site, or at all, by lot."""
        return await self._all(LotRecord, "yard.lots", site=site)

    async def find_stack(self, lies_at: str) -> StackRecord | None:
        """Return what lies at a place."""
        return await self._one(StackRecord, "yard.find_stack", lies_at=lies_at)

    async def stacks(self, site: str | None = None) -> Sequence[StackRecord]:
        """Return the stacks of a site, or all, by place."""
        return await self._all(StackRecord, "yard.stacks", site=site)

    async def movements(self, lot: str) -> Sequence[MovementRecord]:
        """Return the journal of a lot, oldest first."""
        return await self._all(MovementRecord, "yard.movements", lot=lot)

    async def movements_at(self, site: str | None = None) -> Sequence[MovementRecord]:
        """Return the journal of a site, or of all, oldest first."""
        return await self._all(MovementRecord, "yard.movements_at", site=site)

    async def find_ticket(self, ticket: str) -> TicketRecord | None:
        """Return one weighing ticket."""
        return await self._one(TicketRecord, "yard.find_ticket", ticket=ticket)

    async def tickets(self, since: Instant, limit: int = 10_000) -> Sequence[TicketRecord]:
        """Return the latest tickets taken at an instant or after it, oldest first."""
        return await self._all(TicketRecord, "yard.tickets", since=since, limit=limit)

    async def references(self, scale: str, since: Instant) -> Sequence[TicketRecord]:
        """Return the reference weighings of a scale at an instant or after it, oldest first."""
        return await self._all(TicketRecord, "yard.references", scale=scale, since=since)

    async def find_net(self, visit: str) -> NetRecord | None:
        """Return the net of a visit."""
        return await self._one(NetRecord, "yard.find_net", visit=visit)

    async def nets(self, since: Instant, until: Instant) -> Sequence[NetRecord]:
        """Return the nets written off from an instant to before another, oldest first."""
        return await self._all(NetRecord, "yard.nets", since=since, until=until)

    async def scales(self) -> Sequence[ScaleRecord]:
        """Return every scale of which something is recorded, by name."""
        return await self._all(ScaleRecord, "yard.scales")

    async def find_scale(self, scale: str) -> ScaleRecord | None:
        """Return how a scale stands."""
        return await self._one(ScaleRecord, "yard.find_scale", scale=scale)

    async def find_pickup(self, number: str) -> PickupRecord | None:
        """Return one pick-up order."""
        return await self._one(PickupRecord, "yard.find_pickup", number=number)

    async def open_pickups(self, plate: str | None = None) -> Sequence[PickupRecord]:
        """Return the orders that are open or under way, of a vehicle or all, by number."""
        return await self._all(PickupRecord, "yard.open_pickups", plate=plate)

    async def find_warrant(self, warrant: str) -> WarrantRecord | None:
        """Return one warehouse warrant."""
        return await self._one(WarrantRecord, "yard.find_warrant", warrant=warrant)

    async def warrants(self, site: str | None = None) -> Sequence[WarrantRecord]:
        """Return the warrants of a site, or all, by warrant."""
        return await self._all(WarrantRecord, "yard.warrants", site=site)

    async def _all(self, form: type[Record], name: str, **params: Any) -> Sequence[Record]:
        rows = await self._database.fetch_all(name, {"port": self._port, **params})
        return [form(*row) for row in rows]

    async def _one(self, form: type[Record], name: str, **params: Any) -> Record | None:
        row = await self._database.fetch_one(name, {"port": self._port, **params})
        return form(*row) if row else None
