"""Bits that flip at rest, in what was synced: each must be found out, or make no difference; never be served.

Every trial goes back to the same disk, turns bits over in one kind of file, starts the real engine on it, reads all
that it serves, and holds that against what it served before. What an engine or kouan refuses, or reports, is found out.
What is served just as before is harmless: the bit stood in bytes that mean nothing. What is forgotten of the last
second, after the ledger's mark, is counted apart: nobody can find out that it was there. Anything else is served wrong.
"""

import asyncio
import contextlib
import enum
import hashlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import psycopg
from psycopg import sql

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats, NatsServer
from kouan.adapters.engines.postgres import EmbeddedPostgres, PostgresServer
from kouan.adapters.lane_controller.file_log import FileNonceLog
from kouan.proving.durability.edge import PORT
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.proving.running_port import kill_all_on
from kouan.vocabulary.errors import Corrupt, KouanError
from kouan.wiring.brokers import broker_of
from kouan.wiring.links import platform_link
from kouan.wiring.offline import opened, verify

QUIET_S = 1.5
"""Seconds without a message after which the broker has delivered all. Our choice: it delivers thousands in one."""


class Outcome(enum.StrEnum):
    """What came of flipped bits."""

    DETECTED = "detected"
    HARMLESS = "harmless"
    FORGOTTEN = "forgotten"
    SERVED = "served"


class Kind(enum.StrEnum):
    """The kinds of files in which bits are turned over."""

    TABLES = "tables and indexes"
    TRANSACTIONS = "states of transactions"
    CATALOGUE = "shared catalogue"
    WAL = "write-ahead log"
    MESSAGES = "stored messages"
    NONCES = "nonce log"


class Trial(msgspec.Struct, frozen=True):
    """One trial: where bits were turned over, what came of it, and what was said."""

    kind: Kind
    places: tuple[str, ...]
    outcome: Outcome
    said: str = ""


UNDER: dict[Kind, tuple[str, ...]] = {
    Kind.TABLES: ("postgres/base",),
    Kind.TRANSACTIONS: ("postgres/pg_xact",),
    Kind.CATALOGUE: ("postgres/global",),
    Kind.WAL: ("postgres/pg_wal",),
    Kind.MESSAGES: ("nats/jetstream/KOUAN/streams/$MQTT_msgs/msgs",),
    Kind.NONCES: ("lane-controller/nonces.log",),
}
BITS = {Kind.TABLES: 16, Kind.TRANSACTIONS: 1, Kind.CATALOGUE: 8, Kind.WAL: 64, Kind.MESSAGES: 1, Kind.NONCES: 1}
"""Bits turned over in one trial. Our choice: so many that most trials hit bytes that are read."""

Served = dict[str, str]
"""Everything that an engine serves: a text that stands for it, by table, message or record."""


class Flips:
    """Trials on a disk that lies as a power cut left it, while nothing runs; the disk is left as it was found."""

    def __init__(self, disk: MountedDisk, work: Path, chance: Random) -> None:
        self._disk = disk
        self._work = work
        self._chance = chance
        disk.keep()
        self._before = {Kind.MESSAGES: asyncio.run(_messages(disk.place))}
        self._back()
        self._before[Kind.TABLES] = asyncio.run(_tables(disk.place))
        self._back()
        self._nonces = (disk.place / "lane-controller" / "nonces.log").read_bytes()

    @property
    def messages(self) -> int:
        """How many messages the broker has to deliver."""
        return len(self._before[Kind.MESSAGES])

    def run(self, kind: Kind, trials: int) -> list[Trial]:
        """Run so many trials of one kind."""
        one = self._in_log if kind is Kind.NONCES else self._on_disk
        return [one(kind) for _ in range(trials)]

    def _on_disk(self, kind: Kind) -> Trial:
        flips = self._disk.flip(self._chance.getrandbits(48), UNDER[kind], BITS[kind])
        places = tuple(f"{flip.path}:{flip.offset}" for flip in flips)
        reader, before = (_messages, Kind.MESSAGES) if kind is Kind.MESSAGES else (_tables, Kind.TABLES)
        try:
            outcome, said = _judge(self._before[before], asyncio.run(reader(self._disk.place)), marked=kind is Kind.WAL)
        except (KouanError, psycopg.Error, OSError) as error:
            outcome, said = Outcome.DETECTED, " ".join(str(error).split())[:300]
        self._back()
        return Trial(kind, places, outcome, said)

    def _back(self) -> None:
        """Go back to the disk as it was found; a PostgreSQL that had to be killed leaves processes at their work."""
        kill_all_on(self._disk.place)
        self._disk.back()

    def _in_log(self, kind: Kind) -> Trial:
        """Turn one bit of the nonce log over in a copy beside the disk, and open that."""
        bit = self._chance.randrange(len(self._nonces) * 8)
        path = self._work / "flipped" / "nonces.log"
        before = _records(path, self._nonces)
        damaged = bytearray(self._nonces)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            outcome, said = _judge(before, _records(path, bytes(damaged)))
        except Corrupt as error:
            outcome, said = Outcome.DETECTED, str(error)
        return Trial(kind, (f"{UNDER[kind][0]}:{bit // 8}",), outcome, said)


