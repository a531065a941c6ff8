"""Looks again and again whether the rules in force are read as they are recorded."""

import asyncio
import logging

from kouan.journeys.rules_desk import RulesDesk
from kouan.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)

EVERY_S = 5.0
"""Seconds between two looks. Our choice: what was approved as the store failed holds seconds after its return."""


class ShelfWatch:
    """Reads the rules in force again where they were not read after a change: the port decides by what is recorded."""

    def __init__(self, desk: RulesDesk, every_s: float = EVERY_S) -> None:
        self._desk = desk
        self._every_s = every_s

    async def run(self) -> None:
        """Look for ever; where the store cannot be reached, look again at the next turn."""
        while True:
            try:
                await self._desk.refresh()
            except Unavailable as error:
                _log.warning("the rules in force were not read again: %s", error)
            await asyncio.sleep(self._every_s)
