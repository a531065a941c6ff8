"""Faults of the platform's store, drawn anew at each commit, and a count of what they did."""

import asyncio
from collections import Counter
from random import Random

from kouan.adapters.memory.disk import Fault, MemoryDisk
from kouan.adapters.memory.disk import Faults as DiskFaults

USUAL_S = (0.0005, 0.004)
"""How long a commit takes on a good day, in seconds. Our choice: an NVMe disk's flush."""


class DiskTrouble:
    """What a disk does wrong now; all of it at once where several faults last."""

    def __init__(self, disk: MemoryDisk, chance: Random) -> None:
        self.rates_pm: dict[Fault, int] = {}
        self.most_s = 0.0
        self.away = False
        self.count: Counter[str] = Counter()
        self._chance = chance
        disk.faults = DiskFaults(self._of_commit, self._reachable, self._delay)

    def clear(self) -> None:
        """Do nothing wrong from now on."""
        self.rates_pm.clear()
        self.most_s, self.away = 0.0, False

    def _of_commit(self) -> Fault:
        if self.away:
            self.count["away"] += 1
            return Fault.LOSE
        for fault, rate_pm in self.rates_pm.items():
            if self._chance.randrange(1000) < rate_pm:
                self.count[fault] += 1
                if fault is Fault.FENCE:
                    del self.rates_pm[fault]
                return fault
        return Fault.NONE

    def _reachable(self) -> bool:
        self.count["away"] += self.away
        return not self.away

    async def _delay(self) -> None:
        span_s = self._chance.uniform(*USUAL_S)
        if self.most_s:
            self.count["slow"] += 1
            span_s += self._chance.uniform(0, self.most_s)
        await asyncio.sleep(span_s)
