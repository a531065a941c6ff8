"""An ASGI client that reads a response while it is still being written."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import FastAPI


class Stream:
    """One request whose answer does not end."""

    def __init__(self, app: FastAPI, path: str, headers: dict[str, str]) -> None:
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.data = b""
        self.events: list[tuple[str, Any]] = []
        self.ended = False
        self.slow: asyncio.Event | None = None
        self._came = asyncio.Condition()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("198.51.100.7", 40_000),
            "server": ("port.test", 80),
        }
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._take(message)
        async with self._came:
            self._came.notify_all()

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if self.slow is not None:
            await self.slow.wait()
        self.data += message.get("body", b"")
        self.ended = self.ended or not message.get("more_body")
        *whole, self.data = self.data.split(b"\n\n")
        for frame in whole:
            name, data = frame.split(b"\n", 1)
            event = name.removeprefix(b"event: ").decode()
            self.events.append((event, msgspec.json.decode(data.removeprefix(b"data: "))))

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def latest(self, name: str, lane: str | None = None) -> Any:
        found = [data for event, data in self.events if event == name and lane in (None, data.get("lane"))]
        return found[-1] if found else None

    async def until(self, done: Callable[[], object], patience_s: float = 10) -> None:
        """Wait until what was received so far satisfies a condition."""
        async with self._came:
            await asyncio.wait_for(self._came.wait_for(lambda: bool(done())), patience_s)

    async def close(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)
        await self.task
