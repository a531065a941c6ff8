"""The hub takes what ports send: entries into copies, heads to be witnessed, questions to be answered."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.inbox import reading
from kouan.adapters.network.port_copy import Hub, PortCopy
from kouan.ledger.heads import SignedHead
from kouan.network.taking import Batch, Broken, read_batch
from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.link import Link, Received
from kouan.protocols.network.codec import ENTRIES, HEADS, TAKEN, WANTED
from kouan.protocols.network.messages import Entries, Head, Wanted
from kouan.protocols.topics import HubTopic, parse
from kouan.vocabulary.errors import Fenced, InvalidValue, Unavailable

_log = logging.getLogger(__name__)

_CODECS: Mapping[str, JsonCodec[Any]] = {"entries": ENTRIES, "wanted": WANTED, "head": HEADS}

LedgerKeys = Callable[[str], Ed25519PublicKey | None]
"""Returns the key under which an enrolled port signs its ledger's heads; None where the port is not enrolled."""


AHEAD = 2
"""Messages that are read before their turn. Our choice: one is verified while the one before is being committed, and
one more so that neither waits for the other."""


class _Heard(msgspec.Struct, frozen=True):
    """A message of an enrolled port: what it says, and what its entries are worth by themselves."""

    port: str
    key: Ed25519PublicKey
    message: Entries | Wanted | Head
    batch: Batch | Broken | None = None


class Taker:
    """Takes from all ports, one message at a time: so no two batches overlook each other's vehicles.

    What a message is by itself (its entries' form, hashes and chain) is verified while the one before is recorded.
    """

    def __init__(
        self,
        hub: Hub,
        link: Link,
        keys: LedgerKeys,
        wanted: Callable[[Wanted], None] = lambda _: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Tell ``wanted`` of each question, and call ``changed`` after a plate was held; neither may block."""
        self._hub = hub
        self._link = link
        self._keys = keys
        self._wanted = wanted
        self._changed = changed
        self._copies: dict[str, PortCopy] = {}
        self._busy = asyncio.Lock()

    async def run(self) -> None:
        """Take until the link is closed; raise Fenced where another process became the hub's writer."""
        heard: asyncio.Queue[_Heard | None] = asyncio.Queue(AHEAD)
        hearing = asyncio.get_running_loop().create_task(self._hear(heard), name="taker-hear")
        try:
            while (one := await heard.get()) is not None:
                await self._take_or_leave(one)
            await hearing
        finally:
            hearing.cancel()

    async def _hear(self, heard: "asyncio.Queue[_Heard | None]") -> None:
        """Read messages ahead of their turn; None says that no more come, because the link is closed or broken."""
        try:
            async with reading(self._link) as messages:
                async for received in messages:
                    one = self._read(received)
                    if one is not None:
                        await heard.put(one)
        except Exception:
            await heard.put(None)
            raise
        await heard.put(None)

    async def _take_or_leave(self, heard: _Heard) -> None:
        try:
            await self._take(heard)
        except Fenced:
            raise
        except InvalidValue as error:
            _log.warning("what %s sent was passed over: %s", heard.port, error)
        except Unavailable as error:
            _log.warning("what %s sent was not taken, and comes again: %s", heard.port, error)
            self._copies.clear()  # what stands is read anew, because a commit may be in doubt

    def _read(self, received: Received) -> _Heard | None:
        """Return what a message says; one that cannot be read, or comes from a port not enrolled, is passed over."""
        try:
            topic = parse(received.topic)
            if not isinstance(topic, HubTopic) or topic.channel not in _CODECS:
                return None
            key = self._keys(topic.port)
            if key is None:
                _log.warning("%s is not enrolled, and is not listened to", topic.port)
                return None
            message = _CODECS[topic.channel].decode(received.payload)
            if message.port != topic.port:
                raise InvalidValue("port", "message.port", f"must be {topic.port}, on whose topic it came")
        except InvalidValue as error:
            _log.warning("what came on %s was passed over: %s", received.topic, error)
            return None
        batch = read_batch(topic.port, tuple(map(bytes, message.entries))) if isinstance(message, Entries) else None
        return _Heard(topic.port, key, message, batch)

    async def _take(self, heard: _Heard) -> None:
        async with self._busy:
            copy = await self._copy(heard.port)
            message = heard.message
            if isinstance(message, Head):
                await self._witness(copy, bytes(message.head), heard.key)
                return
            if isinstance(message, Wanted):
                await copy.hear(message.size)
                self._wanted(message)
            elif heard.batch is not None and await copy.take(heard.batch, message.size):
                self._changed()
            await self._answer(copy)

    async def resume(self, port: str) -> None:
        """Take up with a port anew, after a person ended its suspension."""
        async with self._busy:
            self._copies.pop(port, None)
            await self._answer(await self._copy(port))

    async def _witness(self, copy: PortCopy, encoded: bytes, key: Ed25519PublicKey) -> None:
        try:
            head = msgspec.json.decode(encoded, type=SignedHead)
        except msgspec.MsgspecError as error:
            raise InvalidValue("head", "head.form", f"is no signed head: {error}") from error
        signed = await copy.witness(head, key)
        if signed is not None:
            await self._send(HubTopic(copy.port, "witnessed"), signed)

    async def _copy(self, port: str) -> PortCopy:
        if port not in self._copies:
            copy = PortCopy(self._hub, port)
            await copy.open()
            self._copies[port] = copy
        return self._copies[port]

    async def _answer(self, copy: PortCopy) -> None:
        await self._send(HubTopic(copy.port, "taken"), TAKEN.encode(copy.taken()))

    async def _send(self, topic: HubTopic, payload: bytes) -> None:
        try:
            await self._link.send(str(topic), payload)
        except Unavailable as error:
            _log.info("%s was not told: %s", topic, error)
