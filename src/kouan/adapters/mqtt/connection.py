"""One MQTT connection on an asyncio transport."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from kouan.adapters.mqtt import packets
from kouan.adapters.mqtt.packets import Kind, PacketReader, Publish
from kouan.vocabulary.errors import InvalidValue, NotAllowed, Unavailable

_LEAVE_WITHIN_S = 1.0
"""How long the last bytes may take to leave. Our choice: a broker that reads takes them in a millisecond."""


class MqttConnection(asyncio.Protocol):
    """Turns bytes into calls of the three callbacks, and gathers what is written in one turn of the loop.

    ``closed`` is done when the connection is gone, for whatever reason.
    """

    def __init__(self, on_message: Callable[[Publish], None], on_acknowledged: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.heard_at = loop.time()
        self._loop = loop
        self._on_message = on_message
        self._on_acknowledged = on_acknowledged
        self._reader = PacketReader()
        self._transport: asyncio.Transport | None = None
        self._accepted: asyncio.Future[bool] = loop.create_future()
        self._subscribed: dict[int, asyncio.Future[bytes]] = {}
        self._out: list[bytes] = []
        self._writable = asyncio.Event()
        self._writable.set()

    async def accepted(self) -> bool:
        """Wait for CONNACK; return whether the broker had kept the session; raise NotAllowed or Unavailable."""
        return await self._accepted

    async def subscribe(self, packet_id: int, filters: tuple[str, ...]) -> None:
        """Subscribe and wait for SUBACK; raise NotAllowed if the broker refuses one of the filters."""
        answer = self._loop.create_future()
        self._subscribed[packet_id] = answer
        self.write(packets.subscribe(packet_id, filters))
        granted = await answer
        refused = [name for name, code in zip(filters, granted, strict=False) if code & 0x80]
        if refused or len(granted) != len(filters):
            raise NotAllowed(f"the broker refused to subscribe {', '.join(refused) or filters}")

    def write(self, packet: bytes) -> None:
        """Send a packet with all others of this turn of the loop."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packet)

    async def writable(self) -> None:
        """Wait until the transport has room."""
        await self._writable.wait()

    def abort(self) -> None:
        """Cut the connection without a word, so that the broker publishes the will."""
        if self._transport is not None:
            self._transport.abort()

    async def disconnect(self) -> None:
        """Take leave, so that the broker forgets the will, and wait until the connection is gone."""
        if self._transport is not None and not self.closed.done():
            self.write(packets.DISCONNECT)
            self._flush()
            self._transport.close()
        try:
            async with asyncio.timeout(_LEAVE_WITHIN_S):
                await asyncio.shield(self.closed)
        except TimeoutError:
            self.abort()
            await self.closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio calls this)."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not derive from asyncio's

    def data_received(self, data: bytes) -> None:
        """Read what has come (asyncio calls this); a broker that talks nonsense is cut off."""
        self.heard_at = self._loop.time()
        try:
            for kind, flags, body in self._reader.feed(data):
                self._handle(kind, flags, body)
        except InvalidValue:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whatever waits (asyncio calls this)."""
        error = Unavailable(f"the broker closed the connection{f': {exc}' if exc else ''}")
        pending: list[asyncio.Future[Any]] = [self._accepted, *self._subscribed.values()]
        for waiting in pending:
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # nobody may be waiting any more
        self._writable.set()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """Make writers wait (asyncio calls this)."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on (asyncio calls this)."""
        self._writable.set()

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _handle(self, kind: int, flags: int, body: bytes) -> None:
        if kind == Kind.PUBLISH:
            self._on_message(packets.read_publish(flags, body))
        elif kind == Kind.PUBACK:
            self._on_acknowledged(packets.packet_id_of(body))
        elif kind == Kind.SUBACK:
            waiting = self._subscribed.pop(packets.packet_id_of(body), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(body[2:])
        elif kind == Kind.CONNACK:
            self._answered(body)

    def _answered(self, body: bytes) -> None:
        if self._accepted.done() or len(body) != 2:
            return
        if body[1] == 0:
            self._accepted.set_result(bool(body[0] & 0x01))
        else:
            reason = packets.CONNACK_REASONS.get(body[1], f"code {body[1]}")
            self._accepted.set_exception(NotAllowed(f"the broker refused the connection: {reason}"))
