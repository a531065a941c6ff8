"""Warehouse warrants (仓单) of a delivery warehouse: issued, transferred, pledged, redeemed.

A warrant counts dry kilograms of a grade, so that coal that dries in the stack covers its warrants as before (our
choice). All warrants of a grade at a site never exceed what lies there of it: the store's guard ``yard.cover_warrants``
asks that of every unit that issues a warrant or takes such goods out.
"""

import enum
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.moisture import DECIGRAMS
from kouan.yard.records import LotRecord, WarrantRecord
from kouan.yard.settings import SiteKind, YardSettings


class WarrantState(enum.StrEnum):
    """Where a warrant stands; a redeemed one is over."""

    ISSUED = "issued"
    PLEDGED = "pledged"
    REDEEMED = "redeemed"


class WantedWarrant(msgspec.Struct, frozen=True):
    """A warrant as asked for: so much dry mass of a grade at a site, for a holder."""

    warrant: str
    site: str
    grade: str
    holder: str
    dry_kg: int


def free_dg(lots: Iterable[LotRecord], warrants: Iterable[WarrantRecord]) -> int:
    """Return how much dry mass, in decigrams, the lots hold beyond the warrants that are not redeemed."""
    bound = sum(one.dry_kg * DECIGRAMS for one in warrants if one.state != WarrantState.REDEEMED)
    return sum(lot.stock_dg for lot in lots) - bound


def issue(wanted: WantedWarrant, left_dg: int, settings: YardSettings, now: Instant) -> WarrantRecord | Refused:
    """Issue a warrant on what lies free of a grade at a delivery warehouse."""
    if settings.site(wanted.site).kind is not SiteKind.DELIVERY_WAREHOUSE:
        return refuse("warrant.site", field="site", mend="must be a delivery warehouse")
    if wanted.dry_kg <= 0 or wanted.dry_kg * DECIGRAMS > left_dg:
        left_kg = max(left_dg, 0) // DECIGRAMS
        return refuse("warrant.exceeded", field="dry_kg", mend=f"at most {left_kg} kg of {wanted.grade} lie free")
    return WarrantRecord(
        wanted.warrant, 1, wanted.site, wanted.grade, wanted.holder, wanted.dry_kg, WarrantState.ISSUED.value, None,
        now, now,
    )  # fmt: skip


def transfer(warrant: WarrantRecord, holder: str, to: str, now: Instant) -> WarrantRecord | Refused:
    """Transfer a warrant from its holder to another; a pledged one stays where it is."""
    wrong = _not_free(warrant, holder)
    return wrong or replace(warrant, version=warrant.version + 1, holder=to, changed_at=now)


def pledge(warrant: WarrantRecord, holder: str, pledgee: str, now: Instant) -> WarrantRecord | Refused:
    """Pledge a warrant to a bank: until it lets go, nobody transfers or redeems it."""
    wrong = _not_free(warrant, holder)
    state = WarrantState.PLEDGED.value
    return wrong or replace(warrant, version=warrant.version + 1, state=state, pledgee=pledgee, changed_at=now)


def release_pledge(warrant: WarrantRecord, pledgee: str, now: Instant) -> WarrantRecord | Refused:
    """Let go of a pledge; only who holds it may."""
    if warrant.state != WarrantState.PLEDGED or warrant.pledgee != pledgee:
        return refuse("warrant.not_pledgee", field="pledgee", mend="must be who holds the warrant in pledge")
    state = WarrantState.ISSUED.value
    return replace(warrant, version=warrant.version + 1, state=state, pledgee=None, changed_at=now)


def redeem(warrant: WarrantRecord, holder: str, now: Instant) -> WarrantRecord | Refused:
    """Redeem a warrant: its goods are free to be fetched, and it is over."""
    wrong = _not_free(warrant, holder)
    state = WarrantState.REDEEMED.value
    return wrong or replace(warrant, version=warrant.version + 1, state=state, changed_at=now)


def _not_free(warrant: WarrantRecord, holder: str) -> Refused | None:
    if warrant.state == WarrantState.REDEEMED:
        return refuse("warrant.redeemed", field="warrant", mend="is redeemed, and over")
    if warrant.state == WarrantState.PLEDGED:
        return refuse("warrant.pledged", field="warrant", mend=f"is in pledge with {warrant.pledgee}")
    if warrant.holder != holder:
        return refuse("warrant.not_holder", field="holder", mend="must be the warrant's holder")
    return None
