"""What command asks of others: a place that remembers alarms.

The named changes to projections that its units carry:

============================== ======================================================================================
``command.raise_alarm``        effect: insert an ``Alarm`` (its ``params`` as JSON); where its number stands and
                               nobody has acknowledged it, have it stand again
``command.return_alarm``       effect: set ``returned_at`` where it is not set
``command.acknowledge_alarm``  guard: note who acknowledged an alarm, and when it was over; refused where somebody did
============================== ======================================================================================
"""

from collections.abc import Sequence
from typing import Protocol

from kouan.access.people import Principal
from kouan.command.alarms import Alarm
from kouan.vocabulary.verdict import Refused


class AlarmRecords(Protocol):
    """Reads alarms; they are written only by statements in ledger units."""

    async def find(self, number: str) -> Alarm | None:
        """Return one alarm."""
        ...

    async def latest(self, limit: int = 1000) -> Sequence[Alarm]:
        """Return alarms, those first that are not both over and acknowledged, newest first."""
        ...


class AlarmDesk(Protocol):
    """Where people say that they saw to an alarm."""

    async def acknowledge(self, number: str, by: Principal, word: str) -> Alarm | Refused:
        """Take it down, and return the alarm as it stands, by whomever it was acknowledged first.

        Raises NotFound, and Unavailable where the alarm is not recorded yet.
        """
        ...
