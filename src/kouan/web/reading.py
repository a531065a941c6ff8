"""Reading protected fields: for the purpose that a request gives, by who needs to know, recorded before it is shown.

What may not be read, or not be recorded, is not shown: the answers in its place (``instead.py``) are for everybody.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Header

from kouan.access.need import Asking, Matter, MatterKind, Purpose, readable
from kouan.access.people import Principal
from kouan.access.reads import note_reads
from kouan.access.shifts import on_shift
from kouan.access.use_cases import secret_hash
from kouan.access.words import Field
from kouan.web.callers import Caller, Common
from kouan.web.services import CommonServices, Services

NOTHING: frozenset[Field] = frozenset()

PurposeHeader = Annotated[
    Purpose | None,
    Header(
        alias="Kouan-Purpose",
        description="What protected fields are read for. Without it they are withheld; with it the read is recorded.",
    ),
]


def place_of(services: CommonServices) -> str:
    """Return the name of the port, or ``hub``: matters of other places are nobody's here."""
    return str(services.port["port"]) if isinstance(services, Services) else services.place


class Reading:
    """One request's reads of protected fields."""

    def __init__(self, services: CommonServices, reader: Principal, purpose: Purpose | None) -> None:
        self.reader = reader
        self._services = services
        self._purpose = purpose

    @property
    def port(self) -> str:
        """The place at which is asked."""
        return place_of(self._services)

    async def of(self, matters: Sequence[Matter]) -> list[frozenset[Field]]:
        """Return, for each matter, its protected fields that may be shown now; they are in the ledger as read by then.

        That somebody read what they read themselves makes no entry: whoever follows the ledger would find one more each
        time, and never come to its end. Raises Unavailable where the ledger cannot take the entry: nothing is shown
        then.
        """
        asking = await self._asking()
        if asking is None:
            return [NOTHING] * len(matters)
        granted = [readable(asking, matter) for matter in matters]
        read: dict[str, frozenset[Field]] = {}
        for matter, fields in zip(matters, granted, strict=True):
            own = matter.kind is MatterKind.READS and matter.number == self.reader.username
            if fields and not own:
                read[matter.name] = read.get(matter.name, NOTHING) | fields
        if read:
            await self._note(asking, read)
        return granted

    async def of_one(self, matter: Matter) -> frozenset[Field]:
        """Return the protected fields of one matter that may be shown now."""
        (granted,) = await self.of([matter])
        return granted

    async def whole(self, matter: Matter) -> bool:
        """Say whether every protected field of a matter may be shown now; they are recorded as read only then."""
        asking = await self._asking()
        if asking is None or readable(asking, matter) != matter.fields:
            return False
        await self._note(asking, {matter.name: matter.fields})
        return True

    async def _note(self, asking: Asking, read: Mapping[str, frozenset[Field]]) -> None:
        identity = secret_hash(self._services.secret())[:32]
        await self._services.ledger.append(note_reads(asking, read, identity, self._services.clock.now()))

    async def _asking(self) -> Asking | None:
        if self._purpose is None:
            return None
        services = self._services
        shift = None if self.reader.machine else await services.accounts.find_shift(self.reader.username)
        return Asking(self.reader, self.port, self._purpose, on_shift(shift, self.reader, services.clock.now()))


def _reading(caller: Caller, services: Common, purpose: PurposeHeader = None) -> Reading:
    return Reading(services, caller, purpose)


Reads = Annotated[Reading, Depends(_reading)]
