"""A lean MQTT 3.1.1 client for the load: it writes without waiting for acknowledgements, and takes what comes.

The load must cost little beside what it measures, so this speaks as much of the protocol as it needs and no more.
Source: MQTT Version 3.1.1, OASIS Standard, 29 October 2014; the numbers in brackets are its chapters.
"""

import asyncio
import struct
from collections.abc import Callable

from kouan.adapters.mqtt.link import MqttAddress
from kouan.adapters.signing.certificates import client_context
from kouan.vocabulary.errors import Unavailable

_CONNACK, _PUBLISH, _SUBACK = 2, 3, 9
_PINGREQ, _DISCONNECT = b"\xc0\x00", b"\xe0\x00"

KEEP_ALIVE_S = 60
OPEN_WITHIN_S = 10.0

Take = Callable[[str, bytes], None]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    length, header = len(body), bytearray((first,))
    while True:  # seven bits a byte, least significant first, the eighth says that more follow [2.2.3]
        length, digit = divmod(length, 128)
        header.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(header) + body


class Wire(asyncio.Protocol):
    """One connection; ``take`` is given topic and payload of whatever comes on ``topics``."""

    def __init__(self, address: MqttAddress, client_id: str, topics: tuple[str, ...], take: Take) -> None:
        self._address = address
        self._client_id = client_id
        self._topics = topics
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._last_id = 0
        self._pinging: asyncio.Task[None] | None = None
        self.lost = False

    async def open(self) -> None:
        """Connect and subscribe; raise Unavailable where the broker does not consent."""
        address, tls = self._address, self._address.tls
        context = None if tls is None else client_context(tls.authority, tls.own)
        await self._loop.create_connection(lambda: self, address.host, address.tcp_port, ssl=context)
        flags = 0x02  # clean session [3.1.2.3]
        who = _text(self._client_id)
        await self._ask(_packet(0x10, _text("MQTT") + struct.pack("!BBH", 4, flags, KEEP_ALIVE_S) + who))
        if self._topics:
            body = struct.pack("!H", self._next_id()) + b"".join(_text(topic) + b"\x01" for topic in self._topics)
            await self._ask(_packet(0x82, body))
        self._pinging = asyncio.create_task(self._ping(), name=f"ping {self._client_id}")

    async def _ask(self, packet: bytes) -> None:
        self._answered = self._loop.create_future()
        self._write(packet)
        async with asyncio.timeout(OPEN_WITHIN_S):
            await self._answered

    def close(self) -> None:
        """Take leave."""
        if self._pinging is not None:
            self._pinging.cancel()
        if self._transport is not None:
            self._write(_DISCONNECT)
            self._flush()
            self._transport.close()

    def send(self, topic: str, payload: bytes, *, quality: int = 1) -> None:
        """Send with all else of this turn of the loop; raise Unavailable once the connection is lost."""
        if self.lost:
            raise Unavailable(f"the broker cut the connection of {self._client_id}")
        if quality == 0:
            self._write(_packet(0x30, _text(topic) + payload))
        else:
            self._write(_packet(0x32, _text(topic) + struct.pack("!H", self._next_id()) + payload))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio calls this)."""
        self._transport = transport  # type: ignore[assignment] # uvloop's does not derive from asyncio's

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection is gone (asyncio calls this)."""
        self.lost = True
        if not self._answered.done():
            self._answered.set_exception(Unavailable(f"the broker refused {self._client_id}: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Read the packets that have come (asyncio calls this)."""
        buffer = self._buffer
        buffer += data
        start = 0
        while (bounds := _bounds(buffer, start)) is not None:
            body, end = bounds
            self._handle(buffer[start], bytes(buffer[body:end]))
            start = end
        del buffer[:start]

    def _handle(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == _PUBLISH:
            end = 2 + int.from_bytes(body[:2])
            payload = end
            if first & 0x06:
                payload += 2
                self._write(_packet(0x40, body[end:payload]))
            self._take(body[2:end].decode(), body[payload:])
        elif kind in {_CONNACK, _SUBACK} and not self._answered.done():
            refused = body[1] if kind == _CONNACK else max(body[2:]) & 0x80
            if refused:
                self._answered.set_exception(Unavailable(f"the broker refused {self._client_id}: {refused}"))
            else:
                self._answered.set_result(None)

    def _next_id(self) -> int:
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id

    def _write(self, packet: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packet)

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_S / 2)
            self._write(_PINGREQ)


def _bounds(buffer: bytearray, start: int) -> tuple[int, int] | None:
    """Return where the body of the packet at ``start`` begins and ends; None while it is incomplete."""
    length = 0
    for position in range(start + 1, min(start + 5, len(buffer))):
        digit = buffer[position]
        length |= (digit & 0x7F) << 7 * (position - start - 1)
        if digit < 0x80:
            body = position + 1
            return (body, body + length) if body + length <= len(buffer) else None
    return None
