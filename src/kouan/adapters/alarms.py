"""Keeps the alarms of a port in its ledger, and takes down who acknowledges them."""

import asyncio
import logging

from kouan.access.people import Principal
from kouan.adapters.board.alarms import BoardAlarms
from kouan.command.alarms import Alarm, acknowledged
from kouan.command.roles import AlarmRecords
from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Fenced, NotFound, Unavailable
from kouan.vocabulary.verdict import Refused

_log = logging.getLogger(__name__)

AGAIN_S = 1.0
"""Seconds until what the store could not take is tried again. Our choice, as the board's look at the ledger."""


KNOWN = 1000
"""How many alarms of an earlier process are taken up. Our choice: more than stand at once, and as many
as entries in which calls are looked for again (``calls.TAIL``)."""


class AlarmKeeper:
    """The AlarmDesk role, and what records a board's alarms: ``start`` before any is raised, ``run`` from then on."""

    def __init__(self, board: BoardAlarms, ledger: Ledger, records: AlarmRecords, clock: Clock) -> None:
        self._alarms = board.list
        self._changed = board.changed
        self._ledger = ledger
        self._records = records
        self._clock = clock
        self._units: asyncio.Queue[Unit] = asyncio.Queue()
        self._alarms.record = self._units.put_nowait

    async def start(self) -> None:
        """Take up the alarms of an earlier process."""
        self._alarms.take_up(await self._records.latest(KNOWN), most=KNOWN)

    async def run(self) -> None:
        """Record every change, in order, for ever; raises Fenced under a newer writer."""
        while True:
            await self._record(await self._units.get())

    async def settle(self) -> None:
        """Record what has happened so far."""
        while not self._units.empty():
            await self._record(self._units.get_nowait())

    async def _record(self, unit: Unit) -> None:
        while True:
            try:
                await self._ledger.append(unit)
            except Fenced:
                raise
            except Unavailable as error:
                _log.warning("an alarm is shown and not recorded yet: %s", error)
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def acknowledge(self, number: str, by: Principal, word: str) -> Alarm | Refused:
        """Take down that somebody saw to an alarm; return it as it stands, by whomever it was acknowledged first.

        Raises NotFound, and Unavailable where it is not recorded yet.
        """
        alarm = await self._find(number)
        done = acknowledged(alarm, by, word, self._clock.now())
        if isinstance(done, Refused):
            return done
        if alarm.acknowledged_at is not None:
            return alarm
        after, unit = done
        answer = await self._ledger.append(unit)
        if isinstance(answer, UnitRefused) or answer.repeated:
            found = await self._records.find(number)
            if found is None:
                raise Unavailable(f"alarm {number} is not recorded yet")
            after = found
        self._alarms.acknowledge(after, self._clock.now())
        self._changed()
        return after

    async def _find(self, number: str) -> Alarm:
        try:
            return self._alarms.find(number)
        except NotFound:
            found = await self._records.find(number)
            if found is None:
                raise
            return found
