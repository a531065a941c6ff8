"""What happens to the roads between edges and hub, and to the processes at their ends: drawn from a seed."""

import asyncio
import enum
from collections import Counter
from random import Random

from kouan.adapters.memory.transit import Faults
from kouan.proving.region.world import SimulatedRegion
from kouan.wiring.twin.node import Node

ROAD_S = (0.01, 0.05)
"""Least and most delay of a road that is whole. Our choice: a provincial network's."""

HOUR_S = 3600.0


class Weather(enum.StrEnum):
    """What happens to one road for a while, or to one process."""

    WHOLE = "whole"
    CUT = "cut"
    CUT_UP = "cut_up"
    CUT_DOWN = "cut_down"
    FLAPPING = "flapping"
    LOSSY = "lossy"
    SLOW = "slow"
    CRASHED_HUB = "crashed_hub"
    CRASHED_EDGE = "crashed_edge"


ROADS = (Weather.CUT, Weather.CUT_UP, Weather.CUT_DOWN, Weather.FLAPPING, Weather.LOSSY, Weather.SLOW)


class Nemesis:
    """Breaks one region as a seed says, until it is told to heal."""

    def __init__(self, region: SimulatedRegion, chance: Random) -> None:
        self.fired: Counter[Weather] = Counter()
        self._region = region
        self._chance = chance
        self._tasks: list[asyncio.Task[None]] = []
        self._roads: dict[str, tuple[Faults, Faults]] = {}

    def begin(self, cut_for_good: str | None) -> None:
        """Begin; one port, if it is named, is cut off from the beginning to the end."""
        for port in self._region.ports:
            chance = Random(self._chance.getrandbits(64))
            if port == cut_for_good:
                self._set(port, Weather.CUT)
                continue
            self._tasks.append(asyncio.create_task(self._break_road(port, chance), name=f"road-{port}"))
        for node in self._region.nodes:
            chance = Random(self._chance.getrandbits(64))
            self._tasks.append(asyncio.create_task(self._crash(node, chance), name=f"crash-{node.name}"))

    def heal(self) -> None:
        """Let nothing more happen, and make every road whole; processes that are down come back by themselves."""
        for task in self._tasks:
            task.cancel()
        for port in self._region.ports:
            self._set(port, Weather.WHOLE)

    async def _break_road(self, port: str, chance: Random) -> None:
        while True:
            self._set(port, Weather.WHOLE)
            await asyncio.sleep(chance.expovariate(1 / (HOUR_S / 2)))
            weather = chance.choice(ROADS)
            span_s = min(chance.expovariate(1 / HOUR_S), 12 * HOUR_S)
            if weather is Weather.FLAPPING:
                await self._flap(port, span_s / 6, chance)
            else:
                self._set(port, weather)
                await asyncio.sleep(span_s)

    async def _flap(self, port: str, span_s: float, chance: Random) -> None:
        end_s = asyncio.get_running_loop().time() + span_s
        while asyncio.get_running_loop().time() < end_s:
            self._set(port, chance.choice((Weather.CUT, Weather.CUT_UP, Weather.CUT_DOWN)), counted=False)
            await asyncio.sleep(chance.uniform(0.2, 20))
            self._set(port, Weather.WHOLE, counted=False)
            await asyncio.sleep(chance.uniform(0.2, 20))
        self.fired[Weather.FLAPPING] += 1

    async def _crash(self, node: Node, chance: Random) -> None:
        kind = Weather.CRASHED_HUB if node is self._region.hub else Weather.CRASHED_EDGE
        while True:
            await asyncio.sleep(chance.expovariate(1 / (4 * HOUR_S)))
            if node.crash(chance.uniform(1, 120)):
                self.fired[kind] += 1

    def _set(self, port: str, weather: Weather, *, counted: bool = True) -> None:
        """Make a road so; its faults outlive the edge's process, which takes the same road when it comes back."""
        link = self._region.edges[port].link
        if link is None:
            return
        lossy, slow = weather is Weather.LOSSY, weather is Weather.SLOW
        for faults, ways in ((link.up, (Weather.CUT, Weather.CUT_UP)), (link.down, (Weather.CUT, Weather.CUT_DOWN))):
            faults.cut = weather in ways
            faults.lose_pm = 200 if lossy else 0
            faults.duplicate_pm = 200 if lossy else 0
            faults.reorder_pm = 300 if lossy else 0
            faults.delay_s = (0.5, 4.0) if slow else ROAD_S
        if counted:
            self.fired[weather] += 1
