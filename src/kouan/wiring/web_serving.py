"""The web server of a port or a hub, and whatever runs beside it for as long as it does."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.types import ASGIApp

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.tcp_ports import listening_socket
from kouan.adapters.heads import HeadSigner
from kouan.vocabulary.errors import Unavailable

CONSOLE = Path(__file__).resolve().parents[1] / "console_dist"
"""The built console; a checkout makes it with ``make``, a wheel brings it."""

Part = Coroutine[Any, Any, None]


def console() -> str | None:
    """Return the folder of the built console; None where there is none."""
    return str(CONSOLE) if CONSOLE.is_dir() else None


class Opened(msgspec.Struct, frozen=True):
    """An open web server: its address, and the tasks of which none ends before all do."""

    url: str
    tasks: "list[asyncio.Task[None]]"


async def open_web(
    stack: contextlib.AsyncExitStack,
    folder: DataFolder,
    address: tuple[str, int],
    app: ASGIApp,
    name: str,
    parts: Sequence[Part],
    heads: HeadSigner,
) -> Opened:
    """Run the parts and serve the application at ``address`` (host, tcp port) until the stack closes.

    The ledger's last head is signed before they end. Raises Conflict where the tcp port is taken.
    """
    listening = _listen(folder, *address)
    stack.callback(listening.close)
    tasks = await _run_parts(stack, name, parts, _web_server(app), listening, lambda: _last_head(heads))
    return Opened(f"http://{address[0]}:{listening.getsockname()[1]}", tasks)


def end_of(stack: contextlib.AsyncExitStack, tasks: "list[asyncio.Task[None]]") -> "asyncio.Task[None]":
    """Return a task that ends with whatever ended the first of the tasks; the stack forgets it."""
    ended = asyncio.create_task(_first_end(tasks), name="first end")
    stack.push_async_callback(_forget, ended)
    return ended


async def _run_parts(
    stack: contextlib.AsyncExitStack,
    name: str,
    parts: Sequence[Part],
    server: uvicorn.Server,
    listening: socket.socket,
    last: Callable[[], Awaitable[None]],
) -> "list[asyncio.Task[None]]":
    """Run the parts, the web server after them, until the stack closes; ``last`` is awaited before they end."""
    works = [*parts, server.serve([listening])]
    tasks = [asyncio.create_task(part, name=f"{name} {number}") for number, part in enumerate(works)]
    stack.push_async_callback(_end, tasks, server)
    stack.push_async_callback(last)
    while not server.started:
        for task in tasks:
            if task.done():
                task.result()
                raise Unavailable(f"{task.get_name()} ended before the port was open")
        await asyncio.sleep(0.01)
    return tasks


async def _first_end(tasks: "list[asyncio.Task[None]]") -> None:
    """Wait until one part ends, and raise what it ended with."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
            raise Unavailable(f"{task.get_name()} ended")


async def _forget(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _end(tasks: "list[asyncio.Task[None]]", server: uvicorn.Server) -> None:
    server.should_exit = True
    web = tasks[-1]
    await asyncio.wait([web], timeout=1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _listen(folder: DataFolder, host: str, tcp_port: int) -> socket.socket:
    """Listen for browsers, where it was asked for or at the same tcp port as before; raise Conflict if it is taken."""
    listening = listening_socket(host, tcp_port, folder.last_tcp_ports().get("web", 0))
    folder.remember_tcp_ports(web=listening.getsockname()[1])
    return listening


def _web_server(app: ASGIApp) -> uvicorn.Server:
    """Return the web server of an application, not started."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined] # Ctrl-C is the command's business
    return server


async def _last_head(heads: HeadSigner) -> None:
    """Sign what was recorded last, so that nothing of this run stands without a signature over it."""
    with contextlib.suppress(Unavailable):
        await heads.sign()
