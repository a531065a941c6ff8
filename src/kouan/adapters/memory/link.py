"""Links to a broker in memory that behave as the real ones do, with faults on demand."""

import asyncio
import functools
import random
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from kouan.adapters.inbox import Inbox
from kouan.adapters.memory.stream import Message
from kouan.adapters.memory.transit import Faults, Later, Transit
from kouan.adapters.mqtt.link import Will, quality_of
from kouan.protocols.link import Received
from kouan.vocabulary.errors import InvalidValue, Unavailable

PATIENCE_S = 15.0
"""How long a send at QoS 1 waits for the broker: as ``MqttTimes.patience_s``."""

RESEND_S = 1.0
"""When a lost message or acknowledgement is sent again. Our choice: about what noticing and connecting again takes."""

MAX_KEPT = 10_000
"""Messages kept for a persistent client that is away; the oldest go first. Our choice."""


class Broker(Protocol):
    """What a link needs of its broker."""

    chance: random.Random
    later: Later

    def accept(self, message: Message) -> None:
        """Take one message from a client."""
        ...

    def settle(self, name: str, received: Received) -> None:
        """Note that a durable reader needs nothing up to this message again."""
        ...

    def leave(self, link: "MemoryLink", *, publish_will: bool) -> None:
        """Take a link away."""
        ...


class _Sent(msgspec.Struct):
    message: Message
    done: asyncio.Future[None] | None


class _Coming(msgspec.Struct, frozen=True):
    """A message on its way to a client; a ``sure`` one is sent again until it has come."""

    received: Received
    sure: bool


class MemoryLink:
    """A Link to a MemoryBroker; ``up`` are the faults on the way to the broker, ``down`` those on the way back.

    Cut ways (``cut``) hold back what the broker or the client keeps until it is acknowledged, and lose the rest.
    """

    def __init__(
        self,
        broker: Broker,
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
        self.subscriptions = subscriptions
        self.up = Faults()
        self.down = Faults()
        self._broker = broker
        self._inbox = Inbox()
        self._going_up: Transit[_Sent] = Transit(broker.later, self._arrive_up)
        self._going_down: Transit[_Coming] = Transit(broker.later, self._arrive_down)
        self._held_up: list[_Sent] = []
        self._held_down: list[Received] = []
        self._held_settled: Received | None = None
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
            message = Message(topic, payload, 0)
        else:
            message = Message(topic, payload, quality_of(topic), retain)
        if self.up.calm and self.down.calm and self._going_up.empty and not self._held_up:
            self._broker.accept(message)
        elif message.quality:
            await self._send_until_acknowledged(message)
        else:
            self._set_out(_Sent(message, None))

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages until the link has ended."""
        return self._inbox.read()

    async def settle(self, received: Received) -> None:
        """Tell the broker that this message and all before it need not come again."""
        if self.durable is None or self._ended or not received.key:
            return
        if self.up.cut:
            self._held_settled = received
        else:
            self._broker.settle(self.name, received)

    def crash(self) -> None:
        """End as a dying process does: nothing more goes out or comes in, and the broker publishes the will."""
        self.end()
        self._broker.leave(self, publish_will=True)

    async def close(self) -> None:
        """Take leave of the broker."""
        self.end()
        self._broker.leave(self, publish_will=False)

    def cut(self, *, up: bool, down: bool) -> None:
        """Cut one way, both or none of them; what was held back on a way that is whole again goes on.

        Call it again and again for a link that flaps.
        """
        self.up.cut, self.down.cut = up, down
        if not up:
            self._go_on_up()
        if not down:
            self._go_on_down()

    def heal(self) -> None:
        """Take all faults away and let what waited go on."""
        self.up, self.down = Faults(), Faults()
        self.cut(up=False, down=False)

    def deliver(self, received: Received, *, sure: bool) -> None:
        """Put a message on the way from the broker; a ``sure`` one is at QoS 1."""
        if self.down.calm and self._going_down.empty:
            self._take_down(received)
            return
        # The stream is delivered in its own order: one queue. Other messages keep the order of their topic only.
        queue = "" if received.key else received.topic
        coming, chance = _Coming(received, sure), self._broker.chance
        copies = 1 if received.key else self.down.copies(chance)
        delay_s = self.down.delay(chance, reorder=not received.key)
        if sure and copies == 0:
            copies, delay_s = 1, delay_s + RESEND_S  # lost, and sent again
        for _ in range(copies if sure else min(copies, 1)):  # what is sent at most once never comes twice
            self._going_down.enter(queue, coming, delay_s)

    def end(self) -> None:
        """Stop sending and receiving, whatever the broker thinks."""
        self._ended = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unavailable("the link was closed"))
        self._inbox.close()

    async def _send_until_acknowledged(self, message: Message) -> None:
        self._last_sent += 1
        number = self._last_sent
        done = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._set_out(_Sent(message, done))
        if not done.done():
            self._broker.later(PATIENCE_S, functools.partial(_give_up, done, message.topic))
        try:
            await done
        finally:
            del self._waiting[number]

    def _set_out(self, sent: _Sent) -> None:
        chance = self._broker.chance
        copies = self.up.copies(chance)
        delay_s = self.up.delay(chance, reorder=True)
        if sent.message.quality and copies == 0:
            copies, delay_s = 1, delay_s + RESEND_S  # lost, and sent again
        for _ in range(copies if sent.message.quality else min(copies, 1)):
            self._going_up.enter(sent.message.topic, sent, delay_s)

    def _arrive_up(self, sent: _Sent) -> None:
        if self._ended:
            return
        if self.up.cut:
            if sent.message.quality and len(self._held_up) < MAX_KEPT:
                self._held_up.append(sent)
            return
        if self._held_up and not self.down.cut:
            self._go_on_up()
        self._take_up(sent)

    def _take_up(self, sent: _Sent) -> None:
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

    def _arrive_down(self, coming: _Coming) -> None:
        if not self.down.cut:
            self._take_down(coming.received)
        elif coming.sure and len(self._held_down) < MAX_KEPT:
            self._held_down.append(coming.received)

    def _take_down(self, received: Received) -> None:
        if self._ended:
            return
        if self._held_down:
            self._go_on_down()
        self._inbox.put(received)

    def _go_on_up(self) -> None:
        held, self._held_up = self._held_up, []
        settled, self._held_settled = self._held_settled, None
        if self._ended:
            return
        for sent in held:
            self._take_up(sent)
        if settled is not None:
            self._broker.settle(self.name, settled)

    def _go_on_down(self) -> None:
        held, self._held_down = self._held_down, []
        for received in held:
            self._inbox.put(received)


def _give_up(done: asyncio.Future[None], topic: str) -> None:
    if not done.done():
        done.set_exception(Unavailable(f"the broker did not acknowledge a message on {topic}"))
