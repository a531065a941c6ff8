"""What the board counts: passages of the day, of the last hour, and minute by minute."""

from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

import msgspec

from kouan.vocabulary.clock import SECOND, Instant

MINUTE_US = 60 * SECOND
HOUR_US = 60 * MINUTE_US

WINDOW_US = HOUR_US
"""The sliding window of stop times, rate and releases. Our choice: a screen that says "per hour" looks back one."""

MAX_WINDOW = 20_000
"""Passages kept in the window. Our choice: five times what 19 lanes can do in an hour, for bounded memory and work."""

HISTORY_MINUTES = 120
"""Minutes that the timeline shows. Our choice: two hours fill its width; the ledger has the rest."""

PASSED = ("cleared", "diverted")
"""The final states in which a barrier opened for the vehicle."""


class Ended(msgspec.Struct, frozen=True):
    """One passage that ended; ``stop_ms`` is from stopping to the barrier's opening, None where it did not open."""

    direction: str
    state: str
    at: Instant
    stop_ms: int | None


class Counters:
    """Counts passages that ended; bounded in memory, whatever comes."""

    def __init__(self, zone: tzinfo, since: Instant) -> None:
        """``since`` is when counting began: a rate over less than an hour is over the time since."""
        self._zone = zone
        self._since = since
        self._day = _day(since, zone)
        self._today = {"in": 0, "out": 0}
        self._minutes: dict[int, dict[str, int]] = {}
        self._window: deque[Ended] = deque(maxlen=MAX_WINDOW)

    def add(self, ended: Ended) -> None:
        """Count a passage; of earlier ones than today's only what still is in the window or on the timeline."""
        self._since = min(self._since, ended.at)
        self._turn(ended.at)
        self._window.append(ended)
        if ended.state not in PASSED or ended.direction not in self._today:
            return
        if _day(ended.at, self._zone) == self._day:
            self._today[ended.direction] += 1
        minute = ended.at // MINUTE_US
        counted = self._minutes.setdefault(minute, {"in": 0, "out": 0})
        counted[ended.direction] += 1
        if len(self._minutes) > 2 * HISTORY_MINUTES:
            newest = max(self._minutes)
            self._minutes = {kept: n for kept, n in self._minutes.items() if kept > newest - HISTORY_MINUTES}

    def today(self, now: Instant) -> Mapping[str, int]:
        """Return how many vehicles passed since midnight at the port, by direction."""
        self._turn(now)
        return dict(self._today)

    def figures(self, now: Instant) -> dict[str, Any]:
        """Return the figures of the last hour; None where there was no passage to take them of."""
        recent = [ended for ended in self._window if now - WINDOW_US < ended.at <= now]
        stops = sorted(ended.stop_ms for ended in recent if ended.stop_ms is not None)
        decided = [ended for ended in recent if ended.state != "abandoned"]
        passed = sum(1 for ended in recent if ended.state in PASSED)
        span_us = min(WINDOW_US, max(MINUTE_US, now - self._since))
        released = sum(1 for ended in decided if ended.state == "cleared")
        return {
            "stop_median_s": _rank(stops, 500),
            "stop_p95_s": _rank(stops, 950),
            "passages_per_h": round(passed * HOUR_US / span_us) if recent else None,
            "released_pm": released * 1000 // len(decided) if decided else None,
        }

    def history(self, now: Instant) -> list[dict[str, int]]:
        """Return the passages of each of the last ``HISTORY_MINUTES`` minutes, oldest first; ``t`` is its beginning."""
        last = now // MINUTE_US
        none = {"in": 0, "out": 0}
        return [
            {"t": minute * MINUTE_US, **self._minutes.get(minute, none)}
            for minute in range(last - HISTORY_MINUTES + 1, last + 1)
        ]

    def _turn(self, now: Instant) -> None:
        """Begin a new day at midnight of the port's own time."""
        day = _day(now, self._zone)
        if day > self._day:
            self._day = day
            self._today = {"in": 0, "out": 0}


def midnight(now: Instant, zone: tzinfo) -> Instant:
    """Return the instant at which the day of ``now`` began in this time zone."""
    begun = datetime.combine(_day(now, zone), datetime.min.time(), zone)
    return int(begun.timestamp()) * SECOND


def _day(at: Instant, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at / SECOND, zone).date()


def _rank(ordered_ms: list[int], permille: int) -> float | None:
    """Return the nearest-rank quantile in seconds, to the tenth."""
    if not ordered_ms:
        return None
    rank = -(-permille * len(ordered_ms) // 1000)
    return round(ordered_ms[max(rank, 1) - 1] / 1000, 1)
