"""The field's own tasks, kept in the order in which they began."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Crew:
    """Runs coroutines beside each other; the first one that fails is told by ``check``."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: BaseException | None = None
        self._prune_at = 256

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a coroutine."""
        if len(self._tasks) >= self._prune_at:
            self._prune()
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    def check(self) -> None:
        """Raise what a task failed with, if one did."""
        self._prune()
        if self._failed is not None:
            raise self._failed

    async def dismiss(self) -> None:
        """Cancel every task, one after the other, and wait for its end."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            try:
                await task
            except asyncio.CancelledError:
                continue
            except Exception as error:  # noqa: BLE001 - told by check, as of any other task
                self._failed = self._failed or error

    def _prune(self) -> None:
        going = []
        for task in self._tasks:
            if not task.done():
                going.append(task)
            elif not task.cancelled() and self._failed is None:
                self._failed = task.exception()
        self._tasks = going
        self._prune_at = max(256, 2 * len(going))
