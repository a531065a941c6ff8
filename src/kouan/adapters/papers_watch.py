"""Looks again and again whether full declarations are overdue, and calls a person for each that is."""

import asyncio
import logging

from kouan.journeys.papers_due import PapersDue
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.verdict import Alert, Back, Reason

_log = logging.getLogger(__name__)

EVERY_S = 600.0
"""Seconds between two looks. Our choice: what is counted in days is seen within ten minutes."""

PRIORITY = 3
"""Of an overdue declaration's alarm. Our choice: nobody waits at a lane for it."""


OVERDUE = "declaration.overdue"
"""The code of its alarm."""


def declaration_overdue(declaration: str, due: Instant) -> Reason:
    """Return why somebody is called about a declaration whose full form did not come."""
    return Reason(OVERDUE, {"declaration": declaration, "due": due})


class PapersWatch:
    """Notes what is overdue, once each, with an alarm that says which declaration it is."""

    def __init__(self, due: PapersDue, alarm: Alert, every_s: float = EVERY_S, back: Back | None = None) -> None:
        """``back`` ends the alarm of a declaration that has come in full since, or was cancelled."""
        self._due = due
        self._alarm = alarm
        self._back = back
        self._every_s = every_s

    async def look(self) -> int:
        """Note what has become overdue, and return how many it were."""
        found = await self._due.look()
        for overdue in found:
            self._alarm("", "", PRIORITY, declaration_overdue(overdue.declaration, overdue.due))
        if self._back is not None:
            now, late = await self._due.late()
            self._back(OVERDUE, now, lambda params: params["declaration"] in late)
        return len(found)

    async def run(self) -> None:
        """Look for ever; where the store cannot be reached, look again at the next turn."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                _log.warning("overdue declarations were not looked for: %s", error)
            await asyncio.sleep(self._every_s)
