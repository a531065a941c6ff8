"""PlatformLink: the platform's Link. Durable messages come from JetStream, telemetry and what it sends by core NATS."""

import asyncio
import contextlib
import dataclasses
import logging
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec
import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kouan.adapters.inbox import Inbox
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress
from kouan.adapters.nats.messages import (
    QUALITY_HEADER,
    STORED,
    STREAM,
    ConsumerInfo,
    StreamInfo,
    consumer_request,
    delivery_of,
    subject_of,
    topic_of,
)
from kouan.adapters.signing.certificates import client_context
from kouan.protocols.link import Received
from kouan.vocabulary.errors import Corrupt, InvalidValue, KouanError, Unavailable
from kouan.vocabulary.places import PortName

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_API_WITHIN_S = 5.0
"""How long JetStream may take to answer. Our choice: it answers in a millisecond, after a crash in a second."""

_SETTLE_EVERY_S = 0.002
"""Acknowledgements are gathered this long: one speaks for all before it. Our choice."""

_SILENCE_S = 7.0
"""A consumer unheard for so long is made again; it sends a heartbeat every 2 s."""

_RETRY_S = 0.2
"""Wait between attempts to make the consumer while the server is coming back. Our choice."""


@dataclasses.dataclass(frozen=True)
class NatsAddress:
    """Where nats-server listens, and the NKey that it knows; ``mqtt`` is the platform's way in by MQTT.

    ``authority`` is the certificate by which a server at ``tls://`` is known.
    """

    url: str
    seed: str = dataclasses.field(repr=False)
    mqtt: MqttAddress
    authority: Path | None = None


