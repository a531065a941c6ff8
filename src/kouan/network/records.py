"""What the hub and a port keep for the network, and the named changes to it.

============================== ================================================================================
``network.admit_port``         guard: insert a port of which nothing was taken; refused where it is there
``network.advance``            guard: move what is taken from ``before`` on; refused elsewhere or while suspended
``network.insert_entries``     effect: insert entries, numbered from ``before`` + 1; those that stand stay
``network.insert_tile``        effect: insert the root of a complete subtree of a port's copy
``network.open_passages``      effect: insert the passages of ``rows`` (JSON of ``PassageChange``) that begin
``network.change_passages``    effect: change the passages of ``rows``
``network.count_closed``       effect: add the passages of ``rows`` to the hour in which they ended
``network.witness``            guard: note a witnessed head that is larger than the last; else refused
``network.suspend``            guard: suspend a port that is not; else refused
``network.resume``             guard: end a suspension; refused where there is none
``network.raise_alarm``        effect: insert an alarm, unless its number stands
``network.acknowledge_alarm``  guard: note who acknowledged an alarm; refused where somebody did
``network.place_hold``         guard: insert a ``RegionHold``; refused where its number exists
``network.lift_hold``          guard: lift a hold in force; else refused
``network.add_watch``          guard: insert a ``Watched``; refused where its number exists
``network.remove_watch``       guard: remove what is watched for; refused where it is not
``network.preauthorise``       effect: insert or replace a ``PreAuthorisedRecord``
``network.withdraw``           guard: remove a plate's; refused where it has none
``network.publish_rulebook``   guard: insert a ``PublishedRulebook``; refused where the version exists
``network.issue``              effect: note the version of a kind that was issued to a port
``network.keep_bulletin``      guard: keep a bulletin at a port; refused where one as late is kept
============================== ================================================================================
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kouan.network.bulletins import Issued, PublishedRulebook, Spread
from kouan.network.reading import PassageChange
from kouan.network.taking import Position
from kouan.network.travel import Presence
from kouan.network.views import RegionAlarm
from kouan.protocols.network.messages import BulletinKind, SightingItem
from kouan.vocabulary.clock import Instant


class PortRecord(msgspec.Struct, frozen=True):
    """One row of the hub's ports; ``size`` is how many entries the port said that it has, ``last`` a leaf hash."""

    port: str
    taken: int
    last: bytes
    epoch: int
    size: int
    heard_at: Instant | None
    entry_at: Instant | None
    suspended: str | None
    witnessed_size: int
    witnessed_at: Instant | None

    @property
    def position(self) -> Position:
        """How far its ledger was taken."""
        return Position(self.taken, self.last.hex(), self.epoch)


class RegionHold(msgspec.Struct, frozen=True):
    """A hold in the whole region, on a plate or a container."""

    number: str
    authority: str
    kind: str
    plate: str | None
    container: str | None
    reason: str
    placed_by: str
    placed_at: Instant
    lifted_by: str | None = None
    lifted_at: Instant | None = None


class Watched(msgspec.Struct, frozen=True):
    """What is watched for in the whole region."""

    number: str
    authority: str
    plate: str | None
    container: str | None
    document_commitment: str | None
    reason: str
    added_by: str
    added_at: Instant


class PreAuthorisedRecord(msgspec.Struct, frozen=True):
    """A vehicle that may pass while the hub cannot be reached."""

    plate: str
    trailer: str | None
    carrier: str
    not_before: Instant
    expires_at: Instant
    low_risk: bool
    given_by: str
    given_at: Instant


class InForce(msgspec.Struct, frozen=True):
    """What holds in the whole region now, and which ports act on it (``spread``)."""

    holds: Sequence[RegionHold]
    watched: Sequence[Watched]
    permits: Sequence[PreAuthorisedRecord]
    spread: Sequence[Spread]


class HubRecords(Protocol):
    """Reads the hub's copies and projections; they are written only by statements in units of the hub's ledger."""

    async def ports(self) -> Sequence[PortRecord]:
        """Return every port that was admitted, by name."""
        ...

    async def entries(self, port: str, after: int = 0, limit: int = 1000) -> Sequence[bytes]:
        """Return the canonical bytes of a port's entries with a number above ``after``, in order."""
        ...

    async def leaf(self, port: str, seq: int) -> bytes | None:
        """Return the leaf hash of one entry of a port's copy, None where it is not held."""
        ...

    async def tile(self, port: str, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile of a port's copy (``ledger.tiles.TileSource``)."""
        ...

    async def passages(self, port: str, names: Sequence[str]) -> Sequence[PassageChange]:
        """Return what is known of these passages of a port."""
        ...

    async def presences(self, plates: Sequence[str], since: Instant, until: Instant) -> Sequence[Presence]:
        """Return where these plates stood at any time within the span.

        A passage that is open still lasts until its port's latest entry.
        """
        ...

    async def sightings(self, since: Instant) -> Sequence[SightingItem]:
        """Return the passages with a plate that began at or after ``since``, oldest first."""
        ...

    async def find_alarm(self, number: str) -> RegionAlarm | None:
        """Return one alarm."""
        ...

    async def holds(self) -> Sequence[RegionHold]:
        """Return the holds in force, oldest first."""
        ...

    async def watched(self) -> Sequence[Watched]:
        """Return what is watched for, oldest first."""
        ...

    async def preauthorised(self, now: Instant) -> Sequence[PreAuthorisedRecord]:
        """Return the pre-authorised vehicles whose time has not passed, by plate."""
        ...

    async def rulebooks(self) -> Sequence[PublishedRulebook]:
        """Return every published rulebook, by name and when it takes effect."""
        ...

    async def issued(self) -> Mapping[tuple[str, BulletinKind], Issued]:
        """Return what was issued last, by port and kind."""
        ...

    async def hear(self, port: str, size: int, at: Instant) -> None:
        """Note that a port was heard, and how many entries it has; no fact, and lost with nothing."""
        ...


class KeptBulletin(msgspec.Struct, frozen=True):
    """One row of a port's bulletins: the signed form, and when it came in."""

    kind: BulletinKind
    version: int
    issued_at: Instant
    received_at: Instant
    signed: bytes


class EdgeRecords(Protocol):
    """What a port keeps of its hub."""

    async def bulletins(self) -> Sequence[KeptBulletin]:
        """Return the bulletin of each kind that is kept."""
        ...

    async def refresh(self, kept: KeptBulletin) -> None:
        """Note that the hub issued the version that is kept once more; what its age is counted from after a start."""
        ...

    async def add_witness(self, size: int, at: Instant, signed: bytes) -> None:
        """Keep the hub's word on a head of this port's ledger."""
        ...

    async def latest_witness(self) -> bytes | None:
        """Return the hub's word on the largest head, signed, None where there is none."""
        ...
