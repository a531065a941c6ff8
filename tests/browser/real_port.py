"""One real port, ``kouan run`` with its simulated field, for all the workers of a test run."""

import contextlib
import fcntl
import os
import pathlib
import re
import signal
import sys
import time
from collections.abc import Iterator

START_S = 90
"""How long a port may take to open on a busy machine."""


@contextlib.contextmanager
def alone(folder: pathlib.Path) -> Iterator[None]:
    """Keep the other workers out."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def shared_port(folder: pathlib.Path) -> Iterator[str]:
    """Open the port if no other worker has, and close it if no other worker needs it any more."""
    folder.mkdir(exist_ok=True)
    with alone(folder):
        url = _join(folder)
    try:
        yield url
    finally:
        with alone(folder):
            _leave(folder)


def _users(folder: pathlib.Path, change: int) -> int:
    counter = folder / "users"
    users = int(counter.read_text("ascii")) if counter.exists() else 0
    counter.write_text(str(users + change), "ascii")
    return users + change


def _join(folder: pathlib.Path) -> str:
    if _users(folder, 1) > 1:
        return (folder / "url").read_text("ascii")
    log = folder / "port.log"
    command = [sys.executable, "-m", "kouan", "run", "--no-browser", "--tcp-port", "0", "--data", str(folder / "data")]
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    errors = (os.POSIX_SPAWN_DUP2, 1, 2)
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    pid = os.posix_spawn(sys.executable, command, environment, file_actions=[output, errors], setsid=True)
    (folder / "pid").write_text(str(pid), "ascii")
    url = _opened(log)
    (folder / "url").write_text(url, "ascii")
    return url


def _opened(log: pathlib.Path) -> str:
    for _ in range(START_S * 10):
        said = log.read_text("utf-8") if log.exists() else ""
        if found := re.search(r"http://127\.0\.0\.1:\d+", said):
            return found.group()
        time.sleep(0.1)
    raise AssertionError(f"the port did not open:\n{log.read_text('utf-8')[-3000:]}")


def _leave(folder: pathlib.Path) -> None:
    if _users(folder, -1) > 0:
        return
    pid = int((folder / "pid").read_text("ascii"))
    for sign, wait_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        if _gone(pid, wait_s):
            return


def _gone(pid: int, wait_s: int) -> bool:
    for _ in range(wait_s * 10):
        with contextlib.suppress(ChildProcessError):  # another worker's child
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
