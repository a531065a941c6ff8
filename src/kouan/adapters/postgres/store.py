"""The PostgreSQL store behind the group writer: opening, committing, settling."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from kouan.adapters.appending.chain import Standing
from kouan.adapters.appending.opening import CHECKED_ENTRIES, check_end, check_head, frontier_at
from kouan.adapters.appending.store import BusyError, GroupFailedError, KeysTakenError, Known, LostError, Written, told
from kouan.adapters.postgres.commit import Group, apply_carefully, commit_at_once, finish_carefully
from kouan.adapters.postgres.database import ANSWER_TIMEOUT_S, Connection, Database, is_lost, translate
from kouan.adapters.postgres.queries import known_statements, sql
from kouan.adapters.postgres.reading import Reading, entry_of
from kouan.adapters.postgres.subjects import seal_all
from kouan.adapters.signing.sealing import Sealer
from kouan.ledger.entries import GENESIS, Entry
from kouan.ledger.merkle import Frontier
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt, Fenced, Unavailable

_FENCED, _REFUSED = "KN001", "KN002"
_KEYS_INDEX = "ledger_entries_key"
_BUSY_CLASSES = ("40", "53", "55")
# SQLSTATE classes after which the same statements may succeed: transaction rollback (deadlock), insufficient resources
# (disk full), object not in prerequisite state (lock not available). PostgreSQL manual, appendix A.


class PostgresStore:
    """Commits groups to one port's ledger over a connection of its own."""

    def __init__(self, database: Database, port: str, sealer: Sealer) -> None:
        self._database = database
        self._port = port
        self._sealer = sealer
        self._connection: Connection | None = None

    @property
    def known(self) -> Known:
        """The guards and effects of ``queries/*.sql``."""
        return known_statements()

    async def open(self, epoch: int | None) -> Standing:
        """Connect and raise the epoch; verify the end of the ledger at the first opening."""
        await self.close()
        try:
            self._connection = await self._database.connect()
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._raise_epoch(self._connection, epoch)
        except (psycopg.Error, Unavailable, TimeoutError) as error:
            await self.close()
            if isinstance(error, Fenced):
                raise
            raise LostError(str(error)) from error
        except BaseException:
            await self.close()
            raise

    async def _raise_epoch(self, connection: Connection, epoch: int | None) -> Standing:
        if epoch is None:
            params = {"port": self._port, "genesis": bytes.fromhex(GENESIS)}
            row = await (await connection.execute(sql("ledger.open_writer"), params)).fetchone()
        else:
            held = {"port": self._port, "epoch": epoch}
            row = await (await connection.execute(sql("ledger.reopen_writer"), held)).fetchone()
        if row is None:
            raise Fenced(f"a newer writer holds port {self._port}")
        standing = Standing(row[0], row[1], bytes(row[2]).hex(), row[3], Frontier())
        reading = Reading(connection, self._port)
        if epoch is None:
            await self._verify(reading, standing)
        return msgspec.structs.replace(standing, frontier=await frontier_at(reading, standing.sequence))

    async def _verify(self, reading: Reading, standing: Standing) -> None:
        if await reading.has_beyond(standing.sequence):
            raise Corrupt(f"there are entries beyond number {standing.sequence}, the last that the writer knows")
        await check_end(reading, standing, await reading.last(standing.sequence, CHECKED_ENTRIES))
        await check_head(reading, standing, await reading.latest_head())

    async def commit(self, units: Sequence[Unit], standing: Standing, at: Instant) -> Written:
        """Record the units in one commit; see ``Store.commit``."""
        connection = self._connection
        if connection is None or connection.closed:
            raise LostError("the connection to the database is closed")
        sent: list[Written] = []
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                sealed = await seal_all(connection, self._sealer, units)
                group = Group(self._port, units, standing, at, sealed)
                return await _commit(connection, group, sent)
        except TimeoutError as error:
            await self.close()
            raise LostError("the database does not answer", sent[0] if sent else None) from error
        except psycopg.Error as error:
            if is_lost(error, connection):
                await self.close()
                raise LostError(str(error).strip(), sent[0] if sent else None) from error
            await self._leave(connection)
            raise _meaning(error, self._port) from error
        except Exception as error:
            await self._leave(connection)
            raise GroupFailedError(told(error)) from error

    async def _leave(self, connection: Connection) -> None:
        """Undo what was done so far; where that fails, the connection is given up, which undoes it too."""
        try:
            await _leave_transaction(connection)
        except psycopg.Error:
            await self.close()

    async def recorded(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Return the entries that are recorded under these keys."""
        try:
            rows = await self._database.fetch_all("ledger.recorded", {"port": self._port, "keys": list(keys)})
        except Unavailable as error:
            raise LostError(str(error)) from error
        return {entry.key: entry for entry in map(entry_of, rows)}

    async def close(self) -> None:
        """Close the connection; what it had not committed is undone by the server."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _commit(connection: Connection, group: Group, sent: list[Written]) -> Written:
    """Commit at once, or carefully where a guard refused; note in ``sent`` what stands if the answer is lost."""
    block = group.block()
    sent.append(Written(block, {}))
    try:
        await commit_at_once(connection, group, block)
    except psycopg.Error as error:
        if error.sqlstate != _REFUSED:
            raise
        await _leave_transaction(connection)
    else:
        return sent[0]
    sent.clear()
    return await _commit_carefully(connection, group, sent)


async def _commit_carefully(connection: Connection, group: Group, sent: list[Written]) -> Written:
    refused = await apply_carefully(connection, group)
    units = [unit for place, unit in enumerate(group.units) if place not in refused]
    rest = msgspec.structs.replace(group, units=units)
    written = Written(rest.block(), refused)
    if not units:
        await _leave_transaction(connection)
        return written
    sent.append(written)
    await finish_carefully(connection, rest, written.block)
    return written


async def _leave_transaction(connection: Connection) -> None:
    if connection.info.transaction_status != TransactionStatus.IDLE:
        await connection.execute("ROLLBACK")


def _meaning(error: psycopg.Error, port: str) -> Exception:
    """Return what an answer of the server, after which the connection still stands, means to the writer."""
    state = error.sqlstate or ""
    if state == _FENCED:
        return Fenced(f"a newer writer holds port {port}")
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name == _KEYS_INDEX:
        return KeysTakenError()
    if state.startswith(_BUSY_CLASSES):
        return BusyError(str(error).strip())
    return GroupFailedError(translate(error))
