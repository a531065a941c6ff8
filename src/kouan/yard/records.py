"""Rows of the yard's projections. Every field is a whole number, a string, bytes or None; none holds personal data."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.vocabulary.clock import Instant


class VisitRecord(msgspec.Struct, frozen=True):
    """One visit; ``document`` is its state (``states.encode_state``), ``salt`` is empty once it is over."""

    visit: str
    version: int
    site: str
    plate: str
    carrier: str
    purpose: str
    lot: str
    state: str
    document: bytes
    salt: bytes
    opened_at: Instant
    updated_at: Instant
    due_at: Instant | None = None
    closed_at: Instant | None = None


class LotRecord(msgspec.Struct, frozen=True):
    """The account of one lot (报检批) at its site: dry masses in decigrams, wet ones in kilograms.

    Always ``in_dg`` = ``out_dg`` + ``stock_dg`` + ``loss_dg``. ``in_kg``, ``out_kg`` and ``loss_kg`` are the wet masses
    as weighed or stated; what the wet stock differs from them is moisture. ``taken_kg`` is what domestic lorries took,
    ``reserved_kg`` what open pick-up orders may still take. ``grade`` tells delivery goods apart.
    """

    lot: str
    version: int
    site: str
    hs_code: str
    goods: str
    grade: str
    declared_kg: int
    in_dg: int = 0
    out_dg: int = 0
    loss_dg: int = 0
    stock_dg: int = 0
    in_kg: int = 0
    out_kg: int = 0
    loss_kg: int = 0
    taken_kg: int = 0
    reserved_kg: int = 0
    changed_at: Instant = 0


class StackRecord(msgspec.Struct, frozen=True):
    """One stack (垛): whose goods lie at a place, how much dry mass in decigrams, at which moisture."""

    lies_at: str
    version: int
    site: str
    lot: str
    dry_dg: int
    moisture_bp: int
    changed_at: Instant


class MovementRecord(msgspec.Struct, frozen=True):
    """One movement of mass: ``dry_dg`` and ``wet_kg`` are what it adds to the stack at ``lies_at``.

    ``kind`` is one of ``book.MovementKind``; ``reason`` says why of a loss, ``visit`` whose goods they were.
    """

    movement: str
    lot: str
    site: str
    kind: str
    lies_at: str
    wet_kg: int
    dry_dg: int
    moisture_bp: int
    reason: str | None
    visit: str | None
    by: str
    at: Instant


class TicketRecord(msgspec.Struct, frozen=True):
    """One weighing ticket; ``known_kg`` is the mass of a reference vehicle, ``cause`` why it counts as unweighed."""

    ticket: str
    scale: str
    kind: str
    plate: str
    mass_kg: int
    at: Instant
    visit: str | None = None
    known_kg: int | None = None
    cause: str | None = None


class NetRecord(msgspec.Struct, frozen=True):
    """A net that was written off: one a visit, and each ticket in one net only.

    ``ticket`` and ``ticket_kg`` are what the carrier's or the loading place's ticket says.
    """

    visit: str
    purpose: str
    site: str
    lot: str
    plate: str
    carrier: str
    gross_ticket: str
    tare_ticket: str
    gross_scale: str
    tare_scale: str
    net_kg: int
    ticket: str | None
    ticket_kg: int | None
    at: Instant


class ScaleRecord(msgspec.Struct, frozen=True):
    """How a scale stands; ``adjusted_at`` is since when its reference weighings count."""

    scale: str
    version: int
    site: str
    in_use: int
    reason: str | None
    zero_checked_at: Instant | None
    adjusted_at: Instant
    changed_by: str
    changed_at: Instant


class PickupRecord(msgspec.Struct, frozen=True):
    """One pick-up order (提货单) under its number: this vehicle, this carrier, this quantity of a lot, in this time.

    ``state`` is ``open``, ``under_way`` (its vehicle is in the yard), ``done`` or ``cancelled``; ``reserved_kg`` is
    what it holds back of what is released, ``taken_kg`` what was taken.
    """

    number: str
    version: int
    lot: str
    site: str
    plate: str
    carrier: str
    quantity_kg: int
    valid_from: Instant
    valid_until: Instant
    slip: str | None
    state: str
    ordered_by: str
    changed_at: Instant
    visit: str | None = None
    reserved_kg: int = 0
    taken_kg: int = 0


class WarrantRecord(msgspec.Struct, frozen=True):
    """One warehouse warrant (仓单) on coking coal of a grade: dry kilograms; ``pledgee`` holds it in pledge, if any.

    ``state`` is ``issued``, ``pledged`` or ``redeemed``.
    """

    warrant: str
    version: int
    site: str
    grade: str
    holder: str
    dry_kg: int
    state: str
    pledgee: str | None
    issued_at: Instant
    changed_at: Instant


def params_of(record: msgspec.Struct) -> Mapping[str, Any]:
    """Return a record's fields as the parameters of the statement that writes it."""
    return {name: getattr(record, name) for name in record.__struct_fields__}
