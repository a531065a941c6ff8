"""Wakes at the deadlines of lots, so that no result stays out, and no hold stands, without anybody being called."""

import asyncio
import logging

from kouan.inspection.release.lot import LotState
from kouan.inspection.release.roles import ReleaseRecords
from kouan.journeys.release import ReleaseDesk
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import Fenced, Unavailable
from kouan.vocabulary.verdict import Alert, Back, Reason

_log = logging.getLogger(__name__)

POLL_S = 60.0
"""Longest sleep. Our choice: deadlines count in hours, and one set meanwhile is noted a minute late at most."""

LEAST_S = 1.0
"""Shortest sleep. Our choice: a deadline is noted a second late at most, and one that cannot be noted costs no more."""

PRIORITY = 2
"""Of an overdue lot's alarm. Our choice: goods may be on the road, but nobody waits at a lane."""


CALLS = "release.calls"
"""The code of its alarm."""

MOST = 100_000
"""Most escalated lots that are looked at. Our choice: more than a port has goods of."""


def calls_for(lot: str, regime: str) -> Reason:
    """Return why somebody is called about a lot that stays overdue."""
    return Reason(CALLS, {"lot": lot, "regime": regime})


class ReleaseWatch:
    """Notes the deadlines that pass, and calls a person for each lot that stays overdue."""

    def __init__(
        self, desk: ReleaseDesk, records: ReleaseRecords, clock: Clock, alarm: Alert, poll_s: float = POLL_S,
        back: Back | None = None,
    ) -> None:  # fmt: skip
        """``back`` ends the alarm of a lot that somebody has seen to."""
        self._desk = desk
        self._records = records
        self._clock = clock
        self._alarm = alarm
        self._back = back
        self._poll_s = poll_s

    async def run(self) -> None:
        """Watch until cancelled; what the store cannot take now is tried again. Raises Fenced under a newer writer."""
        while True:
            try:
                for told in await self._desk.wake():
                    if told.calls:
                        self._alarm("", "", PRIORITY, calls_for(told.record.number, told.record.regime))
                await self._end()
                pause_s = await self._pause_s()
            except Fenced:
                raise
            except Unavailable as error:
                _log.info("deadlines of lots are not watched now: %s", error)
                pause_s = self._poll_s
            await asyncio.sleep(pause_s)

    async def _end(self) -> None:
        """End the alarms of lots that are escalated no more."""
        if self._back is not None:
            now = self._clock.now()
            lots = {lot.number for lot in await self._records.lots_in(LotState.ESCALATED.value, MOST)}
            self._back(CALLS, now, lambda params: params["lot"] in lots)

    async def _pause_s(self) -> float:
        deadline = await self._records.next_deadline()
        if deadline is None:
            return self._poll_s
        return min(max((deadline - self._clock.now()) / SECOND, LEAST_S), self._poll_s)
