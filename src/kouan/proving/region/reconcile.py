"""How long a real hub takes for what a real port recorded while it was cut off.

The port's ledger is filled with the entries of so many hours; then the port comes to its hub, over the hub's own
nats-server, and the seconds are counted from its first attempt to connect until the hub says that it holds the last
entry. The hub is a process of its own, as ``kouan run --role hub`` runs it.
"""

import asyncio
import contextlib
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.heads import HeadSigner
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.network import PostgresEdgeRecords, PostgresHubRecords
from kouan.adapters.signing.files import open_sealing_keys
from kouan.adapters.signing.sealing import Sealer
from kouan.ledger.roles import Unit
from kouan.proving.region.traffic import PORT, Story, plate_of, stories
from kouan.proving.running_port import processes_on
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.wiring import keys
from kouan.wiring.edge import HubIdentity, open_edge
from kouan.wiring.region_links import edge_link, enrol_edge

GOAL_S = 60.0
"""What is aimed at for 72 hours at 3,000 lorries a day."""

LORRIES_A_UNIT = 40
"""Lorries whose entries are recorded in one unit. Our choice: a thousand entries a commit, to fill quickly."""

PATIENCE_S = 900.0
"""When a reconciliation is given up. Our choice: fifteen times the goal."""

PAGE = 10_000

Tell = Callable[[str], None]


def reconcile(*, hours: float, lorries: int, tell: Tell = lambda _: None) -> Mapping[str, Any]:
    """Fill a port with so many hours of so many lorries a day, bring it to its hub, and return what was measured."""
    told = stories()
    with tempfile.TemporaryDirectory(prefix="kouan-reconcile-") as folder:
        return asyncio.run(_reconcile(Path(folder), told, max(1, round(hours * lorries / 24)), hours, tell))


async def _reconcile(folder: Path, told: Sequence[Story], count: int, hours: float, tell: Tell) -> Mapping[str, Any]:
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        port = stack.enter_context(DataFolder(folder / "port"))
        hub_url, hub_dsn = await stack.enter_async_context(_hub(folder / "hub"))
        server = await stack.enter_async_context(EmbeddedPostgres(port).running())
        database = Database(server.dsn)
        stack.push_async_callback(database.close)
        await migrate(database)
        sealer = Sealer(open_sealing_keys(port.path / "keys" / "sealing.json"))
        ledger = await PostgresLedger.open_writer(database, PORT, clock, sealer)
        stack.push_async_callback(ledger.close)
        tell(f"recording {count} lorries")
        began = clock.monotonic()
        await _fill(ledger, told, count, clock.now() - round(hours * 3600) * SECOND, hours)
        filled_s = (clock.monotonic() - began) / SECOND
        heads = HeadSigner(ledger, ledger.writer, keys.ledger_signer(port.path, PORT), PORT, clock)
        await heads.sign()
        size = await ledger.size()
        tell(f"forwarding {size} entries")
        signer = keys.ledger_signer(port.path, PORT)
        bundle = await enrol_edge(DataFolder(folder / "hub"), PORT, signer.public_key, clock)
        identity = HubIdentity(bundle.region, bundle.hub_key_id, bundle.hub_public_key)
        began, cpu_s = clock.monotonic(), _cpu_s(folder)
        link = await stack.enter_async_context(edge_link(bundle, hub_url))
        edge = await open_edge(PORT, identity, ledger, PostgresEdgeRecords(database, PORT), link, clock)
        tasks = [asyncio.create_task(part) for part in edge.parts()]
        stack.callback(lambda: [task.cancel() for task in tasks])
        async with asyncio.timeout(PATIENCE_S):
            while (edge.forwarder.progress.taken or 0) < size:  # noqa: ASYNC110 - the forwarder tells nobody
                await asyncio.sleep(0.02)
        took_s, cpu_s = (clock.monotonic() - began) / SECOND, _cpu_s(folder) - cpu_s
        same = await _same(ledger, hub_dsn, size, clock)
    return {
        "hours": hours,
        "lorries": count,
        "entries": size,
        "filled_s": round(filled_s, 1),
        "reconciled_s": round(took_s, 2),
        "entries_per_s": round(size / took_s),
        "cpu_s": round(cpu_s, 1),
        "load_average": round(os.getloadavg()[0], 1),
        "goal_s": GOAL_S,
        "within_goal": took_s <= GOAL_S,
        "violations": 0 if same else 1,
    }


async def _fill(ledger: PostgresLedger, told: Sequence[Story], count: int, begins: Instant, hours: float) -> None:
    apart_us = round(hours * 3600 * SECOND / count)
    for first in range(0, count, LORRIES_A_UNIT):
        drafts = [
            draft
            for number in range(first, min(first + LORRIES_A_UNIT, count))
            for draft in told[number % len(told)].tell(f"{PORT}-{number}", plate_of(number), begins + number * apart_us)
        ]
        await ledger.append(Unit(tuple(drafts)))


@contextlib.asynccontextmanager
async def _hub(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Run a hub in a process of its own; gives the address for edges and its database's."""
    command = (sys.executable, "-m", "kouan", "run", "--role", "hub", "--data", str(folder), "--no-browser", "--json")
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        yield await _addresses(DataFolder(folder), child)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


async def _addresses(folder: DataFolder, child: asyncio.subprocess.Process) -> tuple[str, str]:
    async with asyncio.timeout(120):
        while True:
            if child.returncode is not None:
                raise Unavailable(f"the hub ended with {child.returncode}")
            with contextlib.suppress(NotFound):
                found = folder.running().addresses
                if "region" in found:
                    return str(found["hub_url"]), str(found["dsn"])
            await asyncio.sleep(0.1)


def _cpu_s(folder: Path) -> float:
    """Return the processor time of this process and of all that work on the folder: both databases, hub, nats-server.

    A machine that is busy with other things shows a longer time by the clock, and the same here.
    """
    ticks = 0
    for pid in processes_on(folder):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


async def _same(ledger: PostgresLedger, hub_dsn: str, size: int, clock: SystemClock) -> bool:
    """Say whether the hub holds the port's ledger: as many entries, each with the same leaf hash, in this order."""
    database = Database(hub_dsn)
    records = PostgresHubRecords(database, (), tuple, clock)
    try:
        own, copy = hashlib.sha256(), hashlib.sha256()
        for start in range(0, size + 1, PAGE):
            for leaf in await ledger.leaf_hashes(start, start + PAGE):
                own.update(leaf)
            for encoded in await records.entries(PORT, start, PAGE):
                copy.update(hashlib.sha256(b"\x00" + encoded).digest())
        return own.digest() == copy.digest()
    finally:
        await database.close()
