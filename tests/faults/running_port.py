"""A whole port as ``kouan run`` opens it, in processes of its own, which can be harmed and looked into.

``Witness`` reads and writes at the port's API all the while, and remembers what it was told is recorded.
"""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from kouan.adapters.clock import SystemClock
from kouan.simulator.logs import read_log
from kouan.vocabulary.clock import SECOND

API = "/api/v1"
PATIENCE_S = 120.0
"""How long a condition is waited for. It is long because the machine may be busy; a healthy port needs seconds."""
LOOK_EVERY_S = 0.05
CLOCK = SystemClock()


def wait_until(condition: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds; fail, saying what was waited for."""
    deadline = CLOCK.monotonic() + int(within_s * SECOND)
    while not condition():
        assert CLOCK.monotonic() < deadline, f"within {within_s} s: {what}"
        time.sleep(LOOK_EVERY_S)


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


def children_of(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    text = " ".join(path.read_text("ascii") for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(word) for word in text.split()]


def kill(pid: int) -> None:
    """End a process as an accident would."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class RunningPort:
    """One ``kouan run`` on a data folder; it can be started again on the same data."""

    def __init__(self, data: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.options = options
        self.env = dict(os.environ if env is None else env)
        self.log = data.with_name(f"{data.name}.err")
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def launch(self) -> None:
        """Start the command, without waiting for anything."""
        argv = [sys.executable, "-m", "kouan", "run", "--data", str(self.data), "--no-browser", "--json", *self.options]
        out = self.data.with_name(f"{self.data.name}.out")
        with out.open("wb") as stdout, self.log.open("ab") as stderr:
            self.process = subprocess.Popen(
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
        assert self.process is not None
        return self.process.pid

    def is_open(self) -> bool:
        """Say whether this very process announced itself and its API answers."""
        record = self._record("run.json")
        if record is None or record["pid"] != self.pid or "url" not in record["addresses"]:
            return False
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(record["addresses"]["url"] + f"{API}/session", timeout=5).status_code == 401
        return False

    def wait_until(self, condition: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
        """Wait as ``wait_until`` does; fail at once where the command ended by itself."""
        assert self.process is not None
        process = self.process

        def held() -> bool:
            assert process.poll() is None, f"kouan run ended with {process.returncode}: {self.said()}"
            return condition()

        try:
            wait_until(held, what, within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from error

    @property
    def url(self) -> str:
        """Where the port's API is."""
        record = self._record("run.json")
        return "" if record is None else str(record["addresses"].get("url", ""))

    @property
    def dsn(self) -> str:
        """The address of its database."""
        record = self._record("run.json")
        assert record is not None
        return str(record["addresses"]["dsn"])

    def child(self, name: str) -> int | None:
        """Return the pid of a living child, by its name."""
        record = self._record(f"children/{name}.json")
        pid = None if record is None else int(record["pid"])
        return pid if pid is not None and pid in processes_on(self.data) else None

    def kill_child(self, name: str) -> int:
        """End a child as an accident would; return its pid."""
        pid = self.child(name)
        assert pid is not None, f"{name} does not run"
        kill(pid)
        return pid

    def kill(self) -> None:
        """End ``kouan run`` itself as an accident would; its children are left to whatever becomes of them."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> float:
        """Ask for a clean end; return the seconds that it took."""
        assert self.process is not None
        began = CLOCK.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
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
        return read_log(self.data / "field" / "truth.jsonl")

    def actuations(self) -> list[dict[str, Any]]:
        """Return every command that reached a barrier."""
        return read_log(self.data / "field" / "actuations.jsonl")

    def figures(self) -> dict[str, Any]:
        """Return what the command printed at its end."""
        printed: dict[str, Any] = json.loads(self.data.with_name(f"{self.data.name}.out").read_bytes())
        return printed

    def said(self) -> str:
        """Return the end of what the command and its children said."""
        logs = [self.log, *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(f"--- {log.name}\n{_tail(log)}" for log in logs if log.exists())

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of kouan on this port's data."""
        argv = [sys.executable, "-m", "kouan", *words, "--data", str(self.data)]
        return subprocess.run(
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


class Witness:
    """Somebody who looks on at a port's API: reads every new entry, hands papers in, and keeps what was answered.

    ``entries`` are by sequence; ``papers`` are the numbers whose receipt was acknowledged.
    """

    def __init__(self, port: RunningPort) -> None:
        self.port = port
        self.entries: dict[int, dict[str, Any]] = {}
        self.papers: list[str] = []
        self.failures = 0
        self._serial = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(60)

    def open_passages(self) -> set[str]:
        """Return the passages that began and have not ended, as far as this witness has read."""
        entries = list(self.entries.values())
        began = {entry["stream"] for entry in entries if entry["kind"] == "gate.passage_opened/1"}
        return began - {entry["stream"] for entry in entries if entry["kind"] == "gate.closed/1"}

    def read_all(self) -> list[dict[str, Any]]:
        """Read the whole ledger anew, from its first entry."""
        with httpx.Client(base_url=self.port.url + API, timeout=30) as client:
            _sign_in(client)
            return list(_entries(client, 0))

    def get(self, path: str) -> Any:
        """Return one answer of the API."""
        with httpx.Client(base_url=self.port.url + API, timeout=30) as client:
            _sign_in(client)
            answer = client.get(path)
            answer.raise_for_status()
            return answer.json()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._watch()
            except (httpx.HTTPError, OSError, ValueError):
                self.failures += 1
                self._ended.wait(0.1)

    def _watch(self) -> None:
        token = (self.port.data / "secrets" / "demo-sim-trader").read_text("ascii").strip()
        with httpx.Client(base_url=self.port.url + API, timeout=10) as client:
            _sign_in(client)
            while not self._ended.wait(0.1):
                for entry in _entries(client, max(self.entries, default=0)):
                    self.entries[entry["seq"]] = entry
                self._hand_in(client, token)

    def _hand_in(self, client: httpx.Client, token: str) -> None:
        """Hand in one declaration; the same one again until it is acknowledged, as a careful sender does."""
        number = f"07062026{1 + self._serial // 10**9}{self._serial % 10**9:09d}"
        document = {
            "number": number,
            "direction": "in",
            "status": "declared",
            "consignments": [{"number": f"WITNESS{number}", "hs_code": "2701121000", "goods": "煤", "gross_kg": 1000}],
        }
        headers = {"authorization": f"Bearer {token}", "idempotency-key": number}
        answer = client.post("/papers/declarations", json=document, headers=headers)
        answer.raise_for_status()
        self.papers.append(number)
        self._serial += 1


def _sign_in(client: httpx.Client) -> None:
    client.headers["x-kouan-csrf"] = "1"
    client.post("/session", json={"username": "demo", "password": "kouan-demo"}).raise_for_status()


def _entries(client: httpx.Client, after: int) -> Iterable[dict[str, Any]]:
    while True:
        answer = client.get("/ledger/entries", params={"after": after, "limit": 500})
        answer.raise_for_status()
        items = answer.json()["items"]
        yield from items
        if not items:
            return
        after = items[-1]["seq"]


def encoded(entry: Mapping[str, Any]) -> bytes:
    """Return an entry's canonical bytes."""
    return base64.b64decode(entry["encoded"])
