"""A wire between browser and port that a test can cut."""

import asyncio
import contextlib
import threading
import urllib.parse
from typing import Self


class Line:
    """Forwards one tcp port of the loopback interface to another until it is cut; ``mend`` lets it flow again."""

    def __init__(self, url: str) -> None:
        self.target = urllib.parse.urlsplit(url).port
        self.loop = asyncio.new_event_loop()
        self.open_writers: list[asyncio.StreamWriter] = []
        self.is_cut = False
        self.tcp_port = 0
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        assert self.ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.finished.set)
        self.thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.tcp_port}"

    def cut(self) -> None:
        """Drop every connection and take no new ones."""
        self.is_cut = True
        self.loop.call_soon_threadsafe(self._drop)

    def mend(self) -> None:
        """Take connections again."""
        self.is_cut = False

    def _drop(self) -> None:
        for writer in self.open_writers:
            writer.transport.abort()
        self.open_writers.clear()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self.loop.close()

    async def _serve(self) -> None:
        self.finished = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.tcp_port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.finished.wait()
        self._drop()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self.open_writers += [writer, far_writer]
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
