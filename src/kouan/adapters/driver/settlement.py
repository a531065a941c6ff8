"""Telling the carrier what need not be delivered again: a message only after all before it are done with."""

import asyncio
from collections import deque

from kouan.protocols.link import Link, Received
from kouan.vocabulary.errors import Unavailable


class Ticket:
    """One durable message that is being worked on. ``holders`` counts what still waits for its facts to be durable."""

    __slots__ = ("holders", "received")

    def __init__(self, received: Received) -> None:
        self.received = received
        self.holders = 1


class Settlement:
    """Settles messages in their order, so that what a crash interrupts is delivered again."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._open: deque[Ticket] = deque()
        self._newest: Received | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, received: Received) -> Ticket | None:
        """Take note of a message; None for telemetry, which is never delivered again."""
        if not received.key:
            return None
        ticket = Ticket(received)
        self._open.append(ticket)
        return ticket

    def hold(self, ticket: Ticket) -> None:
        """Ask that the message stays unsettled for one more reason."""
        ticket.holders += 1

    def release(self, ticket: Ticket) -> None:
        """Take one reason back; the message is settled once none is left, for it and for all before it."""
        ticket.holders -= 1
        while self._open and self._open[0].holders <= 0:
            self._newest = self._open.popleft().received
        if self._newest is not None and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._settle(), name="settle")

    async def _settle(self) -> None:
        while self._newest is not None:
            received, self._newest = self._newest, None
            try:
                await self._link.settle(received)
            except Unavailable:  # it is delivered again after the link came back, and is known by its key then
                return

    @property
    def unsettled(self) -> int:
        """How many messages wait."""
        return len(self._open)
