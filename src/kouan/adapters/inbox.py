"""What a link has received and nobody has taken yet."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from kouan.protocols.link import Link, Received

MAX_TELEMETRY = 4096
"""Telemetry messages kept for a slow reader. Our choice: twenty scales at ten frames a second for twenty seconds."""


@contextlib.asynccontextmanager
async def reading(link: Link) -> AsyncIterator[AsyncIterator[Received]]:
    """Read a link for the length of a block, and close the reading with it, wherever in it the block is left."""
    messages = link.receive()
    try:
        yield messages
    finally:
        if isinstance(messages, AsyncGenerator):
            await messages.aclose()


class Inbox:
    """Messages in the order of their arrival; when nobody reads, the oldest telemetry (key "") is dropped and counted.

    One reader at a time. How many messages with a key may wait is the carrier's business, not the inbox's.
    """

    def __init__(self, max_telemetry: int = MAX_TELEMETRY) -> None:
        self.dropped = 0
        self._max_telemetry = max_telemetry
        self._arrivals = 0
        self._messages: deque[tuple[int, Received]] = deque()
        self._telemetry: deque[tuple[int, Received]] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._messages) + len(self._telemetry)

    def put(self, received: Received) -> None:
        """Add a message."""
        self._arrivals += 1
        if received.key:
            self._messages.append((self._arrivals, received))
        else:
            if len(self._telemetry) >= self._max_telemetry:
                self._telemetry.popleft()
                self.dropped += 1
            self._telemetry.append((self._arrivals, received))
        self._wake()

    def clear(self) -> None:
        """Forget everything that was not taken."""
        self._messages.clear()
        self._telemetry.clear()

    def close(self) -> None:
        """End the reading, after what is there has been taken."""
        self._closed = True
        self._wake()

    async def read(self) -> AsyncIterator[Received]:
        """Yield messages as they come, until the inbox is closed."""
        while True:
            while self._messages or self._telemetry:
                yield self._take()
            if self._closed:
                return
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None

    def _take(self) -> Received:
        if not self._telemetry:
            return self._messages.popleft()[1]
        if not self._messages or self._telemetry[0][0] < self._messages[0][0]:
            return self._telemetry.popleft()[1]
        return self._messages.popleft()[1]

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
