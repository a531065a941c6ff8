"""Pick-up orders (提货单): which lorry may fetch how much of which lot, and when; only of goods that were released."""

import enum

import msgspec
from msgspec.structs import replace

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.identifiers import PlateNumber
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.facts import Leave, Terms
from kouan.yard.records import LotRecord, PickupRecord
from kouan.yard.roles import Released
from kouan.yard.settings import SiteKind, YardSettings

HEAVIEST_LOAD_KG = 100_000
"""Largest quantity of one order, in kilograms. Our choice: no lorry on China's roads carries more than 49 t in all
(GB 1589-2016), road trains within the port some 100 t."""


class PickupState(enum.StrEnum):
    """Where an order stands."""

    OPEN = "open"
    UNDER_WAY = "under_way"
    DONE = "done"
    CANCELLED = "cancelled"


class Wanted(msgspec.Struct, frozen=True):
    """A pick-up order as asked for; ``slip`` is the release slip (核放单) that bonded goods need."""

    order: str
    lot: str
    plate: str
    carrier: str
    quantity_kg: int
    valid_from: Instant
    valid_until: Instant
    slip: str | None = None


class Ordered(msgspec.Struct, frozen=True):
    """An order and its lot's account, as they are to be written."""

    pickup: PickupRecord
    lot: LotRecord


def allowance_kg(lot: LotRecord, released: Released, own_kg: int = 0) -> int:
    """Return how much may still be ordered or taken of a lot; ``own_kg`` is what an order has reserved itself."""
    return max(released.mass_kg - lot.taken_kg - (lot.reserved_kg - own_kg), 0)


def order_pickup(  # noqa: PLR0911 - one for each refusal
    wanted: Wanted, lot: LotRecord, released: Released | Refused, settings: YardSettings, by: str, now: Instant
) -> Ordered | Refused:
    """Place an order: its quantity is reserved, so that all orders together never exceed what is released."""
    if isinstance(released, Refused):
        return released
    if not 0 < wanted.quantity_kg <= HEAVIEST_LOAD_KG:
        return refuse("order.quantity", field="quantity_kg", mend=f"must be from 1 to {HEAVIEST_LOAD_KG}")
    if wanted.valid_until <= max(now, wanted.valid_from):
        return refuse("order.validity", field="valid_until", mend="must lie in the future and after valid_from")
    if released.until is not None and wanted.valid_until > released.until:
        return refuse("order.beyond_release", field="valid_until", mend="must not outlast the goods' release")
    if settings.site(lot.site).kind is SiteKind.BONDED and wanted.slip is None:
        return refuse("order.slip", field="slip", mend="bonded goods need the number of a release slip")
    left_kg = allowance_kg(lot, released)
    if wanted.quantity_kg > left_kg:
        return refuse("order.exceeded", field="quantity_kg", mend=f"at most {left_kg} kg are released and free")
    pickup = PickupRecord(
        number=wanted.order, version=1, lot=lot.lot, site=lot.site, plate=PlateNumber.parse(wanted.plate),
        carrier=wanted.carrier, quantity_kg=wanted.quantity_kg, valid_from=wanted.valid_from,
        valid_until=wanted.valid_until, slip=wanted.slip, state=PickupState.OPEN.value, ordered_by=by, changed_at=now,
        reserved_kg=wanted.quantity_kg,
    )  # fmt: skip
    account = replace(lot, version=lot.version + 1, reserved_kg=lot.reserved_kg + wanted.quantity_kg, changed_at=now)
    return Ordered(pickup, account)


def cancel_pickup(pickup: PickupRecord, lot: LotRecord, now: Instant) -> Ordered | Refused:
    """Cancel an order whose lorry is not in the yard; what it had reserved is free again."""
    if pickup.state != PickupState.OPEN:
        return refuse("order.not_open", field="order", mend=f"is {pickup.state}: only an open order can be cancelled")
    freed = replace(lot, version=lot.version + 1, reserved_kg=lot.reserved_kg - pickup.reserved_kg, changed_at=now)
    gone = replace(pickup, version=pickup.version + 1, state=PickupState.CANCELLED.value, reserved_kg=0, changed_at=now)
    return Ordered(gone, freed)


def admit_lorry(pickup: PickupRecord, visit: str, plate: str, carrier: str, now: Instant) -> PickupRecord | Refused:
    """Let a lorry in on its order: this plate, this carrier, in time, and nobody else on it."""
    if pickup.state != PickupState.OPEN:
        return refuse("order.not_open", field="order", mend=f"is {pickup.state}")
    if plate != pickup.plate:
        return refuse("order.plate", field="plate", mend=f"the order is for {pickup.plate}")
    if carrier != pickup.carrier:
        return refuse("order.carrier", field="carrier", mend=f"the order is for {pickup.carrier}")
    if not pickup.valid_from <= now < pickup.valid_until:
        return refuse("order.not_valid", field="order", mend="is not valid now")
    return replace(pickup, version=pickup.version + 1, state=PickupState.UNDER_WAY.value, visit=visit, changed_at=now)


def end_pickup(pickup: PickupRecord, lot: LotRecord, net_kg: int, now: Instant) -> Ordered:
    """End an order with what its lorry took: nothing where it was turned away, and its reservation is free again."""
    done = replace(
        pickup, version=pickup.version + 1, state=PickupState.DONE.value if net_kg else PickupState.CANCELLED.value,
        reserved_kg=0, taken_kg=net_kg, changed_at=now,
    )  # fmt: skip
    account = replace(
        lot, version=lot.version + 1, reserved_kg=lot.reserved_kg - pickup.reserved_kg,
        taken_kg=lot.taken_kg + net_kg, changed_at=now,
    )  # fmt: skip
    return Ordered(done, account)


def reserve_net(pickup: PickupRecord, lot: LotRecord, net_kg: int, now: Instant) -> Ordered:
    """Reserve what a lorry has loaded instead of what it ordered, until it leaves."""
    kept = replace(pickup, version=pickup.version + 1, reserved_kg=net_kg, changed_at=now)
    more_kg = net_kg - pickup.reserved_kg
    account = replace(lot, version=lot.version + 1, reserved_kg=lot.reserved_kg + more_kg, changed_at=now)
    return Ordered(kept, account)


def terms_of(pickup: PickupRecord) -> Terms:
    """Return what a visit must know of its order."""
    return Terms(pickup.number, pickup.quantity_kg, pickup.valid_until, pickup.slip)


def leave_of(pickup: PickupRecord, lot: LotRecord, released: Released | Refused) -> Leave:
    """Return what a lorry that weighs out may take: what is released, less what others took or reserved."""
    if isinstance(released, Refused):
        return Leave(0, reasons=released.reasons)
    return Leave(allowance_kg(lot, released, pickup.reserved_kg), released.no_sale)
