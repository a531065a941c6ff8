"""Who watches the board: each reader is told what changed, and reads the latest of it when it is ready."""

import asyncio
from collections.abc import Iterable

HEARTBEAT_S = 5.0
"""Seconds between two signs of life. Our choice: a console that misses two of them says so within twelve seconds."""

GATHER_S = 0.05
"""Seconds for which changes are gathered before they are told. Our choice: a fifth of the 250 ms that a change may
take to a screen, and at most 20 pictures of a lane a second however fast its devices are."""


class Reader:
    """One reader: the names of what changed since it last looked. Its memory is bounded by the number of names."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """``names`` count as changed from the beginning."""
        self._changed: dict[str, None] = dict.fromkeys(names)
        self._waiting: asyncio.Future[None] | None = None
        self._beat: asyncio.TimerHandle | None = None

    def mark(self, name: str) -> None:
        """Note that something changed; noting it twice is noting it once."""
        self._changed[name] = None
        self._wake()

    async def changed(self, patience_s: float = HEARTBEAT_S) -> tuple[str, ...]:
        """Return the names of what changed since the last call, or nothing after ``patience_s`` seconds of quiet."""
        if not self._changed:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            self._beat = loop.call_later(patience_s, self._wake)
            try:
                await self._waiting
            finally:
                self.close()
            if self._changed:
                await asyncio.sleep(GATHER_S)
        names = tuple(self._changed)
        self._changed.clear()
        return names

    def close(self) -> None:
        """Stop the timer."""
        self._waiting = None
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
