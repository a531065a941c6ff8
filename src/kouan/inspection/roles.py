"""A place that remembers papers and control orders.

The named changes to projections (``Statement.name`` of ``ledger.roles``) that the use cases put into their units. A
guard that finds no row to change refuses the whole unit.

============================== ==============================================================================
``papers.insert_confirmation`` guard: insert a ``ConfirmationRecord``; refused if ``number`` exists
``papers.amend_confirmation``  guard: replace the row where ``version`` is one less and ``state`` is ``active``; keeps
                               ``submitted_at``, ``arrived_at`` and ``passage``
``papers.note_arrival``        effect: set ``arrived_at`` to ``at`` where ``number`` has none
``papers.use_confirmation``    guard: set ``state`` ``used``, ``passage`` and ``changed_at`` = ``at`` where ``number``
                               is active
``papers.insert_manifest``     guard: insert a ``ManifestRecord``; refused if ``number`` exists
``papers.amend_manifest``      guard: replace the row where ``version`` is one less and ``state`` is ``active``; keeps
                               ``submitted_at``
``papers.drop_consignments``   guard that never refuses: set ``state`` ``deleted`` for the active consignments of
                               ``manifest`` in ``direction``
``papers.insert_consignment``  guard: insert a ``ConsignmentRecord``, or take over a deleted row of the same (number,
                               direction), keeping its ``crossed_kg``; refused if an active one stands, or if the
                               old row's ``crossed_kg`` is more than ``gross_kg`` (I16)
``papers.write_off``           guard: add ``mass_kg`` to ``crossed_kg`` where (``number``, ``direction``) is active and
                               the sum stays within ``gross_kg`` (I16)
``papers.insert_declaration``  guard: insert a ``DeclarationRecord``; refused if ``number`` exists
``papers.amend_declaration``   guard: replace the row where ``version`` is one less; keeps ``submitted_at`` and
                               ``overdue_at``
``papers.note_overdue``        guard: set ``overdue_at`` to ``at`` where ``number`` has none and ``full_due`` is not
                               later than ``at``
``papers.insert_supporting``   guard: insert a ``SupportingRecord``; refused if (``kind``, ``number``) exists
``papers.amend_supporting``    guard: replace the row where ``version`` is one less and ``state`` is ``active``; keeps
                               ``submitted_at``
``papers.revoke_supporting``   guard: set ``state`` ``revoked`` and ``changed_at`` = ``at`` where (``kind``, ``number``)
                               is active
``papers.keep_balances``       guard: close the active balances of (``kind``, ``number``) but for those of ``items``;
                               refused where something was written off against one of the others
``papers.grant_balance``       guard: insert a ``BalanceRecord``, or grant that of the same (kind, number, item) anew,
                               keeping its ``taken_kg`` and ``overrun_permille``; refused where the first is more than
                               ``granted_kg`` and the second of it (I16)
``papers.close_balances``      guard that never refuses: set ``state`` ``closed`` for the balances of (``kind``,
                               ``number``)
``papers.take_balance``        guard: add ``mass_kg`` to ``taken_kg`` where (``kind``, ``number``, ``item``) is active
                               and valid at ``at``, and the sum stays within ``granted_kg`` and ``overrun_permille``
                               thousandths of it (I16), which is kept
``papers.give_back``           guard: take ``mass_kg`` from ``taken_kg`` of (``kind``, ``number``, ``item``), whatever
                               its state; refused below nought
``papers.keep_write_off``      guard: insert a ``WriteOffRecord``; refused if (ticket, kind, number, item) exists
``papers.void_write_offs``     guard: set ``voided_at`` for the write-offs of ``ticket``; refused where there is none
                               that is not voided
``papers.delete_batch``        guard: set ``state`` ``deleted`` and ``changed_at`` = ``at`` for every active
                               confirmation and manifest of ``batch``, ``deleted`` for the manifests' consignments,
                               and ``closed`` for their balances; refused if there is none, if any confirmation of
                               the batch is ``used``, or if something was written off against one of the manifests
``papers.place_order``         guard: insert a ``ControlOrderRecord``; refused if ``number`` exists
``papers.lift_order``          guard: set ``lifted_by``, ``lifted_at`` and ``lift_reason`` where ``number`` is not
                               lifted and its authority is ``authority``; else refused
============================== ==============================================================================

Guards of a unit run in their order, before its effects.

The parameters of a statement that writes a record are the record's fields (``records.params_of``); those of the
others are the names in the table.
"""

