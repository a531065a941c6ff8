"""Parts of the measure that run as processes of their own: started, asked, and killed whatever happens."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from kouan.vocabulary.errors import Unavailable

AnswerT = TypeVar("AnswerT")


@contextlib.asynccontextmanager
async def child(module: str, setting: msgspec.Struct) -> AsyncIterator[Process]:
    """Run a module of this package with a setting; it is killed when the block is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"{__package__}.{module}", msgspec.json.encode(setting).decode(), stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def line_of(process: Process, within_s: float) -> bytes:
    """Return the next line that a child prints; raise Unavailable where it ends without one, or takes too long."""
    if process.stdout is None:
        raise Unavailable("the child has no output")
    try:
        async with asyncio.timeout(within_s):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise Unavailable(f"a part of the measure did not answer within {within_s:.0f} s") from error
    if not line:
        raise Unavailable(f"a part of the measure ended early, with code {await process.wait()}")
    return line


async def ask(module: str, setting: msgspec.Struct, answer: type[AnswerT], within_s: float) -> AnswerT:
    """Run a module of this package with a setting to its end; return what it printed."""
    async with child(module, setting) as process:
        return msgspec.json.decode(await line_of(process, within_s), type=answer)


def say(answer: msgspec.Struct | Sequence[msgspec.Struct]) -> None:
    """Print a child's answer as one line."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
