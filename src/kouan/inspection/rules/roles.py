"""A place that remembers rule documents, whoever knows which are in force, and whoever evaluates tables.

The named changes to projections (``Statement.name`` of ``ledger.roles``) that the use cases put into their units:

================== ==========================================================================================
``rules.draft``    guard: insert a ``RuleRecord``; refused if (``kind``, ``name``, ``version``) exists
``rules.approve``  guard: set ``state`` ``approved``, ``approved_by``, ``approved_at``, ``approval_reason`` and
                   ``signature`` where it is a draft with this ``digest``, drafted by somebody else, and no
                   approved one of the name begins at the same instant or later before it ends
``rules.withdraw`` guard: set ``state`` ``withdrawn``, ``withdrawn_by``, ``withdrawn_at`` and
                   ``withdrawal_reason`` where it is not withdrawn
================== ==========================================================================================
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kouan.inspection.rules.document import Kind, RuleDocument
from kouan.inspection.rules.facts import Facts
from kouan.inspection.rules.records import RuleRecord
from kouan.inspection.rules.table import Row
from kouan.vocabulary.clock import Instant


class RuleRecords(Protocol):
    """Reads the rule documents of one port; they are written only by statements in ledger units."""

    async def find(self, kind: str, name: str, version: int) -> RuleRecord | None:
        """Return one version of a document."""
        ...

    async def versions(self, kind: str, name: str) -> Sequence[RuleRecord]:
        """Return all versions of a document, by version."""
        ...

    async def everything(self) -> Sequence[RuleRecord]:
        """Return all versions of all documents, by kind, name and version."""
        ...


class RuleDocuments(Protocol):
    """Knows which rule documents are in force."""

    def in_force(self, kind: Kind, name: str, at: Instant) -> RuleDocument | None:
        """Return what is in force at an instant, shipped ones included; raise Corrupt where it was tampered with."""
        ...


class Asked(msgspec.Struct, frozen=True):
    """What a table asks for: the rows that count, and which document decided that."""

    rows: tuple[Row, ...]
    document: str
    digest: str


class DecisionTables(Protocol):
    """Evaluates the decision tables in force."""

    def evaluate(self, name: str, facts: Facts, at: Instant) -> Asked | None:
        """Return the rows that count, with their ids, in their order; None where no table of the name is in force.

        Raises InvalidValue with the fact and the rule where a fact is missing, unknown or of another type, and Corrupt
        where the table cannot be used: whoever asks must not go on as if it had said nothing.
        """
        ...
