"""Data folders for engines, and programs that own one until they are killed."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from kouan.adapters.engines.data_folder import DataFolder

Waits = Callable[[Callable[[], bool]], "asyncio.Future[None]"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder(tmp_path / "data") as folder:
        yield folder


OWNER = """
import asyncio, os, sys
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor

async def main() -> None:
    with DataFolder(sys.argv[1]) as folder:
        supervisor = Supervisor()
        postgres = await EmbeddedPostgres(folder).start(supervisor)
        nats = await EmbeddedNats(folder).start(supervisor)
        folder.announce(dsn=postgres.dsn, nats_url=nats.nats_url)
        print(os.geteuid(), supervisor.child("postgres").pid, supervisor.child("nats").pid, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await supervisor.stop()

asyncio.run(main())
"""


class Owner:
    """Another kouan, with both engines, in a process of its own; it stops cleanly when its standard input ends."""

    def __init__(self, process: asyncio.subprocess.Process, euid: int, pids: tuple[int, int]) -> None:
        self.process = process
        self.euid = euid
        self.pids = pids

    async def kill(self) -> None:
        self.process.kill()
        await self.process.communicate()

    async def stop(self) -> int:
        await asyncio.wait_for(self.process.communicate(b""), 10)
        assert self.process.returncode is not None
        return self.process.returncode


@pytest.fixture
async def start_owner(tmp_path: Path) -> AsyncIterator[Callable[..., "asyncio.Future[Owner]"]]:
    owners: list[Owner] = []

    async def start(*prefix: str, env: dict[str, str] | None = None) -> Owner:
        process = await asyncio.create_subprocess_exec(
            *prefix, sys.executable, "-c", OWNER, str(tmp_path / "data"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=env,
        )  # fmt: skip
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).split()
        owner = Owner(process, int(line[0]), (int(line[1]), int(line[2])))
        owners.append(owner)
        return owner

    yield start
    for owner in owners:
        if owner.process.returncode is None:
            await owner.kill()
