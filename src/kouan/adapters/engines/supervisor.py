"""Keeps child processes running: starts them, looks after their health, starts the dead again, stops all in order."""

import asyncio
import contextlib
import enum
import logging
import signal
from collections.abc import Callable

import msgspec

from kouan.adapters.engines.child import ChildProcess
from kouan.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)


class Happening(enum.StrEnum):
    """What befell a child."""

    READY = "ready"
    EXITED = "exited"
    UNHEALTHY = "unhealthy"
    NOT_STARTED = "not_started"
    STOPPED = "stopped"


class ChildEvent(msgspec.Struct, frozen=True):
    """Something befell a child: ``exit_code`` with EXITED and STOPPED (negative: the signal), ``detail`` for people.

    ``restarts`` counts how often it had to be started again so far.
    """

    child: str
    happening: Happening
    pid: int | None = None
    exit_code: int | None = None
    restarts: int = 0
    detail: str = ""


class Care(msgspec.Struct, frozen=True):
    """How children are looked after; times in seconds. Our choices.

    The first restart comes at once (a crashed engine recovers in 0.2 s), then after ``backoff_first_s`` doubled up to
    ``backoff_max_s``; a child that ran for ``settled_s`` starts afresh. ``failures`` failed checks in a row, each
    given ``check_within_s``, mean that it hangs: it is killed and started again.
    """

    backoff_first_s: float = 0.1
    backoff_max_s: float = 5.0
    settled_s: float = 30.0
    check_every_s: float = 5.0
    check_within_s: float = 2.0
    failures: int = 2
    stop_all_within_s: float = 4.5


class Supervisor:
    """Looks after children; ``on_event`` is told what befalls them."""

    def __init__(self, on_event: Callable[[ChildEvent], None] | None = None, care: Care | None = None) -> None:
        self._on_event = on_event or (lambda _: None)
        self._care = care or Care()
        self._children: dict[str, ChildProcess] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._restarts: dict[str, int] = {}

    def child(self, name: str) -> ChildProcess:
        """Return a child by name; raise KeyError if it is not looked after."""
        return self._children[name]

    async def start(self, child: ChildProcess) -> None:
        """Start a child, wait until it is ready, and look after it from now on; raise Unavailable if it fails."""
        if child.name in self._children:
            raise ValueError(f"{child.name} is looked after already")
        await child.start()
        self._children[child.name] = child
        self._restarts[child.name] = 0
        self._tell(child, Happening.READY)
        self._watchers[child.name] = asyncio.create_task(self._watch(child), name=f"watch {child.name}")

    async def stop(self, name: str | None = None) -> None:
        """Stop one child, or all of them, the last started first; all within ``stop_all_within_s``."""
        names = [name] if name is not None else list(reversed(self._children))
        deadline = asyncio.get_running_loop().time() + self._care.stop_all_within_s
        for each in names:
            await self._stop_one(self._children.pop(each), deadline)

    def kill_for_test(self, name: str, chosen: signal.Signals = signal.SIGKILL) -> int:
        """Send a child a signal as an accident would, and return its pid; it is started again as after any accident."""
        child = self._children[name]
        pid = child.pid
        if pid is None:
            raise Unavailable(f"{name} is not running")
        child.signal(chosen)
        return pid

    async def _stop_one(self, child: ChildProcess, deadline: float) -> None:
        watcher = self._watchers.pop(child.name)
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        left_s = max(0.0, deadline - asyncio.get_running_loop().time())
        code = await child.stop(min(child.spec.stop_within_s, left_s))
        self._tell(child, Happening.STOPPED, exit_code=code)

    async def _watch(self, child: ChildProcess) -> None:
        backoff_s = 0.0
        while True:
            ready_at = asyncio.get_running_loop().time()
            code = await self._until_end(child)
            self._tell(child, Happening.EXITED, exit_code=code)
            if asyncio.get_running_loop().time() - ready_at > self._care.settled_s:
                backoff_s = 0.0
            backoff_s = await self._restart(child, backoff_s)

    async def _restart(self, child: ChildProcess, backoff_s: float) -> float:
        """Start the child until it is ready; return how long to wait before the next restart."""
        while True:
            await asyncio.sleep(backoff_s)
            backoff_s = min(self._care.backoff_max_s, max(self._care.backoff_first_s, backoff_s * 2))
            self._restarts[child.name] += 1
            try:
                await child.start()
            except Unavailable as error:
                self._tell(child, Happening.NOT_STARTED, detail=str(error))
            else:
                self._tell(child, Happening.READY)
                return backoff_s

    async def _until_end(self, child: ChildProcess) -> int:
        """Return the child's exit code when it has ended, by itself or because it was found hanging."""
        checks = asyncio.create_task(self._check(child), name=f"check {child.name}")
        try:
            return await child.wait()
        finally:
            checks.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await checks

    async def _check(self, child: ChildProcess) -> None:
        failures = 0
        while True:
            await asyncio.sleep(self._care.check_every_s)
            child.bound_log()
            failures = 0 if await self._is_healthy(child) else failures + 1
            if failures >= self._care.failures:
                self._tell(child, Happening.UNHEALTHY, detail=f"{failures} checks in a row failed")
                child.signal(signal.SIGKILL)
                return

    async def _is_healthy(self, child: ChildProcess) -> bool:
        try:
            async with asyncio.timeout(self._care.check_within_s):
                return await child.is_healthy()
        except Exception as error:  # noqa: BLE001 - a check that fails in whatever way is a failed check
            _log.debug("check of %s failed: %s", child.name, error)
            return False

    def _tell(
        self, child: ChildProcess, happening: Happening, *, exit_code: int | None = None, detail: str = ""
    ) -> None:
        restarts = self._restarts[child.name]
        self._on_event(ChildEvent(child.name, happening, child.pid, exit_code, restarts, detail))
