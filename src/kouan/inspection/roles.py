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
``papers.amend_declaration``   guard: replace the row where ``version`` is one less; keeps ``submitted_at``
``papers.delete_batch``        guard: set ``state`` ``deleted`` and ``changed_at`` = ``at`` for every active
                               confirmation and manifest of ``batch``, and ``deleted`` for the manifests' consignments;
                               refused if there is none, or if any confirmation of the batch is ``used``
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

from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
)
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction


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

    async def find_order(self, number: str) -> ControlOrderRecord | None:
        """Return one control order, lifted or not."""
        ...

    async def orders_in_force(self, at: Instant) -> Sequence[ControlOrderRecord]:
        """Return the control orders that are valid at an instant and not lifted, oldest first (then by number)."""
        ...

    async def orders_naming(self, names: Sequence[str], at: Instant) -> Sequence[ControlOrderRecord]:
        """Return those of ``orders_in_force`` whose plate, container, consignment or declaration is among the names."""
        ...
