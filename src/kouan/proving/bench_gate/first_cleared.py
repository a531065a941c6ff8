"""From the start of ``kouan run`` to the first cleared lorry, and the memory of the port's process."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

import msgspec
import psycopg

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import KouanError, NotFound

LOOK_EVERY_S = 0.05
"""How often the ledger is looked at; the figure is that much too long at most."""

FIRST = "SELECT 1 FROM gate_passages WHERE state = 'cleared' AND closed_at > %s LIMIT 1"


class FirstCleared(msgspec.Struct, frozen=True):
    """Seconds from the start of the process, on a new data folder, until the port is open and until a lorry is cleared.

    ``port_rss_mb`` is the port process's resident memory then, in MiB.
    """

    open_s: float
    first_cleared_s: float
    port_rss_mb: float


async def measure(data: Path, within_s: float) -> FirstCleared | None:
    """Start a port with its simulated field on new data; return the times, None where no lorry cleared in time."""
    began, at = time.perf_counter(), SystemClock().now()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kouan", "run", "--no-browser", "--data", str(data), stdin=DEVNULL, stdout=DEVNULL,
        stderr=DEVNULL, start_new_session=True,
    )  # fmt: skip
    open_s = 0.0
    try:
        while (elapsed := time.perf_counter() - began) < within_s and process.returncode is None:
            if not open_s and _is_open(data):
                open_s = elapsed
            if await asyncio.to_thread(_has_cleared, data, at):
                return FirstCleared(round(open_s, 2), round(elapsed, 2), round(_rss_mb(process.pid), 1))
            await asyncio.sleep(LOOK_EVERY_S)
        return None
    finally:
        await _stop(process)


def _is_open(data: Path) -> bool:
    try:
        return "url" in DataFolder(data).running().addresses
    except NotFound:
        return False


def _has_cleared(data: Path, after: Instant) -> bool:
    """Say whether a lorry has cleared after an instant."""
    try:
        dsn = str(DataFolder(data).running().addresses["dsn"])
        with psycopg.connect(dsn, connect_timeout=2) as connection:
            row = connection.execute(FIRST, (after,)).fetchone()
    except (NotFound, KeyError, psycopg.Error):
        return False
    return row is not None


def _rss_mb(pid: int) -> float:
    with contextlib.suppress(OSError, KouanError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


async def _stop(process: Process) -> None:
    """End the port and everything that it started."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(10):
            await process.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
