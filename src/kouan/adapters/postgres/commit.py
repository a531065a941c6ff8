"""One commit of a group of units to PostgreSQL.

All of it goes to the server in one flush, and nothing is asked in between: BEGIN, the writer's fence, the entries as
arrays, each unit's guards and effects in order, COMMIT. A guard that finds no row raises on the server, which skips
what follows, and the group is done again the careful way, with a savepoint for each unit that has guards.

BEGIN and COMMIT are sent although a pipeline is a transaction without them: what fails on this side in the middle of it
(a parameter that cannot be adapted, a cancelled task) would else commit the statements before it.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from kouan.adapters.appending.chain import Block, Standing, chain
from kouan.adapters.postgres.arrays import Blobs, Texts, packed
from kouan.adapters.postgres.database import Connection
from kouan.adapters.postgres.queries import Query, queries, sql
from kouan.adapters.signing.sealing import Sealed
from kouan.ledger.entries import FORMAT
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant

Cursor = AsyncCursor[TupleRow]


class Group(msgspec.Struct, frozen=True):
    """Units that go into one commit, with their personal data sealed, by commitment."""

    port: str
    units: Sequence[Unit]
    standing: Standing
    at: Instant
    sealed: Mapping[str, Sealed]

    def block(self) -> Block:
        """Return what the group adds to the ledger."""
        return chain(self.port, self.standing, self.units, self.at)


@asynccontextmanager
async def flushed(connection: Connection) -> AsyncIterator[Cursor]:
    """Send what the block executes in one flush; raise the error of the statement that failed first.

    psycopg's own end of a pipeline may raise, instead, that the statements after it were skipped.
    """
    failure: psycopg.Error | None = None
    try:
        async with connection.pipeline() as pipeline, connection.cursor() as cursor:
            try:
                yield cursor
                await pipeline.sync()
            except psycopg.Error as error:
                failure = error
    except psycopg.errors.PipelineAborted:
        if failure is None:
            raise
    if failure is not None:
        raise failure


async def commit_at_once(connection: Connection, group: Group, block: Block) -> None:
    """Commit the group in one flush.

    Raises what the server answers: SQLSTATE KN001 where the writer is fenced, KN002 where a guard refuses.
    """
    async with flushed(connection) as cursor:
        await cursor.execute("BEGIN")
        await _insert(cursor, group, block)
        first = group.standing.sequence + 1
        for place, unit in enumerate(group.units):
            for guard in unit.guards:
                own = {"port": group.port, **guard.params, "place": place}
                await cursor.execute(queries()[guard.name].guarding, own)
            for query, params in _effects(group.port, unit, first):
                await cursor.execute(query.sql, params)
            first += len(unit.drafts)
        await cursor.execute("COMMIT")


async def apply_carefully(connection: Connection, group: Group) -> Mapping[int, str]:
    """Begin a transaction and apply guards and effects, unit by unit; return which units a guard refused.

    The writer's row is locked first, so that two writers can only wait for each other in one order.
    """
    refused: dict[int, str] = {}
    async with connection.cursor() as cursor:
        await cursor.execute("BEGIN")
        await cursor.execute(sql("ledger.hold_writer"), {"port": group.port})
        first = group.standing.sequence + 1
        for place, unit in enumerate(group.units):
            guard = await _try_guards(cursor, group.port, unit)
            if guard is not None:
                refused[place] = guard
                continue
            for query, params in _effects(group.port, unit, first):
                await cursor.execute(query.sql, params)
            first += len(unit.drafts)
    return refused


async def finish_carefully(connection: Connection, group: Group, block: Block) -> None:
    """Write the entries of the units that were not refused, and commit."""
    async with flushed(connection) as cursor:
        await _insert(cursor, group, block)
        await cursor.execute("COMMIT")


async def _try_guards(cursor: Cursor, port: str, unit: Unit) -> str | None:
    """Apply a unit's guards; undo them and return the name of the one that found no row."""
    if not unit.guards:
        return None
    await cursor.execute("SAVEPOINT unit")
    for guard in unit.guards:
        await cursor.execute(queries()[guard.name].sql, {"port": port, **guard.params})
        if cursor.rowcount < 1:
            await cursor.execute("ROLLBACK TO SAVEPOINT unit")
            return guard.name
    await cursor.execute("RELEASE SAVEPOINT unit")
    return None


async def _insert(cursor: Cursor, group: Group, block: Block) -> None:
    """Move the fence, and insert entries, tiles and sealed personal data."""
    before, after, port = block.before, block.after, group.port
    fence = {
        "port": port, "epoch": before.epoch, "before": before.sequence, "after": after.sequence,
        "last": bytes.fromhex(after.last),
    }  # fmt: skip
    await cursor.execute(sql("ledger.advance"), fence)
    if block.entries:
        await cursor.execute(sql("ledger.insert"), _arrays(group, block))
    for tile in block.tiles:
        row = {"port": port, "level": tile.level, "place": tile.place, "root": tile.root}
        await cursor.execute(sql("ledger.insert_tile"), row)
    if group.sealed:
        for sealed in _sealed_rows(group, block):
            await cursor.execute(sql("ledger.insert_sealed"), sealed)


def _arrays(group: Group, block: Block) -> Mapping[str, Any]:
    drafts = [draft for unit in group.units for draft in unit.drafts]
    return {
        "port": group.port, "before": block.before.sequence, "at": group.at, "epoch": block.before.epoch, "v": FORMAT,
        "kinds": Texts([draft.kind.encode() for draft in drafts]),
        "streams": Texts([draft.stream.encode() for draft in drafts]),
        "keys": Texts([draft.key.encode() for draft in drafts]),
        "bodies": Texts([draft.body for draft in drafts]),
        "prevs": Blobs([bytes.fromhex(block.before.last), *block.hashes[:-1]]),
        "hashes": Blobs(block.hashes),
    }  # fmt: skip


def _sealed_rows(group: Group, block: Block) -> Iterator[Mapping[str, Any]]:
    drafts = (draft for unit in group.units for draft in unit.drafts)
    for entry, draft in zip(block.entries, drafts, strict=True):
        for personal in draft.personal:
            sealed = group.sealed.get(personal.commitment)
            if sealed is not None:
                yield {
                    "port": group.port, "seq": entry.seq, "commitment": sealed.commitment, "subject": sealed.subject,
                    "nonce": sealed.nonce, "ciphertext": sealed.ciphertext,
                }  # fmt: skip


def _effects(port: str, unit: Unit, first: int) -> Iterator[tuple[Query, Mapping[str, Any]]]:
    """Yield a unit's effects with their parameters; the unit's entries are numbered from ``first``."""
    for effect in unit.effects:
        query = queries()[effect.name]
        if not query.fills_sequences:
            yield query, {"port": port, **packed(effect.params)}
            continue
        stream = effect.params["passage"]
        elsewhere = [first + place for place, draft in enumerate(unit.drafts) if draft.stream != stream]
        if elsewhere:
            yield query, {"port": port, **effect.params, "sequences": elsewhere}
