"""What happens to engines when their parent is killed, and to strangers that look like them: nothing."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import msgspec
import psycopg

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.engines.survivors import is_alive, record_of, started_ticks, stop_survivor


async def _gone(pid: int, within_s: float = 5.0) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(handle, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), within_s)
    finally:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)


async def _kept(dsn: str) -> object:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        row = await (await connection.execute("SELECT n FROM kept")).fetchone()
        return row and row[0]


def _stranger(cwd: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"], cwd=cwd)


async def test_engines_die_with_a_killed_parent_and_the_next_start_has_what_was_committed(
    start_owner, tmp_path
) -> None:
    owner = await start_owner()
    running = DataFolder(tmp_path / "data").running()
    async with await psycopg.AsyncConnection.connect(str(running.addresses["dsn"])) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    await owner.kill()
    for pid in owner.pids:
        await _gone(pid)
    with DataFolder(tmp_path / "data") as folder:
        async with EmbeddedPostgres(folder).running() as server:
            assert await _kept(server.dsn) == 7


async def test_engines_that_outlived_their_parent_are_stopped_at_the_next_start(start_owner, tmp_path) -> None:
    # Without setpriv on its path the kernel is not asked to end the children with their parent.
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "unshare").symlink_to("/usr/bin/unshare")
    owner = await start_owner(env={**os.environ, "PATH": str(tools)})
    await owner.kill()
    assert all(started_ticks(pid) is not None for pid in owner.pids)
    with DataFolder(tmp_path / "data") as folder:
        supervisor = Supervisor()
        await EmbeddedPostgres(folder).start(supervisor)
        await EmbeddedNats(folder).start(supervisor)
        assert all(started_ticks(pid) is None for pid in owner.pids)
        await supervisor.stop()


async def test_an_ordinary_user_needs_no_disguise(start_owner, tmp_path) -> None:
    # In a user namespace this process is uid 1000, whoever runs the tests.
    owner = await start_owner("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    assert owner.euid == 1000
    assert await owner.stop() == 0
    for pid in owner.pids:
        await _gone(pid, within_s=0.5)


async def test_a_postmaster_lock_that_names_a_stranger_does_not_stop_the_start(folder: DataFolder) -> None:
    async with EmbeddedPostgres(folder).running():
        lock = (folder.path / "postgres" / "postmaster.pid").read_text().splitlines()
    with _stranger(folder.path) as stranger:
        lock[0] = str(stranger.pid)
        (folder.path / "postgres" / "postmaster.pid").write_text("\n".join(lock) + "\n")
        async with EmbeddedPostgres(folder).running():
            assert stranger.poll() is None
        stranger.kill()


async def test_a_postmaster_lock_that_a_power_cut_left_empty_does_not_stop_the_start(folder: DataFolder) -> None:
    async with EmbeddedPostgres(folder).running():
        pass
    (folder.path / "postgres" / "postmaster.pid").write_bytes(b"")
    async with EmbeddedPostgres(folder).running() as server:
        assert server.tcp_port


async def test_a_server_whose_record_was_lost_is_found_by_its_own_lock(start_owner, tmp_path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "unshare").symlink_to("/usr/bin/unshare")
    owner = await start_owner(env={**os.environ, "PATH": str(tools)})
    await owner.kill()
    (tmp_path / "data" / "children" / "postgres.json").unlink()
    with DataFolder(tmp_path / "data") as folder:
        supervisor = Supervisor()
        await EmbeddedPostgres(folder).start(supervisor)
        await EmbeddedNats(folder).start(supervisor)
        assert started_ticks(owner.pids[0]) is None
        await supervisor.stop()


async def test_a_stranger_with_a_recorded_pid_is_never_touched(tmp_path: Path) -> None:
    with _stranger(tmp_path) as stranger:
        record = record_of(stranger.pid, tmp_path)
        assert record is not None
        for differently in (
            {"started_ticks": record.started_ticks - 1},
            {"boot_id": "another"},
            {"cwd": "/elsewhere"},
        ):
            other = msgspec.structs.replace(record, **differently)
            assert not is_alive(other)
            assert not await stop_survivor(other, signal.SIGKILL, 1.0)
        assert stranger.poll() is None
        assert await stop_survivor(record, signal.SIGTERM, 1.0)
        assert stranger.wait() == -signal.SIGTERM
