"""What the yard asks of others: the goods' release, the papers' write-off, and a place that remembers.

The named changes to projections (``Statement.name`` of ``ledger.roles``) that the use cases put into their units. A
guard that finds no row to change refuses the whole unit.

======================= =====================================================================================
``yard.put_visit``      guard: insert a ``VisitRecord`` of version 1, or replace the row whose version is one less;
                        refused too where the plate has another visit that is not closed
``yard.put_lot``        guard: as above for a ``LotRecord``; refused too unless ``in_dg`` = ``out_dg`` + ``stock_dg`` +
                        ``loss_dg`` and none of in, out, stock, taken and reserved is below zero
``yard.put_stack``      guard: as above for a ``StackRecord``; refused too below zero, or where another lot still lies
``yard.put_scale``      guard: as above for a ``ScaleRecord``
``yard.put_pickup``     guard: as above for a ``PickupRecord``
``yard.put_warrant``    guard: as above for a ``WarrantRecord``
``yard.add_movement``   guard: insert a ``MovementRecord``; refused if ``movement`` exists
``yard.add_ticket``     guard: insert a ``TicketRecord``; refused if ``ticket`` exists
``yard.add_net``        guard: insert a ``NetRecord``; refused if the visit has one, or either ticket is in one
``yard.cover_warrants`` guard: holds where the warrants of ``grade`` at ``site`` that are not redeemed are no more than
                        the stock of its lots there
======================= =====================================================================================

Guards of a unit run in their order. The parameters of a statement that writes a record are the record's fields
(``records.params_of``); those of the others are the names in the table.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kouan.ledger.roles import Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused
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


class Released(msgspec.Struct, frozen=True):
    """How much of a lot may leave the yard, in kilograms of its declared mass, until when (None: for good).

    ``no_sale`` says that it may leave on condition, and not be sold or used before its certificate. ``guard`` holds as
    long as the release stands: it goes into the unit that lets goods out, so that nothing leaves on a release that was
    withdrawn a moment before.
    """

    mass_kg: int
    no_sale: bool = False
    until: Instant | None = None
    guard: Statement | None = None


class GoodsReleased(Protocol):
    """Says what inspection released (``GOODS_RELEASED``); silence and doubt are refusals."""

    async def of(self, lot: str) -> Released | Refused:
        """Return how much of a lot is released, or every reason why nothing is; raise Unavailable."""
        ...


class WrittenOff(msgspec.Struct, frozen=True):
    """What is to be written off the papers of a lot: the net that its vehicle brought, by two tickets, once."""

    lot: str
    visit: str
    passage: str | None
    net_kg: int
    gross_ticket: str
    tare_ticket: str
    at: Instant


class WriteOffs(Protocol):
    """Writes nets off the papers; what it returns is recorded in the same commit as the net, or not at all."""

    async def net(self, written: WrittenOff) -> Unit | Refused:
        """Return the drafts and guards that write a net off, or why it may not be; raise Unavailable."""
        ...

    def refusal(self, guard: str) -> Refused | None:
        """Return why the papers refused, where the ledger refused a unit at a guard of theirs; None for any other."""
        ...


class ExitControl(Protocol):
    """Speaks to the exit lanes of the yard where a person has looked at one."""

    async def reset(self, name: str, by: str, reason: str) -> None:
        """Give an exit leave to open again that opens for nobody; raise NotFound, or Unavailable."""
        ...


class YardRecords(Protocol):
    """Reads the yard's projections of one port; they are written only by statements in ledger units."""

    async def find_visit(self, visit: str) -> VisitRecord | None:
        """Return one visit, open or over."""
        ...

    async def open_visits(self) -> Sequence[VisitRecord]:
        """Return the visits that are not over, oldest first (then by name)."""
        ...

    async def open_visit_of(self, plate: str) -> VisitRecord | None:
        """Return the visit of a vehicle that is not over."""
        ...

    async def visits_of_lot(self, lot: str) -> Sequence[VisitRecord]:
        """Return all visits for a lot, oldest first (then by name)."""
        ...

    async def find_lot(self, lot: str) -> LotRecord | None:
        """Return one lot's account."""
        ...

    async def lots(self, site: str | None = None) -> Sequence[LotRecord]:
        """Return the accounts at a site, or at all, by lot."""
        ...

    async def find_stack(self, lies_at: str) -> StackRecord | None:
        """Return what lies at a place."""
        ...

    async def stacks(self, site: str | None = None) -> Sequence[StackRecord]:
        """Return the stacks of a site, or all, by place."""
        ...

    async def movements(self, lot: str) -> Sequence[MovementRecord]:
        """Return the journal of a lot, oldest first (then by name)."""
        ...

    async def movements_at(self, site: str | None = None) -> Sequence[MovementRecord]:
        """Return the journal of all lots at a site, or at all, oldest first (then by name)."""
        ...

    async def find_ticket(self, ticket: str) -> TicketRecord | None:
        """Return one weighing ticket."""
        ...

    async def tickets(self, since: Instant, limit: int = 10_000) -> Sequence[TicketRecord]:
        """Return the latest tickets taken at an instant or after it, oldest first (then by number)."""
        ...

    async def references(self, scale: str, since: Instant) -> Sequence[TicketRecord]:
        """Return the reference weighings of a scale at an instant or after it, oldest first (then by number)."""
        ...

    async def find_net(self, visit: str) -> NetRecord | None:
        """Return the net of a visit."""
        ...

    async def nets(self, since: Instant, until: Instant) -> Sequence[NetRecord]:
        """Return the nets written off from an instant to before another, oldest first (then by visit)."""
        ...

    async def scales(self) -> Sequence[ScaleRecord]:
        """Return every scale of which something is recorded, by name."""
        ...

    async def find_scale(self, scale: str) -> ScaleRecord | None:
        """Return how a scale stands."""
        ...

    async def find_pickup(self, number: str) -> PickupRecord | None:
        """Return one pick-up order."""
        ...

    async def open_pickups(self, plate: str | None = None) -> Sequence[PickupRecord]:
        """Return the orders that are open or under way, of a vehicle or all, by number."""
        ...

    async def find_warrant(self, warrant: str) -> WarrantRecord | None:
        """Return one warehouse warrant."""
        ...

    async def warrants(self, site: str | None = None) -> Sequence[WarrantRecord]:
        """Return the warrants of a site, or all, by warrant."""
        ...
