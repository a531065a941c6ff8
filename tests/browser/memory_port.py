"""A whole port in memory behind the real API, in a thread of its own, whose inside a test may reach."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import uvicorn
from tests.integration.web.web_kit import WebPort

from kouan.wiring.web_serving import console

OPENS_S = 60
"""How long a port may take to open on a busy machine."""

T = TypeVar("T")

Prepare = Callable[[WebPort], Awaitable[None]]
"""What is made of a port before it opens."""


class Told(uvicorn.Server):
    """A server that says when it is open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        """Open, and say so."""
        await super().startup(sockets)
        self.ready.set()


class MemoryPort:
    """The port as long as it is entered: ``url`` is where it is served, ``port`` what is behind it."""

    port: WebPort

    def __init__(self, prepare: Prepare | None = None) -> None:
        self._prepare = prepare
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._made = threading.Event()
        self._server: Told | None = None

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self.port = await WebPort().start(console=console())
        await self.port.people()
        if self._prepare is not None:
            await self._prepare(self.port)
        config = uvicorn.Config(
            self.port.app, host="127.0.0.1", port=0, log_level="critical", timeout_graceful_shutdown=1
        )
        self._server = Told(config)
        self._made.set()
        await self._server.serve()
        await self.port.close()

    def do(self, act: Awaitable[T]) -> T:
        """Do something within the port's own loop, and return what comes of it."""

        async def done() -> T:
            return await act

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(OPENS_S)

    @property
    def url(self) -> str:
        """Where the port is served."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._made.wait(OPENS_S), "the port was not made"
        assert self._server is not None
        assert self._server.ready.wait(OPENS_S), "the port did not open"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(10)