from collections.abc import Sequence
from typing import Protocol

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlOrder
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
from kouan.vocabulary.verdict import Granted, Refused


class ControlDesk(Protocol):
    """The one place where control orders are placed and lifted: durable, and known at every lane, when it answers."""

    async def place(self, order: ControlOrder, authority: Agency, by: str, number: str | None = None) -> str | Refused:
        """Place an order in an authority's name and return its number; under one that exists nothing is done again."""
        ...

    async def lift(self, number: str, authority: Agency, by: str, reason: str) -> Granted | Refused:
        """Lift an order; only the authority that placed it may. Raises NotFound."""
        ...


class PapersRecords(Protocol):
    """Reads the papers' projections of one port; they are written only by statements in ledger units."""

    async def find_confirmation(self, number: str) -> ConfirmationRecord | None:
        """Return one confirmation in whatever state."""
        ...

    async def confirmations_of_plate(self, plate: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations of a vehicle in one direction, newest submission first."""
        ...

    async def active_plates(self, direction: Direction) -> Sequence[str]:
        """Return the plates of the active confirmations in one direction, sorted, each once: what is expected."""
        ...

    async def confirmations_of_container(self, container: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations that name a container, newest submission first."""
        ...

    async def latest_confirmations(self, limit: int) -> Sequence[ConfirmationRecord]:
        """Return the active confirmations that were handed in last, newest submission first."""
        ...

    async def confirmations_of_batch(self, batch: str) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of a batch in every state but ``deleted``, by number."""
        ...

    async def confirmations_of_vehicle(self, plate: str, limit: int) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of a plate in every state but ``deleted``, newest submission first."""
        ...

    async def confirmations_of_carriers(self, carriers: Sequence[str], limit: int) -> Sequence[ConfirmationRecord]:
        """Return the confirmations of these carriers in every state but ``deleted``, newest submission first."""
        ...

    async def find_manifest(self, number: str) -> ManifestRecord | None:
        """Return one manifest in whatever state."""
        ...

    async def manifests_of_batch(self, batch: str) -> Sequence[ManifestRecord]:
        """Return the active manifests of a batch, by number."""
        ...

    async def consignments(self, numbers: Sequence[str], direction: Direction) -> Sequence[ConsignmentRecord]:
        """Return the active consignments among these numbers in one direction, by number."""
        ...

    async def find_declaration(self, number: str) -> DeclarationRecord | None:
        """Return one declaration."""
        ...

    async def declarations(self, numbers: Sequence[str]) -> Sequence[DeclarationRecord]:
        """Return the declarations among these numbers, by number."""
        ...

    async def declarations_due(self, at: Instant, limit: int | None = None) -> Sequence[DeclarationRecord]:
        """Return the declarations whose ``full_due`` is not later than an instant, by it (then by number).

        Without a limit all of them. Those that are known to be overdue are among them; cancelled ones are not.
        """
        ...

    async def find_supporting(self, kind: str, number: str) -> SupportingRecord | None:
        """Return one supporting paper in whatever state."""
        ...

    async def supporting_of_lot(self, lot: str) -> Sequence[SupportingRecord]:
        """Return the active supporting papers about a lot, by kind and number."""
        ...

    async def latest_supporting(self, kind: str, limit: int) -> Sequence[SupportingRecord]:
        """Return the active supporting papers of a kind that were handed in last, newest submission first."""
        ...

    async def balances(self, numbers: Sequence[str]) -> Sequence[BalanceRecord]:
        """Return the balances of the papers of these numbers, of every kind and state, by kind, number and item."""
        ...

    async def write_offs(self, kind: str, number: str) -> Sequence[WriteOffRecord]:
        """Return what was written off against a paper, oldest first (then by ticket and item)."""
        ...

    async def write_offs_of_ticket(self, ticket: str) -> Sequence[WriteOffRecord]:
        """Return what a weighing ticket wrote off, by kind, number and item."""
        ...

    async def find_order(self, number: str) -> ControlOrderRecord | None:
        """Return one control order, lifted or not."""
        ...

    async def orders_in_force(self, at: Instant) -> Sequence[ControlOrderRecord]:
        """Return the control orders that are valid at an instant and not lifted, oldest first (then by number)."""
        ...

    async def orders_naming(self, names: Sequence[str], at: Instant) -> Sequence[ControlOrderRecord]:
        """Return those of ``orders_in_force`` whose plate, container, consignment or declaration is among the names."""
        ...
