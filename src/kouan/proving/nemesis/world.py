"""What the nemesis acts upon: a simulated port, its weather and its disk; and how it learns of the right moment."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from kouan.proving.nemesis.disk import DiskTrouble
from kouan.proving.nemesis.plan import FaultKind
from kouan.proving.nemesis.weather import Weather
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.wiring.twin import SimulatedPort


class Found(msgspec.Struct, frozen=True):
    """An invariant that did not hold: which, when (microseconds from the start), and what shows it."""

    invariant: str
    at: Instant
    text: str


Moment = Callable[[Any], bool]
"""Is shown something that happened; says whether it has no need to be shown more."""


class World:
    """The port and all that can be done to it. ``tell`` is to be called with everything that happens."""

    def __init__(self, clock: Clock, chance: Random, heals_us: int) -> None:
        self.clock = clock
        self.chance = chance
        self.port: SimulatedPort
        self.weather: Weather
        self.disk: DiskTrouble
        self.coverage: Counter[FaultKind] = Counter()
        self.wrongs: list[Found] = []
        self._began = clock.now()
        self._heals_us = heals_us
        self._moments: dict[str, list[Moment]] = {}

    def settle_in(self, port: SimulatedPort) -> None:
        """Take hold of a port that has not started."""
        self.port = port
        port.broker.accepted.append(lambda topic: self.tell("broker", "accepted", topic))
        self.weather = Weather(port.broker)
        self.disk = DiskTrouble(port.disk, Random(self.chance.getrandbits(64)))

    def tell(self, node: str, kind: str, data: Any) -> None:
        """Act on what happened, where its moment has come."""
        if not self._moments:
            return
        for moment in tuple(self._moments.get(f"{node} {kind}", ())):
            if moment(data):
                self.forget(f"{node} {kind}", moment)

    def when(self, kind: str, moment: Moment) -> None:
        """Show the next things of this node and kind to ``moment``, within the call in which they happen."""
        self._moments.setdefault(kind, []).append(moment)

    def forget(self, kind: str, moment: Moment) -> None:
        """Show nothing more to it."""
        waiting = self._moments.get(kind, [])
        if moment in waiting:
            waiting.remove(moment)
        if not waiting:
            self._moments.pop(kind, None)

    def wrong(self, invariant: str, text: str) -> None:
        """Note that something was done that must be impossible."""
        self.wrongs.append(Found(invariant, self.clock.now() - self._began, text))

    @property
    def left_s(self) -> float:
        """How long something may still go wrong, in seconds."""
        return max(0, self._began + self._heals_us - self.clock.now()) / SECOND

    async def until(self, at_us: int) -> None:
        """Wait until so many microseconds after the start."""
        await asyncio.sleep(max(0, at_us - (self.clock.now() - self._began)) / SECOND)
