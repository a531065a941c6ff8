"""Plays ``Studies``: files on the disk, each job in a process of its own, one at a time."""

import asyncio
import contextlib
import hashlib
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec

from kouan.adapters.study.shelf import StudyShelf, Taking
from kouan.adapters.study.task import Said, Task
from kouan.planning.study.kept import (
    KeptStudy,
    Made,
    OpenedStudy,
    Problem,
    Progress,
    StudyState,
    TableConfirmed,
)
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Conflict

_log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "kouan.adapters.study.job")
"""What starts the process of a job."""

LINE_BYTES = 1024 * 1024
"""Longest line of a job. Our choice: a table's name and a mend of all its headers."""

BLOCK_BYTES = 1024 * 1024
"""Bytes that are hashed and written at once, beside the event loop. Our choice: some milliseconds of a disk."""

CANCELLED = Problem("", "study.cancelled", "was cancelled: begin it again")
BROKEN = Problem("", "study.broken", "the study's process ended before it was done, as where memory runs out")
"""What is told of a study whose job somebody ended, and of one whose process ended by itself."""

_DOING = {"look": StudyState.READING, "study": StudyState.STUDYING}


class _Job:
    """A job that runs: for which study, what, how far, and its process."""

    def __init__(self, number: str, what: str) -> None:
        self.number, self.what = number, what
        self.progress = Progress(what)
        self.process: asyncio.subprocess.Process | None = None
        self.cancelled = False
        self.task: asyncio.Task[None] | None = None


