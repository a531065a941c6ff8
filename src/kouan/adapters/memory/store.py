"""The in-memory store behind the group writer: the same rules as PostgreSQL's, and the faults that a test asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kouan.adapters.appending.chain import Standing, chain
from kouan.adapters.appending.opening import CHECKED_ENTRIES, check_end, check_head, frontier_at
from kouan.adapters.appending.store import BusyError, GroupFailedError, KeysTakenError, Known, LostError, Written, told
from kouan.adapters.memory import (  # noqa: F401 - they register their statements
    access,
    command,
    examination,
    gate,
    network_statements,
    papers_statements,
    release_statements,
    rules_statements,
    targeting_statements,
    yard_statements,
)
from kouan.adapters.memory.disk import Fault, LedgerFile, MemoryDisk
from kouan.adapters.memory.tables import EFFECTS, GUARDS, known_statements
from kouan.adapters.signing.sealing import Sealer
from kouan.ledger.entries import Entry
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt, Fenced, Unavailable


class MemoryStore:
    """Commits groups to one port's ledger on a MemoryDisk."""

    def __init__(self, disk: MemoryDisk, port: str, sealer: Sealer) -> None:
        self._disk = disk
        self._port = port
        self._sealer = sealer

    @property
    def _file(self) -> LedgerFile:
        return self._disk.ledger(self._port)

    @property
    def known(self) -> Known:
        """The registered guards and effects."""
        return known_statements()

    async def open(self, epoch: int | None) -> Standing:
        """Raise the epoch; verify the end of the ledger at the first opening."""
        if not self._disk.faults.reachable():
            raise LostError("the store cannot be reached")
        file = self._file
        if epoch is not None and epoch != file.standing.epoch:
            raise Fenced(f"a newer writer holds port {self._port}")
        file.standing = msgspec.structs.replace(file.standing, epoch=file.standing.epoch + 1)
        if epoch is None:
            await self._verify(file)
        frontier = await frontier_at(file, file.standing.sequence)
        file.standing = msgspec.structs.replace(file.standing, frontier=frontier)
        return file.standing

    async def _verify(self, file: LedgerFile) -> None:
        standing = file.standing
        if len(file.entries) > standing.sequence:
            raise Corrupt(f"there are entries beyond number {standing.sequence}, the last that the writer knows")
        last = list(zip(file.entries, file.hashes, strict=True))[-CHECKED_ENTRIES:]
        await check_end(file, standing, last)
        await check_head(file, standing, file.heads[-1] if file.heads else None)

    async def commit(self, units: Sequence[Unit], standing: Standing, at: Instant) -> Written:
        """Record the units in one commit; see ``Store.commit``."""
        await self._disk.faults.delay()
        fault = self._disk.faults.of_commit()
        file = self._file
        if fault == Fault.FENCE:
            file.standing = msgspec.structs.replace(file.standing, epoch=file.standing.epoch + 1)
        if fault == Fault.LOSE:
            raise LostError("the connection was lost", Written(chain(self._port, standing, units, at), {}))
        if fault == Fault.BUSY:
            raise BusyError("the store is busy")
        if (file.standing.epoch, file.standing.sequence) != (standing.epoch, standing.sequence):
            raise Fenced(f"a newer writer holds port {self._port}")
        if any(draft.key in file.numbers for unit in units for draft in unit.drafts):
            raise KeysTakenError
        written = self._write(units, standing, at, fail=fault == Fault.FAIL)
        if fault == Fault.UNCERTAIN:
            raise LostError("the connection was lost", written)
        return written

    def _write(self, units: Sequence[Unit], standing: Standing, at: Instant, *, fail: bool) -> Written:
        tables = self._disk.tables
        refused: dict[int, str] = {}
        mark = tables.mark()
        try:
            first = standing.sequence + 1
            for place, unit in enumerate(units):
                guard = self._apply(unit, first)
                if guard is None:
                    first += len(unit.drafts)
                else:
                    refused[place] = guard
            if fail:
                raise Unavailable("the store failed the commit")
        except Exception as error:
            tables.undo_to(mark)
            raise GroupFailedError(told(error)) from error
        survivors = [unit for place, unit in enumerate(units) if place not in refused]
        written = Written(chain(self._port, standing, survivors, at), refused)
        if survivors:
            self._file.write(written.block)
            self._seal(survivors)
        tables.settle()
        return written

    def _apply(self, unit: Unit, first: int) -> str | None:
        """Apply a unit's guards and effects; undo them and return the name of the guard that refuses."""
        tables = self._disk.tables
        mark = tables.mark()
        for guard in unit.guards:
            named = GUARDS[guard.name]
            if named.apply(tables, {"port": self._port, **guard.params}) < 1:
                tables.undo_to(mark)
                return guard.name
        for effect in unit.effects:
            named = EFFECTS[effect.name]
            params: dict[str, Any] = {"port": self._port, **effect.params}
            if named.fills_sequences:
                stream = effect.params["passage"]
                numbered = enumerate(unit.drafts, first)
                params["sequences"] = [number for number, draft in numbered if draft.stream != stream]
            named.apply(tables, params)
        return None

    def _seal(self, units: Sequence[Unit]) -> None:
        keys = self._disk.wrapped_keys
        for personal in (one for unit in units for draft in unit.drafts for one in draft.personal):
            if personal.subject not in keys:
                keys[personal.subject] = self._sealer.new_wrapped_key(personal.subject)
            wrapped = keys[personal.subject]
            if wrapped is not None:
                self._file.sealed[personal.commitment] = self._sealer.seal(personal, wrapped)

    async def recorded(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Return the entries that are recorded under these keys."""
        file = self._file
        return {key: file.entries[file.numbers[key] - 1] for key in keys if key in file.numbers}

    async def close(self) -> None:
        """Do nothing: there is nothing to give up."""
