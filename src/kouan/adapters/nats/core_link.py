"""CoreLink: a Link over core NATS with TLS and an NKey, at most once: what matters is sent again until answered."""

import asyncio
import contextlib
import dataclasses
import logging
import ssl
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from kouan.adapters.inbox import Inbox
from kouan.adapters.nats.messages import filter_of, subject_of, topic_of
from kouan.adapters.nats.transport import ended, tls_client
from kouan.protocols.link import Received
from kouan.vocabulary.errors import InvalidValue, Unavailable

_log = logging.getLogger(__name__)

MAX_WAITING = 256
"""Messages that wait for a slow reader; the oldest go first. Our choice: what is lost here is sent again, and 256 of
the longest are 200 MB."""


@dataclasses.dataclass(frozen=True)
class NKeyAddress:
    """Where a server listens (``tls://host:port``), whom its certificate must name, and the NKey that it knows."""

    url: str
    server_name: str
    tls: ssl.SSLContext = dataclasses.field(repr=False)
    seed: str = dataclasses.field(repr=False)


class CoreTimes(msgspec.Struct, frozen=True):
    """Spans in seconds; our choices.

    A line that is cut without a word is noticed after three pings without an answer. ``pause_s`` is the wait between
    two attempts to connect.
    """

    connect_within_s: float = 3.0
    pause_s: float = 0.5
    ping_every_s: int = 2
    send_within_s: float = 2.0


class CoreLink:
    """A Link that connects at once, again and again for ever, and keeps its subscriptions (MQTT topic filters).

    ``send`` hands a message to the connection that stands and raises Unavailable where none does; whether it arrives,
    the answer tells. Keys are empty, and ``settle`` does nothing.
    """

    def __init__(
        self,
        address: NKeyAddress,
        name: str,
        *,
        subscriptions: tuple[str, ...] = (),
        times: CoreTimes | None = None,
    ) -> None:
        self._address = address
        self._name = name
        self._subscriptions = subscriptions
        self._times = times or CoreTimes()
        self._inbox = Inbox(MAX_WAITING)
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._refused = ""
        self.connections = 0
        self.denied = 0

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep(), name=f"nats {self._name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def is_connected(self) -> bool:
        """Whether a connection stands now, as far as is known."""
        return self._client is not None and self._client.is_connected

    async def connected(self, within_s: float | None = None) -> None:
        """Wait until the link is connected and subscribed; raise Unavailable when ``within_s`` seconds have passed."""
        try:
            async with asyncio.timeout(within_s):
                await self._up.wait()
        except TimeoutError as error:
            raise Unavailable(f"no connection to {self._address.url}: {self._refused or 'no answer'}") from error

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message, at most once.

        Raises Unavailable without a connection; InvalidValue on a message that is too long, or to be retained.
        """
        if retain:
            raise InvalidValue("retain", "link.retain", "must be false: nothing is kept between hub and edge")
        client = self._client
        if client is None or not client.is_connected:
            raise Unavailable(f"no connection to {self._address.url}")
        try:
            await client.publish(subject_of(topic), payload)
        except nats.errors.MaxPayloadError as error:
            raise InvalidValue("payload", "link.size", f"must be at most {client.max_payload} bytes") from error
        except (nats.errors.Error, OSError) as error:
            raise Unavailable(f"{self._address.url} did not take a message on {topic}: {error}") from error

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages in the order of their arrival, until the link is closed."""
        return self._inbox.read()

    async def settle(self, received: Received) -> None:
        """Do nothing: nothing comes a second time by itself."""

    async def close(self) -> None:
        """Send what was taken, leave, and end ``receive``."""
        keeper, self._keeper = self._keeper, None
        client = self._client
        if client is not None and client.is_connected:
            with contextlib.suppress(nats.errors.Error, OSError):
                await client.flush(timeout=1)
        if keeper is not None:
            await ended(keeper)
        self._inbox.close()

    async def _keep(self) -> None:
        while True:
            try:
                await self._connection()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                self._refused = str(error) or type(error).__name__
                _log.debug("%s has no connection to %s: %s", self._name, self._address.url, self._refused)
            await asyncio.sleep(self._times.pause_s)

    async def _connection(self) -> None:
        """Connect, subscribe, and stay until the connection is lost."""
        client = tls_client()
        self._lost.clear()
        try:
            async with asyncio.timeout(self._times.connect_within_s):
                await self._open(client)
                for each in self._subscriptions:
                    await client.subscribe(filter_of(each), cb=self._on_message)
                await client.flush()
            self._client = client
            self.connections += 1
            self._up.set()
            await self._lost.wait()
        finally:
            self._up.clear()
            self._client = None
            # A connection that nobody answers on would be closed only when what is unsent had left.
            with contextlib.suppress(TimeoutError, nats.errors.Error, OSError):
                async with asyncio.timeout(1):
                    await client.close()

    async def _open(self, client: Client) -> None:
        await client.connect(
            self._address.url,
            name=self._name,
            tls=self._address.tls,
            tls_hostname=self._address.server_name,
            tls_handshake_first=True,
            nkeys_seed_str=self._address.seed,
            allow_reconnect=False,
            max_reconnect_attempts=-1,  # of reaching the server, within the time above
            connect_timeout=max(1, round(self._times.connect_within_s)),
            ping_interval=self._times.ping_every_s,
            max_outstanding_pings=2,
            flush_timeout=self._times.send_within_s,
            error_cb=self._on_error,
            closed_cb=self._on_closed,
        )

    async def _on_error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.denied += 1
            _log.error("%s: %s", self._name, error)
        else:
            self._refused = str(error) or type(error).__name__
            _log.debug("%s: %s", self._name, self._refused)

    async def _on_closed(self) -> None:
        self._lost.set()

    async def _on_message(self, message: Msg) -> None:
        self._inbox.put(Received(topic_of(message.subject), message.data))
