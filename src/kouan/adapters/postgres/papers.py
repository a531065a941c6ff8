"""Papers and control orders read from PostgreSQL; each method is the query of its name in ``queries/papers.sql``."""

from collections.abc import Sequence
from typing import Any

from kouan.adapters.postgres.database import Database
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


class PostgresPapersRecords:
    """The PapersRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find_confirmation(self, number: str) -> ConfirmationRecord | None:
        """Return one confirmation in whatever state."""
        row = await self._one("papers.find_confirmation", number=number)
        return ConfirmationRecord(*row) if row else None

    async def confirmations_of_plate(self, plate: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations of a vehicle in one direction, newest submission first."""
        rows = await self._all("papers.confirmations_of_plate", plate=plate, direction=str(direction))
        return [ConfirmationRecord(*row) for row in rows]

    async def active_plates(self, direction: Direction) -> Sequence[str]:
        """Return the plates of the active confirmations in one direction, sorted, each once."""
        return [row[0] for row in await self._all("papers.active_plates", direction=str(direction))]

    async def confirmations_of_container(self, container: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations that name a container, newest submission first."""
        rows = await self._all("papers.confirmations_of_container", container=container, direction=str(direction))
        return [ConfirmationRecord(*row) for row in rows]

    async def latest_confirmations(self, limit: int) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations that were handed in last, newest submission first."""
        return [ConfirmationRecord(*row) for row in await self._all("papers.latest_confirmations", limit=limit)]

    async def confirmations_of_batch(self, batch: str) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of a batch in every state but ``deleted``, by number."""
        return [ConfirmationRecord(*row) for row in await self._all("papers.confirmations_of_batch", batch=batch)]

    async def confirmations_of_vehicle(self, plate: str, limit: int) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of a plate in every state but ``deleted``, newest submission first."""
        rows = await self._all("papers.confirmations_of_vehicle", plate=plate, limit=limit)
        return [ConfirmationRecord(*row) for row in rows]

    async def confirmations_of_carriers(self, carriers: Sequence[str], limit: int) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of these carriers in every state but ``deleted``, newest submission first."""
        rows = await self._all("papers.confirmations_of_carriers", carriers=list(carriers), limit=limit)
        return [ConfirmationRecord(*row) for row in rows]

    async def find_manifest(self, number: str) -> ManifestRecord | None:
        """Return one manifest in whatever state."""
        row = await self._one("papers.find_manifest", number=number)
        return ManifestRecord(*row) if row else None

    async def manifests_of_batch(self, batch: str) -> Sequence[ManifestRecord]:
        """Return the active manifests of a batch, by number."""
        return [ManifestRecord(*row) for row in await self._all("papers.manifests_of_batch", batch=batch)]

    async def consignments(self, numbers: Sequence[str], direction: Direction) -> Sequence[ConsignmentRecord]:
        """Return the active consignments among these numbers in one direction, by number."""
        rows = await self._all("papers.consignments", numbers=list(numbers), direction=str(direction))
        return [ConsignmentRecord(*row) for row in rows]

    async def find_declaration(self, number: str) -> DeclarationRecord | None:
        """Return one declaration."""
        row = await self._one("papers.find_declaration", number=number)
        return DeclarationRecord(*row) if row else None

    async def declarations(self, numbers: Sequence[str]) -> Sequence[DeclarationRecord]:
        """Return the declarations among these numbers, by number."""
        return [DeclarationRecord(*row) for row in await self._all("papers.declarations", numbers=list(numbers))]

    async def declarations_due(self, at: Instant, limit: int | None = None) -> Sequence[DeclarationRecord]:
        """Return the declarations whose ``full_due`` is not later than an instant, by it (then by number)."""
        return [DeclarationRecord(*row) for row in await self._all("papers.declarations_due", at=at, limit=limit)]

    async def find_supporting(self, kind: str, number: str) -> SupportingRecord | None:
        """Return one supporting paper in whatever state."""
        row = await self._one("papers.find_supporting", kind=kind, number=number)
        return SupportingRecord(*row) if row else None

    async def supporting_of_lot(self, lot: str) -> Sequence[SupportingRecord]:
        """Return the active supporting papers about a lot, by kind and number."""
        return [SupportingRecord(*row) for row in await self._all("papers.supporting_of_lot", lot=lot)]

    async def latest_supporting(self, kind: str, limit: int) -> Sequence[SupportingRecord]:
        """Return the active supporting papers of a kind that were handed in last, newest submission first."""
        rows = await self._all("papers.latest_supporting", kind=kind, limit=limit)
        return [SupportingRecord(*row) for row in rows]

    async def balances(self, numbers: Sequence[str]) -> Sequence[BalanceRecord]:
        """Return the balances of the papers of these numbers, of every kind and state, by kind, number and item."""
        return [BalanceRecord(*row) for row in await self._all("papers.balances", numbers=list(numbers))]

    async def write_offs(self, kind: str, number: str) -> Sequence[WriteOffRecord]:
        """Return what was written off against a paper, oldest first (then by ticket and item)."""
        return [WriteOffRecord(*row) for row in await self._all("papers.write_offs", kind=kind, number=number)]

    async def write_offs_of_ticket(self, ticket: str) -> Sequence[WriteOffRecord]:
        """Return what a weighing ticket wrote off, by kind, number and item."""
        return [WriteOffRecord(*row) for row in await self._all("papers.write_offs_of_ticket", ticket=ticket)]

    async def find_order(self, number: str) -> ControlOrderRecord | None:
        """Return one control order, lifted or not."""
        row = await self._one("papers.find_order", number=number)
        return ControlOrderRecord(*row) if row else None

    async def orders_in_force(self, at: Instant) -> Sequence[ControlOrderRecord]:
        """Return the control orders that are valid at an instant and not lifted, oldest first."""
        return [ControlOrderRecord(*row) for row in await self._all("papers.orders_in_force", at=at)]

    async def orders_naming(self, names: Sequence[str], at: Instant) -> Sequence[ControlOrderRecord]:
        """Return those of ``orders_in_force`` whose plate, container, consignment or declaration is among the names."""
        rows = await self._all("papers.orders_naming", names=list(names), at=at)
        return [ControlOrderRecord(*row) for row in rows]

    async def _all(self, name: str, **params: Any) -> Sequence[tuple[Any, ...]]:
        return await self._database.fetch_all(name, {"port": self._port, **params})

    async def _one(self, name: str, **params: Any) -> tuple[Any, ...] | None:
        return await self._database.fetch_one(name, {"port": self._port, **params})
