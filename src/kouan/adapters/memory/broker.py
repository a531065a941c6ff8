"""A broker in memory, which keeps what the real one keeps, in virtual time and with faults on demand.

Deterministic: the same random source, the same timers and the same calls give the same deliveries.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextvars import copy_context

from kouan.adapters.memory.link import MAX_KEPT, MemoryLink
from kouan.adapters.memory.stream import Message, Stream
from kouan.adapters.memory.topics import Subscribers, matches
from kouan.adapters.memory.transit import Later
from kouan.adapters.mqtt.link import Will
from kouan.protocols.link import Received
from kouan.vocabulary.places import PortName


class MemoryBroker:
    """Keeps what the real broker keeps: retained messages, persistent sessions, and a stream with durable readers."""

    def __init__(self, *, chance: random.Random, later: Later | None = None, created: str = "memory") -> None:
        """``later`` calls back for it, by default the running loop."""
        self.chance = chance
        self.later = later or self._later
        self._links: dict[str, MemoryLink] = {}
        self._retained: dict[str, bytes] = {}
        self._kept: dict[str, deque[Message]] = {}
        self._stream = Stream(created)
        self._listening = Subscribers()
        self._away = Subscribers()
        self._context = copy_context()

    def platform_link(self, port: PortName, *, name: str = "platform") -> MemoryLink:
        """Return a new link with the platform's behaviour: a durable reader, whose sends are never kept.

        A link of the same name is ended, and what that one did not settle comes again.
        """
        link = MemoryLink(self, name, subscriptions=(f"kouan/{port}/+/weighbridge/frames",), durable=f"kouan/{port}/#")
        self._stream.read_by(name, f"kouan/{port}/#")
        self._join(link)
        return link

    def device_link(
        self,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
    ) -> MemoryLink:
        """Return a new link with a device's behaviour; a link of the same client id is ended as if it had crashed."""
        link = MemoryLink(self, client_id, subscriptions=subscriptions, will=will, persistent=persistent)
        self._join(link)
        if persistent:
            self._kept.setdefault(client_id, deque(maxlen=MAX_KEPT))
            self._away.add(client_id, subscriptions)
        else:
            self._kept.pop(client_id, None)
            self._away.remove(client_id)
        return link

    def close(self) -> None:
        """End all links and everything on its way, without wills."""
        for link in list(self._links.values()):
            self._links.pop(link.name)
            self._listening.remove(link.name)
            link.end()

    def accept(self, message: Message) -> None:
        """Take one message from a client: retain it, store it for durable readers, deliver it."""
        if message.retain:
            self._retained.pop(message.topic, None)
            if message.payload:
                self._retained[message.topic] = message.payload
        if message.quality:
            self._store(message)
        received = Received(message.topic, message.payload)
        for name in self._listening.of(message.topic):
            link = self._links[name]
            if link.durable is None or not message.quality:  # a durable reader has QoS 1 from the stream
                link.deliver(received, sure=bool(message.quality))
        if message.quality:
            for name in self._away.of(message.topic):
                if name not in self._links:
                    self._kept[name].append(message)

    def settle(self, name: str, received: Received) -> None:
        """Note that a durable reader needs nothing up to this message again."""
        self._stream.settle(name, received)

    def leave(self, link: MemoryLink, *, publish_will: bool) -> None:
        """Take a link away, and publish its will if it did not take leave."""
        if self._links.get(link.name) is not link:
            return
        del self._links[link.name]
        self._listening.remove(link.name)
        if publish_will and link.will is not None:
            self.accept(Message(link.will.topic, link.will.payload, 1, retain=True))

    def _store(self, message: Message) -> None:
        stored = self._stream.store(message)
        if stored is None:
            return
        readers, received = stored
        for name in readers:
            if name in self._links:
                self._links[name].deliver(received, sure=True)

    def _later(self, delay_s: float, then: Callable[[], None]) -> object:
        """Call back as the broker's own work, whoever's call it follows from."""
        return asyncio.get_running_loop().call_later(delay_s, then, context=self._context)

    def _join(self, link: MemoryLink) -> None:
        before = self._links.get(link.name)
        if before is not None:
            before.crash()
        self._links[link.name] = link
        self._listening.add(link.name, link.subscriptions)
        if link.durable is not None:
            for received in self._stream.left_for(link.name, link.durable):
                link.deliver(received, sure=True)
            return
        for topic, payload in list(self._retained.items()):
            if any(matches(each, topic) for each in link.subscriptions):
                link.deliver(Received(topic, payload), sure=True)
        kept = self._kept.get(link.name) if link.persistent else None
        while kept:
            message = kept.popleft()
            link.deliver(Received(message.topic, message.payload), sure=True)
