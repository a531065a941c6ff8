"""The nonce log in a file: appended, on the medium before anything rests on it, compacted by replacement."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from kouan.adapters.lane_controller import frames
from kouan.gate.lane_controller.records import Record, Uses, compacted
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict, Unavailable

T = TypeVar("T")


class FileNonceLog:
    """The NonceLog of a lane controller in one file, held by one process at a time.

    Raises Unavailable when made where another process holds the log, Corrupt where more than its tail is damaged. After
    a failed write the medium's contents are unknown (fsync reports an error once and then forgets it), so nothing
    is written again: the process must end and read the log anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Lock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_file = _lock(path.with_name(path.name + ".lock"))
        try:
            self._file, self._records, self._size = _open(path)
        except BaseException:
            os.close(self._lock_file)
            raise
        self._uses = Uses(self._records)
        self._broken: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go; closing twice is harmless."""
        if self._file >= 0:
            os.close(self._file)
            os.close(self._lock_file)
            self._file = -1
            self._broken = "the nonce log is closed"

    @property
    def size_bytes(self) -> int:
        """How long the file is."""
        return self._size

    async def read(self) -> Sequence[Record]:
        """Return all records in the order of their writing."""
        return tuple(self._records)

    async def append(self, records: Sequence[Record]) -> None:
        """Write the records as one frame; they are on the medium when this returns.

        Raises Conflict where an order id or nonce would be used twice, Unavailable when the medium fails.
        """
        async with self._turn:
            self._check()
            if any(self._uses.has(record) for record in records):
                raise Conflict("an order id or a nonce in these records was used before")
            frame = frames.encode(records)
            await self._in_thread(lambda: _write(self._file, frame))
            self._size += len(frame)
            for record in records:
                self._uses.add(record)
            self._records.extend(records)

    async def compact(self, before: Instant) -> None:
        """Replace the file, at once and durably, by one without the orders that expired before this instant."""
        async with self._turn:
            self._check()
            kept = compacted(self._records, before)
            data = frames.MAGIC + (frames.encode(kept) if kept else b"")
            old, new = self._file, await self._in_thread(lambda: _replace(self._path, data))
            self._file, self._size = new, len(data)
            os.close(old)
            self._records, self._uses = kept, Uses(kept)

    def _check(self) -> None:
        if self._broken is not None:
            raise Unavailable(self._broken)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run a write beside the loop, to its end even if the caller is cancelled; remember a failure for ever."""
        task = asyncio.get_running_loop().run_in_executor(None, work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._broken = "a write to the nonce log was abandoned"
            raise
        except OSError as error:
            self._broken = f"the nonce log {self._path} cannot be written: {error.strerror}"
            raise Unavailable(self._broken) from error


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(f"another lane controller holds {path}: stop it first") from error
    return descriptor


def _open(path: Path) -> tuple[int, list[Record], int]:
    """Open the file, cut off a torn tail, and return it with its records and its length."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        records, sound = frames.decode(_contents(descriptor))
        os.ftruncate(descriptor, sound)
        if sound == 0:
            _write(descriptor, frames.MAGIC)
            sound = len(frames.MAGIC)
        os.fsync(descriptor)
        _synchronise_folder(path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, records, sound


def _contents(descriptor: int) -> bytes:
    parts: list[bytes] = []
    offset = 0
    while part := os.pread(descriptor, 1 << 20, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it and wait until the medium has it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _replace(path: Path, data: bytes) -> int:
    """Put a new file in the place of the old one and return it open; at every instant one of the two is whole."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        _write(descriptor, data)
        fresh.replace(path)
        _synchronise_folder(path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _synchronise_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
