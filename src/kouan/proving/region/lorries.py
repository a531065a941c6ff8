"""Lorries at the edges of a simulated region: their entries, and the plates that were cloned."""

import asyncio
from collections.abc import Sequence
from random import Random

import msgspec

from kouan.ledger.roles import Draft, Unit
from kouan.proving.region.nodes import EdgeNode
from kouan.proving.region.traffic import Story, plate_of
from kouan.proving.region.world import SimulatedRegion
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Unavailable
from kouan.wiring.twin.node import asking

DAY_S = 86_400.0

AGAIN_S = 1.0
"""Pause before a fact is handed in again to an edge that died over it, as devices and brokers do."""


class Clone(msgspec.Struct, frozen=True):
    """One plate that stood at two ports within a time in which no lorry gets from one to the other."""

    plate: str
    first: str
    second: str


class Lorries:
    """Brings lorries to every port of a region; ``stop`` lets those that are there finish."""

    def __init__(self, region: SimulatedRegion, lorries_a_day: int, chance: Random, stories: Sequence[Story]) -> None:
        self.count = 0
        self.clones: list[Clone] = []
        self._region = region
        self._mean_s = DAY_S / lorries_a_day
        self._chance = chance
        self._stories = stories
        self._arriving: list[asyncio.Task[None]] = []
        self._there: dict[int, asyncio.Task[None]] = {}

    def begin(self) -> None:
        """Let lorries come to every port."""
        for port in self._region.ports:
            chance = Random(self._chance.getrandbits(64))
            self._arriving.append(asyncio.create_task(self._arrive(port, chance), name=f"lorries-{port}"))

    async def stop(self) -> None:
        """Let no more lorries come, and wait until the last one is gone."""
        for task in self._arriving:
            task.cancel()
        while self._there:
            await next(iter(self._there.values()))

    def clone(self, first: str, second: str, after_s: float) -> None:
        """Let one plate stand at a port, and ``after_s`` later at another."""
        plate = f"CLONE{len(self.clones):02d}"
        self.clones.append(Clone(plate, first, second))
        self._begin(first, plate, 0.0)
        self._begin(second, plate, after_s)

    async def _arrive(self, port: str, chance: Random) -> None:
        while True:
            await asyncio.sleep(chance.expovariate(1 / self._mean_s))
            self._begin(port, None, 0.0)

    def _begin(self, port: str, plate: str | None, after_s: float) -> None:
        self.count += 1
        number = self.count
        story = self._stories[number % len(self._stories)]
        work = self._pass(self._region.edges[port], story, number, plate or plate_of(number), after_s)
        self._there[number] = asyncio.create_task(work, name=f"lorry-{number}")
        self._there[number].add_done_callback(lambda _: self._there.pop(number, None))

    async def _pass(self, edge: EdgeNode, story: Story, number: int, plate: str, after_s: float) -> None:
        """Stop, be looked at and leave: three commits, as far apart as the lorry's story says."""
        if after_s:
            await asyncio.sleep(after_s)
        drafts = story.tell(f"{edge.port}-{number}", plate, self._region.clock.now())
        stays_s = story.closes_at / SECOND
        await _record(edge, drafts[:1])
        await asyncio.sleep(stays_s / 2)
        await _record(edge, drafts[1:-1])
        await asyncio.sleep(stays_s / 2)
        await _record(edge, drafts[-1:])


async def _record(edge: EdgeNode, drafts: Sequence[Draft]) -> None:
    unit = Unit(tuple(drafts))
    while True:
        try:
            await asking(edge, lambda: edge.ledger.append(unit))
        except Unavailable:
            await asyncio.sleep(AGAIN_S)
        else:
            return
