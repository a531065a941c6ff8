"""A hub and its edges as ``kouan run`` opens them, each in a network namespace, which can be killed and asked."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.engines.data_folder import DataFolder
from kouan.proving.partition.network import Network
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import NotFound, Unavailable

PATIENCE_S = 90.0
"""How long a host may take to open. It is long because the machine may be busy; a healthy one needs seconds."""

LOOK_EVERY_S = 0.1
END_WITHIN_S = 20.0


def wait_until(clock: Clock, held: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until something holds; raise Unavailable, saying what was waited for."""
    deadline = clock.monotonic() + round(within_s * SECOND)
    while not held():
        if clock.monotonic() > deadline:
            raise Unavailable(f"not within {within_s:.0f} s: {what}")
        time.sleep(LOOK_EVERY_S)


class Host:
    """One ``kouan run`` in a namespace, on a data folder that outlives it."""

    def __init__(self, network: Network, name: str, data: Path, options: Sequence[str], clock: Clock) -> None:
        self.name = name
        self.data = data
        self._network = network
        self._options = tuple(options)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._probe: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the host and wait until it is open; raise Unavailable with the end of its log where it is not."""
        argv = [sys.executable, "-m", "kouan", "run", "--data", str(self.data), "--no-browser", *self._options]
        with self._log().open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*self._network.within(self.name), *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._clock, self._is_open, f"{self.name} is open ({self._log()})")

    def kill(self) -> None:
        """End every process of the host as a power failure would."""
        if self._process is not None:
            for pid in self._network.pids(self.name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
        self._end_probe()

    def stop(self) -> None:
        """Close the host as its operator would."""
        self._end_probe()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask(self, question: str, *words: object) -> dict[str, Any]:
        """Ask the host's database (``probe.QUESTIONS``); raise Unavailable where it does not answer."""
        if self._probe is None or self._probe.poll() is not None:
            argv = [sys.executable, "-m", "kouan.proving.partition.probe", str(self._addresses()["dsn"])]
            self._probe = subprocess.Popen(  # noqa: S603 - our own module
                [*self._network.within(self.name), *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        if self._probe.stdin is None or self._probe.stdout is None:
            raise Unavailable("the probe has no pipes")
        try:
            self._probe.stdin.write(" ".join(map(str, (question, *words))) + "\n")
            self._probe.stdin.flush()
            answer: dict[str, Any] = msgspec.json.decode(self._probe.stdout.readline())
        except (OSError, msgspec.DecodeError) as error:
            raise Unavailable(f"{self.name} does not answer {question}") from error
        if "error" in answer:
            raise Unavailable(f"{self.name} does not answer {question}: {answer['error']}")
        return answer

    def feed(self, module: str, lines: Sequence[str]) -> None:
        """Run a module on the host's data folder, from within, with these lines; raise Unavailable where it fails."""
        argv = [*self._network.within(self.name), sys.executable, "-m", module, str(self.data)]
        done = subprocess.run(argv, input="\n".join(lines), check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode:
            raise Unavailable(f"{module}: {done.stderr.strip()[-1000:]}")

    def _addresses(self) -> Mapping[str, str | int]:
        return DataFolder(self.data).running().addresses

    def _is_open(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            end = self._log().read_text("utf-8", "replace")[-2000:]
            raise Unavailable(f"{self.name} ended with {self._process.returncode}: {end}")
        try:
            return "url" in self._addresses()
        except NotFound:
            return False

    def _log(self) -> Path:
        return self.data.with_suffix(".log")

    def _end_probe(self) -> None:
        if self._probe is not None:
            self._probe.kill()
            self._probe.communicate()
            self._probe = None
