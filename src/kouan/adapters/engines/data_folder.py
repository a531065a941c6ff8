"""The folder with everything that one kouan keeps on this machine, and the lock that gives it one owner.

- ``lock``: held (flock) by the running kouan; its text is that process's pid
- ``run.json``: how to reach the running instance; gone after a clean stop
- ``secrets/run.json``: the addresses that hold a password (``dsn``)
- ``tcp_ports.json``: the tcp ports used last, taken again at the next start where they are free
- ``secrets/NAME``: generated passwords, one file each, mode 0600
- ``children/NAME.json``: the pid and start time of each child process
- ``logs/NAME.log``: what each child wrote, bounded
- ``ledger.mark``: how far the ledger had come, so that a database that forgot is found out
- ``transactions.mark``: which transactions had committed, so that a flipped bit among them is found out
- ``postgres/``, ``nats/``: the engines' own data
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import platformdirs

from kouan.adapters.engines.survivors import started_ticks
from kouan.adapters.folders import sync_folder
from kouan.vocabulary.errors import Conflict, NotFound, Unavailable


class Running(msgspec.Struct, frozen=True):
    """How to reach a running instance: its process, and addresses by name (``dsn``, ``nats_url``, ``mqtt_port`` …)."""

    pid: int
    started_ticks: int | None
    addresses: Mapping[str, str | int] = {}


_SECRET_ADDRESSES = frozenset({"dsn"})
"""Names of addresses that hold a password."""


def default_path() -> Path:
    """Return the folder used when none is given: the platform's place for a user's data."""
    return Path(platformdirs.user_data_path("kouan", appauthor=False))


class DataFolder:
    """One kouan's data on this machine. Use ``with DataFolder(path):`` to own it; only the owner starts engines."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def owned(self) -> bool:
        """Whether this process holds the lock."""
        return self._lock is not None

    def in_use(self) -> bool:
        """Whether a kouan, this or another one, owns the folder now."""
        if self.owned:
            return True
        try:
            lock = os.open(self.path / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def acquire(self) -> None:
        """Take the lock.

        Raises Conflict, naming the pid of the instance that has it, and Unavailable if the folder cannot be used.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Python opens files close-on-exec, so no child keeps the lock after its parent has died.
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(f"data folder {self.path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise Conflict(
                f"data folder {self.path} is in use by kouan with pid {holder}: "
                "stop that one first, or give this one another folder with --data"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
        self._lock = lock

    def release(self) -> None:
        """Give the lock back and withdraw ``run.json``; does nothing if it is not held."""
        if self._lock is None:
            return
        for name in ("run.json", "secrets/run.json"):
            with contextlib.suppress(FileNotFoundError):
                (self.path / name).unlink()
        lock, self._lock = self._lock, None
        # Unlocked by name, because a child between fork and exec still has a copy of the descriptor.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)

    def folder(self, name: str) -> Path:
        """Return a sub-folder, made (mode 0700) if it is not there."""
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def write(self, name: str, content: bytes) -> Path:
        """Replace a small file atomically and durably, mode 0600; return its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(draft, path)
        sync_folder(path.parent)
        return path

    def secret(self, name: str) -> str:
        """Return the generated password kept as ``secrets/<name>``, made at first use (256 bits, URL-safe)."""
        path = self.path / "secrets" / name
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            password = secrets.token_urlsafe(32)
            self.write(f"secrets/{name}", f"{password}\n".encode("ascii"))
            return password

    def last_tcp_ports(self) -> dict[str, int]:
        """Return the tcp ports used last, by name."""
        try:
            return msgspec.json.decode((self.path / "tcp_ports.json").read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.MsgspecError):
            return {}

    def remember_tcp_ports(self, **ports: int) -> None:
        """Keep the tcp ports in use, so that the next start takes the same ones."""
        self.write("tcp_ports.json", msgspec.json.encode({**self.last_tcp_ports(), **ports}))

    def announce(self, **addresses: str | int) -> None:
        """Write ``run.json``, adding to what was announced before by this process; ``dsn`` is kept secret."""
        known: Mapping[str, str | int] = {}
        with contextlib.suppress(NotFound):
            before = self._run_record()
            known = before.addresses if before.pid == os.getpid() else {}
        known = {**known, **addresses}
        for name, secret in (("secrets/run.json", True), ("run.json", False)):  # who finds the second finds the first
            chosen = {key: value for key, value in known.items() if (key in _SECRET_ADDRESSES) == secret}
            self.write(name, msgspec.json.encode(Running(os.getpid(), started_ticks(os.getpid()), chosen)))

    def running(self) -> Running:
        """Return how to reach the instance that runs on this data; raise NotFound when none does."""
        record = self._run_record()
        if started_ticks(record.pid) != record.started_ticks:
            raise NotFound(f"no kouan is running on {self.path}: its last run ended without a clean stop")
        return record

    def _run_record(self) -> Running:
        try:
            shown, secret = (
                msgspec.json.decode((self.path / name).read_bytes(), type=Running)
                for name in ("run.json", "secrets/run.json")
            )
        except (FileNotFoundError, msgspec.MsgspecError) as error:
            raise NotFound(f"no kouan is running on {self.path}") from error
        return Running(shown.pid, shown.started_ticks, {**shown.addresses, **secret.addresses})
