"""A port's store without the running port: for commands that look, verify or set up."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from kouan.access.roles import Accounts
from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.signing.files import open_sealing_keys
from kouan.adapters.signing.sealing import Sealer
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotAllowed, NotFound
from kouan.wiring.port_file import load


class Store(msgspec.Struct, frozen=True):
    """What commands read of a port."""

    port: str
    ledger: PostgresLedger
    records: PostgresGateRecords
    accounts: Accounts
    clock: Clock


@contextlib.asynccontextmanager
async def opened(data: Path, port: str, *, database: str | None = None, write: bool = False) -> AsyncIterator[Store]:
    """Open a port's store: of the instance that runs on this data, else of an engine started for as long as needed.

    Raises NotAllowed for writing while the port runs, because a port has one writer.
    """
    folder = DataFolder(data)
    try:
        running = str(folder.running().addresses["dsn"])
    except (NotFound, KeyError):
        running = None
    if write and running is not None:
        raise NotAllowed(f"the port runs on {folder.path}: stop it first, or use its API")
    async with contextlib.AsyncExitStack() as stack:
        dsn = database or running
        if dsn is None:
            stack.enter_context(folder)
            dsn = (await stack.enter_async_context(EmbeddedPostgres(folder).running())).dsn
        yield await _store(stack, folder, dsn, load(port).name, write=write)


async def _store(stack: contextlib.AsyncExitStack, folder: DataFolder, dsn: str, port: str, *, write: bool) -> Store:
    store = Database(dsn)
    stack.push_async_callback(store.close)
    await migrate(store)
    clock = SystemClock()
    sealer = Sealer(open_sealing_keys(folder.path / "keys" / "sealing.json"))
    if write:
        ledger = await PostgresLedger.open_writer(store, port, clock, sealer)
        stack.push_async_callback(ledger.close)
    else:
        ledger = PostgresLedger.open_reader(store, port, clock, sealer)
    return Store(port, ledger, PostgresGateRecords(store, port), PostgresAccounts(store, port), clock)
