"""Bulletins: what the region tells a port, as whole signed lists that only ever go forward."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from kouan.protocols.network.messages import (
    MAX_ITEMS,
    Bulletin,
    BulletinKind,
    Holds,
    PreAuthorised,
    Rulebooks,
    SightingItem,
    Sightings,
    WatchList,
)
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse

REISSUE_US = 20 * SECOND
"""Time between two issues of an unchanged bulletin. Our choice: two tries within the 30 s that ports expect."""

VALID_US = 72 * 3600 * SECOND
"""How long a bulletin is in force without a later one. Our choice: the longest cut that a port is tried with."""

MAX_AHEAD_US = 30 * SECOND
"""How far a bulletin may come from the future of a port's clock. Our choice: beyond it its age says nothing (I10)."""

_FORMS: dict[BulletinKind, Any] = {
    BulletinKind.HOLDS: Holds,
    BulletinKind.WATCH_LIST: WatchList,
    BulletinKind.RULEBOOK: Rulebooks,
    BulletinKind.PRE_AUTHORISED: PreAuthorised,
    BulletinKind.SIGHTINGS: Sightings,
}


class PublishedRulebook(msgspec.Struct, frozen=True):
    """A rulebook as it was published; ``text`` is TOML."""

    name: str
    version: str
    effective_from: Instant
    text: str
    published_by: str
    published_at: Instant


class Issued(msgspec.Struct, frozen=True):
    """What the hub issued last to one port: the version of a kind, and the digest of its items."""

    port: str
    kind: BulletinKind
    version: int
    digest: str


class Spread(msgspec.Struct, frozen=True):
    """How far a kind of bulletin has come at one port: the version that the hub issued, and that which the port holds.

    ``held`` is 0 before the port's first; it is None, and so is ``heard_at``, where the port has not said since the hub
    started. ``heard_at`` is the hub's time at which the port last said what it holds.
    """

    port: str
    kind: BulletinKind
    version: int
    held: int | None = None
    heard_at: Instant | None = None


class BulletinKept(msgspec.Struct, frozen=True):
    """What stands in a port's ledger before it acts on a bulletin (``network.bulletin/1``).

    ``digest`` is the SHA-256 of the signed form, which stands in ``signed`` for all kinds but sightings: those change
    with every vehicle of the region, and what the gate uses of them stands in its evidence.
    """

    kind: BulletinKind
    region: str
    version: int
    issued_at: Instant
    valid_until: Instant
    items: int
    digest: str
    signed: str | None


def digest_of(items: Sequence[Any]) -> str:
    """Return the hex SHA-256 by which the hub sees that a list changed."""
    return sha256(msgspec.json.encode(items)).hexdigest()


def next_issued(before: Issued | None, port: str, kind: BulletinKind, items: Sequence[Any]) -> Issued:
    """Return what is issued of these items: the version before where nothing changed, else one more."""
    digest = digest_of(items)
    if before is not None and before.digest == digest:
        return before
    return Issued(port, kind, 1 if before is None else before.version + 1, digest)


def bulletin(region: str, issued: Issued, items: Sequence[Any], now: Instant) -> Bulletin:
    """Return the bulletin of this version, issued now."""
    form = _FORMS[issued.kind]
    made: Bulletin = form(
        region=region,
        port=issued.port,
        version=issued.version,
        issued_at=now,
        valid_until=now + VALID_US,
        items=tuple(items),
    )
    return made


def newest(sightings: Sequence[SightingItem]) -> tuple[SightingItem, ...]:
    """Return the latest of sightings that come oldest first, as many as a bulletin carries.

    What falls out is not lost: the hub itself looks at every sighting.
    """
    return tuple(sightings[-MAX_ITEMS:])


def rulebooks_in_force(published: Sequence[PublishedRulebook], now: Instant) -> tuple[PublishedRulebook, ...]:
    """Return, of each rulebook, the version in force now and those to come, by name and in their order."""
    found: list[PublishedRulebook] = []
    for name in sorted({one.name for one in published}):
        own = sorted((one for one in published if one.name == name), key=lambda one: (one.effective_from, one.version))
        past = [one for one in own if one.effective_from <= now]
        found += [*past[-1:], *(one for one in own if one.effective_from > now)]
    return tuple(found)


def may_keep(held: Bulletin | None, offered: Bulletin, region: str, port: str, now: Instant) -> Verdict:
    """Grant where a port may replace what it holds by a verified bulletin; a port never goes back."""
    if (offered.region, offered.port) != (region, port):
        return refuse("bulletin.address", region=offered.region, port=offered.port)
    if offered.issued_at > now + MAX_AHEAD_US:
        return refuse("bulletin.future", issued_at=offered.issued_at)
    if held is not None and (offered.version, offered.issued_at) <= (held.version, held.issued_at):
        return refuse("bulletin.old", version=offered.version, held=held.version)
    return GRANTED


def age_us(held: Bulletin, now: Instant) -> int:
    """Return how old a bulletin is, in microseconds; never negative."""
    return max(0, now - held.issued_at)
