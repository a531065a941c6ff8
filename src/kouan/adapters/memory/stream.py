"""What a broker in memory keeps in order for durable readers, until they have settled it."""

import msgspec

from kouan.adapters.memory.topics import Subscribers, matches
from kouan.protocols.link import Received


class Message(msgspec.Struct, frozen=True):
    """One message as a client sent it, at QoS 0 or 1."""

    topic: str
    payload: bytes
    quality: int
    retain: bool = False


class Stream:
    """The messages that durable readers have not settled, numbered from 1; ``created`` is part of their keys."""

    def __init__(self, created: str) -> None:
        self.created = created
        self._messages: dict[int, Message] = {}
        self._last = 0
        self._settled: dict[str, int] = {}  # the last sequence that each reader needs no more
        self._reading = Subscribers()

    def read_by(self, name: str, topics: str) -> None:
        """Keep for this reader what comes from now on."""
        self._settled.setdefault(name, self._last)
        self._reading.add(name, (topics,))

    def store(self, message: Message) -> tuple[tuple[str, ...], Received] | None:
        """Keep one message; return for whom, and how it is delivered to them. None where nobody reads its topic."""
        readers = self._reading.of(message.topic)
        if not readers:
            return None
        self._last += 1
        self._messages[self._last] = message
        return readers, self._received(self._last, message)

    def left_for(self, name: str, topics: str) -> list[Received]:
        """Return what a reader has not settled, in order."""
        settled = self._settled[name]
        return [
            self._received(number, message)
            for number, message in self._messages.items()
            if number > settled and matches(topics, message.topic)
        ]

    def settle(self, name: str, received: Received) -> None:
        """Note that a reader needs nothing up to this message again, and forget what nobody needs."""
        number = int(received.key.rpartition(":")[2])
        self._settled[name] = max(self._settled[name], number)
        floor = min(self._settled.values())
        while self._messages and (first := next(iter(self._messages))) <= floor:
            del self._messages[first]

    def _received(self, number: int, message: Message) -> Received:
        return Received(message.topic, message.payload, f"{self.created}:{number}")
