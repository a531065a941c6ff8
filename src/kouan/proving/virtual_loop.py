"""An event loop whose time is virtual: nothing waits, and the same program takes the same steps in every run.

The loop never blocks. When no callback is ready it moves its clock to the next timer. Callbacks run in the order in
which they became ready. Threads and executors are refused, because their order is the machine's.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, NoReturn, TypeVar

from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import KouanError

T = TypeVar("T")


class Deadlock(KouanError):
    """Every task waits, no timer is set: the program would hang for ever."""


class _VirtualSelector(selectors.BaseSelector):
    """Answers at once that no file is ready, and moves the loop's clock by what it was asked to wait."""

    def __init__(self) -> None:
        self.loop: VirtualLoop | None = None
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.loop is None:
            return []
        if timeout is None:
            raise Deadlock("every task waits and no timer is set")
        if timeout > 0:
            self.loop.advance(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def close(self) -> None:
        self._keys.clear()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time. ``start`` is the wall time in microseconds at which it begins."""

    def __init__(self, start: Instant = 0) -> None:
        selector = _VirtualSelector()
        self._virtual_s = 0.0
        self.start = start
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        """Return the seconds of virtual time since the loop began."""
        return self._virtual_s

    def advance(self, span_s: float) -> None:
        """Move the clock; only the selector calls this."""
        self._virtual_s += span_s

    def run_in_executor(self, *_: object, **__: object) -> NoReturn:
        """Refuse: a thread's order is the machine's, not the seed's."""
        raise KouanError("virtual time has no threads: this code must not use an executor")


class VirtualClock:
    """The Clock of a virtual loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> Instant:
        """Return the virtual wall time."""
        return self._loop.start + self.monotonic()

    def monotonic(self) -> int:
        """Return the microseconds since the loop began."""
        return round(self._loop.time() * SECOND)


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run ``main`` to its end on the loop, then abandon what is left of it and close the loop."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        _abandon(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _abandon(loop: VirtualLoop) -> None:
    """Cancel what still runs, in the order of its making, so that no task outlives its loop."""
    left = sorted(asyncio.all_tasks(loop), key=lambda task: _number(task.get_name()))
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _number(name: str) -> tuple[int, str]:
    digits = name.rpartition("-")[2]
    return (int(digits), name) if digits.isdigit() else (0, name)
