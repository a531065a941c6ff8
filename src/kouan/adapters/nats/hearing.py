"""A durable consumer as one connection hears it: what is delivered is taken in order, and acknowledged."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kouan.adapters.nats.messages import delivery_of
from kouan.adapters.nats.progress import Progress
from kouan.vocabulary.errors import KouanError

_log = logging.getLogger(__name__)

_SETTLE_EVERY_S = 0.002
"""Acknowledgements are gathered this long: one speaks for all before it. Our choice."""


class Hearing:
    """What comes to one inbox of one connection, for as long as nothing is missing.

    ``put`` gets each message that was not taken before, and its key. ``again`` is set where a message is missing, or
    the stream went back; nothing more is taken then, and another consumer is to be made. Where numbers are left out,
    ``withheld`` is asked which of them the stream has nevertheless, before the next is taken: bits that flip in the
    length of a message's headers, over which nats-server's checksum does not go, make it pass over the message without
    a word. Acknowledgements go to the
    consumer that delivered the message, over the connection by which it came, or nowhere: after a restart of the
    server the number in an old one may be another message's.
    """

    def __init__(
        self,
        client: Client,
        progress: Progress,
        put: Callable[[Msg, str], None],
        again: asyncio.Event,
        withheld: Callable[[int, int], Awaitable[Sequence[int]]],
    ) -> None:
        self.inbox = client.new_inbox()
        self._client = client
        self._progress = progress
        self._put = put
        self._again = again
        self._withheld = withheld
        self._next_stream_seq: int | None = None
        self._subscription: Subscription | None = None
        self._unsettled: deque[tuple[int, str]] = deque()
        self._next_consumer_seq = 1
        self._heard_at = 0.0
        self._settling: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def silent_s(self) -> float:
        """For how many seconds nothing was heard, not even a heartbeat."""
        return asyncio.get_running_loop().time() - self._heard_at

    async def start(self) -> None:
        """Listen to the inbox, before there is a consumer that sends to it."""
        self._heard_at = asyncio.get_running_loop().time()
        # No limits here: the server sends no more than max_ack_pending.
        self._subscription = await self._client.subscribe(
            self.inbox, cb=self._on_message, pending_msgs_limit=0, pending_bytes_limit=0
        )

    def begin(self, stream_seq: int | None) -> None:
        """Take note of the number from which the consumer delivers; None where only the first delivery shows it."""
        self._next_stream_seq = stream_seq

    async def end(self) -> None:
        """Take and acknowledge nothing more."""
        self._ended = True
        if self._settling is not None:
            self._settling.cancel()
        if self._subscription is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._subscription.unsubscribe()

    def settle(self) -> None:
        """Acknowledge what is settled, within milliseconds."""
        if self._settling is None and not self._ended:
            self._settling = asyncio.create_task(self._settle_soon(), name="settle")

    async def settled(self) -> None:
        """Wait until what is settled is acknowledged."""
        if self._settling is not None:
            await self._settling

    async def _settle_soon(self) -> None:
        await asyncio.sleep(_SETTLE_EVERY_S)
        self._settling = None
        reply = ""
        while self._unsettled and self._unsettled[0][0] <= self._progress.settled:
            reply = self._unsettled.popleft()[1]
        if reply and not self._ended:
            # Lost on the way, the message comes again after the next connect and is settled then.
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._client.publish(reply)

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if self._ended or (message.header and "Status" in message.header):  # a heartbeat
            return
        delivery = delivery_of(message.reply)
        missing = delivery.consumer_seq != self._next_consumer_seq or not await self._asked(delivery.stream_seq)
        key = None if missing else self._progress.take(delivery)
        if missing or self._progress.anew:
            self._ended = True
            self._again.set()
            return
        self._next_consumer_seq += 1
        self._next_stream_seq = delivery.stream_seq + 1
        self._unsettled.append((delivery.stream_seq, message.reply))
        if key is not None:
            self._put(message, key)
        elif delivery.stream_seq <= self._progress.settled:  # the acknowledgement was lost with the connection
            self.settle()

    async def _asked(self, stream_seq: int) -> bool:
        """Ask after the numbers left out before this one; say whether there was an answer, and nothing ended since."""
        first = self._next_stream_seq
        if first is not None and first < stream_seq:
            try:
                self._progress.withhold(await self._withheld(first, stream_seq - 1))
            except (KouanError, nats.errors.Error, OSError, TimeoutError) as error:
                _log.info("NATS: it is not known what is missing: %r", error)
                return False
        return not self._ended
