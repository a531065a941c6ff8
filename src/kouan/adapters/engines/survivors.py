"""Children that outlived a killed parent: recognised beyond doubt, then stopped. A stranger is never touched."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import msgspec

_POLL_S = 0.01
"""How often a stopping process is looked at. Our choice: well under the shortest stop measured (0.03 s)."""


class ProcessRecord(msgspec.Struct, frozen=True):
    """Which process a child is.

    The kernel gives a pid again after others, but never twice with the same start time (clock ticks since boot) in one
    boot; ``cwd`` ties it to its data besides.
    """

    pid: int
    started_ticks: int
    boot_id: str
    cwd: str


def boot_id() -> str:
    """Return the kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def started_ticks(pid: int) -> int | None:
    """Return when a live process started, in clock ticks since boot; None if there is none (a zombie is none)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return None
    # Fields after the command's name, which stands in parentheses and may hold anything: proc(5).
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def working_folder(pid: int) -> str | None:
    """Return a process's working folder; None if it is gone or not ours to see."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def record_of(pid: int, cwd: Path) -> ProcessRecord | None:
    """Return the record of a child that was started in ``cwd``; None if it has ended already."""
    ticks = started_ticks(pid)
    return None if ticks is None else ProcessRecord(pid, ticks, boot_id(), str(cwd.resolve()))


def is_alive(record: ProcessRecord) -> bool:
    """Say whether the very process of the record is alive."""
    return (
        record.boot_id == boot_id()
        and started_ticks(record.pid) == record.started_ticks
        and working_folder(record.pid) == record.cwd
    )


async def stop_survivor(record: ProcessRecord, stop_signal: signal.Signals, within_s: float) -> bool:
    """Stop the process of the record if it still lives, by SIGKILL after ``within_s`` seconds; say whether it did."""
    if not is_alive(record):
        return False
    for chosen, wait_s in ((stop_signal, within_s), (signal.SIGKILL, within_s)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, chosen)
        if await _ended(record, wait_s):
            break
    return True


async def _ended(record: ProcessRecord, within_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + within_s
    while is_alive(record):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_POLL_S)
    return True
