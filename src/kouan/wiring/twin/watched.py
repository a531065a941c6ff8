"""The world around the processes, which tells what happens in it at the moment when it does."""

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from kouan.adapters.appending.chain import Block
from kouan.adapters.lane_controller.memory_log import Medium, MemoryNonceLog
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.disk import LedgerFile, MemoryDisk
from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.mqtt.link import Will
from kouan.gate.lane_controller.records import Record
from kouan.ledger.heads import SignedHead
from kouan.simulator.logs import MemoryLog
from kouan.simulator.roles import Document
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import PortName
from kouan.wiring.twin.life import Life, never

FLUSH_S = (0.0005, 0.015)
"""How long the controller's medium takes to make a write durable, in seconds. Our choice: from an NVMe disk's flush to
that of an industrial SD card."""

MOST_TOPICS = 4096
"""Topics of which it is remembered as what they are told. Our choice: several times as many as a large port has."""

Tell = Callable[[str, str, Any], None]
"""Is told where something happened (a node's name), what kind of thing, and the thing itself."""


def tell_nobody(node: str, kind: str, data: Any) -> None:
    """Hear and forget."""


class _WatchedHeads(list[SignedHead]):
    """The signed heads of a ledger, of which it tells ``head``."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def append(self, head: SignedHead) -> None:
        """Keep a head."""
        super().append(head)
        self._tell("platform", "head", head)


class WatchedFile(LedgerFile):
    """A committed ledger that tells ``entry`` of each entry as it becomes durable, before anybody is answered.

    It tells ``head`` of each signed head that is kept.
    """

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self.heads = _WatchedHeads(tell)
        self._tell = tell

    def write(self, block: Block) -> None:
        """Add a block; from here on it is durable."""
        super().write(block)
        for entry in block.entries:
            self._tell("platform", "entry", entry)


class WatchedDisk(MemoryDisk):
    """A disk whose ledgers tell of their entries."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def ledger(self, port: str) -> LedgerFile:
        """Return the ledger of a port, empty at first."""
        found = self._ledgers.get(port)
        if found is None:
            found = self._ledgers[port] = WatchedFile(self._tell)
        return found


class WatchedBroker(MemoryBroker):
    """A broker that tells ``command`` of each barrier command and ``report`` of each controller's report it takes.

    It tells ``wire`` of everything else but a weighbridge's frames.
    """

    def __init__(self, chance: Random, tell: Tell) -> None:
        super().__init__(chance=chance)
        self.accepted: list[Callable[[str], None]] = []
        self.joined: list[Callable[[MemoryLink], None]] = []
        self._tell = tell

    @property
    def links(self) -> Mapping[str, MemoryLink]:
        """The links that are there now, by their clients' names."""
        return self._links

    def platform_link(self, port: PortName, *, name: str = "platform") -> MemoryLink:
        """Return a new link with the platform's behaviour, after calling all in ``joined`` with it."""
        return self._told_of(super().platform_link(port, name=name))

    def device_link(
        self,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
    ) -> MemoryLink:
        """Return a new link with a device's behaviour, after calling all in ``joined`` with it."""
        return self._told_of(
            super().device_link(client_id, subscriptions=subscriptions, will=will, persistent=persistent)
        )

    def _told_of(self, link: MemoryLink) -> MemoryLink:
        for each in tuple(self.joined):
            each(link)
        return link

    def accept(self, message: Any) -> None:
        """Take one message from a client, tell of it, deliver it; then call all in ``accepted`` with its topic."""
        topic: str = message.topic
        kind = _kind(topic)
        if kind is not None:
            self._tell("broker", kind, (topic, message.payload))
        super().accept(message)
        for each in tuple(self.accepted):
            each(topic)


@functools.lru_cache(maxsize=MOST_TOPICS)
def _kind(topic: str) -> str | None:
    """Return as what a message on a topic is told; None for a weighbridge's frames, of which there are most."""
    if topic.endswith("/barrier/command"):
        return "command"
    if topic.endswith("/controller/report"):
        return "report"
    return None if topic.endswith("/frames") else "wire"


class WatchedLog(MemoryLog):
    """A record of what truly happened that tells of each line."""

    def __init__(self, kind: str, tell: Tell) -> None:
        super().__init__()
        self._kind = kind
        self._tell = tell

    def append(self, line: Document) -> None:
        """Keep one line."""
        super().append(line)
        self._tell("field", self._kind, line)


class FencedNonceLog(MemoryNonceLog):
    """A nonce log that a dead controller writes no more, and that tells ``nonce`` of each durable record.

    Each write takes its time, one after the other, so that a controller can die between an order's intent, its command
    and its outcome.
    """

    def __init__(self, medium: Medium, life: Life, tell: Tell, chance: Random) -> None:
        super().__init__(medium)
        self._life = life
        self._tell = tell
        self._chance = chance
        self._turn = asyncio.Lock()

    async def append(self, records: Sequence[Record]) -> None:
        """Write the records; never return once the process is dead."""
        async with self._turn:
            await asyncio.sleep(self._chance.uniform(*FLUSH_S))
            if self._life.over:
                await never()
            await super().append(records)
            for record in records:
                self._tell("controller", "nonce", record)

    async def compact(self, before: Instant) -> None:
        """Forget the orders that expired before this instant; never return once the process is dead."""
        if self._life.over:
            await never()
        await super().compact(before)
