"""A port sends its ledger to the hub: reads what was not taken, sends it, and believes only the hub's answer."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.heads import Standings
from kouan.ledger.entries import GENESIS
from kouan.ledger.roles import Ledger
from kouan.network.forwarding import Ask, Forwarding, Send, Wait, asked, due, failed, heard, sent
from kouan.network.records import EdgeRecords
from kouan.protocols.link import Link
from kouan.protocols.network.codec import ENTRIES, HEADS, TAKEN, WANTED, WITNESSES
from kouan.protocols.network.messages import MAX_BATCH_BYTES, BulletinKind, Entries, Head, Taken, Wanted, Witnessed
from kouan.protocols.topics import HubTopic
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import InvalidValue, Unavailable

_log = logging.getLogger(__name__)

POLL_S = 0.25
"""Longest time until an entry that was just written is seen. Our choice: the hub is never asked so often."""

AGAIN_S = 1.0
"""Pause after the port's own ledger could not be read. Our choice."""

Versions = Callable[[], Mapping[BulletinKind, int]]
"""Returns the versions of the bulletins that the port holds."""


class Progress(msgspec.Struct, frozen=True):
    """How far a port's ledger is at its hub, for screens and reports.

    ``taken`` is None until the hub said so; ``answered_at`` is the port's time of its last answer.
    """

    size: int
    taken: int | None
    witnessed: int
    answered_at: Instant | None
    halted: str | None


class Forwarder:
    """Forwards one port's ledger; nothing of it is kept, because the hub says where it stands."""

    def __init__(
        self,
        port: str,
        ledger: Ledger,
        standings: Standings,
        link: Link,
        records: EdgeRecords,
        hub_key: tuple[str, Ed25519PublicKey],
        clock: Clock,
        versions: Versions = dict,
        poll_s: float = POLL_S,
    ) -> None:
        self._port = port
        self._ledger = ledger
        self._standings = standings
        self._link = link
        self._records = records
        self._keys = dict([hub_key])
        self._clock = clock
        self._versions = versions
        self._poll_s = poll_s
        self._state = Forwarding()
        self._size = 0
        self._hashes: dict[int, str] = {0: GENESIS}
        self._taken: int | None = None
        self._witnessed = 0
        self._answered_at: Instant | None = None
        self._sleeping: asyncio.Future[None] | None = None

    @property
    def progress(self) -> Progress:
        """How far the ledger is at the hub."""
        return Progress(self._current_size(), self._taken, self._witnessed, self._answered_at, self._state.halted)

    def wake(self) -> None:
        """Look at once whether there is something to send."""
        if self._sleeping is not None and not self._sleeping.done():
            self._sleeping.set_result(None)

    async def run(self) -> None:
        """Forward for ever."""
        latest = await self._records.latest_witness()
        if latest is not None:
            self._witnessed = WITNESSES.verify(self._keys, latest).size
        while True:
            try:
                await self._step()
            except Unavailable as error:
                _log.info("the ledger or the hub cannot be reached: %s", error)
                self._state = failed(self._state, self._clock.monotonic())
                await self._sleep(AGAIN_S)

    async def _step(self) -> None:
        action = due(self._state, self._current_size(), self._clock.monotonic())
        if isinstance(action, Send):
            await self._send(action)
        elif isinstance(action, Ask):
            await self._ask()
        elif isinstance(action, Wait):
            waits_s = (action.until - self._clock.monotonic()) / SECOND
            await self._sleep(min(max(waits_s, 0.001), self._poll_s))

    def _current_size(self) -> int:
        standing = self._standings.standing
        if standing is not None:
            self._size = max(self._size, standing.sequence)
        return self._size

    async def _send(self, action: Send) -> None:
        batch: list[msgspec.Raw] = []
        room = MAX_BATCH_BYTES
        last = None
        for entry in await self._ledger.read(action.after, action.limit):
            encoded = entry.encode()
            room -= len(encoded)
            if batch and room < 0:
                break
            batch.append(msgspec.Raw(encoded))
            last = entry
        if last is None:
            raise Unavailable(f"entry {action.after + 1} cannot be read yet")
        payload = ENTRIES.encode(Entries(self._port, self._current_size(), tuple(batch)))
        await self._link.send(str(HubTopic(self._port, "entries")), payload)
        self._hashes[last.seq] = last.hash
        self._state = sent(self._state, last.seq, self._clock.monotonic())

    async def _ask(self) -> None:
        self._state = asked(self._state, self._clock.monotonic())
        size, versions = self._current_size(), dict(self._versions())
        wanted = WANTED.encode(Wanted(self._port, size, self._clock.now(), versions))
        await self._link.send(str(HubTopic(self._port, "wanted")), wanted)
        for head in await self._ledger.heads(1):
            if self._witnessed < head.size <= (self._taken or 0):
                payload = HEADS.encode(Head(self._port, msgspec.Raw(head.encode())))
                await self._link.send(str(HubTopic(self._port, "head")), payload)

    async def hear_taken(self, payload: bytes) -> None:
        """Take the hub's answer; raise InvalidValue for what is none."""
        taken = TAKEN.decode(payload)
        if taken.port != self._port:
            raise InvalidValue("port", "message.port", f"must be {self._port}")
        size = self._current_size()
        before = self._state
        self._state = heard(before, taken, size, await self._own_hash(taken, size), self._clock.monotonic())
        self._answered_at = self._clock.now()
        if self._state.halted is None:
            self._taken = max(self._taken or 0, taken.size)
            self._hashes = {seq: last for seq, last in self._hashes.items() if seq >= taken.size}
        elif before.halted is None:
            _log.error("the hub takes nothing more of this ledger: %s", self._state.halted)
        self.wake()

    async def _own_hash(self, taken: Taken, size: int) -> str | None:
        if taken.size not in self._hashes:
            if taken.size > size:
                return None
            if taken.size == 0:
                return GENESIS
            leaves = await self._ledger.leaf_hashes(taken.size - 1, taken.size)
            return leaves[0].hex() if leaves else None
        return self._hashes[taken.size]

    async def hear_witnessed(self, payload: bytes) -> None:
        """Keep the hub's word on a head; raise InvalidValue for what the hub did not sign, or did not sign for us."""
        witnessed: Witnessed = WITNESSES.verify(self._keys, payload)
        if witnessed.port != self._port:
            raise InvalidValue("port", "message.port", f"must be {self._port}")
        await self._records.add_witness(witnessed.size, witnessed.at, payload)
        self._witnessed = max(self._witnessed, witnessed.size)

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        sleeping = self._sleeping = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await sleeping
        finally:
            timer.cancel()
            self._sleeping = None
