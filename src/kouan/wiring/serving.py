"""Serving, again and again: what a port's platform and a region's hub have in common as processes."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.supervisor import Care, ChildEvent, Happening
from kouan.adapters.engines.tcp_ports import listening_socket
from kouan.adapters.heads import HeadSigner
from kouan.vocabulary.errors import Corrupt, Fenced, KouanError, Unavailable

_log = logging.getLogger(__name__)

AGAIN_S = 0.5
"""Pause before everything is built anew after the ledger failed; it doubles up to LONGEST_PAUSE_S. Our choice."""

LONGEST_PAUSE_S = 5.0
"""Longest pause before everything is built anew. Our choice."""

END_WITHIN_S = 1.5
"""How long serving may take to end before it is cut off. Our choice: it takes a tenth of that where nothing hangs."""

CARE = Care(stop_all_within_s=3.0)
"""How children are looked after; with END_WITHIN_S, all stands still within the 5 s that are promised."""

T = TypeVar("T")

Tell = Callable[[str], None]

Serving = Callable[[], contextlib.AbstractAsyncContextManager["asyncio.Task[None]"]]
"""Builds everything and serves for the length of a block; gives a task that ends with whatever ended the serving."""


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what the work gives; cancel it and return None where ``stop`` is set first."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait([working], timeout=END_WITHIN_S)
    return None if working.cancelled() or not working.done() else working.result()


async def serve_again_and_again(
    serving: Serving, stop: asyncio.Event, ready: Callable[[], None], finish: Callable[[], Awaitable[None]]
) -> None:
    """Serve until ``stop`` is set, building everything anew where the ledger could not be reached for too long.

    ``ready`` is told each time that it serves, ``finish`` is awaited before it ends.
    """
    pause_s = AGAIN_S
    was_open = False
    while not stop.is_set():
        try:
            async with asyncio.timeout(None) as end, contextlib.AsyncExitStack() as stack:
                ended = await unless(stop, stack.enter_async_context(serving()))
                if ended is None:
                    return
                was_open, pause_s = True, AGAIN_S
                ready()
                await unless(stop, _end_of(ended))
                await finish()
                end.reschedule(asyncio.get_running_loop().time() + END_WITHIN_S)
        except (Fenced, Corrupt):
            raise
        except TimeoutError:
            _log.warning("serving did not end within %s s, and was cut off", END_WITHIN_S)
        except KouanError as error:
            # What was open is built anew whatever a part failed with: only memory is in doubt.
            if not was_open and not isinstance(error, Unavailable):
                raise
            _log.error("everything starts again from the ledger: %s", error)
            await unless(stop, asyncio.sleep(pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _end_of(task: "asyncio.Task[None]") -> None:
    await asyncio.shield(task)


async def run_parts(
    stack: contextlib.AsyncExitStack,
    name: str,
    parts: Sequence[Coroutine[Any, Any, None]],
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


def end_of(stack: contextlib.AsyncExitStack, tasks: "list[asyncio.Task[None]]") -> "asyncio.Task[None]":
    """Return a task that ends with whatever ended the first of the tasks; the stack forgets it."""
    ended = asyncio.create_task(_first_end(tasks), name="first end")
    stack.push_async_callback(_forget, ended)
    return ended


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


def listen(folder: DataFolder, host: str, tcp_port: int) -> socket.socket:
    """Listen for browsers, where it was asked for or at the same tcp port as before; raise Conflict if it is taken."""
    listening = listening_socket(host, tcp_port, folder.last_tcp_ports().get("web", 0))
    folder.remember_tcp_ports(web=listening.getsockname()[1])
    return listening


def web_server(app: ASGIApp) -> uvicorn.Server:
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


async def last_head(heads: HeadSigner) -> None:
    """Sign what was recorded last, so that nothing of this run stands without a signature over it."""
    with contextlib.suppress(Unavailable):
        await heads.sign()


def log_child(event: ChildEvent) -> None:
    """Log what happened to a child process."""
    level = logging.WARNING if event.happening in (Happening.EXITED, Happening.UNHEALTHY) else logging.INFO
    _log.log(level, "%s %s %s", event.child, event.happening.value, event.detail)
