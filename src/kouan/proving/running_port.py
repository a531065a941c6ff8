"""A whole port as ``kouan run`` opens it, in processes of its own, which can be harmed and looked into."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.simulator.logs import read_log
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import NotFound, Unavailable

API = "/api/v1"
PATIENCE_S = 120.0
"""How long a condition is waited for. It is long because the machine may be busy; a healthy port needs seconds."""
LOOK_EVERY_S = 0.05
CLOCK = SystemClock()


def wait_until(
    condition: Callable[[], bool], what: str, within_s: float = PATIENCE_S, look_every_s: float = LOOK_EVERY_S
) -> None:
    """Wait until the condition holds; raise Unavailable, saying what was waited for."""
    deadline = CLOCK.monotonic() + int(within_s * SECOND)
    while not condition():
        if CLOCK.monotonic() > deadline:
            raise Unavailable(f"within {within_s} s: {what}")
        time.sleep(look_every_s)


def processes_on(folder: Path) -> dict[int, str]:
    """Return every living process that works in a folder or names it on its command line, by pid."""
    place = os.fsencode(folder.resolve())
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()
            if line and (place in line or os.fsencode(os.readlink(entry / "cwd")).startswith(place)):
                found[int(entry.name)] = line.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return found


def holders_of(folder: Path) -> dict[int, str]:
    """Return every process that has a file below a folder open or mapped, or works there, by pid: its command line."""
    place = f"{folder.resolve()}/"
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it is gone, or not ours to see
                held = [_target(link) for link in (entry / "cwd", *(entry / "fd").iterdir())]
                if any(f"{path}/".startswith(place) for path in held) or f" {place}" in (entry / "maps").read_text():
                    said = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                    found[int(entry.name)] = said or (entry / "comm").read_text().strip()
    return found


def _target(link: Path) -> str:
    """Return where a link points; nowhere if it has just been closed."""
    with contextlib.suppress(OSError):
        return os.readlink(link)
    return ""


def children_of(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    text = " ".join(path.read_text("ascii") for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(word) for word in text.split()]


def cpu_s(pid: int) -> float:
    """Return the processor time that a living process has used, in seconds (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kill(pid: int) -> None:
    """End a process as an accident would."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_all_on(folder: Path) -> None:
    """End every process that works in a folder or names it on its command line; return when all are gone."""
    while found := processes_on(folder):
        for pid in found:
            kill(pid)


class RunningPort:
    """One ``kouan run`` on a data folder; it can be started again on the same data.

    ``logs`` is where its own output goes (beside the data folder if None), ``field`` where the simulated field keeps
    its record (in the data folder if None).
    """

    def __init__(
        self,
        data: Path,
        *options: str,
        env: Mapping[str, str] | None = None,
        logs: Path | None = None,
        field: Path | None = None,
    ) -> None:
        self.data = data
        self.options = options
        self.env = dict(os.environ if env is None else env)
        self.field = field or data / "field"
        self.log = (logs or data.parent) / f"{data.name}.err"
        self._out = self.log.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def launch(self) -> None:
        """Start the command, without waiting for anything."""
        argv = [sys.executable, "-m", "kouan", "run", "--data", str(self.data), "--no-browser", "--json", *self.options]
        with self._out.open("wb") as stdout, self.log.open("ab") as stderr:
            self.process = subprocess.Popen(  # noqa: S603 - this very program
                argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True, env=self.env
            )
        self.starts += 1

    def start(self) -> None:
        """Start the command and wait until the port is open and its field runs."""
        self.launch()
        self.wait_until(self.is_open, "the port is open")
        self.wait_until(lambda: self.child("field") in children_of(self.pid), "the field runs")

    @property
    def pid(self) -> int:
        """The pid of ``kouan run``."""
        return self._running.pid

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            raise Unavailable("the port was never started")
        return self.process

    def is_open(self) -> bool:
        """Say whether this very process announced itself and its API answers."""
        record = self._record("run.json")
        if record is None or record["pid"] != self.pid or "url" not in record["addresses"]:
            return False
        with contextlib.suppress(OSError, http.client.HTTPException):
            server = http.client.HTTPConnection(urlsplit(record["addresses"]["url"]).netloc, timeout=5)
            with contextlib.closing(server):
                server.request("GET", f"{API}/session")
                return server.getresponse().status == http.HTTPStatus.UNAUTHORIZED
        return False

    def wait_until(
        self,
        condition: Callable[[], bool],
        what: str,
        within_s: float = PATIENCE_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """Wait as ``wait_until`` does; fail at once where the command ended by itself."""
        process = self._running

        def held() -> bool:
            if process.poll() is not None:
                raise Unavailable(f"kouan run ended with {process.returncode}")
            return condition()

        try:
            wait_until(held, what, within_s, look_every_s)
        except Unavailable as error:
            raise Unavailable(f"{error}\n{self.said()}") from error

    @property
    def url(self) -> str:
        """Where the port's API is."""
        record = self._record("run.json")
        return "" if record is None else str(record["addresses"].get("url", ""))

    @property
    def dsn(self) -> str:
        """The address of its database."""
        try:
            return str(DataFolder(self.data).running().addresses["dsn"])
        except NotFound as error:
            raise Unavailable("the port is not open") from error

    def child(self, name: str) -> int | None:
        """Return the pid of a living child, by its name."""
        record = self._record(f"children/{name}.json")
        pid = None if record is None else int(record["pid"])
        return pid if pid is not None and pid in processes_on(self.data) else None

    def kill_child(self, name: str) -> int:
        """End a child as an accident would; return its pid."""
        pid = self.child(name)
        if pid is None:
            raise Unavailable(f"{name} does not run")
        kill(pid)
        return pid

    def kill(self) -> None:
        """End ``kouan run`` itself as an accident would; its children are left to whatever becomes of them."""
        self._running.kill()
        self._running.wait(30)

    def kill_everything(self) -> None:
        """End ``kouan run`` and every process that it ever started, as a power cut would; return when all are gone."""
        if self.process is not None:
            self.process.kill()
        kill_all_on(self.data)
        if self.process is not None:
            self.process.wait(30)
            self.process = None

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> float:
        """Ask for a clean end; return the seconds that it took."""
        began = CLOCK.monotonic()
        self._running.send_signal(number)
        self._running.wait(60)
        return (CLOCK.monotonic() - began) / SECOND

    def end(self) -> None:
        """Kill everything that this port ever started."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
        for pid in processes_on(self.data):
            kill(pid)
        wait_until(lambda: not processes_on(self.data), "nothing is left behind", 30)

    def cleared(self) -> int:
        """Return how many lorries truly left by the release barrier."""
        return sum(line["event"] == "left" and line["exit"] == "release" for line in self.truth())

    def truth(self) -> list[dict[str, Any]]:
        """Return what truly happened, as the field recorded it."""
        return read_log(self.field / "truth.jsonl")

    def actuations(self) -> list[dict[str, Any]]:
        """Return every command that reached a barrier."""
        return read_log(self.field / "actuations.jsonl")

    def figures(self) -> dict[str, Any]:
        """Return what the command printed at its end."""
        printed: dict[str, Any] = json.loads(self._out.read_bytes())
        return printed

    def said(self) -> str:
        """Return the end of what the command and its children said."""
        logs = [self.log, *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(f"--- {log.name}\n{_tail(log)}" for log in logs if log.exists())

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of kouan on this port's data."""
        argv = [sys.executable, "-m", "kouan", *words, "--data", str(self.data)]
        return subprocess.run(  # noqa: S603 - this very program
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            env=self.env,
        )

    def _record(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.data / name).read_bytes())
        except (OSError, ValueError):
            return None
        return found


def _tail(path: Path) -> str:
    return path.read_bytes()[-3000:].decode("utf-8", "replace")
