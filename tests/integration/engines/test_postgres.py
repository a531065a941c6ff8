"""PostgreSQL as a child process: durable, reachable by its owner only, and never on a half-made cluster."""

import socket
from pathlib import Path

import psycopg
import pytest

from kouan.adapters.engines import postgres
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor
from kouan.vocabulary.errors import Corrupt, Unavailable


async def _ask(dsn: str, query: str) -> object:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        cursor = await connection.execute(query)  # type: ignore[arg-type]
        row = await cursor.fetchone() if cursor.description else None
        return row[0] if row else None


async def test_it_starts_with_durable_settings_and_keeps_its_data_and_its_port(folder: DataFolder) -> None:
    async with EmbeddedPostgres(folder).running() as first:
        assert await _ask(first.dsn, "SHOW fsync") == "on"
        assert await _ask(first.dsn, "SHOW synchronous_commit") == "on"
        assert await _ask(first.dsn, "SHOW data_checksums") == "on"
        await _ask(first.dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    async with EmbeddedPostgres(folder).running() as second:
        assert second.dsn == first.dsn
        assert await _ask(second.dsn, "SELECT n FROM kept") == 7


async def test_a_flipped_bit_among_the_states_of_old_transactions_is_found_out_at_the_next_start(
    folder: DataFolder,
) -> None:
    async with EmbeddedPostgres(folder).running() as server:
        await _ask(server.dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        xid = int(str(await _ask(server.dsn, "SELECT xmin::text FROM kept")))
    async with EmbeddedPostgres(folder).running():
        pass
    states = folder.path / "postgres" / "pg_xact" / "0000"
    sound = states.read_bytes()
    flipped = bytearray(sound)
    flipped[xid // 4] ^= 1 << xid % 4 * 2  # committed (01) becomes nothing
    states.write_bytes(flipped)
    with pytest.raises(Corrupt, match="which transactions committed"):
        await EmbeddedPostgres(folder).start(Supervisor())

    states.write_bytes(sound)
    async with EmbeddedPostgres(folder).running() as server:
        assert await _ask(server.dsn, "SELECT n FROM kept") == 7


async def test_the_mark_follows_the_checkpoints_while_the_server_runs(folder: DataFolder) -> None:
    supervisor = Supervisor()
    engine = EmbeddedPostgres(folder)
    try:
        server = await engine.start(supervisor)
        before = (folder.path / "transactions.mark").read_bytes()
        for number in range(8):
            await _ask(server.dsn, f"CREATE TABLE kept_{number} AS SELECT 7 AS n")
        await _ask(server.dsn, "CHECKPOINT")
        await engine._accepts(server)
        assert (folder.path / "transactions.mark").read_bytes() != before
    finally:
        await supervisor.stop()
    async with EmbeddedPostgres(folder).running():
        pass


async def test_nobody_connects_without_the_generated_password(folder: DataFolder) -> None:
    async with EmbeddedPostgres(folder).running() as server:
        with pytest.raises(psycopg.OperationalError, match="password"):
            await _ask(server.dsn.replace(server.password, "guess"), "SELECT 1")
        assert await _ask(server.dsn, "SHOW listen_addresses") == "127.0.0.1"
        assert await _ask(server.dsn, "SHOW unix_socket_directories") == ""


async def test_a_cluster_half_made_by_a_crash_is_made_again(folder: DataFolder) -> None:
    (folder.folder("postgres.new") / "PG_VERSION").write_text("18\n")
    async with EmbeddedPostgres(folder).running() as server:
        assert await _ask(server.dsn, "SELECT 1") == 1
    assert not (folder.path / "postgres.new").exists()


async def test_a_port_taken_in_the_last_moment_is_replaced(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], postgres.free_tcp_port()])
        monkeypatch.setattr(postgres, "free_tcp_port", lambda _: next(ports))
        async with EmbeddedPostgres(folder).running() as server:
            assert server.tcp_port != taken.getsockname()[1]


async def test_data_of_another_version_is_refused_with_what_to_do(folder: DataFolder) -> None:
    (folder.folder("postgres") / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(Unavailable, match=r"made by PostgreSQL 9\.6.*pg_upgrade"):
        await EmbeddedPostgres(folder).start(Supervisor())


async def test_a_failed_start_tells_what_the_server_said_and_leaves_nothing_running(folder: DataFolder) -> None:
    supervisor = Supervisor()
    with pytest.raises(Unavailable, match="shared_buffers"):
        await EmbeddedPostgres(folder, settings={"shared_buffers": "nonsense"}).start(supervisor)
    assert not (folder.path / "children" / "postgres.json").exists()


async def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    with DataFolder(tmp_path / ("x" * 100) / ("y" * 100)) as folder:
        async with EmbeddedPostgres(folder).running() as server:
            assert await _ask(server.dsn, "SELECT 1") == 1
