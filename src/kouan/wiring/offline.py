"""A port's store without the running port: for commands that look, verify or set up."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import msgspec

from kouan.access.roles import Accounts
from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.ledger_mark import LedgerMark
from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.postgres.targeting import PostgresTargetingRecords
from kouan.adapters.signing.files import open_sealing_keys
from kouan.adapters.signing.sealing import Sealer
from kouan.inspection.roles import PapersRecords
from kouan.inspection.targeting.roles import TargetingRecords
from kouan.ledger.damage import Report
from kouan.ledger.roles import Subjects
from kouan.ledger.verifier import Verifier
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotAllowed, NotFound
from kouan.wiring.keys import ledger_signer
from kouan.wiring.port_file import load
from kouan.wiring.yard import YardStores, yard_stores

HUB = "hub"
"""What stands for a hub where a port is asked for: the name of its own ledger and accounts."""

VERIFIED_PAGE = 5000
"""Entries read at a time when a ledger is verified. Our choice: some megabytes."""


class Store(msgspec.Struct, frozen=True):
    """What commands read of a port."""

    port: str
    ledger: PostgresLedger
    records: PostgresGateRecords
    accounts: Accounts
    papers: PapersRecords
    subjects: Subjects
    targeting: TargetingRecords
    yard: YardStores
    clock: Clock


@contextlib.asynccontextmanager
async def opened(data: Path, port: str, *, database: str | None = None, write: bool = False) -> AsyncIterator[Store]:
    """Open the store of a port, or of the ``HUB``: where it runs on this data, else on an engine for as long as needed.

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
        yield await _store(stack, folder, dsn, HUB if port == HUB else load(port).name, write=write)


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
    papers, subjects = PostgresPapersRecords(store, port), PostgresSubjects(store, sealer)
    return Store(
        port=port,
        ledger=ledger,
        records=PostgresGateRecords(store, port),
        accounts=PostgresAccounts(store, port),
        papers=papers,
        subjects=subjects,
        targeting=PostgresTargetingRecords(store, port),
        yard=yard_stores(store, port, papers, ledger, subjects),
        clock=clock,
    )


async def verify(store: Store, data: Path, progress: Callable[[range], Iterable[int]] = iter) -> Report:
    """Verify all that a store's ledger holds: chain, tree and signed heads; each damage is in the report.

    ``progress`` may show how far it is: it is given the pages, by the entry before their first, and yields them. Raises
    Corrupt where the ledger does not reach its mark.
    """
    await LedgerMark(DataFolder(data), store.port).check(store.ledger)
    verifier = Verifier(ledger_signer(data, store.port).public_key, port=store.port)
    heads = sorted(await store.ledger.heads(limit=1_000_000), key=lambda head: head.size, reverse=True)
    for after in progress(range(0, await store.ledger.size(), VERIFIED_PAGE)):
        for entry in await store.ledger.read(after=after, limit=VERIFIED_PAGE):
            while heads and heads[-1].size < entry.seq:
                verifier.head(heads.pop())
            verifier.entry(entry)
    while heads:
        verifier.head(heads.pop())
    return verifier.finish()
