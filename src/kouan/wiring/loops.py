"""Which event loop runs live processes, and how they are told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_on_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end, on uvloop where it is installed: about a third less time for each message."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def imported(importing: Callable[[], T]) -> T:
    """Return what is imported in a thread, meanwhile without looking for garbage.

    What is imported stays for as long as the process runs, so looking through it finds nothing and costs a sixth of
    the import (docs/reference/durability.md); afterwards it is looked through no more.
    """
    gc.disable()
    try:
        return await asyncio.to_thread(importing)
    finally:
        gc.freeze()
        gc.enable()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set ``stop`` at Ctrl-C and at SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
