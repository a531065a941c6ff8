"""Tasks that live and die together, in a fixed order, so that virtual time takes the same steps in every run."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any


async def until_first_ends(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all until one ends or fails, then end the others, in their order."""
    first = asyncio.get_running_loop().create_future()

    def ended(task: asyncio.Task[None]) -> None:
        if first.done() or task.cancelled():
            return
        failure = task.exception()
        if failure is not None:
            first.set_exception(failure)
        else:
            first.set_result(None)

    tasks = [asyncio.ensure_future(each) for each in work]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        await first
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