def _judge(before: Served, after: Served, *, marked: bool = False) -> tuple[Outcome, str]:
    """Compare what is served with what was; what an engine itself reported stands under an empty name.

    Where a mark was held against what is served, what is missing of it was recorded after the mark.
    """
    reported = after.get("", "")
    before, after = ({name: text for name, text in served.items() if name} for served in (before, after))
    if before == after:
        return Outcome.HARMLESS, reported
    different = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    invented = [name for name in different if name in after]
    if reported and not invented:
        return Outcome.DETECTED, reported
    outcome = Outcome.FORGOTTEN if marked and not invented else Outcome.SERVED
    return outcome, f"{len(different)} differ: {different[:5]}; {reported}"


def _records(path: Path, data: bytes) -> Served:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with FileNonceLog(path) as log:
        return {str(number): str(record) for number, record in enumerate(asyncio.run(_read(log)))}


async def _read(log: FileNonceLog) -> Sequence[object]:
    return await log.read()


async def _tables(place: Path) -> Served:
    """Start PostgreSQL on the disk; read every row of every table, and verify the ledger. Raises what they raise."""
    folder = DataFolder(place)
    with folder:
        async with EmbeddedPostgres(folder).running() as server:
            served = await _rows(server)
            async with opened(place, PORT, database=server.dsn) as store:
                report = await verify(store, place)
            if not report.intact:
                raise Corrupt(f"the ledger does not verify: {report.findings[:1]}")
            return served


async def _rows(server: PostgresServer) -> Served:
    """Return a digest of every row, by table and row."""
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as connection:
        names = await (
            await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ).fetchall()
        served: Served = {}
        for (name,) in names:
            query = sql.SQL("SELECT md5(t::text), count(*) FROM {} AS t GROUP BY 1").format(sql.Identifier(name))
            for digest, count in await (await connection.execute(query)).fetchall():
                served[f"{name} {digest}"] = str(count)
        return served


async def _messages(place: Path) -> Served:
    """Start nats-server on the disk and take all messages that wait for the platform; with its warnings, if any."""
    folder = DataFolder(place)
    with folder:
        log = place / "logs" / "nats.log"
        start = log.stat().st_size if log.exists() else 0
        async with EmbeddedNats(folder).running() as server:
            served = await _taken(folder, server)
        said = log.read_bytes()[start:].decode("utf-8", "replace").splitlines()
    # While it starts, the health check says that it has not started.
    warnings = [line for line in said if ("[WRN]" in line or "[ERR]" in line) and "Healthcheck" not in line]
    return {**served, "": " ".join(warnings)[:300]} if warnings else served


async def _taken(folder: DataFolder, server: NatsServer) -> Served:
    """Return a digest of every message that waits for the platform, by its place in the stream."""
    served: Served = {}
    async with platform_link(folder, broker_of(server), PORT) as link:
        received = link.receive()
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(QUIET_S):
                    one = await anext(received)
                text = f"{one.topic} ".encode() + one.payload
                served[one.key.rpartition(":")[2]] = hashlib.sha256(text).hexdigest()
    return served
