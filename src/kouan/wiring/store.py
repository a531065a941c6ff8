"""What a port and a hub open alike: a ledger that is written here, and that must reach its mark."""

import contextlib

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.ledger_mark import LedgerMark
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.signing.files import open_sealing_keys
from kouan.adapters.signing.sealing import Sealer
from kouan.vocabulary.clock import Clock


def open_sealer(folder: DataFolder) -> Sealer:
    """Return what seals personal data, with the keys of a data folder."""
    return Sealer(open_sealing_keys(folder.path / "keys" / "sealing.json"))


async def open_ledger(
    folder: DataFolder, database: Database, name: str, clock: Clock, sealer: Sealer, stack: contextlib.AsyncExitStack
) -> tuple[PostgresLedger, LedgerMark]:
    """Open a ledger for writing until the stack closes; raise Corrupt where it forgot what its mark says."""
    ledger = await PostgresLedger.open_writer(database, name, clock, sealer)
    stack.push_async_callback(ledger.close)
    mark = LedgerMark(folder, name)
    await mark.check(ledger)
    return ledger, mark
