"""A throw-away PostgreSQL made from the wheel's binaries, which can be killed and started again."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psycopg

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.postgres import as_ordinary_user, binaries
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.migrate import migrate
from kouan.vocabulary.clock import SECOND

SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=64MB",
    "max_connections=80",
)

CLOCK = SystemClock()


class Server:
    """A cluster in a folder, of one superuser ``kouan`` without a password."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._durable = durable
        self._data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.tcp_port: int = free.getsockname()[1]
        initdb = (
            str(binaries() / "initdb"),
            "-D",
            str(self._data),
            "-U",
            "kouan",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        )
        subprocess.run([*as_ordinary_user(), *initdb, "-N"], check=True, capture_output=True)

    def dsn(self, name: str) -> str:
        return f"postgresql://kouan@127.0.0.1:{self.tcp_port}/{name}"

    def start(self) -> None:
        durable = "on" if self._durable else "off"
        options = [word for setting in (*SETTINGS, f"fsync={durable}") for word in ("-c", setting)]
        command = [str(binaries() / "postgres"), "-D", str(self._data), "-p", str(self.tcp_port), *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*as_ordinary_user(), *command], stdout=log, stderr=log)
        deadline = CLOCK.monotonic() + 20 * SECOND
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
                return
            if CLOCK.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(self._log.read_text()[-2000:])
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)

    def kill(self) -> None:
        """Kill the postmaster as ``kill -9`` does, and wait until its children have noticed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        deadline = CLOCK.monotonic() + 20 * SECOND
        while any(_works_in(pid, self._data) for pid in os.listdir("/proc") if pid.isdigit()):
            if CLOCK.monotonic() > deadline:
                raise RuntimeError("children of the killed postmaster live on")
            os.sched_yield()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: the folder is thrown away
            self._process.wait(20)
        shutil.rmtree(self._data, ignore_errors=True)

    def make_template(self) -> None:
        async def prepare() -> None:
            database = Database(self.dsn("template"))
            await migrate(database)
            await database.close()

        self._execute('CREATE DATABASE "template"')
        asyncio.run(prepare())

    def new_database(self, template: str = "template") -> str:
        """Make a database with the schema; return its DSN."""
        self._count += 1
        name = f"test_{self._count}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.dsn(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def _works_in(pid: str, folder: Path) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(folder.resolve())
    except OSError:
        return False
