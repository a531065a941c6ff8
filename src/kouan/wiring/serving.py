"""Serving, again and again: what a port's platform and a region's hub have in common as processes."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from kouan.adapters.engines.supervisor import Care, ChildEvent, Happening
from kouan.vocabulary.errors import Corrupt, Fenced, KouanError, Unavailable

_log = logging.getLogger(__name__)

AGAIN_S = 0.5
"""Pause before everything is built anew after the ledger failed; it doubles up to LONGEST_PAUSE_S. Our choice."""

LONGEST_PAUSE_S = 5.0
"""Longest pause before everything is built anew. Our choice."""

END_WITHIN_S = 1.5
"""How long serving may take to end before it is cut off. Our choice: it takes a tenth of that where nothing hangs."""

CARE = Care(stop_all_within_s=3.0)
"""How children are looked after; with END_WITHIN_S, all stands still within the 5 s that are promised."""

T = TypeVar("T")

Tell = Callable[[str], None]

Serving = Callable[[], contextlib.AbstractAsyncContextManager["asyncio.Task[None]"]]
"""Builds everything and serves for the length of a block; gives a task that ends with whatever ended the serving."""


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what the work gives; cancel it and return None where ``stop`` is set first."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait([working], timeout=END_WITHIN_S)
    return None if working.cancelled() or not working.done() else working.result()


async def serve_again_and_again(
    serving: Serving, stop: asyncio.Event, ready: Callable[[], None], finish: Callable[[], Awaitable[None]]
) -> None:
    """Serve until ``stop`` is set, building everything anew where the ledger could not be reached for too long.

    ``ready`` is told each time that it serves, ``finish`` is awaited before it ends.
    """
    pause_s = AGAIN_S
    was_open = False
    while not stop.is_set():
        try:
            async with asyncio.timeout(None) as end, contextlib.AsyncExitStack() as stack:
                ended = await unless(stop, stack.enter_async_context(serving()))
                if ended is None:
                    return
                was_open, pause_s = True, AGAIN_S
                ready()
                await unless(stop, _end_of(ended))
                await finish()
                end.reschedule(asyncio.get_running_loop().time() + END_WITHIN_S)
        except (Fenced, Corrupt):
            raise
        except TimeoutError:
            _log.warning("serving did not end within %s s, and was cut off", END_WITHIN_S)
        except KouanError as error:
            # What was open is built anew whatever a part failed with: only memory is in doubt.
            if not was_open and not isinstance(error, Unavailable):
                raise
            _log.error("everything starts again from the ledger: %s", error)
            await unless(stop, asyncio.sleep(pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _end_of(task: "asyncio.Task[None]") -> None:
    await asyncio.shield(task)


def log_child(event: ChildEvent) -> None:
    """Log what happened to a child process."""
    level = logging.WARNING if event.happening in (Happening.EXITED, Happening.UNHEALTHY) else logging.INFO
    _log.log(level, "%s %s %s", event.child, event.happening.value, event.detail)
