"""The disk of an experiment, as the experiment holds it: a process that serves a folder, and what can be done to it."""

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from kouan.proving.durability.disk import Damage, Flip
from kouan.proving.durability.disk_process import RELEASED_WITHIN_S, Answer, DiskSetting, Order
from kouan.proving.durability.file_data import Odds
from kouan.proving.durability.names import Promise
from kouan.vocabulary.errors import Unavailable


class MountedDisk:
    """A disk with a volatile cache, mounted at ``place`` while the block is open.

    Whatever is done to it needs all its files closed: end every process that works there first. Raises Unavailable
    where FUSE cannot mount, and, naming who it is, where somebody still holds a file after ``released_within_s``.
    """

    def __init__(
        self, place: Path, promise: Promise = Promise.JOURNALLED, released_within_s: float = RELEASED_WITHIN_S
    ) -> None:
        self.place = place
        self._promise = promise
        self._released_within_s = released_within_s
        self._process: subprocess.Popen[bytes] | None = None
        self.last = Answer()

    def __enter__(self) -> Self:
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        module = "kouan.proving.durability.disk_process"
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self._send(DiskSetting(str(self.place.resolve()), self._promise, self._released_within_s))
            self._answer()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unmount, and end the process; what the disk held is gone."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)
            if process.stdout is not None:
                process.stdout.close()

    def cut(self, seed: int, odds: Odds) -> Damage:
        """Cut the power."""
        return self._do(Order("cut", seed=seed, odds=odds)).damage

    def flip(self, seed: int, under: Sequence[str], bits: int = 1) -> tuple[Flip, ...]:
        """Turn bits over at rest, in files below these paths of the disk."""
        return self._do(Order("flip", seed=seed, under=tuple(under), bits=bits)).flips

    def lie(self, under: Sequence[str]) -> None:
        """Answer syncs in these topmost folders from now on, and do nothing; none ends it."""
        self._do(Order("lie", under=tuple(under)))

    def sync(self) -> None:
        """Make everything durable."""
        self._do(Order("sync"))

    def keep(self) -> None:
        """Remember the disk as it is now."""
        self._do(Order("keep"))

    def back(self) -> None:
        """Go back to the disk as it was kept."""
        self._do(Order("back"))

    def _do(self, order: Order) -> Answer:
        self._send(order)
        return self._answer()

    def _send(self, line: msgspec.Struct) -> None:
        if self._process is None or self._process.stdin is None:
            raise Unavailable("the disk is not mounted")
        try:
            self._process.stdin.write(msgspec.json.encode(line) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise Unavailable(f"the disk's process ended with code {self._process.wait(30)}") from error

    def _answer(self) -> Answer:
        if self._process is None or self._process.stdout is None:
            raise Unavailable("the disk is not mounted")
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable(f"the disk's process ended with code {self._process.wait(30)}")
        self.last = msgspec.json.decode(line, type=Answer)
        if self.last.failure:
            raise Unavailable(self.last.failure)
        return self.last
