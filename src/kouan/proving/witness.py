"""Somebody who looks on at a running port's API, and remembers what it was told is recorded."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Self

import httpx

from kouan.proving.running_port import API, RunningPort
from kouan.wiring.demo import DEMO_PASSWORD, DEMO_USER

AS_AUDITOR = {"kouan-purpose": "audit"}
"""The purpose for which entries are read whole; each such read is an entry itself."""


class Witness:
    """Somebody who looks on at a port's API: reads every new entry, hands papers in, and keeps what was answered.

    ``entries`` are by sequence; ``papers`` are the numbers whose receipt was acknowledged. It keeps its session through
    restarts of the port, as a browser does.
    """

    def __init__(self, port: RunningPort) -> None:
        self.port = port
        self.entries: dict[int, dict[str, Any]] = {}
        self.papers: list[str] = []
        self.failures = 0
        self._last = 0
        self._session: dict[str, str] = {}
        self._tls = httpx.create_ssl_context()
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
        return self.read_after(0)

    def read_after(self, sequence: int) -> list[dict[str, Any]]:
        """Read every entry after a sequence number."""
        with self._signed_in(30) as client:
            return list(_entries(client, sequence))

    def get(self, path: str) -> Any:
        """Return one answer of the API."""
        with self._signed_in(30) as client:
            answer = client.get(path)
            answer.raise_for_status()
            return answer.json()

    @contextlib.contextmanager
    def _signed_in(self, timeout_s: float) -> Iterator[httpx.Client]:
        """Open a connection to the port; sign in where the session is not known (any more)."""
        headers = {"x-kouan-csrf": "1"}
        # One TLS context for all connections: making it takes longer than what is asked over them.
        with httpx.Client(base_url=self.port.url + API, timeout=timeout_s, headers=headers, verify=self._tls) as client:
            client.cookies.update(self._session)
            if client.get("/session").status_code == httpx.codes.UNAUTHORIZED:
                person = {"username": DEMO_USER, "password": DEMO_PASSWORD}
                client.post("/session", json=person).raise_for_status()
                self._session = dict(client.cookies)
            yield client

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with self._signed_in(10) as client:
                    self._watch(client)
            except (httpx.HTTPError, OSError, ValueError):
                self.failures += 1
                self._ended.wait(0.1)

    def _watch(self, client: httpx.Client) -> None:
        token = (self.port.data / "secrets" / "demo-sim-trader").read_text("ascii").strip()
        while not self._ended.wait(0.1):
            for entry in _entries(client, self._last):
                self.entries[entry["seq"]] = entry
                self._last = entry["seq"]
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


def _entries(client: httpx.Client, after: int) -> Iterable[dict[str, Any]]:
    while True:
        answer = client.get("/ledger/entries", params={"after": after, "limit": 500}, headers=AS_AUDITOR)
        answer.raise_for_status()
        items = answer.json()["items"]
        yield from items
        if not items:
            return
        after = items[-1]["seq"]
