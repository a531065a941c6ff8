"""DeviceLink: the Link of devices, lane controller, agencies and the simulated field, over MQTT 3.1.1."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import msgspec

from kouan.adapters.inbox import Inbox
from kouan.adapters.mqtt import packets
from kouan.adapters.mqtt.connection import MqttConnection
from kouan.adapters.mqtt.packets import Publish, Will
from kouan.protocols.link import Received
from kouan.vocabulary.errors import KouanError, NotAllowed, Unavailable

_log = logging.getLogger(__name__)

MAX_UNACKNOWLEDGED = 10_000
"""Messages that may wait for the broker's PUBACK. Our choice; ids are 16 bits."""


class MqttAddress(msgspec.Struct, frozen=True):
    """Where a broker listens for MQTT, and as whom to connect."""

    host: str
    tcp_port: int
    user: str
    password: str


class MqttTimes(msgspec.Struct, frozen=True):
    """Spans in seconds; our choices.

    A dead connection is noticed within 1.5 × ``keep_alive_s`` by either end. ``patience_s`` is how long a message at
    QoS 1 may wait for its PUBACK, lost connections included, before ``send`` gives up.
    """

    keep_alive_s: int = 10
    connect_within_s: float = 5.0
    backoff_first_s: float = 0.05
    backoff_max_s: float = 2.0
    patience_s: float = 15.0


def quality_of(topic: str) -> int:
    """Return the MQTT quality of service for a topic: 0 for telemetry and for commands, else 1.

    A command (``barrier/command``, ``light/command`` …) must not be kept for a device that is away and be carried out
    late, so it is sent at most once; whoever sent it watches the device's events.
    """
    return 0 if topic.endswith(("/weighbridge/frames", "/command")) else 1


class _Unacknowledged(msgspec.Struct):
    packet: bytes
    done: asyncio.Future[None]


