"""Sends messages that must arrive, again and again until they are answered or no longer wanted."""

import asyncio
import logging
from collections import deque

from kouan.protocols.link import Link
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)

AGAIN_S = 0.5
"""Seconds between two sendings. Our choice: ten tries within the life of an order."""


class Courier:
    """Carries messages to devices and agencies, in the order in which they were given.

    A message under a known name replaces the one before it.
    """

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._repeating: dict[str, tuple[str, bytes, Instant, float]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._sending: asyncio.Task[None] | None = None

    def send(self, topic: str, payload: bytes) -> None:
        """Send once; what the carrier does not take is lost."""
        self._outgoing.append((topic, payload))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send(), name="send")

    def repeat(self, name: str, topic: str, payload: bytes, until: Instant, every_s: float = AGAIN_S) -> None:
        """Send now and every ``every_s`` seconds until ``stop(name)`` or the instant ``until``."""
        self.stop(name)
        self._repeating[name] = (topic, payload, until, every_s)
        self._again(name)

    def stop(self, name: str) -> None:
        """Send no more under this name."""
        self._repeating.pop(name, None)
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Send nothing more."""
        for name in list(self._repeating):
            self.stop(name)
        self._outgoing.clear()
        if self._sending is not None:
            self._sending.cancel()

    def _again(self, name: str) -> None:
        topic, payload, until, every_s = self._repeating[name]
        left_us = until - self._clock.now()
        if left_us <= 0:
            self.stop(name)
            return
        self.send(topic, payload)
        delay_s = min(every_s, left_us / SECOND)
        self._timers[name] = asyncio.get_running_loop().call_later(delay_s, self._again, name)

    async def _send(self) -> None:
        while self._outgoing:
            topic, payload = self._outgoing.popleft()
            try:
                await self._link.send(topic, payload)
            except Unavailable as error:
                _log.warning("%s was not sent: %s", topic, error)
