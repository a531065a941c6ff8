"""How devices of the field speak: an outbox a link, and one voice a device, with its running number and its faults."""

import asyncio
from collections import deque
from random import Random
from typing import Any

from kouan.protocols import topics
from kouan.protocols.fields import DeviceMessage
from kouan.protocols.link import Link
from kouan.protocols.status.messages import DeviceStatus
from kouan.protocols.stream import Chunk
from kouan.simulator.roles import Sleep
from kouan.simulator.scenario import Episodes
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Unavailable

RETRY_S = 0.5
"""Pause, in seconds, before a message is sent again. Our choice: a broker is back within a second or two."""

TELEMETRY_KEPT = 200
"""Messages waiting above which telemetry is dropped. Our choice: a scale's minute; old frames are worth nothing."""


GARBAGE_IN_STREAM = 0.1
"""How often garbage comes in byte streams, against JSON events: they are cut into ten times as many messages."""


class Outbox:
    """Sends the messages of one link in order, and again until the carrier takes them; telemetry may be lost."""

    def __init__(self, link: Link, sleep: Sleep) -> None:
        self._link = link
        self._sleep = sleep
        self._waiting: deque[tuple[str, bytes, bool, bool]] = deque()
        self._filled = asyncio.Event()
        self.sent = 0
        self.dropped = 0

    def put(self, topic: str, payload: bytes, *, retain: bool = False, telemetry: bool = False) -> None:
        """Take a message to send; never waits."""
        if telemetry and len(self._waiting) > TELEMETRY_KEPT:
            self.dropped += 1
            return
        self._waiting.append((topic, payload, retain, telemetry))
        self._filled.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            while self._waiting:
                topic, payload, retain, telemetry = self._waiting[0]
                if await self._delivered(topic, payload, retain):
                    self.sent += 1
                elif not telemetry:
                    await self._sleep(RETRY_S)
                    continue
                self._waiting.popleft()
            self._filled.clear()
            await self._filled.wait()

    async def _delivered(self, topic: str, payload: bytes, retain: bool) -> bool:
        try:
            await self._link.send(topic, payload, retain=retain)
        except Unavailable:
            return False
        return True


class Voice:
    """One device on the wire: stamps its messages, and while it is at fault says nothing but so.

    ``place`` is the lane's name, or ``approach``. Garbage and repeated messages come at the scenario's rates.
    """

    def __init__(
        self, outbox: Outbox, port: str, place: str, device: str, clock: Clock, random: Random, episodes: Episodes
    ) -> None:
        self.device = device
        self.faults: tuple[str, ...] = ()
        self.online = True
        self.garbage_sent = 0
        self.breakdowns = 0
        self.streams_spoilt = 0
        self._outbox = outbox
        self._base = f"kouan/{port}/{place}/{device}"
        self._name = f"{place}.{device}"
        self._clock = clock
        self._random = random
        self._episodes = episodes
        self._seq = 0
        self._standing: dict[str, bytes] = {}
        self._last = b""
        self._muted = False
        self.swallowed = 0

    @property
    def healthy(self) -> bool:
        """Whether the device works."""
        return self.online and not self.faults

    def tell(self, kind: type[DeviceMessage], **fields: Any) -> None:
        """Send one event, unless the device is at fault."""
        if self.healthy and not self._silent():
            self._garble("event", 1.0)
            payload = self._stamped("event", kind, fields)
            self._last = payload
            self._outbox.put(f"{self._base}/event", payload)
            if self._random.random() < self._episodes.duplicate:
                self._outbox.put(f"{self._base}/event", payload)

    def stand(self, subject: str, kind: type[DeviceMessage], **fields: Any) -> None:
        """Send one event that stands until the next of its subject, and is sent again to whoever missed it."""
        if self.healthy and not self._silent():
            self.tell(kind, **fields)
            self._standing.pop(subject, None)
            self._standing[subject] = self._last

    def repeat(self) -> None:
        """Send what stands once more, byte for byte, in the order in which it was said."""
        if self.healthy:
            for payload in self._standing.values():
                self._outbox.put(f"{self._base}/event", payload)

    def stream(self, channel: str, data: bytes, *, telemetry: bool) -> None:
        """Send a piece of a byte stream, unless the device is at fault."""
        if self.healthy and not self._silent():
            if self._garble(channel, GARBAGE_IN_STREAM):
                self.streams_spoilt += 1
            topic = f"{self._base}/{channel}"
            self._outbox.put(topic, topics.encode(topic, Chunk(data)), telemetry=telemetry)

    def status(self) -> None:
        """Send the retained status, at fault or not."""
        payload = self._stamped("status", DeviceStatus, {"online": self.online, "faults": self.faults})
        self._outbox.put(f"{self._base}/status", payload, retain=True)

    def mute(self, muted: bool) -> None:
        """Say nothing from now on, not even that something is wrong; or speak again."""
        self._muted = muted

    def babble(self, messages: int) -> None:
        """Send garbage, the last message again and again, and garbage in streams: a device gone mad."""
        for number in range(messages):
            again = self._last if number % 2 and self._last else garbage(self._random)
            self._outbox.put(f"{self._base}/event", again)
        self.garbage_sent += messages
        self.streams_spoilt += 1

    def restart(self) -> None:
        """Start again: numbers begin at one, and nothing stands any more."""
        self._seq = 0
        self._standing.clear()
        self._last = b""

    def _silent(self) -> bool:
        self.swallowed += self._muted
        return self._muted

    def break_down(self, code: str, *, online: bool) -> None:
        """Be at fault from now on, and say so."""
        self.breakdowns += 1
        self.online, self.faults = online, (code,)
        self.status()

    def recover(self) -> None:
        """Work again, and say so."""
        self.online, self.faults = True, ()
        self.status()

    def _stamped(self, channel: str, kind: type[DeviceMessage], fields: dict[str, Any]) -> bytes:
        self._seq += 1
        message = kind(device=self._name, seq=self._seq, at=self._clock.now(), **fields)
        return topics.encode(f"{self._base}/{channel}", message)

    def _garble(self, channel: str, share: float) -> bool:
        if self._random.random() >= self._episodes.garbage * share:
            return False
        self.garbage_sent += 1
        self._outbox.put(f"{self._base}/{channel}", garbage(self._random))
        return True


_HOSTILE = (
    b"",
    b"\x00\xff\xfe{",
    b'{"device":"I1.plc","seq":-1}',
    b'{"seq":1e400,"at":"yesterday"}',
    b'{"device":"' + b"A" * 900 + b'"}',
    b"[" * 600,
    "{“device”：“假”}".encode(),
    b"\x02+999999\x03\x02-00",
    b"GA,999999,-1,,\r\nGX\r\n",
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
)
"""Bytes that are no message: empty, cut, of the wrong type, overlong, nested, of another device, of another world."""


def garbage(random: Random) -> bytes:
    """Return bytes that no codec takes, hostile or merely broken."""
    chosen = random.choice((*_HOSTILE, None))
    return random.randbytes(random.randint(1, 200)) if chosen is None else chosen