class DeviceLink:
    """A Link that connects at once, again and again, and keeps its subscriptions.

    Many logical devices can share one; the last will is the connection's. With ``persistent`` the broker keeps what
    comes at QoS 1 for this client id while it is away. What is received is acknowledged at once: ``settle`` does
    nothing, and keys are empty.
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
        self._unacknowledged: dict[int, _Unacknowledged] = {}
        self._last_packet_id = 0
        self._connection: MqttConnection | None = None
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

        Raises Unavailable when ``within_s`` seconds have passed, naming the broker's last refusal if there was one.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._up.wait()
        except TimeoutError as error:
            raise self._refused or Unavailable(f"no MQTT broker at {self._where}") from error

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message: at QoS 1 until the broker has it, through lost connections; at QoS 0 once.

        Many sends may wait at the same time; those on one topic arrive in the order of the calls. Raises Unavailable
        if the broker did not acknowledge in time, or at QoS 0 if there is no connection.
        """
        if self._keeper is None:
            raise Unavailable("the link is not open")
        if quality_of(topic) == 0:
            await self._send_once(packets.publish(topic, payload, packet_id=None, retain=retain))
            return
        packet_id = self._next_packet_id()
        waiting = _Unacknowledged(
            packets.publish(topic, payload, packet_id=packet_id, retain=retain),
            asyncio.get_running_loop().create_future(),
        )
        self._unacknowledged[packet_id] = waiting
        if self._connection is not None and self._up.is_set():
            self._connection.write(waiting.packet)
        try:
            async with asyncio.timeout(self._times.patience_s):
                await waiting.done
        except TimeoutError as error:
            raise Unavailable(f"the broker at {self._where} did not acknowledge a message on {topic}") from error
        finally:
            self._unacknowledged.pop(packet_id, None)

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages in the order in which the broker sent them, until the link is closed."""
        return self._inbox.read()

    async def settle(self, received: Received) -> None:
        """Do nothing: a received message has been acknowledged already."""

    def cut(self) -> None:
        """Cut the connection without a word, as a failing network does; the link connects again by itself."""
        if self._connection is not None:
            self._connection.abort()

    async def abandon(self) -> None:
        """End without taking leave, as a crashed process does: the broker publishes the will."""
        self.cut()
        await self.close()

    async def close(self) -> None:
        """Take leave of the broker and end ``receive``; messages still waiting fail with Unavailable."""
        connection, self._connection = self._connection, None
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if connection is not None:
            await connection.disconnect()
        for waiting in self._unacknowledged.values():
            if not waiting.done.done():
                waiting.done.set_exception(Unavailable("the link was closed"))
        self._inbox.close()

    @property
    def _where(self) -> str:
        return f"{self._address.host}:{self._address.tcp_port}"

    async def _send_once(self, packet: bytes) -> None:
        connection = self._connection
        if connection is None or not self._up.is_set():
            raise Unavailable(f"no connection to the MQTT broker at {self._where}")
        await connection.writable()
        connection.write(packet)

    def _next_packet_id(self) -> int:
        if len(self._unacknowledged) >= MAX_UNACKNOWLEDGED:
            raise Unavailable(f"{MAX_UNACKNOWLEDGED} messages wait for the broker at {self._where} already")
        while True:
            self._last_packet_id = self._last_packet_id % 0xFFFF + 1
            if self._last_packet_id not in self._unacknowledged:
                return self._last_packet_id

    async def _keep(self) -> None:
        backoff_s = self._times.backoff_first_s
        while True:
            try:
                connection = await self._connect()
            except (KouanError, OSError, TimeoutError) as error:
                self._refused = error if isinstance(error, NotAllowed) else None
                _log.debug("%s cannot connect to %s: %s", self._client_id, self._where, error)
                await asyncio.sleep(backoff_s)
                backoff_s = min(self._times.backoff_max_s, backoff_s * 2)
                continue
            backoff_s = self._times.backoff_first_s
            await self._until_lost(connection)

    async def _connect(self) -> MqttConnection:
        loop = asyncio.get_running_loop()
        connection: MqttConnection | None = None
        try:
            async with asyncio.timeout(self._times.connect_within_s):
                _, connection = await loop.create_connection(
                    lambda: MqttConnection(self._on_message, self._on_acknowledged),
                    self._address.host,
                    self._address.tcp_port,
                )
                self._connection = connection
                connection.write(self._connect_packet())
                await connection.accepted()
                if self._subscriptions:
                    await connection.subscribe(self._next_packet_id(), self._subscriptions)
        except BaseException:
            if connection is not None:
                connection.abort()
                await connection.closed
            raise
        return connection

    async def _until_lost(self, connection: MqttConnection) -> None:
        self.connections += 1
        for waiting in self._unacknowledged.values():
            connection.write(packets.again(waiting.packet))
        self._up.set()
        try:
            await self._ping_while_open(connection)
        finally:
            self._up.clear()

    async def _ping_while_open(self, connection: MqttConnection) -> None:
        """Send PINGREQ at half the keep-alive span; cut a connection on which nothing was heard for 1.5 spans."""
        loop = asyncio.get_running_loop()
        while not connection.closed.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._times.keep_alive_s / 2):
                    await asyncio.shield(connection.closed)
            if loop.time() - connection.heard_at > self._times.keep_alive_s * 1.5:
                connection.abort()
            else:
                connection.write(packets.PINGREQ)

    def _connect_packet(self) -> bytes:
        return packets.connect(
            self._client_id,
            user=self._address.user,
            password=self._address.password,
            clean_session=not self._persistent,
            keep_alive_s=self._times.keep_alive_s,
            will=self._will,
        )

    def _on_message(self, message: Publish) -> None:
        if message.packet_id is not None and self._connection is not None:
            self._connection.write(packets.puback(message.packet_id))
        self._inbox.put(Received(message.topic, message.payload))

    def _on_acknowledged(self, packet_id: int) -> None:
        waiting = self._unacknowledged.get(packet_id)
        if waiting is not None and not waiting.done.done():
            waiting.done.set_result(None)
