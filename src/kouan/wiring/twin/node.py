"""What every simulated process has in common: it lives, dies at any instant, and is started again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kouan.vocabulary.errors import Corrupt, KouanError
from kouan.wiring.twin.life import Life
from kouan.wiring.twin.watched import Tell

T = TypeVar("T")

DEAD_S = 2.0
"""How long a process that died is away, unless somebody says otherwise. Our choice: one starts in a second or two."""

AGAIN_S = 1.0
"""Pause before a process that ended by itself is started again. Our choice: as its supervisor does."""


class Node:
    """One process of the simulation: what it keeps outlives it, all else dies with it."""

    def __init__(self, name: str, tell: Tell, *, forgiving: bool) -> None:
        """``forgiving`` starts it again when it ends by itself; else whatever it ended with is raised."""
        self.name = name
        self.lives: list[Life] = []
        self.ended_by_itself = 0
        self.away_s = DEAD_S
        self.tell = tell
        self._forgiving = forgiving
        self._failed: asyncio.Future[None] | None = None
        self._mended: asyncio.Future[None] | None = None
        self._before_start: list[Callable[[], None]] = []

    @property
    def life(self) -> Life:
        """The present life, or the last one."""
        return self.lives[-1]

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return bool(self.lives) and not self.life.over

    @property
    def broken(self) -> bool:
        """Whether it waits for somebody to mend what it found damaged."""
        return self._mended is not None

    async def start(self) -> None:
        """Begin a new life; raise what it could not begin for."""
        life = Life(self.name)
        self.lives.append(life)
        self._failed = asyncio.get_running_loop().create_future()
        try:
            await self.open(life)
        except BaseException:
            self._die()
            raise
        self.tell(self.name, "start", len(self.lives))

    def crash(self, away_s: float | None = None) -> bool:
        """Die here, as a killed process does; it comes back after ``away_s``. Say whether it was alive."""
        if not self.alive:
            return False
        if away_s is not None:
            self.away_s = away_s
        self._die()
        self.tell(self.name, "crash", len(self.lives))
        return True

    def before_start(self, then: Callable[[], None]) -> None:
        """Call this once, before the next start: whoever harms or mends what a dead process left behind."""
        self._before_start.append(then)

    def mend(self) -> None:
        """Let a process that found its own memory damaged be started again, as it has been restored."""
        if self._mended is not None and not self._mended.done():
            self._mended.set_result(None)

    async def keep(self) -> None:
        """Start it again whenever it died, for ever; begins with a process that runs."""
        while True:
            reason = await self._end()
            if reason is not None and not self._forgiving:
                raise reason
            self._die()
            if reason is not None:
                self.ended_by_itself += 1
                self.tell(self.name, "failed", reason)
            await asyncio.sleep(self.away_s if reason is None else AGAIN_S)
            self.away_s = DEAD_S
            await self._start_again()

    async def open(self, life: Life) -> None:
        """Take up what an earlier life left, and begin the work."""
        raise NotImplementedError

    def fence(self) -> None:
        """Let nothing that this process still does have an effect outside."""
        raise NotImplementedError

    def finish(self) -> None:
        """End for good, with the whole world: tasks that are cancelled now come to their end."""
        if self.alive:
            self._die()
        for life in self.lives:
            life.rest()

    def failed(self, error: KouanError) -> None:
        """Note that the process ended by itself."""
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)
            self._failed.exception()

    async def _start_again(self) -> None:
        while True:
            for then in self._before_start:
                then()
            self._before_start.clear()
            try:
                await self.start()
            except Corrupt as error:
                await self._wait_for_mending(error)
            except KouanError as error:
                if not self._forgiving:
                    raise
                self.tell(self.name, "failed", error)
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def _wait_for_mending(self, error: Corrupt) -> None:
        self._mended = asyncio.get_running_loop().create_future()
        self.tell(self.name, "corrupt", error)
        await self._mended
        self._mended = None

    async def _end(self) -> KouanError | None:
        """Wait until the process dies or ends by itself; return what it ended with."""
        failed, life = self._failed, self.life
        if failed is None:
            return None
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake(_: object) -> None:
            if not woken.done():
                woken.set_result(None)

        ended = asyncio.ensure_future(life.end())
        ended.add_done_callback(wake)
        failed.add_done_callback(wake)
        await woken
        if not failed.done():
            return None
        ended.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ended
        error = failed.exception()
        return error if isinstance(error, KouanError) else KouanError(repr(error))

    def _die(self) -> None:
        if not self.life.over:
            self.fence()
            self.life.stop()


async def asking(node: Node, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask something of a process as its client: its own task works, and dies with it."""

    async def work() -> T:
        return await ask()

    return await node.life.within(work(), f"{node.name}-asked")
