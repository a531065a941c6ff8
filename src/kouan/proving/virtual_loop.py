"""An event loop whose time is virtual: nothing waits, and the same program takes the same steps in every run.

The loop never blocks. When no callback is ready it moves its clock to the next timer. Threads and executors are
refused, because their order is the machine's.

What is ready at once runs in the order in which it became ready or, where the loop is given a source of chance, in an
order drawn from it: code that holds in one order only is then found by some seed. The callbacks of one future stay in
their order, because asyncio promises it to whoever waits for that future.
"""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heappop, heappush
from random import Random
from typing import Any, NoReturn, TypeVar, TypeVarTuple

import msgspec

from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import KouanError

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

RESOLUTION_S = 1e-9
"""Timers so close together fire together. As in asyncio, which asks the system's clock for its resolution."""

LAST_ATTEMPTS = 3
"""How often what is left at the end is cancelled. Our choice: a task may wait in its ``finally`` for another one, or
begin another one as it ends."""


COLLECTED = (50_000, 10, 10)
"""Thresholds of the garbage collector while a loop runs (``gc.set_threshold``). Our choice: what a port lets go of
holds few cycles; with Python's own 700 a day's memory is gone through so often that it takes a seventh of the time."""


class Deadlock(KouanError):
    """Every task waits, no timer is set: the program would hang for ever."""


class _Call(msgspec.Struct, eq=False):
    """A callback that is ready or will be at ``when_s``: what asyncio uses of its own handle, but cheaper to make."""

    when_s: float
    callback: Callable[..., Any] | None
    args: tuple[Any, ...]
    context: Context

    def cancel(self) -> None:
        """Never call back, and let go of what was to be called."""
        self.callback, self.args = None, ()

    def cancelled(self) -> bool:
        """Say whether it was cancelled."""
        return self.callback is None

    def when(self) -> float:
        """Return the instant, in the loop's seconds, at which it is due."""
        return self.when_s

    def get_context(self) -> Context:
        """Return the context in which it runs."""
        return self.context


class VirtualLoop(asyncio.BaseEventLoop):
    """An asyncio loop in virtual time.

    ``start`` is the wall time in microseconds at which it begins. With ``chance``, the order of what is ready at once
    is drawn. ``now_us`` is ``time`` in microseconds.
    """

    def __init__(self, start: Instant = 0, chance: Random | None = None) -> None:
        super().__init__()
        self.start = start
        self._chance = chance
        self.now_us = 0
        self._now_s = 0.0
        self._soon: list[_Call] = []
        self._timers: list[tuple[float, int, _Call]] = []
        self._timers_set = 0
        self._stop_asked = False

    def time(self) -> float:
        """Return the seconds of virtual time since the loop began."""
        return self._now_s

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back in the next turn."""
        call = _Call(0.0, callback, args, copy_context() if context is None else context)
        self._soon.append(call)
        return call  # type: ignore[return-value]

    def call_later(
        self, delay: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back after ``delay`` seconds of virtual time."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at an instant of ``time``; without chance, timers of one instant fire in the order of setting."""
        call = _Call(when, callback, args, copy_context() if context is None else context)
        self._timers_set += 1
        heappush(self._timers, (when, self._timers_set, call))
        return call  # type: ignore[return-value]

    def call_soon_threadsafe(self, *_: object, **__: object) -> NoReturn:
        """Refuse: a thread's order is the machine's, not the seed's."""
        raise KouanError("virtual time has no threads: nothing may call in from one")

    def run_in_executor(self, *_: object, **__: object) -> NoReturn:
        """Refuse: a thread's order is the machine's, not the seed's."""
        raise KouanError("virtual time has no threads: this code must not use an executor")

    def close(self) -> None:
        """Forget all that is still to be called."""
        self._soon.clear()
        self._timers.clear()
        super().close()

    def stop(self) -> None:
        """Stop after this turn."""
        self._stop_asked = True
        super().stop()

    def _run_once(self) -> None:
        """Take one turn: call back all that is ready, after moving the clock to the next timer where nothing is."""
        timers, ready = self._timers, self._soon
        while timers and timers[0][2].callback is None:
            heappop(timers)
        if timers and not ready and timers[0][0] > self._now_s:
            self._now_s = timers[0][0]
            self.now_us = round(self._now_s * SECOND)
        due_s = self._now_s + RESOLUTION_S
        while timers and timers[0][0] <= due_s:
            ready.append(heappop(timers)[2])
        if not ready and not self._stop_asked:
            raise Deadlock("every task waits and no timer is set")
        self._stop_asked = False
        self._soon = []
        if len(ready) > 1 and self._chance is not None:
            _shuffle(ready, self._chance)
        for call in ready:
            callback = call.callback
            if callback is None:
                continue
            try:
                call.context.run(callback, *call.args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001 - whatever a callback raises, the loop goes on, as in asyncio
                self.call_exception_handler({"message": f"{callback!r} failed", "exception": error})


def _shuffle(ready: list[_Call], chance: Random) -> None:
    """Draw the order of what is ready; the callbacks of one future stay together, in their own order."""
    draw, of_future = chance.random, dict[int, float]()
    if len(ready) == 2:  # mostly
        first, second = ready
        if (not first.args or not second.args or first.args[0] is not second.args[0]) and draw() < 0.5:
            ready.reverse()
        return

    def place(call: _Call) -> float:
        source = call.args[0] if call.args else None
        return of_future.setdefault(id(source), draw()) if isinstance(source, asyncio.Future) else draw()

    ready.sort(key=place)


class VirtualClock:
    """The Clock of a virtual loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> Instant:
        """Return the virtual wall time."""
        return self._loop.start + self._loop.now_us

    def monotonic(self) -> int:
        """Return the microseconds since the loop began."""
        return self._loop.now_us


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run ``main`` to its end on the loop, then abandon what is left of it and close the loop."""
    asyncio.set_event_loop(loop)
    collected = gc.get_threshold()
    gc.set_threshold(*COLLECTED)
    try:
        return loop.run_until_complete(main)
    finally:
        gc.set_threshold(*collected)
        _abandon(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _abandon(loop: VirtualLoop) -> None:
    """Cancel what still runs, in the order of its making, so that no task outlives its loop."""
    for _ in range(LAST_ATTEMPTS):
        left = sorted(asyncio.all_tasks(loop), key=lambda task: _number(task.get_name()))
        if not left:
            break
        for task in left:
            task.cancel()
        with contextlib.suppress(Deadlock):
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _number(name: str) -> tuple[int, str]:
    digits = name.rpartition("-")[2]
    return (int(digits), name) if digits.isdigit() else (0, name)
