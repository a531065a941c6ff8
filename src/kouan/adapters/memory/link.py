"""A broker in memory, and links to it that behave as the real ones do, in virtual time and with faults on demand.

Deterministic: the same random source, the same sleep and the same calls give the same deliveries.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from kouan.adapters.inbox import Inbox
from kouan.adapters.memory.topics import matches
from kouan.adapters.memory.transit import Faults, Transit
from kouan.adapters.mqtt.link import Will, quality_of
from kouan.protocols.link import Received
from kouan.vocabulary.errors import InvalidValue, Unavailable
from kouan.vocabulary.places import PortName

Sleep = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds, of whatever time the caller lives in."""

PATIENCE_S = 15.0
"""How long a send at QoS 1 waits for the broker: as ``MqttTimes.patience_s``."""

RESEND_S = 1.0
"""When a lost message or acknowledgement is sent again. Our choice: about what noticing and connecting again takes."""

MAX_KEPT = 10_000
"""Messages kept for a persistent client that is away; the oldest go first. Our choice."""


class _Message(msgspec.Struct, frozen=True):
    topic: str
    payload: bytes
    quality: int
    retain: bool = False


class _Sent(msgspec.Struct):
    message: _Message
    done: asyncio.Future[None] | None


class MemoryBroker:
    """Keeps what the real broker keeps: retained messages, persistent sessions, and a stream with durable readers."""

    def __init__(self, *, chance: random.Random, sleep: Sleep, created: str = "memory") -> None:
        self.chance = chance
        self.sleep = sleep
        self.created = created
        self._links: dict[str, MemoryLink] = {}
        self._retained: dict[str, bytes] = {}
        self._kept: dict[str, tuple[tuple[str, ...], deque[_Message]]] = {}
        self._stream: dict[int, _Message] = {}
        self._last_seq = 0
        self._durable: dict[str, tuple[str, int]] = {}  # name -> (filter, settled sequence)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._last_task = 0

    def platform_link(self, port: PortName, *, name: str = "platform") -> "MemoryLink":
        """Return a new link with the platform's behaviour: a durable reader, whose sends are never kept.

        A link of the same name is ended, and what that one did not settle comes again.
        """
        link = MemoryLink(self, name, subscriptions=(f"kouan/{port}/+/weighbridge/frames",), durable=f"kouan/{port}/#")
        self._durable.setdefault(name, (f"kouan/{port}/#", self._last_seq))
        self._join(link)
        return link

    def device_link(
        self,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
    ) -> "MemoryLink":
        """Return a new link with a device's behaviour; a link of the same client id is ended as if it had crashed."""
        link = MemoryLink(self, client_id, subscriptions=subscriptions, will=will, persistent=persistent)
        self._join(link)
        if persistent:
            self._kept.setdefault(client_id, (subscriptions, deque(maxlen=MAX_KEPT)))
        else:
            self._kept.pop(client_id, None)
        return link

    def close(self) -> None:
        """End all links and everything on its way, without wills."""
        for link in list(self._links.values()):
            self._links.pop(link.name)
            link.end()
        for task in list(self._tasks.values()):
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background until the broker is closed."""
        self._last_task += 1
        number = self._last_task
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    def accept(self, message: _Message) -> None:
        """Take one message from a client: retain it, store it for durable readers, deliver it."""
        if message.retain:
            self._retained.pop(message.topic, None)
            if message.payload:
                self._retained[message.topic] = message.payload
        if message.quality:
            self._store(message)
        for link in list(self._links.values()):
            if link.subscribes(message):
                link.deliver(Received(message.topic, message.payload))
        if message.quality:
            for name, (filters, kept) in self._kept.items():
                if name not in self._links and any(matches(each, message.topic) for each in filters):
                    kept.append(message)

    def settle(self, name: str, sequence: int) -> None:
        """Note that a durable reader needs nothing up to this sequence again, and forget what nobody needs."""
        topic_filter, settled = self._durable[name]
        self._durable[name] = (topic_filter, max(settled, sequence))
        floor = min(settled for _, settled in self._durable.values())
        for number in [number for number in self._stream if number <= floor]:
            del self._stream[number]

    def leave(self, link: "MemoryLink", *, publish_will: bool) -> None:
        """Take a link away, and publish its will if it did not take leave."""
        if self._links.get(link.name) is not link:
            return
        del self._links[link.name]
        if publish_will and link.will is not None:
            self.accept(_Message(link.will.topic, link.will.payload, 1, retain=True))

    def _store(self, message: _Message) -> None:
        readers = [name for name, (each, _) in self._durable.items() if matches(each, message.topic)]
        if not readers:
            return
        self._last_seq += 1
        self._stream[self._last_seq] = message
        for name in readers:
            if name in self._links:
                self._links[name].deliver(self._received(self._last_seq))

    def _received(self, sequence: int) -> Received:
        message = self._stream[sequence]
        return Received(message.topic, message.payload, f"{self.created}:{sequence}")

    def _join(self, link: "MemoryLink") -> None:
        before = self._links.get(link.name)
        if before is not None:
            before.crash()
        self._links[link.name] = link
        if link.durable is not None:
            settled = self._durable[link.name][1]
            for sequence, message in list(self._stream.items()):
                if sequence > settled and matches(link.durable, message.topic):
                    link.deliver(self._received(sequence))
            return
        for topic, payload in list(self._retained.items()):
            if link.subscribes(_Message(topic, payload, 1)):
                link.deliver(Received(topic, payload))
        if link.persistent and link.name in self._kept:
            kept = self._kept[link.name][1]
            while kept:
                message = kept.popleft()
                link.deliver(Received(message.topic, message.payload))


class MemoryLink:
    """A Link to a MemoryBroker; ``up`` are the faults on the way to the broker, ``down`` those on the way back."""

    def __init__(
        self,
        broker: MemoryBroker,
        name: str,
        *,
        subscriptions: tuple[str, ...] = (),
        durable: str | None = None,
        will: Will | None = None,
        persistent: bool = False,
    ) -> None:
        self.name = name
        self.durable = durable
        self.will = will
        self.persistent = persistent
        self.up = Faults()
        self.down = Faults()
        self._broker = broker
        self._subscriptions = subscriptions
        self._inbox = Inbox()
        self._going_up: Transit[_Sent] = Transit(broker.chance, broker.sleep, broker.spawn, self._arrive_up)
        self._going_down: Transit[Received] = Transit(broker.chance, broker.sleep, broker.spawn, self._arrive_down)
        self._held_up: list[_Sent] = []
        self._held_down: list[Received] = []
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._last_sent = 0
        self._ended = False

    def __len__(self) -> int:
        """How many messages have come and were not taken yet."""
        return len(self._inbox)

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message; raise Unavailable as the real link of this kind would."""
        if self._ended:
            raise Unavailable("the link was closed")
        if self.durable is not None:
            if retain:
                raise InvalidValue(
                    "retain", "link.retain", "must be false: the platform's messages are void in seconds"
                )
            self._set_out(_Sent(_Message(topic, payload, 0), None))
        elif quality_of(topic) == 0:
            self._set_out(_Sent(_Message(topic, payload, 0, retain), None))
        else:
            await self._send_until_acknowledged(_Message(topic, payload, 1, retain))

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages until the link has ended."""
        return self._inbox.read()

    async def settle(self, received: Received) -> None:
        """Tell the broker that this message and all before it need not come again."""
        _, _, sequence = received.key.rpartition(":")
        if sequence and self.durable is not None and not self._ended:
            self._broker.settle(self.name, int(sequence))

    def crash(self) -> None:
        """End as a dying process does: nothing more goes out or comes in, and the broker publishes the will."""
        self.end()
        self._broker.leave(self, publish_will=True)

    async def close(self) -> None:
        """Take leave of the broker."""
        self.end()
        self._broker.leave(self, publish_will=False)

    def heal(self) -> None:
        """Take all faults away and let what waited go on."""
        self.up, self.down = Faults(), Faults()
        held_up, self._held_up = self._held_up, []
        held_down, self._held_down = self._held_down, []
        for sent in held_up:
            self._arrive_up(sent)
        for received in held_down:
            self._arrive_down(received)

    def subscribes(self, message: _Message) -> bool:
        """Say whether a message is for this link's plain subscriptions; a durable reader has QoS 1 from the stream."""
        if self.durable is not None and message.quality:
            return False
        return any(matches(each, message.topic) for each in self._subscriptions)

    def deliver(self, received: Received) -> None:
        """Put a message on the way from the broker."""
        # The stream is delivered in its own order: one queue. Other messages keep the order of their topic only.
        queue = "" if received.key else received.topic
        for _ in range(1 if received.key else self.down.copies(self._broker.chance)):
            self._going_down.enter(queue, received, self.down.delay(self._broker.chance, reorder=not received.key))

    def end(self) -> None:
        """Stop sending and receiving, whatever the broker thinks."""
        self._ended = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unavailable("the link was closed"))
        self._inbox.close()

    async def _send_until_acknowledged(self, message: _Message) -> None:
        self._last_sent += 1
        number = self._last_sent
        done = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._set_out(_Sent(message, done))
        if not done.done():
            self._broker.spawn(self._give_up(done, message.topic))
        try:
            await done
        finally:
            del self._waiting[number]

    async def _give_up(self, done: asyncio.Future[None], topic: str) -> None:
        await self._broker.sleep(PATIENCE_S)
        if not done.done():
            done.set_exception(Unavailable(f"the broker did not acknowledge a message on {topic}"))

    def _set_out(self, sent: _Sent) -> None:
        chance = self._broker.chance
        copies = self.up.copies(chance)
        delay_s = self.up.delay(chance, reorder=True)
        if sent.message.quality and copies == 0:
            copies, delay_s = 1, delay_s + RESEND_S  # lost, and sent again
        for _ in range(copies):
            self._going_up.enter(sent.message.topic, sent, delay_s)

    def _arrive_up(self, sent: _Sent) -> None:
        if self._ended:
            return
        if self.up.cut:
            if sent.message.quality and len(self._held_up) < MAX_KEPT:
                self._held_up.append(sent)
            return
        if sent.done is not None and sent.done.done() and (sent.done.cancelled() or sent.done.exception() is not None):
            return  # the sender has given up
        self._broker.accept(sent.message)
        if sent.done is None or sent.done.done():
            return
        if self.down.cut:
            self._held_up.append(sent)  # unacknowledged: sent again when the link is whole
        elif self.down.loses(self._broker.chance):
            self._going_up.enter(sent.message.topic, sent, RESEND_S)
        else:
            sent.done.set_result(None)

    def _arrive_down(self, received: Received) -> None:
        if self._ended:
            return
        if not self.down.cut:
            self._inbox.put(received)
        elif received.key:
            self._held_down.append(received)
