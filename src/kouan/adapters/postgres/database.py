"""Connections to one PostgreSQL database: opened on demand, lent to readers, thrown away when broken."""

import asyncio
import select
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow
from psycopg.types.numeric import Int8BinaryDumper

from kouan.adapters.postgres.arrays import Blobs, BlobsDumper, Texts, TextsDumper
from kouan.adapters.postgres.queries import sql
from kouan.vocabulary.errors import Conflict, InvalidValue, KouanError, Unavailable

STATEMENT_TIMEOUT_S = 10
"""Longest run of one statement. Our choice: a hundred times the slowest query measured on 10 million entries."""

CONNECT_TIMEOUT_S = 5
"""Longest wait for a connection. Our choice: an embedded server answers in milliseconds, a far one in a second."""

ANSWER_TIMEOUT_S = STATEMENT_TIMEOUT_S + 5
"""Longest wait for an answer to what was sent: the server's own limit, and time for a last commit to reach the disk."""

PATIENCE_S = 10.0
"""How long a reader waits for a server that restarts. Our choice: recovery after a kill was measured at 0.2 s."""

READERS = 4
"""Connections lent at the same time. Our choice: two to each core of the smallest machine that is supported."""

Connection = AsyncConnection[TupleRow]
Parameters = Mapping[str, Any]


def is_lost(error: psycopg.Error, connection: Connection) -> bool:
    """Say whether the connection can no longer be used after this error."""
    return connection.closed or connection.broken or isinstance(error, (errors.AdminShutdown, errors.CrashShutdown))


def _has_something_to_say(connection: Connection) -> bool:
    """Say whether bytes wait on an idle connection, which is how a server that ends says farewell."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def translate(error: psycopg.Error) -> KouanError:
    """Return the error of ours that says what a statement's failure means to its caller."""
    detail = str(error).strip().partition("\n")[0]
    if isinstance(error, psycopg.IntegrityError):
        return Conflict(detail)
    if isinstance(error, psycopg.DataError):
        return InvalidValue("statement", "database.value", detail)
    if isinstance(error, psycopg.ProgrammingError):
        return KouanError(f"the statement is wrong: {detail}")
    return Unavailable(f"the database answered: {detail}")


class Database:
    """A PostgreSQL database, by its DSN; lends autocommit connections to readers and gives writers one of their own."""

    def __init__(self, dsn: str, *, readers: int = READERS, patience_s: float = PATIENCE_S) -> None:
        self._dsn = dsn
        self._slots = asyncio.Semaphore(readers)
        self._idle: list[Connection] = []
        self._patience_s = patience_s
        self._closed = False

    async def connect(self) -> Connection:
        """Open a connection of the caller's own, in autocommit; raise Unavailable.

        Statements are prepared at their first use. With a higher threshold psycopg (3.3) takes a statement for prepared
        whose preparation a failed pipeline has skipped.
        """
        try:
            connection = await AsyncConnection.connect(
                self._dsn, autocommit=True, prepare_threshold=0, connect_timeout=CONNECT_TIMEOUT_S,
                application_name="kouan", keepalives_idle=10, keepalives_interval=5, keepalives_count=3,
            )  # fmt: skip
        except psycopg.Error as error:
            raise Unavailable(f"the database cannot be reached: {str(error).strip()}") from error
        connection.adapters.register_dumper(int, Int8BinaryDumper)  # one type for all: one prepared statement for all
        connection.adapters.register_dumper(Texts, TextsDumper)
        connection.adapters.register_dumper(Blobs, BlobsDumper)
        try:
            await connection.execute(sql("session.set_up"), {"timeout": f"{STATEMENT_TIMEOUT_S}s"})
        except psycopg.Error as error:
            await connection.close()
            raise Unavailable(f"the database cannot be used: {str(error).strip()}") from error
        return connection

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """Lend a connection; it is thrown away where it breaks or is left within a transaction."""
        async with self._slots:
            connection = await self._next()
            try:
                yield connection
            finally:
                await self._take_back(connection)

    async def fetch_all(self, name: str, params: Parameters) -> Sequence[TupleRow]:
        """Return the rows of a named query that only reads; try again while the server restarts.

        Raises Unavailable once the patience is over.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        pause_s = 0.0
        while True:
            try:
                return await self.change(name, params)
            except Unavailable:
                pause_s = min(2 * pause_s + 0.02, 1.0)
                if self._closed or loop.time() + pause_s > deadline:
                    raise
                await asyncio.sleep(pause_s)

    async def fetch_one(self, name: str, params: Parameters) -> TupleRow | None:
        """Return the first row of a named query that only reads, or None."""
        rows = await self.fetch_all(name, params)
        return rows[0] if rows else None

    async def change(self, name: str, params: Parameters) -> Sequence[TupleRow]:
        """Run a named query once in a transaction of its own; return the rows that it returns.

        Raises Conflict where it collides with what stands, InvalidValue where a value does not fit, Unavailable
        otherwise; after Unavailable it is not known whether the change took effect.
        """
        async with self.lend() as connection:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    cursor = await connection.execute(sql(name), params)
                    return await cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                if is_lost(error, connection):
                    await self._forget_idle()
                raise translate(error) from error
            except TimeoutError as error:
                await connection.close()
                raise Unavailable("the database does not answer") from error

    async def close(self) -> None:
        """Close every connection that is not lent."""
        self._closed = True
        await self._forget_idle()

    async def _next(self) -> Connection:
        """Return an idle connection that the server has not closed meanwhile, else a new one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and not _has_something_to_say(connection):
                return connection
            await connection.close()
        return await self.connect()

    async def _forget_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()

    async def _take_back(self, connection: Connection) -> None:
        usable = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if usable and not connection.closed and not self._closed:
            self._idle.append(connection)
        else:
            await connection.close()
