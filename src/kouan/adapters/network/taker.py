"""The hub takes what ports send: entries into copies, heads to be witnessed, questions to be answered."""

import asyncio
import logging
from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.inbox import reading
from kouan.adapters.network.port_copy import Hub, PortCopy
from kouan.ledger.heads import SignedHead
from kouan.protocols.link import Link, Received
from kouan.protocols.network.codec import ENTRIES, HEADS, TAKEN, WANTED
from kouan.protocols.network.messages import Wanted
from kouan.protocols.topics import HubTopic, parse
from kouan.vocabulary.errors import Fenced, InvalidValue, Unavailable

_log = logging.getLogger(__name__)

LedgerKeys = Callable[[str], Ed25519PublicKey | None]
"""Returns the key under which an enrolled port signs its ledger's heads; None where the port is not enrolled."""


class Taker:
    """Takes from all ports, one message at a time: so no two batches overlook each other's vehicles."""

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
        async with reading(self._link) as messages:
            async for received in messages:
                await self._take_or_leave(received)

    async def _take_or_leave(self, received: Received) -> None:
        try:
            await self.take(received)
        except Fenced:
            raise
        except Unavailable as error:
            _log.warning("what came on %s was not taken, and comes again: %s", received.topic, error)
            self._copies.clear()  # what stands is read anew, because a commit may be in doubt

    async def take(self, received: Received) -> None:
        """Take one message; what cannot be read, or comes from a port that is not enrolled, is passed over."""
        try:
            topic = parse(received.topic)
            if not isinstance(topic, HubTopic):
                return
            key = self._keys(topic.port)
            if key is None:
                _log.warning("%s is not enrolled, and is not listened to", topic.port)
                return
            async with self._busy:
                await self._handle(topic, received.payload, key)
        except InvalidValue as error:
            _log.warning("what came on %s was passed over: %s", received.topic, error)

    async def resume(self, port: str) -> None:
        """Take up with a port anew, after a person ended its suspension."""
        async with self._busy:
            self._copies.pop(port, None)
            await self._answer(await self._copy(port))

    async def _handle(self, topic: HubTopic, payload: bytes, key: Ed25519PublicKey) -> None:
        copy = await self._copy(topic.port)
        if topic.channel == "entries":
            batch = ENTRIES.decode(payload)
            _same_port(topic, batch.port)
            if await copy.take(batch):
                self._changed()
            await self._answer(copy)
        elif topic.channel == "wanted":
            wanted = WANTED.decode(payload)
            _same_port(topic, wanted.port)
            await copy.hear(wanted.size)
            self._wanted(wanted)
            await self._answer(copy)
        elif topic.channel == "head":
            head = HEADS.decode(payload)
            _same_port(topic, head.port)
            await self._witness(copy, bytes(head.head), key)

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


def _same_port(topic: HubTopic, port: str) -> None:
    if topic.port != port:
        raise InvalidValue("port", "message.port", f"must be {topic.port}, on whose topic it came")
