"""The storage floor: the very rows of measured passages, inserted again in large batches into the same PostgreSQL.

The rows are those that the passages left: entries, rows of the projections, sealed personal data. They are read out in
COPY's binary form and copied in again under another port's name, 1,000 entries and what belongs to them in a
transaction: no statement, no Python value stands between PostgreSQL and its disk.
"""

import statistics
import time

import msgspec
import psycopg
from psycopg import sql

from kouan.proving.bench_gate.world import PORT

BATCH = 1000
"""Entries in one transaction."""

REPEATS = 3
"""How often the rows are inserted; the median is the figure."""

TABLES: tuple[tuple[str, str], ...] = (
    ("ledger_entries", "seq > {low} AND seq <= {high}"),
    ("sealed_personal", "seq > {low} AND seq <= {high}"),
    ("gate_passages", "passage IN ({closed})"),
    ("gate_sightings", "passage IN ({closed})"),
    ("gate_visits", "in_passage IN ({closed})"),
)
"""Tables in which a passage leaves rows, and which of them are of a batch."""

CLOSED = (
    "SELECT stream FROM ledger_entries WHERE port = {port} AND kind = 'gate.closed/1' AND seq > {low} AND seq <= {high}"
)


class Floor(msgspec.Struct, frozen=True):
    """Passages a second of each repeat and their median, how many passages, entries and rows in all there were.

    ``bytes_a_passage`` is what a passage's rows hold, in COPY's binary form.
    """

    per_s: float
    rates: tuple[float, ...]
    passages: int
    entries: int
    rows: int
    bytes_a_passage: int


class _Piece(msgspec.Struct, frozen=True):
    """Rows of one table in COPY's binary form, less the name of their port."""

    table: str
    columns: tuple[str, ...]
    data: bytes


def measure(dsn: str, first: int, last: int) -> Floor:
    """Insert the rows of the passages that closed in entries (first, last] again; return how fast that went."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        passages = _count_passages(connection, first, last)
        rates: list[float] = []
        rows, batches = 0, list[list[_Piece]]()
        for repeat in range(REPEATS):
            batches = [
                _read(connection, low, min(low + BATCH, last), f"floor-{repeat}") for low in range(first, last, BATCH)
            ]
            began = time.perf_counter()
            rows = sum(_insert(connection, batch) for batch in batches)
            rates.append(passages / (time.perf_counter() - began))
        size = sum(len(piece.data) for batch in batches for piece in batch)
    return Floor(
        per_s=statistics.median(rates),
        rates=tuple(round(rate, 1) for rate in rates),
        passages=passages,
        entries=last - first,
        rows=rows,
        bytes_a_passage=size // max(1, passages),
    )


def _count_passages(connection: psycopg.Connection, first: int, last: int) -> int:
    query = "SELECT count(*) FROM ledger_entries WHERE port = %s AND kind = 'gate.closed/1' AND seq > %s AND seq <= %s"
    row = connection.execute(query, (PORT, first, last)).fetchone()
    return 0 if row is None else int(row[0])


def _read(connection: psycopg.Connection, low: int, high: int, port: str) -> list[_Piece]:
    """Return the rows of one batch under another port's name."""
    pieces: list[_Piece] = []
    for table, which in TABLES:
        columns = _columns(connection, table)
        bounds = {"low": sql.Literal(low), "high": sql.Literal(high), "port": sql.Literal(PORT)}
        closed = sql.SQL(CLOSED).format(**bounds)
        query = sql.SQL("COPY (SELECT {as_port}::text, {columns} FROM {table} WHERE port = {port} AND {which})").format(
            as_port=sql.Literal(port),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=sql.Identifier(table),
            port=bounds["port"],
            which=sql.SQL(which).format(closed=closed, **bounds),
        )
        with connection.cursor().copy(query + sql.SQL(" TO STDOUT (FORMAT binary)")) as copy:
            pieces.append(_Piece(table, columns, b"".join(bytes(part) for part in copy)))
    return pieces


def _columns(connection: psycopg.Connection, table: str) -> tuple[str, ...]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    return tuple(row[0] for row in connection.execute(query, (table,)) if row[0] != "port")


def _insert(connection: psycopg.Connection, batch: list[_Piece]) -> int:
    """Insert one batch in one transaction; return how many rows it had."""
    rows = 0
    with connection.transaction(), connection.cursor() as cursor:
        for piece in batch:
            names = sql.SQL(", ").join(map(sql.Identifier, ("port", *piece.columns)))
            into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(piece.table), names)
            with cursor.copy(into) as copy:
                copy.write(piece.data)
            rows += cursor.rowcount
    return rows
