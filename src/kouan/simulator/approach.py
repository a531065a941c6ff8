"""The road before the gate: who comes when, who waits, and the counter that tells how many."""

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random

import msgspec

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.roles import Document, OfficerDesk, Sleep
from kouan.simulator.traders import Traders
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import RETRY_S
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.places import Direction

HOLD_ATTEMPTS = 5
"""How often an officer tries to place a control order before the vehicle comes. Our choice."""


class Arrived(msgspec.Struct, frozen=True):
    """A lorry whose papers are in hand or knowingly are not, and when it joined the queue."""

    lorry: Lorry
    at: Instant


class Approach:
    """The queue of one direction: lorries are made, and their papers sent, a little before they reach the head."""

    def __init__(
        self,
        direction: Direction,
        traders: Traders,
        desk: OfficerDesk | None,
        clock: Clock,
        sleep: Sleep,
        ahead: int,
    ) -> None:
        """``ahead`` is how many lorries have sent their papers and wait for a lane."""
        self.direction = direction
        self._traders = traders
        self._desk = desk
        self._clock = clock
        self._sleep = sleep
        self._road: deque[tuple[Callable[[], Lorry], Instant]] = deque()
        self._joined = asyncio.Event()
        self._head: asyncio.Queue[Arrived] = asyncio.Queue(ahead)

    @property
    def waiting(self) -> int:
        """How many vehicles wait."""
        return len(self._road) + self._head.qsize()

    @property
    def ready(self) -> bool:
        """Whether a lorry stands at the head, its papers handed in."""
        return not self._head.empty()

    def join(self, make: Callable[[], Lorry]) -> None:
        """Let a lorry join the queue; it is made when it nears the head."""
        self._road.append((make, self._clock.now()))
        self._joined.set()

    async def next(self) -> Arrived:
        """Return the lorry at the head, waiting for one."""
        return await self._head.get()

    async def run(self) -> None:
        """Bring lorries to the head for ever."""
        while True:
            while self._road:
                make, at = self._road.popleft()
                lorry = make()
                await self._traders.announce(lorry)
                if lorry.has(Anomaly.CONTROL_ORDER_TARGET):
                    await self._target(lorry)
                await self._head.put(Arrived(lorry, at))
            self._joined.clear()
            await self._joined.wait()

    async def _target(self, lorry: Lorry) -> None:
        if self._desk is None:
            return
        for _ in range(HOLD_ATTEMPTS):
            try:
                await self._desk.hold(control_order(lorry))
            except Unavailable:
                await self._sleep(RETRY_S)
            else:
                return


def control_order(lorry: Lorry) -> Document:
    """Return the control order (布控) that an officer places on this lorry."""
    return {"plate": lorry.rig.plate, "authority": "customs", "kind": "examine", "reason": "Risk profile of the day"}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How arrivals spread over the day: ``hourly`` shares from ``opens_s`` (seconds after midnight) on."""

    opens_s: int
    hourly: tuple[float, ...]

    def rate(self, per_day: float, second_of_day: float) -> float:
        """Return arrivals a second at a second of the day, so that a day brings ``per_day``."""
        hour = int((second_of_day - self.opens_s) % 86_400 // 3600)
        if hour >= len(self.hourly):
            return 0.0
        return per_day * self.hourly[hour] / sum(self.hourly) / 3600


class Arrivals:
    """A Poisson stream whose rate follows the profile."""

    def __init__(self, random: Random, sleep: Sleep, profile: Profile, start_s: float) -> None:
        """``start_s`` is the second of the day at which the field begins."""
        self._random = random
        self._sleep = sleep
        self._profile = profile
        self._start_s = start_s

    async def run(self, per_day: float, arrive: Callable[[], None], until_s: float | None = None) -> None:
        """Call ``arrive`` for each arrival, for ever or for ``until_s`` seconds."""
        elapsed = 0.0
        while until_s is None or elapsed < until_s:
            rate = self._profile.rate(per_day, (self._start_s + elapsed) % 86_400)
            # Exponential gaps have no memory, so a long one may be cut and drawn again under the rate of its time.
            gap = self._random.expovariate(rate) if rate > 0 else 60.0
            step = min(gap, 60.0)
            await self._sleep(step)
            elapsed += step
            if rate > 0 and gap <= 60.0:
                arrive()
