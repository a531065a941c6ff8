"""Brings a database's schema up to date: named, ordered SQL files, each applied once, under a lock."""

import asyncio
import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence

import msgspec
import psycopg

from kouan.adapters.postgres.database import Connection, Database, translate
from kouan.adapters.postgres.queries import sql
from kouan.vocabulary.errors import Conflict, Unavailable

LOCK = 0x6B6F75616E
"""Key of the advisory lock: "kouan" in ASCII. Our choice; it has to differ from other programs' locks."""

MIGRATION_TIMEOUT_S = 300
"""Longest migration, waiting for another starter included. Our choice: indexing 100 million entries takes minutes."""


class Migration(msgspec.Struct, frozen=True):
    """One file of ``migrations/``."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """The hex SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def shipped() -> Sequence[Migration]:
    """Return the migrations of this version, in the order in which they apply."""
    folder = importlib.resources.files("kouan.adapters.postgres") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]


def missing(migrations: Sequence[Migration], applied: Mapping[str, str]) -> Sequence[Migration]:
    """Return what is still to be applied, given the checksums of what is.

    Raises Conflict where an applied file was changed, or the database is newer than this version.
    """
    known = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in applied.items():
        if name not in known:
            raise Conflict(f"the database has migration {name}, which this version of kouan lacks: run a newer kouan")
        if known[name] != checksum:
            raise Conflict(f"migration {name} was changed after it was applied: restore its file")
    left = [migration for migration in migrations if migration.name not in applied]
    latest = max(applied, default="")
    for migration in left:
        if migration.name < latest:
            raise Conflict(f"migration {migration.name} comes before {latest}, which is applied: rename its file")
    return left


async def migrate(database: Database, migrations: Sequence[Migration] | None = None) -> Sequence[str]:
    """Apply what is missing, all of it or nothing; return the names applied.

    Two processes may do so at once: the second waits for the first and finds nothing to do. Raises Conflict as
    ``missing`` does, Unavailable where the database cannot be reached or a migration fails.
    """
    connection = await database.connect()
    try:
        async with asyncio.timeout(MIGRATION_TIMEOUT_S), connection.transaction():
            return await _apply(connection, shipped() if migrations is None else migrations)
    except psycopg.Error as error:
        raise translate(error) from error
    except TimeoutError as error:
        raise Unavailable(f"the schema was not brought up to date within {MIGRATION_TIMEOUT_S} s") from error
    finally:
        await connection.close()


async def _apply(connection: Connection, migrations: Sequence[Migration]) -> Sequence[str]:
    await connection.execute("SET LOCAL statement_timeout = 0")
    await connection.execute(sql("session.lock_migrations"), {"lock": LOCK})
    await connection.execute(sql("session.make_migrations"))
    rows = await (await connection.execute(sql("session.migrations"))).fetchall()
    left = missing(migrations, {str(name): str(checksum) for name, checksum in rows})
    for migration in left:
        await connection.execute(migration.text.encode(), prepare=False)
        await connection.execute(sql("session.add_migration"), {"name": migration.name, "checksum": migration.checksum})
    return [migration.name for migration in left]
