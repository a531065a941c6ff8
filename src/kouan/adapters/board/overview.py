"""The overview of the port: its counters, queues and sources, and what could not be read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import msgspec

from kouan.adapters.board.counters import Counters
from kouan.ledger.heads import SignedHead
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction

View = Mapping[str, Any]
Drawing = Callable[[], View]

MAX_TOPICS = 200
"""Topics whose unreadable messages are counted apart; those of further topics are counted together."""

OTHER_TOPICS = "…"


class LanePlace(msgspec.Struct, frozen=True):
    """Where a lane's stop line lies on the drawn map: metres east and north, degrees clockwise from north."""

    lane: str
    x: float
    y: float
    heading: float


class BoardSetting(msgspec.Struct, frozen=True):
    """What the board must know of a port: its lanes in the order of the port file, and the devices of every lane."""

    port: str
    name: Mapping[str, str]
    zone: tzinfo
    lanes: tuple[LanePlace, ...]
    devices: tuple[str, ...]


class Overview:
    """What the overview counts; ``view`` draws it as it stands."""

    def __init__(self, setting: BoardSetting, now: Instant, alarms: Callable[[], Sequence[View]]) -> None:
        self.counters = Counters(setting.zone, now)
        self.queue = {Direction.IN: 0, Direction.OUT: 0}
        self.sources = {(place.lane, device): False for place in setting.lanes for device in setting.devices}
        self.rules: Drawing | None = None
        self.hub: Drawing | None = None
        self._setting = setting
        self._alarms = alarms
        self._unparsed: dict[str, tuple[int, str]] = {}
        self._ledger: dict[str, int | None] = {"size": 0, "head_size": None, "head_at": None}

    def unparsed(self, topic: str, rule: str) -> None:
        """A message could not be read."""
        known = topic in self._unparsed or len(self._unparsed) < MAX_TOPICS
        name = topic if known else OTHER_TOPICS
        count, _ = self._unparsed.get(name, (0, ""))
        self._unparsed[name] = (count + 1, rule)

    def ledger(self, size: int, head: SignedHead | None) -> None:
        """The ledger was looked at: its entries, and its newest signed head."""
        self._ledger = {
            "size": size,
            "head_size": head.size if head else None,
            "head_at": head.at if head else None,
        }

    def view(self, now: Instant) -> View:
        """Return the overview as it stands."""
        today = self.counters.today(now)
        return {
            "port": self._setting.port,
            "name": dict(self._setting.name),
            "now": now,
            "in_today": today["in"],
            "out_today": today["out"],
            "queue": {"in": self.queue[Direction.IN], "out": self.queue[Direction.OUT]},
            "sources": {"online": sum(self.sources.values()), "total": len(self.sources)},
            **self.counters.figures(now),
            "ledger": dict(self._ledger),
            "lanes": [place.lane for place in self._setting.lanes],
            "history": self.counters.history(now),
            "alarms": self._alarms(),
            "unparsed": [
                {"topic": topic, "count": count, "rule": rule} for topic, (count, rule) in self._unparsed.items()
            ],
            "rules": None if self.rules is None else self.rules(),
            "hub": None if self.hub is None else self.hub(),
        }
