"""The life of one simulated process, from its start to its crash, and the tasks that belong to it.

A crash stops tasks where they stand: none is cancelled, none runs another step, no ``finally`` has any effect. Which
tasks are a process's own is told by a context variable, which every task and timer inherits from the one that made it.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, TypeVar

from kouan.vocabulary.errors import Unavailable

T = TypeVar("T")


class Life:
    """One life of a process. ``steps`` counts how often one of its tasks went on: each is the end of one await."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.over = False
        self.steps = 0
        self._resting = False
        self._at_step: tuple[int, Callable[[], None]] | None = None
        self._dropped: list[asyncio.Future[Any]] = []
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._context = contextvars.copy_context()
        self._context.run(LIFE.set, self)

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        """Run something as this process's own."""
        return asyncio.get_running_loop().create_task(work, name=name, context=self._context.copy())

    async def within(self, work: Coroutine[Any, Any, T], name: str) -> T:
        """Run something as this process's own and return what it gives; raise Unavailable where the process dies."""
        if self.over:
            work.close()
            raise Unavailable(f"the {self.node} is dead")
        task = self.spawn(work, name)
        either: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake(_: "asyncio.Future[Any]") -> None:
            if not either.done():
                either.set_result(None)

        task.add_done_callback(wake)
        self._ended.add_done_callback(wake)
        await either
        self._ended.remove_done_callback(wake)
        if task.done():
            return task.result()
        raise Unavailable(f"the {self.node} died")

    async def end(self) -> None:
        """Wait until this life is over."""
        await asyncio.shield(self._ended)

    def at_step(self, after: int, then: Callable[[], None]) -> None:
        """Call ``then`` instead of the task's step, when tasks of this process have gone on ``after`` times more."""
        self._at_step = (self.steps + after, then)

    def stop(self) -> None:
        """End this life here: none of its tasks goes on.

        They are kept: what is dropped half-way would be ended by the garbage collector, at any time.
        """
        if not self.over:
            self.over = True
            self._dropped.extend(task for task in asyncio.all_tasks() if _life_of(task) is self)
            self._ended.set_result(None)

    def rest(self) -> None:
        """Let tasks that are cancelled from now on come to their end: the world is over, and nothing has any effect."""
        self._resting = True

    def goes_on(self) -> bool:
        """Count one step; say whether it may be taken."""
        if self.over:
            return False
        self.steps += 1
        if self._at_step is not None and self.steps >= self._at_step[0]:
            then = self._at_step[1]
            self._at_step = None
            then()
        return not self.over

    def for_ever(self) -> Any:
        """Return what a task of this life waits for when it is never to go on."""
        future = asyncio.get_running_loop().create_future()
        self._dropped.append(future)
        return next(future.__await__())

    @property
    def dropped(self) -> int:
        """How many tasks stopped where they stood."""
        return sum(1 for each in self._dropped if isinstance(each, asyncio.Task))

    @property
    def ends_tasks(self) -> bool:
        """Whether a task that is cancelled comes to its end."""
        return self._resting or not self.over


LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("LIFE", default=None)
"""The life to which the running task belongs; None for the world itself."""


class _Mortal(Coroutine[Any, Any, Any]):
    """A coroutine that goes on only while its process lives."""

    __slots__ = ("_life", "_work")

    def __init__(self, life: Life, work: Coroutine[Any, Any, Any]) -> None:
        self._life = life
        self._work = work

    @property
    def life(self) -> Life:
        """The process that this belongs to."""
        return self._life

    def send(self, value: Any, /) -> Any:
        return self._work.send(value) if self._life.goes_on() else self._life.for_ever()

    def throw(self, kind: Any, value: Any = None, _: TracebackType | None = None, /) -> Any:
        if not self._life.ends_tasks:
            return self._life.for_ever()
        error = kind if value is None else value
        return self._work.throw(error if isinstance(error, BaseException) else error())

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._work.__await__())


def _life_of(task: "asyncio.Task[Any]") -> Life | None:
    work = task.get_coro()
    return work.life if isinstance(work, _Mortal) else None


async def never() -> None:
    """Never return."""
    await asyncio.get_running_loop().create_future()


def mortal_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Let every task that is made on the loop from now on live no longer than the process that it belongs to."""

    def factory(
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        context: contextvars.Context | None = None,
    ) -> "asyncio.Task[Any]":
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is None:
            return asyncio.Task(work, loop=loop, context=context)
        return asyncio.Task(_Mortal(life, work), loop=loop, context=context)  # type: ignore[arg-type]

    loop.set_task_factory(factory)
