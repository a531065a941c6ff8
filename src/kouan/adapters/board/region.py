"""The region as it stands, in memory: read from the hub's records, seen by every screen at the hub."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import msgspec

from kouan.adapters.board.readers import HEARTBEAT_S, Reader
from kouan.network.roles import RegionRecords
from kouan.network.standing import link_of, priority_of
from kouan.network.views import PortStanding, RegionAlarm
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import NotFound, Unavailable

View = Mapping[str, Any]

TICK_S = 0.5
"""Seconds between two looks at the records. Our choice: a change is on every screen within a second."""

HEARD_STEP_US = 5 * SECOND
"""A port that was only heard again is drawn anew when it was heard so much later. Our choice: a heartbeat."""

NOTHING_KNOWN: View = {"opposite": None, "lanes_in": None, "lanes_out": None, "unverified": ()}

ALARMS = "alarms"


class RegionSetting(msgspec.Struct, frozen=True):
    """What the board must know of a region: its drawing, and by port what is known without asking anybody.

    ``facts`` are ``opposite``, ``lanes_in``, ``lanes_out`` and ``unverified``; ``consoles`` the addresses of the ports'
    own consoles, where known.
    """

    drawing: View
    facts: Mapping[str, View]
    consoles: Mapping[str, str] = {}


class LiveRegion:
    """The RegionBoard role. ``start`` before the first reader; ``run`` looks at the records for ever."""

    def __init__(self, setting: RegionSetting, records: RegionRecords, clock: Clock) -> None:
        self._setting = setting
        self._records = records
        self._clock = clock
        self._standings: dict[str, PortStanding] = {}
        self._ports: dict[str, View] = {}
        self._alarms: Sequence[RegionAlarm] = ()
        self._readers: dict[int, Reader] = {}
        self._count = 0

    async def start(self) -> None:
        """Read the records once."""
        await self.look()

    async def run(self) -> None:
        """Look at the records every ``TICK_S`` seconds, for ever; where they cannot be read all stands as it was."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.look()
            except Unavailable:
                continue

    async def look(self) -> None:
        """Read the records, and tell every reader what changed."""
        now = self._clock.now()
        for standing in await self._records.standings():
            view = self._view(standing, now)
            if _differs(self._ports.get(standing.port), view):
                self._ports[standing.port] = view
                self._mark(standing.port)
        alarms = tuple(await self._records.alarms())
        if alarms != self._alarms:
            self._alarms = alarms
            self._mark(ALARMS)

    def region(self) -> View:
        """Return the region with every port, in the order of its file."""
        return {**self._setting.drawing, "now": self._clock.now(), "ports": list(self._ports.values())}

    def port(self, port: str) -> View:
        """Return one port; raise NotFound."""
        view = self._ports.get(port)
        if view is None:
            raise NotFound(f"the region has no port {port}")
        return view

    def alarms(self, port: str | None = None) -> Sequence[View]:
        """Return the latest alarms, those that nobody acknowledged first; of one port if given."""
        return [msgspec.to_builtins(alarm) for alarm in self._alarms if port in (None, alarm.port)]

    async def flow(self, port: str | None, since: Instant, until: Instant) -> Sequence[View]:
        """Return the traffic by hour of one port, or of each; raise NotFound for a port that the region has not."""
        if port is not None:
            self.port(port)
        return [msgspec.to_builtins(hour) for hour in await self._records.flow(port, since, until)]

    async def changes(self) -> AsyncGenerator[tuple[str, View], None]:
        """Yield everything as it stands, then what changes, the latest of each thing only; ``heartbeat`` every 5 s."""
        reader, number = Reader((*self._ports, ALARMS)), self._count
        self._count += 1
        self._readers[number] = reader
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT_S
        try:
            yield "heartbeat", {"now": self._clock.now()}
            while True:
                for name in await reader.changed(max(beat_at - loop.time(), 0)):
                    yield (ALARMS, {"items": self.alarms()}) if name == ALARMS else ("port", self._ports[name])
                if loop.time() >= beat_at:
                    beat_at = loop.time() + HEARTBEAT_S
                    yield "heartbeat", {"now": self._clock.now()}
        finally:
            self._readers.pop(number, None)
            reader.close()

    def _view(self, standing: PortStanding, now: Instant) -> View:
        return {
            **msgspec.to_builtins(standing),
            **NOTHING_KNOWN,
            **self._setting.facts.get(standing.port, {}),
            "link": link_of(standing, now).value,
            "priority": priority_of(standing, now),
            "console": self._setting.consoles.get(standing.port),
        }

    def _mark(self, name: str) -> None:
        for reader in self._readers.values():
            reader.mark(name)


def _differs(before: View | None, after: View) -> bool:
    """Say whether a port must be drawn anew; being heard a moment later is no news."""
    if before is None:
        return True
    heard, again = before["heard_at"], after["heard_at"]
    if heard is None or again is None or abs(again - heard) >= HEARD_STEP_US:
        return before != after
    return before != {**after, "heard_at": heard}
