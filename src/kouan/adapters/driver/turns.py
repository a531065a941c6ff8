"""Work that is done side by side, but begun and followed up in the order in which it was asked for.

A loop need not run tasks in the order in which they were made: what rests on an order asks for it.
"""

import asyncio


class _Gate:
    """Opens once, for one who waits. Mostly it is open before that one comes, and nothing is made to wait on."""

    __slots__ = ("_opened", "_waited")

    def __init__(self) -> None:
        self._opened = False
        self._waited: asyncio.Future[None] | None = None

    def open(self) -> None:
        """Let everybody through, now and later."""
        self._opened = True
        if self._waited is not None and not self._waited.done():
            self._waited.set_result(None)

    async def passed(self) -> None:
        """Wait until it is open."""
        if self._opened:
            return
        if self._waited is None:
            self._waited = asyncio.get_running_loop().create_future()
        await self._waited


class Turn:
    """One piece of work in a row of them."""

    __slots__ = ("_before", "begun", "ended")

    def __init__(self, before: "Turn | None") -> None:
        self._before = before
        self.begun = _Gate()
        self.ended = _Gate()

    async def begin(self) -> None:
        """Wait until the one before has begun. What is done next, up to the first wait, is done before the next one."""
        if self._before is not None:
            await self._before.begun.passed()
        self.begun.open()

    async def follow_up(self) -> None:
        """Wait until the one before has ended."""
        if self._before is not None:
            await self._before.ended.passed()
            self._before = None

    def end(self) -> None:
        """Let the next one go on, whatever became of this one."""
        self._before = None
        self.begun.open()
        self.ended.open()


class Turns:
    """Gives out turns."""

    def __init__(self) -> None:
        self._last: Turn | None = None

    def take(self) -> Turn:
        """Return the turn after the last one that was taken."""
        self._last = Turn(self._last)
        return self._last
