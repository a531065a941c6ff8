"""How far the ledger had come, kept outside the database, so that a database that forgot is found out.

PostgreSQL recovers from its write-ahead log up to the first record that does not verify, takes that for the end, and
opens without a word: one bit that flipped there after a power cut takes back everything recorded since the last
checkpoint (measured: ``kouan prove durability``). The chain of what is left still verifies. The mark is a file beside
the database, with the sequence and hash of a late entry; a port whose ledger does not reach it refuses to open.
"""

import asyncio
from pathlib import Path

import msgspec

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.heads import Standings
from kouan.ledger.roles import Ledger
from kouan.vocabulary.errors import Corrupt, NotFound

EVERY_S = 1.0
"""Seconds between two marks. Our choice: one small synced write a second; what the last second recorded could be
forgotten unnoticed, if the very last part of the write-ahead log is what is damaged."""

NAME = "ledger.mark"


class Mark(msgspec.Struct, frozen=True):
    """An entry that the ledger of a port held: its sequence, and its hash in hex."""

    port: str
    sequence: int
    hash: str


class LedgerMark:
    """The mark of one port's ledger, a file in its data folder."""

    def __init__(self, folder: DataFolder, port: str) -> None:
        self._folder = folder
        self._port = port

    @property
    def path(self) -> Path:
        """Where the mark is."""
        return self._folder.path / NAME

    def read(self) -> Mark | None:
        """Return the mark; None where there is none, as before the first start. Raises Corrupt."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Mark)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise Corrupt(f"{self.path} cannot be read: {error}") from error

    async def check(self, ledger: Ledger) -> None:
        """Compare the ledger with the mark; raise Corrupt where it forgot the entry, or has another one there."""
        mark = self.read()
        if mark is None or mark.port != self._port or mark.sequence == 0:
            return
        size = await ledger.size()
        mend = f"restore it; or remove {self.path} if an older copy was put in its place on purpose"
        if size < mark.sequence:
            raise Corrupt(f"the ledger had come to entry {mark.sequence}, and ends at entry {size} now: {mend}")
        try:
            found = (await ledger.get(mark.sequence)).hash
        except NotFound:
            found = ""
        if found != mark.hash:
            raise Corrupt(f"entry {mark.sequence} of the ledger is not the one that was recorded: {mend}")

    async def keep(self, standings: Standings) -> None:
        """Move the mark to where the ledger stands now, durably; it never goes back."""
        standing, before = standings.standing, self.read()
        if standing is not None and (before is None or standing.sequence > before.sequence):
            mark = Mark(self._port, standing.sequence, standing.last)
            await asyncio.to_thread(self._folder.write, NAME, msgspec.json.encode(mark))

    async def run(self, standings: Standings) -> None:
        """Keep the mark for ever."""
        while True:
            await self.keep(standings)
            await asyncio.sleep(EVERY_S)
