"""DeviceLink: the Link of devices, lane controller, agencies and the simulated field, over MQTT 3.1.1 (aiomqtt)."""

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self

import aiomqtt
import msgspec
from aiomqtt.exceptions import MqttConnectError

from kouan.adapters.inbox import Inbox
from kouan.adapters.mqtt import client as mqtt
from kouan.protocols.link import Received
from kouan.vocabulary.errors import InvalidValue, KouanError, NotAllowed, Unavailable

_log = logging.getLogger(__name__)

MAX_UNACKNOWLEDGED = 10_000
"""Messages that may wait for the broker's PUBACK. Our choice: minutes of a port's events."""

MAX_IN_FLIGHT = 100
"""Of these, how many are under way at a time. Our choice: more are no faster; aiomqtt goes through them each time."""


class Will(msgspec.Struct, frozen=True):
    """What the broker publishes (retained, QoS 1) when this client is gone without a word."""

    topic: str
    payload: bytes


class TlsFiles(msgspec.Struct, frozen=True):
    """By what a broker is known (``authority``, a certificate), and who connects (``own``: key and certificate).

    Read at every connection, so that a certificate can be renewed under a running link.
    """

    authority: Path
    own: Path


class MqttAddress(msgspec.Struct, frozen=True):
    """Where a broker listens for MQTT, and as whom to connect; without ``tls`` in the clear, as nobody."""

    host: str
    tcp_port: int
    tls: TlsFiles | None = None


class MqttTimes(msgspec.Struct, frozen=True):
    """Spans in seconds; our choices.

    A dead connection is noticed within 1.5 × ``keep_alive_s`` by the broker (MQTT 3.1.1, chapter 3.1.2.10), and within
    2 × ``keep_alive_s`` + 1 here (paho). ``connect_within_s`` is for each step: the transport's connection, the
    broker's consent, the subscriptions. ``patience_s`` is how long a message at QoS 1 may wait for its PUBACK, lost
    connections included, before ``send`` gives up.
    """

    keep_alive_s: int = 10
    connect_within_s: float = 5.0
    backoff_first_s: float = 0.05
    backoff_max_s: float = 2.0
    patience_s: float = 15.0


def quality_of(topic: str) -> int:
    """Return the MQTT quality of service for a topic: 0 for telemetry, commands, and between edge and hub; else 1.

    A command (``barrier/command``, ``light/command`` …) must not be kept for a device that is away and be carried out
    late, so it is sent at most once; whoever sent it watches the device's events. Edge and hub speak over core NATS.
    """
    return 0 if topic.endswith(("/weighbridge/frames", "/command")) or "/hub/" in topic else 1


class _Outgoing(msgspec.Struct):
    topic: str
    payload: bytes
    quality: int
    retain: bool
    done: asyncio.Future[None]
    publishing: asyncio.Task[None] | None = None


class _Line(msgspec.Struct, frozen=True):
    """One connection that stands, and what runs as long as it does."""

    client: aiomqtt.Client
    tasks: asyncio.TaskGroup


