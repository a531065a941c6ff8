"""What a port keeps in its database, opened together: ledger, projections, and a demonstration's accounts."""

import contextlib

import msgspec

from kouan.adapters.ledger_mark import LedgerMark
from kouan.adapters.passwords import Argon2Hasher
from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.examination import PostgresExaminationRecords
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.postgres.targeting import PostgresTargetingRecords
from kouan.wiring.demo import make_accounts, make_duties
from kouan.wiring.platform import Platform
from kouan.wiring.store import open_ledger, open_sealer


class Store(msgspec.Struct, frozen=True):
    """What a port keeps in its database, and the mark of its ledger."""

    ledger: PostgresLedger
    mark: LedgerMark
    records: PostgresGateRecords
    papers: PostgresPapersRecords
    targeting: PostgresTargetingRecords
    examinations: PostgresExaminationRecords
    accounts: PostgresAccounts
    subjects: PostgresSubjects


async def open_store(platform: Platform, database: Database, stack: contextlib.AsyncExitStack) -> Store:
    """Open what the port keeps, with a demonstration's accounts in it."""
    folder, port, clock = platform.folder, platform.port.name, platform.clock
    sealer = open_sealer(folder)
    ledger, mark = await open_ledger(folder, database, port, clock, sealer, stack)
    if platform.began_after is None:
        platform.began_after = await ledger.size()
    accounts = PostgresAccounts(database, port)
    if platform.settings.demo:
        await make_accounts(folder, ledger, accounts, Argon2Hasher(), clock.now())
        await make_duties(ledger, accounts, clock.now())
    return Store(
        ledger,
        mark,
        PostgresGateRecords(database, port),
        PostgresPapersRecords(database, port),
        PostgresTargetingRecords(database, port),
        PostgresExaminationRecords(database, port),
        accounts,
        PostgresSubjects(database, sealer),
    )
