"""The hub's copy of one port's ledger: takes batches, once and in order, and witnesses heads over them."""

import logging
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.appending.opening import frontier_at
from kouan.ledger.heads import SignedHead
from kouan.ledger.merkle import Frontier
from kouan.ledger.roles import Appended, Ledger
from kouan.network import units
from kouan.network.reading import PassageChange, changes
from kouan.network.records import HubRecords
from kouan.network.taking import Accepted, Batch, Broken, Position, judge, overlap
from kouan.network.travel import Distances, Impossible, impossible, presence_of
from kouan.network.witnessing import Agrees, Tree, judge_head
from kouan.protocols.jws import Signer
from kouan.protocols.network.codec import WITNESSES
from kouan.protocols.network.messages import Taken, Witnessed
from kouan.vocabulary.clock import Clock, Instant

_log = logging.getLogger(__name__)


class Hub(msgspec.Struct, frozen=True):
    """What the copies of all ports share."""

    region: str
    ledger: Ledger
    records: HubRecords
    signer: Signer
    distances: Distances
    clock: Clock


class PortTree:
    """The tree over a port's copy as the hub holds it (``ledger.tiles.TileSource``)."""

    def __init__(self, records: HubRecords, port: str) -> None:
        self._records = records
        self._port = port

    async def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile."""
        return await self._records.tile(self._port, level, index, width)


class PortCopy:
    """One port's copy; used by one task at a time, which alone takes entries of this port."""

    def __init__(self, hub: Hub, port: str) -> None:
        self.port = port
        self._hub = hub
        self._tree = PortTree(hub.records, port)
        self._position = Position()
        self._frontier = Frontier()
        self._witnessed = 0
        self._suspended: str | None = None

    async def open(self) -> None:
        """Take up where the copy stands, admitting the port where it never came."""
        records = {record.port: record for record in await self._hub.records.ports()}
        record = records.get(self.port)
        if record is None:
            await self._hub.ledger.append(units.admission(self.port, Position(), self._hub.clock.now()))
            return
        self._position, self._witnessed = record.position, record.witnessed_size
        self._suspended = record.suspended
        self._frontier = await frontier_at(self._tree, record.taken)

    def taken(self) -> Taken:
        """Return what is told to the port: how much of it is held durably."""
        return Taken(self.port, self._position.size, self._position.last, self._suspended)

    async def hear(self, size: int) -> None:
        """Note that the port is there, and how many entries it has."""
        await self._hub.records.hear(self.port, size, self._hub.clock.now())

    async def take(self, batch: Batch | Broken, size: int) -> bool:
        """Take what is new in a batch of a ledger that holds ``size`` entries; say whether a plate was held for it.

        Raises Unavailable where it could not be recorded, so that it comes again.
        """
        if self._suspended is not None:
            return False
        before = self._position
        judgement = batch if isinstance(batch, Broken) else judge(before, batch, await self._held(batch))
        if isinstance(judgement, Broken):
            await self._suspend(judgement)
        return isinstance(judgement, Accepted) and await self._record(before, judgement, size)

    async def _held(self, batch: Batch) -> bytes | None:
        """Return the leaf hash that is held where a batch and the copy overlap, None where they do not."""
        seq = overlap(self._position, batch)
        if seq is None:
            return None
        if seq == self._position.size:
            return bytes.fromhex(self._position.last)
        return await self._hub.records.leaf(self.port, seq)

    async def _record(self, before: Position, accepted: Accepted, size: int) -> bool:
        frontier = self._frontier.copy()
        tiles = frontier.extend(one.leaf for one in accepted.fresh)
        said = changes([one.entry for one in accepted.fresh])
        found = await self._clones(said, accepted.fresh[-1].entry.at)
        now = self._hub.clock.now()
        unit = units.taking(self.port, before, accepted, tiles, said, size, now)
        answer = await self._hub.ledger.append(units.together(unit, *(units.cloned(one, now) for one in found)))
        if not isinstance(answer, Appended):
            await self.open()  # somebody suspended the port, or this copy was behind its own records
            return False
        self._position, self._frontier = accepted.after, frontier
        return bool(found)

    async def _suspend(self, broken: Broken) -> None:
        _log.error("nothing more is taken from %s: %s at entry %s", self.port, broken.rule, broken.seq)
        await self._hub.ledger.append(units.suspension(self.port, broken, self._hub.clock.now()))
        self._suspended = broken.rule

    async def _clones(self, said: Sequence[PassageChange], until: Instant) -> list[Impossible]:
        """Return which plates of this batch stood elsewhere when they cannot have, and no alarm says so yet."""
        known = {one.passage: one for one in await self._hub.records.passages(self.port, [one.passage for one in said])}
        merged = [known[one.passage].and_then(one) if one.passage in known else one for one in said]
        seen = [found for one in merged if (found := presence_of(self.port, one, until)) is not None]
        if not seen:
            return []
        span_us = self._hub.distances.longest_us()
        since, end = min(one.since for one in seen) - span_us, max(one.until for one in seen) + span_us
        others = await self._hub.records.presences([one.plate for one in seen], since, end)
        pairs = (impossible(one, other, self._hub.distances) for one in seen for other in others)
        contradictions = {pair.number: pair for pair in pairs if pair is not None}
        return [pair for number, pair in contradictions.items() if await self._hub.records.find_alarm(number) is None]

    # ---- heads

    async def witness(self, head: SignedHead, key: Ed25519PublicKey) -> bytes | None:
        """Return the hub's signed word on a head, None where it cannot be given (yet)."""
        tree = await self._tree_at(head.size) if self._suspended is None else None
        verdict = judge_head(head, self.port, key, self._position.size, self._witnessed, tree)
        if isinstance(verdict, Broken):
            await self._suspend(verdict)
        if not isinstance(verdict, Agrees):
            return None
        now = self._hub.clock.now()
        witnessed = Witnessed(self._hub.region, self.port, head.size, head.root, head.at, now)
        signed = WITNESSES.sign(self._hub.signer, witnessed)
        await self._hub.ledger.append(units.witnessing(witnessed))
        self._witnessed = head.size
        return signed

    async def _tree_at(self, size: int) -> Tree | None:
        position = self._position
        if size > position.size:
            return None
        if size == position.size:
            return Tree(self._frontier.root().hex(), position.last)
        leaf = await self._hub.records.leaf(self.port, size)
        frontier = await frontier_at(self._tree, size)
        return None if leaf is None else Tree(frontier.root().hex(), leaf.hex())