class FileStudies:
    """Keeps the studies of a port in a folder of its data."""

    def __init__(
        self, folder: Path, port: str, timezone: str, clock: Clock, secret: Callable[[], str],
        command: Sequence[str] = COMMAND,
    ) -> None:  # fmt: skip
        """``secret`` returns a fresh unguessable string, of which a study's number is made."""
        self._shelf = StudyShelf(folder)
        self._mappings = folder
        self._port, self._timezone = port, timezone
        self._clock, self._secret, self._command = clock, secret, command
        self._job: _Job | None = None

    async def every(self) -> Sequence[KeptStudy]:
        """Return all studies, the newest first."""
        found = await asyncio.to_thread(lambda: [self._shelf.about(number) for number in self._shelf.numbers()])
        return sorted(map(self._now, found), key=lambda each: (-each.begun_at, each.number))

    async def find(self, number: str) -> OpenedStudy:
        """Return a study with all that is known of it; raise NotFound."""
        return await asyncio.to_thread(lambda: self._shelf.opened(self._now(self._shelf.about(number))))

    async def begin(self, by: str) -> KeptStudy:
        """Begin a study; raise Conflict where as many are kept as may be."""
        number = hashlib.sha256(self._secret().encode()).hexdigest()[:12]
        await asyncio.to_thread(self._shelf.begin, number, by, self._clock.now())
        return self._shelf.about(number)

    async def bring(self, number: str, name: str, length: int | None, blocks: AsyncIterator[bytes]) -> KeptStudy:
        """Take a file, never more of it in memory than a block; what breaks off is forgotten."""
        self._require_idle(number, StudyState.BRINGING, StudyState.TO_CONFIRM)
        taking = await asyncio.to_thread(Taking, self._shelf, number, name, length)
        try:
            waiting = bytearray()
            async for block in blocks:
                waiting += block
                if len(waiting) >= BLOCK_BYTES:
                    await asyncio.to_thread(taking.take, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(taking.take, bytes(waiting))
            self._require_idle(number, StudyState.BRINGING, StudyState.TO_CONFIRM)
            await asyncio.to_thread(taking.done)
        finally:
            taking.end()
        return self._shelf.about(number)

    async def look(self, number: str) -> KeptStudy:
        """Begin to look which tables the files have; raise Conflict where there are none."""
        self._require_idle(number, StudyState.BRINGING, StudyState.TO_CONFIRM)
        if not self._shelf.about(number).files:
            raise Conflict("bring a file first")
        return self._start(number, "look")

    async def study(self, number: str, tables: Sequence[TableConfirmed]) -> KeptStudy:
        """Begin the study itself, with columns as a person confirmed them."""
        self._require_idle(number, StudyState.TO_CONFIRM)
        return self._start(number, "study", tables=tuple(tables))

    async def what_if(self, number: str, changes: Sequence[str]) -> KeptStudy:
        """Begin to ask the flow model what changes would bring."""
        self._require_idle(number, StudyState.ANSWERED)
        return self._start(number, "what_if", changes=tuple(changes))

    async def cancel(self, number: str) -> KeptStudy:
        """End what is being done for a study; what was found before stays."""
        self._shelf.path(number)
        job = self._job
        if job is not None and job.number == number:
            await self._end(job)
        return self._now(self._shelf.about(number))

    async def delete(self, number: str) -> None:
        """Delete a study with all that is kept of it, after ending what is being done for it."""
        await self.cancel(number)
        await asyncio.to_thread(self._shelf.delete, number)

    async def made(self, number: str, what: Made, language: str) -> Path:
        """Return the file of a report or a workbook in a language; raise NotFound while it is not made."""
        return await asyncio.to_thread(self._shelf.made, number, what, language)

    async def settled(self) -> None:
        """Return once nothing is being done."""
        if self._job is not None and self._job.task is not None:
            await self._job.task

    async def close(self) -> None:
        """End what runs."""
        if self._job is not None:
            await self._end(self._job)

    def _now(self, study: KeptStudy) -> KeptStudy:
        """Return a study with what is being done for it."""
        job = self._job
        if job is None or job.number != study.number:
            return study
        state = _DOING.get(job.what, study.state)
        return msgspec.structs.replace(study, state=state, progress=job.progress, problem=None)

    def _require_idle(self, number: str, *states: StudyState) -> None:
        study = self._now(self._shelf.about(number))
        if study.progress is not None or study.state not in states:
            raise Conflict(f"the study {number} is not so far, or further: {study.state.value}")

    def _start(
        self, number: str, what: str, tables: tuple[TableConfirmed, ...] = (), changes: tuple[str, ...] = ()
    ) -> KeptStudy:
        if self._job is not None:
            raise Conflict("another study is being made: wait until it is done, or cancel it")
        files = tuple(map(str, self._shelf.files(number))) if what in _DOING else ()
        task = Task(
            what, str(self._shelf.path(number)), str(self._mappings), self._port, self._timezone, files, tables, changes
        )
        self._job = job = _Job(number, what)
        job.task = asyncio.create_task(self._run(job, task), name=f"study {number} {what}")
        return self._now(self._shelf.about(number))

    async def _run(self, job: _Job, task: Task) -> None:
        """Run a job's process to its end, and keep what came of it."""
        problem: Problem | None = BROKEN
        try:
            problem = await self._said(job, task)
        except (OSError, ValueError, msgspec.MsgspecError):
            _log.exception("the process of study %s failed", job.number)
        finally:
            await self._kill(job)
        try:
            await asyncio.to_thread(self._keep, job, CANCELLED if job.cancelled else problem)
        finally:
            self._job = None

    async def _said(self, job: _Job, task: Task) -> Problem | None:
        """Return what is in the way of a job, None where it was done."""
        job.process = process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES
        )
        if job.cancelled:  # while it started: whoever cancelled it found nothing to end
            return CANCELLED
        if process.stdin is None or process.stdout is None:
            return BROKEN
        process.stdin.write(msgspec.json.encode(task) + b"\n")
        process.stdin.close()
        last = Said()
        async for line in process.stdout:
            last = msgspec.json.decode(line, type=Said)
            job.progress = last.progress or job.progress
        await process.wait()
        return None if last.done else last.problem or BROKEN

    def _keep(self, job: _Job, problem: Problem | None) -> None:
        """Keep what came of a job; the files of a study that is made are deleted."""
        if problem is None and job.what == "study":
            self._shelf.drop_files(job.number)
        if problem is None and job.what == "what_if":
            path = self._shelf.path(job.number) / "what-if.json"
            self._shelf.keep_what_if(job.number, msgspec.json.decode(path.read_bytes()))
            path.unlink()
        self._shelf.note(job.number, problem)

    async def _end(self, job: _Job) -> None:
        job.cancelled = True
        await self._kill(job)
        if job.task is not None:
            await job.task

    async def _kill(self, job: _Job) -> None:
        if job.process is not None and job.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                job.process.kill()
            await job.process.wait()
