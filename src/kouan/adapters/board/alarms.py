"""The alarms on the board: which last, when what they were raised for is over, and how they are shown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.yard_alarms import ENDED_BY_YARD
from kouan.command.alarm_list import AlarmList
from kouan.command.alarms import Alarm, Called
from kouan.gate.states import Final
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.verdict import Reason, Stands, nothing_stands

View = Mapping[str, Any]

MAX_ALARMS = 100
"""Alarms shown, the most urgent first. Our choice: more than anybody reads; the ledger has them all."""

ENDED_BY_SOURCE = frozenset({"network.hub_silent", "release.calls", "declaration.overdue", *ENDED_BY_YARD})
"""Codes of alarms whose source says when they are over (``Watcher.back``)."""


class BoardAlarms:
    """A list of alarms that follows the lanes.

    An alarm about a passage lasts until the passage is over, one about a lane until it is taken into service again.
    ``changed`` is told where there is something to draw anew.
    """

    def __init__(self, clock: Clock, changed: Callable[[], None]) -> None:
        self.list = AlarmList()
        self._clock = clock
        self._began = clock.now()
        self.changed = changed
        self._open: dict[str, str] = {}
        self._stopped: set[str] = set()

    def lane_changed(self, lane: LaneDriver) -> None:
        """A lane or its passage changed."""
        state, before = lane.recorded, self._open.pop(lane.name, None)
        if state is not None and not isinstance(state, Final):
            self._open[lane.name] = state.dossier.passage
        if before is not None and before != self._open.get(lane.name):
            self._over(lambda alarm: alarm.passage == before)
        if lane.lane.stopped is not None:
            self._stopped.add(lane.name)
        elif lane.name in self._stopped:
            self._stopped.discard(lane.name)
            self._over(lambda alarm: alarm.lane == lane.name and not alarm.passage)

    def attend(self) -> None:
        """Note what of an earlier process is over, once every lane is as the driver has it after its start."""
        self._over(self._ended_meanwhile)

    def call(self, lane: str, passage: str, priority: int, reason: Reason) -> None:
        """Something needs attention."""
        lasts = passage in self._open.values() if passage else bool(lane) or reason.code in ENDED_BY_SOURCE
        self.list.call(lane, passage, priority, reason, self._clock.now(), lasts=lasts)
        self.changed()

    def call_again(self, calls: Iterable[Called]) -> None:
        """Raise what an earlier process was asked to, and did not record, once every lane is as after its start.

        A lane that was taken into service since needs nobody.
        """
        for called in calls:
            in_service = called.lane and not called.passage and called.lane not in self._stopped
            if not in_service and not self.list.is_known(called):
                self.call(called.lane, called.passage, called.priority, called.reason)

    def back(self, code: str, before: Instant | None = None, stands: Stands = nothing_stands) -> None:
        """What alarms of a code were raised for is over, but for those of which ``stands`` says otherwise.

        Those raised from ``before`` on are not concerned: what ``stands`` knows may be older.
        """
        self._over(
            lambda alarm: alarm.code == code and (before is None or alarm.at < before) and not stands(alarm.params)
        )

    def views(self) -> list[View]:
        """Return the alarms that are looked at first."""
        return [_view(alarm) for alarm in self.list.shown(MAX_ALARMS)]

    def _over(self, concerned: Callable[[Alarm], bool]) -> None:
        if self.list.over(self._clock.now(), concerned):
            self.changed()

    def _ended_meanwhile(self, alarm: Alarm) -> bool:
        if alarm.at >= self._began or alarm.code in ENDED_BY_SOURCE:
            return False
        return alarm.passage not in self._open.values() if alarm.passage else alarm.lane not in self._stopped


def _view(alarm: Alarm) -> View:
    names = ("number", "at", "lane", "priority", "returned_at", "acknowledged_by", "acknowledged_at", "word")
    return {
        **{name: getattr(alarm, name) for name in names},
        "passage": alarm.passage or None,
        "reason": {"code": alarm.code, "params": dict(alarm.params)},
        "state": alarm.state.value,
        "owners": list(alarm.owners),
    }
