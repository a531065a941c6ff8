"""Looks again and again whether full declarations are overdue, and calls a person for each that is."""

import asyncio
import logging

from kouan.journeys.papers_due import PapersDue
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.verdict import Alert, Reason

_log = logging.getLogger(__name__)

EVERY_S = 600.0
"""Seconds between two looks. Our choice: what is counted in days is seen within ten minutes."""

PRIORITY = 3
"""Of an overdue declaration's alarm. Our choice: nobody waits at a lane for it."""


class PapersWatch:
    """Notes what is overdue, once each, with an alarm that says which declaration it is."""

    def __init__(self, due: PapersDue, alarm: Alert, every_s: float = EVERY_S) -> None:
        self._due = due
        self._alarm = alarm
        self._every_s = every_s

    async def look(self) -> int:
        """Note what has become overdue, and return how many it were."""
        found = await self._due.look()
        for overdue in found:
            reason = Reason("declaration.overdue", {"declaration": overdue.declaration, "due": overdue.due})
            self._alarm("", "", PRIORITY, reason)
        return len(found)

    async def run(self) -> None:
        """Look for ever; where the store cannot be reached, look again at the next turn."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                _log.warning("overdue declarations were not looked for: %s", error)
            await asyncio.sleep(self._every_s)
