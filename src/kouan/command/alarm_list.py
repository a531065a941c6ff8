"""The alarms of a port as they stand: which are new, which are over, and in what order they are looked at."""

from collections import deque
from collections.abc import Callable, Sequence
from math import inf

import msgspec

from kouan.command.alarms import Alarm, AlarmState, Called, cause_of, raised, returned
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Reason

SETTLED = 30
"""Alarms kept that are over and acknowledged. Our choice: what a shift looks back on; the ledger has them all."""


class AlarmList:
    """What was raised and is not settled, and the latest that is. Every change is a unit that ``record`` is given."""

    def __init__(self, record: Callable[[Unit], None] = lambda _: None) -> None:
        self.record = record
        self._standing: dict[bytes, Alarm] = {}
        self._known_until: dict[bytes, float] = {}
        self._knows_since: Instant = 0
        self._settled: deque[Alarm] = deque(maxlen=SETTLED)

    def take_up(self, alarms: Sequence[Alarm], *, most: int) -> None:
        """Know the alarms of an earlier process; what was raised since is not forgotten.

        They are those that stand, and the latest others; as many as ``most`` may not be all.
        """
        for alarm in sorted(alarms, key=lambda alarm: alarm.acknowledged_at or 0):
            self.put(alarm)
        for alarm in alarms:
            until = inf if alarm.returned_at is None else max(alarm.at, alarm.returned_at)
            self._known_until[alarm.cause] = max(until, self._known_until.get(alarm.cause, 0))
        if len(alarms) >= most:
            self._knows_since = min((one.at for one in alarms if one.state is AlarmState.NORMAL), default=0)

    def is_known(self, called: Called) -> bool:
        """Say whether an alarm was raised for a call of an earlier process, or one of its cause stood when it came.

        What was called for before all alarms that are known surely was.
        """
        cause = cause_of(called.lane, called.passage, called.reason)
        return called.at <= max(self._knows_since, self._known_until.get(cause, -1))

    def call(
        self, lane: str, passage: str, priority: int, reason: Reason, now: Instant, *, lasts: bool = False
    ) -> None:
        """Raise an alarm, unless one of the same cause is not over yet."""
        before = self._standing.get(cause_of(lane, passage, reason))
        if before is not None and before.returned_at is None:
            return
        alarm, unit = raised(lane, passage, priority, reason, now, lasts=lasts, before=before)
        self.put(alarm)
        self.record(unit)

    def over(self, now: Instant, concerned: Callable[[Alarm], bool]) -> bool:
        """Note that what some lasting alarms were raised for is over; say whether there were any."""
        found = [alarm for alarm in self._standing.values() if alarm.lasts and alarm.returned_at is None]
        ended = [returned(alarm, now) for alarm in found if concerned(alarm)]
        for alarm, unit in ended:
            self.put(alarm)
            self.record(unit)
        return bool(ended)

    def acknowledge(self, after: Alarm, now: Instant) -> None:
        """Keep an alarm as it was acknowledged; raised again while that was taken down, it is a new one."""
        current = self._standing.get(after.cause)
        if current is None or current.number != after.number:
            self.put(after)
        elif current.at == after.at:
            over = after.returned_at if current.returned_at is None else current.returned_at
            self.put(msgspec.structs.replace(after, returned_at=over))
        else:
            self.put(msgspec.structs.replace(after, returned_at=after.returned_at or current.at))
            reason = Reason(current.code, current.params)
            self.call(current.lane, current.passage, current.priority, reason, now, lasts=current.lasts)

    def put(self, alarm: Alarm) -> None:
        """Keep an alarm as it is now."""
        if alarm.state is AlarmState.NORMAL:
            self._standing.pop(alarm.cause, None)
            self._settled.append(alarm)
        else:
            self._standing[alarm.cause] = alarm

    def find(self, number: str) -> Alarm:
        """Return one alarm that stands or was settled lately; raise NotFound."""
        for alarm in (*self._standing.values(), *self._settled):
            if alarm.number == number:
                return alarm
        raise NotFound(f"there is no alarm {number}")

    def shown(self, limit: int) -> Sequence[Alarm]:
        """Return alarms in the order in which they are looked at.

        What nobody acknowledged comes first and what is settled last; among equals the graver, then the newer.
        """
        standing = sorted(self._standing.values(), key=_urgency)
        return (*standing, *reversed(self._settled))[:limit]


def _urgency(alarm: Alarm) -> tuple[bool, int, int]:
    return (alarm.state is AlarmState.ACKNOWLEDGED, alarm.priority, -alarm.at)
