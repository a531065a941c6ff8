"""PlatformLink: the platform's Link. Durable messages come from JetStream, telemetry and what it sends by core NATS."""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from kouan.adapters.inbox import Inbox
from kouan.adapters.mqtt.link import MqttAddress
from kouan.adapters.nats.hearing import Hearing
from kouan.adapters.nats.jetstream import API_WITHIN_S, JetStream
from kouan.adapters.nats.messages import QUALITY_HEADER, STORED, subject_of, topic_of
from kouan.adapters.nats.progress import Progress, log_loss, log_withheld
from kouan.adapters.nats.transport import ended, tls_client
from kouan.adapters.signing.certificates import client_context
from kouan.protocols.link import Received
from kouan.vocabulary.errors import InvalidValue, KouanError, Unavailable
from kouan.vocabulary.places import PortName

_log = logging.getLogger(__name__)

_SILENCE_S = 7.0
"""A consumer unheard for so long is made again; it sends a heartbeat every 2 s."""

_RETRY_S = 0.2
"""Wait between attempts to connect, or to make the consumer while the server is coming back. Our choice."""


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
    ``taken`` is the key of the furthest message that is recorded; where the stream turns out to stand behind it, or
    behind what this link has seen, ``went_back`` is told the number known and the one found, and all that comes
    after has keys of its own. ``withheld`` is told the first and the last number of messages that the broker has and
    does not deliver.
    """

    def __init__(
        self,
        address: NatsAddress,
        port: PortName,
        *,
        name: str = "platform",
        taken: str = "",
        went_back: Callable[[int, int], None] = log_loss,
        withheld: Callable[[int, int], None] = log_withheld,
    ) -> None:
        self._address = address
        self._name = f"{name}-{port}"
        self._durable = f"kouan.{port}.>"
        self._telemetry = f"kouan.{port}.*.weighbridge.frames"
        self._progress = Progress(taken, went_back, withheld)
        self._inbox = Inbox()
        self._client: Client | None = None
        self._hearing: Hearing | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._again = asyncio.Event()
        self._ready = asyncio.Event()
        self._topics: dict[str, str] = {}
        self._refused = ""
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
        self._keeper = asyncio.create_task(self._keep(), name="platform link")
        try:
            async with asyncio.timeout(within_s):
                await self._ready.wait()
        except TimeoutError as error:
            await self.close()
            said = self._refused or "no answer"
            raise Unavailable(f"no NATS server with JetStream at {self._address.url}: {said}") from error

    async def close(self) -> None:
        """Acknowledge what was settled, leave, and end ``receive``."""
        if self._hearing is not None:
            await self._hearing.settled()
        if self._client is not None and self._client.is_connected:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._client.flush(timeout=1)
        await self.abandon()

    async def abandon(self) -> None:
        """End without acknowledging what was settled last, as a crashed process does."""
        self._closed = True
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await ended(keeper)
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
        if self._progress.settle(received.key) and self._hearing is not None:
            self._hearing.settle()

    async def _keep(self) -> None:
        while not self._closed:
            try:
                await self._connection()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                self._say(error)
            except Exception:  # noqa: BLE001 - whatever nats-py raises where a connection ends midway, nobody may go deaf
                _log.exception("NATS: the connection failed, and is made again")
            await asyncio.sleep(_RETRY_S)

    async def _connection(self) -> None:
        """Connect, and hear the stream until the connection is lost.

        The next connection shares nothing with it. A client of nats-py that connects again by itself would take what
        the old consumer goes on to deliver, and send what waits to be sent, before anyone knows how the stream of
        the restarted server stands: a message whose number was given again would be passed over, or acknowledged.
        """
        client = tls_client()
        try:
            async with asyncio.timeout(API_WITHIN_S):
                await self._open(client)
                await client.subscribe(self._telemetry, cb=self._on_telemetry)
            self._client = client
            while client.is_connected and not self._closed:
                await self._hear(client)
        finally:
            self._client = None
            await self._end_hearing()
            # A connection that nobody answers on would be closed only when what is unsent had left.
            with contextlib.suppress(TimeoutError, nats.errors.Error, OSError):
                async with asyncio.timeout(1):
                    await client.close()

    async def _open(self, client: Client) -> None:
        url, authority = self._address.url, self._address.authority
        await client.connect(
            url,
            nkeys_seed_str=self._address.seed,
            tls=client_context(authority) if url.startswith("tls:") and authority is not None else None,
            name=self._name,
            allow_reconnect=False,
            max_reconnect_attempts=-1,  # of reaching the server, within the time above
            reconnect_time_wait=0.1,  # type: ignore[arg-type]  # it is slept
            connect_timeout=2,
            ping_interval=5,
            error_cb=self._on_error,
            closed_cb=self._on_closed,
        )

    async def _on_error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.denied += 1
            _log.error("NATS: %s", error)
        else:
            self._say(error)

    async def _on_closed(self) -> None:
        self._again.set()

    def _say(self, error: Exception) -> None:
        self._refused = str(error) or type(error).__name__
        _log.info("NATS: %s", repr(error))

    async def _hear(self, client: Client) -> None:
        """Hear the stream by a consumer of its own until a gap, a silence, or the end of the connection."""
        self._again.clear()
        try:
            hearing = await self._begin_to_hear(client)
        except (KouanError, nats.errors.Error, OSError, TimeoutError) as error:
            self._say(error)
            await asyncio.sleep(_RETRY_S)
            return
        self._ready.set()
        while not self._again.is_set() and client.is_connected and hearing.silent_s < _SILENCE_S and not self._closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SILENCE_S / 2):
                    await self._again.wait()

    async def _begin_to_hear(self, client: Client) -> Hearing:
        await self._end_hearing()  # nothing may be taken between the stream's standing and the new consumer
        jetstream = JetStream(client, self._address.mqtt, self._name)
        self._progress.follow(await jetstream.stream())
        ours = STORED + self._durable

        async def withheld(first: int, last: int) -> Sequence[int]:
            return await jetstream.withheld(first, last, ours.removesuffix(">"))

        hearing = self._hearing = Hearing(client, self._progress, self._on_durable, self._again, withheld)
        await hearing.start()
        with self._progress.reading() as anew:
            await jetstream.consume(hearing.inbox, [ours], anew=anew, begin=hearing.begin)
        return hearing

    async def _end_hearing(self) -> None:
        before, self._hearing = self._hearing, None
        if before is not None:
            await before.end()

    def _on_durable(self, message: Msg, key: str) -> None:
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
