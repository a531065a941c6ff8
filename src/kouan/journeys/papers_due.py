"""Full declarations that did not come in time: each is noted once, as an event that a person sees."""

import msgspec

from kouan.inspection.roles import PapersRecords
from kouan.inspection.two_step import note_overdue
from kouan.ledger.roles import Ledger, UnitRefused
from kouan.vocabulary.clock import Clock, Instant


class Overdue(msgspec.Struct, frozen=True):
    """A declaration of base items whose full declaration is late."""

    declaration: str
    due: int


class PapersDue:
    """Looks for what is overdue; looking twice notes it once."""

    def __init__(self, papers: PapersRecords, ledger: Ledger, clock: Clock) -> None:
        self._papers = papers
        self._ledger = ledger
        self._clock = clock

    async def late(self) -> tuple[Instant, frozenset[str]]:
        """Return the present instant, and the numbers of the declarations that are overdue at it."""
        now = self._clock.now()
        return now, frozenset(record.number for record in await self._papers.declarations_due(now))

    async def look(self) -> tuple[Overdue, ...]:
        """Note every declaration that has become overdue since the last look, and return these."""
        now = self._clock.now()
        noted: list[Overdue] = []
        for record in await self._papers.declarations_due(now):
            if record.overdue_at is not None or record.full_due is None:
                continue
            answer = await self._ledger.append(note_overdue(record, now))
            if not isinstance(answer, UnitRefused) and not answer.repeated:
                noted.append(Overdue(record.number, record.full_due))
        return tuple(noted)