class PlatformLink:
    """One port's durable link; ``async with`` opens it, and it then connects again for ever.

    Every QoS 1 message that a device was told is taken comes out at least once, with the same key each time, in the
    order of the broker; what was settled does not come again. ``name`` is the durable consumer's: one platform a port.
    """

    def __init__(self, address: NatsAddress, port: PortName, *, name: str = "platform") -> None:
        self._address = address
        self._names = (f"{name}-{port}-a", f"{name}-{port}-b")
        self._durable = f"kouan.{port}.>"
        self._telemetry = f"kouan.{port}.*.weighbridge.frames"
        self._inbox = Inbox()
        self._client: Client | None = None
        self._subscription: Subscription | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._resync = asyncio.Event()
        self._ready = asyncio.Event()
        self._topics: dict[str, str] = {}
        self._stream = ""  # the identity of the stream that the sequences below belong to
        self._seen = 0
        self._settled = 0
        self._unsettled: deque[tuple[int, str]] = deque()
        self._next_consumer_seq = 1
        self._heard_at = 0.0
        self._settling: asyncio.Task[None] | None = None
        self._closed = False
        self.denied = 0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def telemetry_dropped(self) -> int:
        """How many telemetry messages were dropped because nobody read them in time."""
        return self._inbox.dropped

    async def open(self, within_s: float = 15.0) -> None:
        """Connect and make the durable consumer; raise Unavailable if that takes longer than ``within_s`` seconds.

        Devices that connect afterwards lose nothing.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._connect()
                self._resync.set()
                self._keeper = asyncio.create_task(self._keep(), name="platform link")
                await self._ready.wait()
        except (TimeoutError, OSError, nats.errors.Error) as error:
            await self.close()
            raise Unavailable(f"no NATS server with JetStream at {self._address.url}: {error}") from error

    async def close(self) -> None:
        """Acknowledge what was settled, leave, and end ``receive``."""
        if self._settling is not None:
            await self._settling
        if self._client is not None and self._client.is_connected:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._client.flush(timeout=1)
        await self.abandon()

    async def abandon(self) -> None:
        """End without acknowledging what was settled last, as a crashed process does."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        if self._client is not None:
            await self._client.close()
            self._client = None
        self._inbox.close()

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish by core NATS, at most once; raise Unavailable without a connection.

        What is sent here is void seconds later (orders, lights, texts), so nothing is kept for later: neither by this
        link nor, as a retained message, by the broker. Retaining raises InvalidValue.
        """
        if retain:
            raise InvalidValue("retain", "link.retain", "must be false: what the platform sends is void in seconds")
        client = self._client
        if client is None or not client.is_connected:
            raise Unavailable(f"no connection to NATS at {self._address.url}")
        try:
            await client.publish(subject_of(topic), payload)
        except (nats.errors.Error, OSError) as error:
            raise Unavailable(f"NATS did not take a message on {topic}: {error}") from error

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages in the order of their arrival, until the link is closed."""
        return self._inbox.read()

    async def settle(self, received: Received) -> None:
        """Acknowledge this message and all before it, within milliseconds; telemetry needs none."""
        stream, _, sequence = received.key.rpartition(":")
        if stream != self._stream or not sequence:
            return
        self._settled = max(self._settled, int(sequence))
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle_soon(), name="settle")

    async def _settle_soon(self) -> None:
        await asyncio.sleep(_SETTLE_EVERY_S)
        self._settling = None
        reply = ""
        while self._unsettled and self._unsettled[0][0] <= self._settled:
            reply = self._unsettled.popleft()[1]
        if reply and self._client is not None and self._client.is_connected:
            # Lost on the way, the message comes again after the next connect and is settled then.
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._client.publish(reply)

    async def _connect(self) -> None:
        url, authority = self._address.url, self._address.authority
        tls = client_context(authority) if url.startswith("tls:") and authority is not None else None
        client = await nats.connect(
            url,
            nkeys_seed_str=self._address.seed,
            tls=tls,
            name=self._names[0],
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            connect_timeout=2,
            ping_interval=5,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnected,
        )
        self._client = client
        await client.subscribe(self._telemetry, cb=self._on_telemetry)

    async def _on_error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.denied += 1
            _log.error("NATS: %s", error)
        else:
            _log.info("NATS: %s", repr(error))

    async def _on_reconnected(self) -> None:
        self._resync.set()

    async def _keep(self) -> None:
        """Make the consumer, and make it again after each reconnect, gap or silence."""
        loop = asyncio.get_running_loop()
        while not self._closed:  # nats-py may take a cancellation for a time-out of its own
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SILENCE_S / 2):
                    await self._resync.wait()
            if not self._resync.is_set() and loop.time() - self._heard_at < _SILENCE_S:
                continue
            self._resync.clear()
            try:
                if self._client is None or self._client.is_closed:  # the server refused it once, for whatever reason
                    async with asyncio.timeout(_API_WITHIN_S):
                        await self._connect()
                await self._make_consumer()
            except (KouanError, nats.errors.Error, OSError, TimeoutError) as error:
                _log.info("consumer not made yet: %s", repr(error))
                self._resync.set()
                await asyncio.sleep(_RETRY_S)
            else:
                self._ready.set()

    async def _make_consumer(self) -> None:
        """Put a consumer that begins after what is settled in the place of the one before.

        The stream forgets what no consumer waits for, so the new one is made before the old one is deleted.
        """
        client = self._connected()
        await self._find_stream()
        old = await self._old_consumers()
        floor = max([self._settled, *(info.ack_floor.stream_seq for info in old)])
        for info in old[1:]:
            await self._api(f"CONSUMER.DELETE.{STREAM}.{info.name}", b"", ConsumerInfo)
        name = next(name for name in self._names if not old or name != old[0].name)
        inbox = client.new_inbox()
        await self._listen(client, inbox)
        start = floor + 1 if old or self._settled else None
        request = consumer_request(name, inbox, [STORED + self._durable], start)
        made = await self._api(f"CONSUMER.DURABLE.CREATE.{STREAM}.{name}", msgspec.json.encode(request), ConsumerInfo)
        if made.error is not None:
            raise Unavailable(f"JetStream made no consumer: {made.error.description}")
        for info in old[:1]:
            await self._api(f"CONSUMER.DELETE.{STREAM}.{info.name}", b"", ConsumerInfo)

    async def _find_stream(self) -> None:
        info = await self._api(f"STREAM.INFO.{STREAM}", b"", StreamInfo)
        if info.error is not None:
            # The gateway makes its streams when the first MQTT session opens.
            async with DeviceLink(self._address.mqtt, f"{self._names[0]}-opener") as opener:
                await opener.connected(_API_WITHIN_S)
            info = await self._api(f"STREAM.INFO.{STREAM}", b"", StreamInfo)
        if info.error is not None:
            raise Unavailable(f"JetStream has no stream {STREAM}: {info.error.description}")
        if info.created != self._stream:
            self._stream, self._seen, self._settled = info.created, 0, 0

    async def _old_consumers(self) -> list[ConsumerInfo]:
        """Return this link's consumers, the furthest first; two only if a crash came between making and deleting."""
        infos = [await self._api(f"CONSUMER.INFO.{STREAM}.{name}", b"", ConsumerInfo) for name in self._names]
        found = [info for info in infos if info.error is None]
        return sorted(found, key=lambda info: info.ack_floor.stream_seq, reverse=True)

    async def _listen(self, client: Client, inbox: str) -> None:
        before, self._subscription = self._subscription, None
        if before is not None:
            await before.unsubscribe()
        self._unsettled.clear()
        self._next_consumer_seq = 1
        self._heard_at = asyncio.get_running_loop().time()
        # No limits here: the server sends no more than max_ack_pending.
        self._subscription = await client.subscribe(
            inbox, cb=self._on_durable, pending_msgs_limit=0, pending_bytes_limit=0
        )

    async def _on_durable(self, message: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if message.header and "Status" in message.header:
            return  # a heartbeat
        delivery = delivery_of(message.reply)
        if delivery.consumer_seq != self._next_consumer_seq:
            self._resync.set()  # something was lost between the server and here
            return
        self._next_consumer_seq += 1
        self._unsettled.append((delivery.stream_seq, message.reply))
        if delivery.stream_seq <= self._seen:
            return  # taken in this session already, before the connection was lost
        self._seen = delivery.stream_seq
        key = f"{self._stream}:{delivery.stream_seq}"
        self._inbox.put(Received(self._topic_of(message.subject), message.data, key))

    async def _on_telemetry(self, message: Msg) -> None:
        # Published at QoS 1, it comes from the stream as well.
        if not message.header or message.header.get(QUALITY_HEADER, "0") == "0":
            self._inbox.put(Received(self._topic_of(message.subject), message.data))

    def _topic_of(self, subject: str) -> str:
        topic = self._topics.get(subject)
        if topic is None:
            if len(self._topics) > 10_000:  # a hostile device invents subjects
                self._topics.clear()
            topic = self._topics[subject] = topic_of(subject)
        return topic

    def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise Unavailable(f"no connection to NATS at {self._address.url}")
        return self._client

    async def _api(self, call: str, body: bytes, answer: type[_T]) -> _T:
        response = await self._connected().request(f"$JS.API.{call}", body, timeout=_API_WITHIN_S)
        try:
            return msgspec.json.decode(response.data, type=answer)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"JetStream's answer to {call} cannot be read: {error}") from error