class DeviceLink:
    """A Link that connects at once, again and again, and keeps its subscriptions.

    Many logical devices can share one; the last will is the connection's. With ``persistent`` the broker keeps what
    comes at QoS 1 for this client id while it is away. What is received is acknowledged at once: ``settle`` does
    nothing, and keys are empty.

    Each connection is a new ``aiomqtt.Client`` (one that lost its connection takes the next for accepted before it
    is), so what was not acknowledged is published anew, not marked as a duplicate: at least once, as the role says.
    """

    def __init__(
        self,
        address: MqttAddress,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        persistent: bool = False,
        times: MqttTimes | None = None,
    ) -> None:
        self._address = address
        self._client_id = client_id
        self._subscriptions = subscriptions
        self._will = will
        self._persistent = persistent
        self._times = times or MqttTimes()
        self._inbox = Inbox()
        self._unacknowledged: dict[int, _Outgoing] = {}
        self._sent = 0
        self._line: _Line | None = None
        self._up = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._refused: KouanError | None = None
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep(), name=f"mqtt {self._client_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connected(self, within_s: float | None = None) -> None:
        """Wait until the link is connected and subscribed.

        Raises Unavailable when ``within_s`` seconds have passed, or NotAllowed if the broker refused the last attempt.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._up.wait()
        except TimeoutError as error:
            raise self._refused or Unavailable(f"no MQTT broker at {self._where}") from error

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message: at QoS 1 until the broker has it, through lost connections; at QoS 0 once.

        Many sends may wait at the same time; those on one topic arrive in the order of the calls. Raises Unavailable
        if the broker did not acknowledge in time, or at QoS 0 if there is no connection; InvalidValue on a topic or
        payload that MQTT cannot carry.
        """
        if self._keeper is None:
            raise Unavailable("the link is not open")
        if quality_of(topic) == 0:
            await self._send_once(_outgoing(topic, payload, 0, retain=retain))
            return
        if len(self._unacknowledged) >= MAX_UNACKNOWLEDGED:
            raise Unavailable(f"{MAX_UNACKNOWLEDGED} messages wait for the broker at {self._where} already")
        self._sent += 1
        number = self._sent
        message = self._unacknowledged[number] = _outgoing(topic, payload, 1, retain=retain)
        if self._line is not None:
            self._start(self._line, message)
        try:
            async with asyncio.timeout(self._times.patience_s):
                await message.done
        except TimeoutError as error:
            raise Unavailable(f"the broker at {self._where} did not acknowledge a message on {topic}") from error
        finally:
            del self._unacknowledged[number]
            if message.publishing is not None:
                message.publishing.cancel()

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages in the order in which the broker sent them, until the link is closed."""
        return self._inbox.read()

    async def settle(self, received: Received) -> None:
        """Do nothing: a received message has been acknowledged already."""

    def cut(self) -> None:
        """Cut the connection without a word, as a failing network does; the link connects again by itself."""
        if self._line is not None:
            mqtt.cut(self._line.client)

    async def abandon(self) -> None:
        """End without taking leave, as a crashed process does: the broker publishes the will."""
        self.cut()
        await self.close()

    async def close(self) -> None:
        """Take leave of the broker and end ``receive``; messages still waiting fail with Unavailable."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        for message in self._unacknowledged.values():
            if not message.done.done():
                message.done.set_exception(Unavailable("the link was closed"))
        self._inbox.close()

    @property
    def _where(self) -> str:
        return f"{self._address.host}:{self._address.tcp_port}"

    async def _send_once(self, message: _Outgoing) -> None:
        if self._line is None:
            raise Unavailable(f"no connection to the MQTT broker at {self._where}")
        publishing = self._start(self._line, message)
        try:
            await asyncio.wait([publishing])
        finally:
            publishing.cancel()
        if not message.done.done():
            raise Unavailable(f"the connection to {self._where} was lost before a message on {message.topic} had left")
        message.done.result()

    def _start(self, line: _Line, message: _Outgoing) -> asyncio.Task[None]:
        message.publishing = line.tasks.create_task(self._publish(line.client, message))
        return message.publishing

    async def _publish(self, client: aiomqtt.Client, message: _Outgoing) -> None:
        done = message.done
        try:
            await client.publish(
                message.topic, message.payload, qos=message.quality, retain=message.retain, timeout=math.inf
            )
        except aiomqtt.MqttError:
            return  # the connection is being lost
        except ValueError as error:
            if not done.done():
                done.set_exception(InvalidValue("topic", "mqtt.publish", f"must be fit for MQTT: {error}"))
            return
        if not done.done():
            done.set_result(None)

    async def _keep(self) -> None:
        backoff_s = self._times.backoff_first_s
        while True:
            before = self.connections
            try:
                client = self._new_client()
                async with mqtt.connection(client):
                    await self._serve(client)
            except* (aiomqtt.MqttError, KouanError) as errors:
                self._refused = self._refusal(errors)
                _log.debug("%s has no connection to %s: %s", self._client_id, self._where, errors.exceptions)
            if self.connections > before:
                backoff_s = self._times.backoff_first_s
            await asyncio.sleep(backoff_s)
            backoff_s = min(self._times.backoff_max_s, backoff_s * 2)

    def _refusal(self, errors: ExceptionGroup[aiomqtt.MqttError | KouanError]) -> KouanError | None:
        """Return what the broker refused, if that is why there is no connection."""
        for error in errors.exceptions:
            if isinstance(error, KouanError):
                return error
            if isinstance(error, MqttConnectError):
                return NotAllowed(f"the broker at {self._where} refused {self._client_id}: {error}")
        return None

    def _new_client(self) -> aiomqtt.Client:
        will, tls = self._will, self._address.tls
        client = aiomqtt.Client(
            self._address.host,
            self._address.tcp_port,
            tls_context=None if tls is None else mqtt.tls(tls.authority, tls.own),
            identifier=self._client_id,
            will=None if will is None else aiomqtt.Will(will.topic, will.payload, qos=1, retain=True),
            clean_session=not self._persistent,
            timeout=self._times.connect_within_s,
            keepalive=self._times.keep_alive_s,
            max_inflight_messages=MAX_IN_FLIGHT,
            max_concurrent_outgoing_calls=MAX_IN_FLIGHT,
            socket_options=mqtt.AT_ONCE,
        )
        client.pending_calls_threshold = MAX_IN_FLIGHT
        return client

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Subscribe, publish again what was not acknowledged, and stay until the connection is lost."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(client))
            await self._subscribe(client)
            self.connections += 1
            self._refused = None
            line = self._line = _Line(client, tasks)
            for message in self._unacknowledged.values():
                if not message.done.done():
                    self._start(line, message)
            self._up.set()

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Take messages in; raises MqttError when the connection is lost, after the last of them."""
        try:
            async for message in client.messages:
                self._inbox.put(Received(message.topic.value, message.payload))
        finally:
            self._line = None
            self._up.clear()

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        if not self._subscriptions:
            return
        try:
            granted = await client.subscribe([(each, 1) for each in self._subscriptions])
        except ValueError as error:
            raise InvalidValue("subscriptions", "mqtt.filter", f"must be MQTT topic filters: {error}") from error
        codes = [code if isinstance(code, int) else code.value for code in granted]
        refused = [each for each, code in zip(self._subscriptions, codes, strict=True) if code & 0x80]
        if refused:
            raise NotAllowed(
                f"the broker at {self._where} refused to subscribe {self._client_id} to {', '.join(refused)}"
            )


def _outgoing(topic: str, payload: bytes, quality: int, *, retain: bool) -> _Outgoing:
    return _Outgoing(topic, payload, quality, retain, asyncio.get_running_loop().create_future())
