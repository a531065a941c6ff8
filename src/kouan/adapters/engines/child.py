"""One child process: started with its log and its record, ready when it says so, stopped within a set time."""

import asyncio
import contextlib
import dataclasses
import logging
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.logs import bound_log, open_log, tail
from kouan.adapters.engines.survivors import ProcessRecord, record_of, stop_survivor
from kouan.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)

RECOVERS_WITHIN_S = 300.0
"""How long a store may take until it serves. It recovers what a power cut left, and one that is ended meanwhile begins
anew. Our choice: ten times the slowest start on an overloaded machine."""

TOLD_AFTER_S = 10.0
"""After how long a start that is not through yet is told. Our choice: longer than any on a quiet machine."""

_READY_POLL_S = 0.01
"""How often a starting child is asked. Our choice: engines start in 0.1 s, and asking costs microseconds."""


async def ready_at_once() -> bool:
    """Answer for a child that needs no start-up time."""
    return True


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChildSpec:
    """What to run and how to treat it.

    ``argv`` and the paths in it are absolute, because the child runs in ``cwd`` (``children/NAME`` of the data folder
    if None). ``ready`` tells whether a starting child serves, ``healthy`` whether it still does (default: ``ready``).
    ``stop_signal`` asks for a clean end, and is sent by the kernel too when the parent dies.
    """

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]] = ready_at_once
    healthy: Callable[[], Awaitable[bool]] | None = None
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready_within_s: float = 30.0
    stop_within_s: float = 3.0


class ChildProcess:
    """A child process of this kouan, restartable; one at a time."""

    def __init__(self, folder: DataFolder, spec: ChildSpec) -> None:
        self.spec = spec
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def name(self) -> str:
        """The child's name, as in its log's."""
        return self.spec.name

    @property
    def pid(self) -> int | None:
        """The pid of the living child, None if there is none."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process is not None else None

    @property
    def log(self) -> Path:
        """The file with what the child wrote."""
        return self._folder.path / "logs" / f"{self.name}.log"

    async def stop_survivor(self) -> bool:
        """Stop the child that an earlier, killed kouan left behind; say whether there was one."""
        try:
            record = msgspec.json.decode(self._record_path.read_bytes(), type=ProcessRecord)
        except (FileNotFoundError, msgspec.MsgspecError):
            return False
        survived = await stop_survivor(record, self.spec.stop_signal, self.spec.stop_within_s)
        self._forget()
        return survived

    async def start(self) -> None:
        """Start the child and wait until it is ready; raise Unavailable, with the end of its log, if it is not.

        Cancelled, it leaves no process behind.
        """
        await self.stop_survivor()
        await self._spawn()
        try:
            await self._wait_until_ready()
        except BaseException:
            await asyncio.shield(self.stop(within_s=0))
            raise

    async def wait(self) -> int:
        """Wait for the child's end; return its exit code, negative for a signal."""
        code = await self._started().wait()
        self._forget()
        return code

    async def stop(self, within_s: float | None = None) -> int | None:
        """Ask the child to end, and kill it when ``within_s`` seconds (default: the spec's) have passed.

        Returns its exit code; None if it was never started.
        """
        if self._process is None:
            return None
        allowed_s = self.spec.stop_within_s if within_s is None else within_s
        if allowed_s > 0:
            self.signal(self.spec.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(allowed_s):
                    return await self.wait()
        self.signal(signal.SIGKILL)
        return await self.wait()

    def signal(self, chosen: signal.Signals) -> None:
        """Send a signal to the child, if it lives."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(chosen)

    async def is_healthy(self) -> bool:
        """Say whether the child still does its work."""
        return await (self.spec.healthy or self.spec.ready)()

    def bound_log(self) -> bool:
        """Cut the child's log if it has become too long; say whether it had."""
        return bound_log(self.log)

    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise Unavailable(f"{self.name} was never started")
        return self._process

    def _said(self) -> str:
        return tail(self.log, self._log_start)

    @property
    def _record_path(self) -> Path:
        return self._folder.path / "children" / f"{self.name}.json"

    def _forget(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._record_path.unlink()

    async def _spawn(self) -> None:
        cwd = self.spec.cwd or self._folder.folder(f"children/{self.name}")
        log = open_log(self.log)
        self._log_start = os.fstat(log).st_size
        try:
            self._process = await asyncio.create_subprocess_exec(
                *ending_with_parent(self.spec.stop_signal),
                *self.spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cwd,
                env=dict(os.environ if self.spec.env is None else self.spec.env),
                start_new_session=True,  # Ctrl-C in the terminal reaches kouan only, which then stops all in order.
            )
        except OSError as error:
            raise Unavailable(f"{self.name} cannot be started: {error}") from error
        finally:
            os.close(log)
        record = record_of(self._process.pid, cwd)
        if record is not None:
            self._folder.write(f"children/{self.name}.json", msgspec.json.encode(record))

    async def _wait_until_ready(self) -> None:
        process = self._started()
        began, told = asyncio.get_running_loop().time(), False
        while not await self.spec.ready():
            if process.returncode is not None:
                raise Unavailable(f"{self.name} ended with code {process.returncode}: {self._said()}")
            waited_s = asyncio.get_running_loop().time() - began
            if waited_s > self.spec.ready_within_s:
                raise Unavailable(f"{self.name} was not ready in {self.spec.ready_within_s} s: {self._said()}")
            if waited_s > TOLD_AFTER_S and not told:
                _log.warning("%s is not ready yet after %.0f s; it goes on: %s", self.name, waited_s, self._said())
                told = True
            await asyncio.sleep(_READY_POLL_S)


def ending_with_parent(stop_signal: signal.Signals) -> tuple[str, ...]:
    """Return the command prefix with which the kernel sends ``stop_signal`` to a child whose parent has died.

    Empty where util-linux's setpriv is missing: then the next start stops the survivor. A Python hook between fork and
    exec (``preexec_fn``) would do the same, but is unsafe where threads run.
    """
    setpriv = shutil.which("setpriv")
    return () if setpriv is None else (setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--")
