"""Rows of the papers' projections: what desks look things up by, and each whole document as JSON.

Every field is a whole number, a string, bytes or None. No row holds personal data: a driver stands in a document only
as a commitment.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.vocabulary.clock import Instant


class ConfirmationRecord(msgspec.Struct, frozen=True):
    """One vehicle confirmation (确报), its latest version.

    ``containers`` are its container numbers joined by blanks; ``document`` is the canonical JSON of
    ``papers.VehicleConfirmation``; ``digest`` the hex SHA-256 of what its sender wrote. ``state`` is ``active``,
    ``used`` (its vehicle has crossed) or ``deleted``; ``arrived_at`` is when its vehicle first stood at the gate.
    ``carrier`` is the carrier's code.
    """

    number: str
    version: int
    batch: str
    direction: str
    plate: str
    trailer: str | None
    containers: str
    digest: str
    document: bytes
    state: str
    submitted_at: Instant
    changed_at: Instant
    arrived_at: Instant | None = None
    passage: str | None = None
    carrier: str = ""


class ManifestRecord(msgspec.Struct, frozen=True):
    """One original manifest (原始舱单), its latest version; ``state`` is ``active`` or ``deleted``."""

    number: str
    version: int
    batch: str
    direction: str
    digest: str
    document: bytes
    state: str
    submitted_at: Instant
    changed_at: Instant


class ConsignmentRecord(msgspec.Struct, frozen=True):
    """One consignment of an active manifest; (number, direction) is unique among the active ones (I16).

    ``gross_kg`` is what the manifest declares, ``crossed_kg`` what has crossed of it. ``state`` is ``active`` or
    ``deleted``.
    """

    number: str
    direction: str
    manifest: str
    batch: str
    hs_code: str
    goods: str
    gross_kg: int
    declaration: str | None
    state: str = "active"
    crossed_kg: int = 0


class DeclarationRecord(msgspec.Struct, frozen=True):
    """One customs declaration (报关单), its latest version; ``status`` is one of ``papers.DeclarationStatus``.

    ``step`` is one of ``papers.DeclarationStep``; until base items are followed by all, ``full_due`` is when they must
    be, and ``overdue_at`` when it was noted that they were not.
    """

    number: str
    version: int
    direction: str
    status: str
    transit: int
    digest: str
    document: bytes
    submitted_at: Instant
    changed_at: Instant
    step: str = "full"
    full_due: Instant | None = None
    overdue_at: Instant | None = None


class SupportingRecord(msgspec.Struct, frozen=True):
    """One supporting paper (随附单证), its latest version.

    ``kind`` is one of ``supporting.PaperKind``, ``lots`` the numbers of its lots joined by blanks, ``document`` its
    canonical JSON; ``state`` is ``active`` or ``revoked``. Numbers are unique within a kind.
    """

    kind: str
    number: str
    version: int
    lots: str
    digest: str
    document: bytes
    state: str
    submitted_at: Instant
    changed_at: Instant


class BalanceRecord(msgspec.Struct, frozen=True):
    """How much may be written off against one item of one paper, and how much was (I16), in kilograms net.

    ``kind`` is one of ``balances.BalanceKind``, ``item`` what of the paper it is: a declaration's line, a manifest's
    consignment, a certificate's lot, a licence as a whole (``all``). ``valid_from`` and ``valid_until`` bound when.
    ``state`` is ``active`` or ``closed``. ``overrun_permille`` is how far ``taken_kg`` may exceed ``granted_kg``, in
    thousandths of it, as the last write-off was allowed; rounded down to whole kilograms.
    """

    kind: str
    number: str
    item: str
    granted_kg: int
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    state: str = "active"
    taken_kg: int = 0
    overrun_permille: int = 0


class WriteOffRecord(msgspec.Struct, frozen=True):
    """What one weighing ticket (磅单) wrote off against one item of one paper; ``voided_at`` where taken back."""

    ticket: str
    kind: str
    number: str
    item: str
    mass_kg: int
    at: Instant
    by: str
    voided_at: Instant | None = None


class ControlOrderRecord(msgspec.Struct, frozen=True):
    """One control order (布控) on a plate, a container, a consignment or a declaration, whichever is not None.

    ``steps`` are the steps of an examination that it names, joined by blanks; None: those of its kind.
    """

    number: str
    authority: str
    kind: str
    plate: str | None
    container: str | None
    consignment: str | None
    declaration: str | None
    reason: str
    placed_by: str
    placed_at: Instant
    valid_from: Instant
    valid_until: Instant | None
    lifted_by: str | None = None
    lifted_at: Instant | None = None
    lift_reason: str | None = None
    steps: str | None = None


def params_of(record: msgspec.Struct) -> Mapping[str, Any]:
    """Return a record's fields as the parameters of the statement that writes it."""
    return {name: getattr(record, name) for name in record.__struct_fields__}
