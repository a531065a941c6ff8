"""Who comes to the port and when: the overnight queue, the day's arrivals, and lorries on their way back."""

import functools
from collections.abc import Callable, Mapping
from random import Random

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.approach import Approach, Arrivals, Profile
from kouan.simulator.fleet import Fleet
from kouan.simulator.port_file import FieldPort
from kouan.simulator.roles import Sleep, Spawn
from kouan.simulator.surroundings import Left
from kouan.simulator.vehicles import Load, Lorry
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.places import Direction

YARD_TO_GATE_S = 600.0
"""From the yard back to the outbound queue, in seconds of the field's time. Our choice."""

LEAST_TURNROUND_S = 300.0
"""Least time between the two legs of a visit, in seconds of the wall clock, which the platform measures travel by."""


DAY_S = 86_400.0


class Traffic:
    """Brings lorries to the approaches as the port file's table ``[simulation]`` says, times the scenario's factor."""

    def __init__(
        self,
        port: FieldPort,
        times: float,
        fleet: Fleet,
        approaches: Mapping[Direction, Approach],
        clock: Clock,
        sleep: Sleep,
        spawn: Spawn,
        random: Random,
        speed: float,
    ) -> None:
        self._port = port
        self._times = times
        self._fleet = fleet
        self._approaches = approaches
        self._clock = clock
        self._sleep = sleep
        self._spawn = spawn
        self._random = random
        self._speed = speed

    def open_queues(self) -> None:
        """Let the lorries that waited overnight stand before the gate."""
        traffic = self._port.simulation
        for _ in range(traffic.opening_queue_in):
            self._approaches[Direction.IN].join(self._laden(Direction.IN))
        exports = traffic.exports_per_day / max(1, traffic.outbound_per_day)
        for _ in range(traffic.opening_queue_out):
            laden = self._random.random() < exports
            self._approaches[Direction.OUT].join(self._laden(Direction.OUT) if laden else self._unladen)

    def begin(self, start_s: float | None) -> None:
        """Let the day's arrivals come, from a second of the day on; None takes the clock's."""
        if start_s is None:
            self._spawn(self._open_each_day())
        traffic = self._port.simulation
        profile = Profile(opens_s=self._port.opens_s, hourly=traffic.hourly)
        start_s = self._second_of_day() if start_s is None else start_s
        # Until the first lorries of this run come back, those that came before it go home.
        empties = traffic.outbound_per_day - traffic.exports_per_day
        streams: tuple[tuple[int, Direction, Callable[[], Lorry], float | None], ...] = (
            (traffic.inbound_per_day, Direction.IN, self._laden(Direction.IN), None),
            (traffic.exports_per_day, Direction.OUT, self._laden(Direction.OUT), None),
            (empties, Direction.OUT, self._unladen, traffic.turnround_s),
        )
        for per_day, direction, make, until_s in streams:
            arrivals = Arrivals(Random(self._random.getrandbits(64)), self._sleep, profile, start_s)
            arrive = functools.partial(self._approaches[direction].join, make)
            self._spawn(arrivals.run(per_day * self._times, arrive, until_s))

    async def _open_each_day(self) -> None:
        """Let a new queue stand before the gate whenever the port opens."""
        span_s = (self._port.opens_s - self._second_of_day()) % DAY_S
        while True:
            await self._sleep(span_s)
            self.open_queues()
            span_s = DAY_S

    def left(self, left: Left) -> None:
        """Let a lorry that delivered come back empty: the second half of its visit."""
        self._back(left, self._port.simulation.turnround_s)

    def home(self, left: Left) -> None:
        """Let a lorry come back empty that has left the yard: it drives no further than to the queue."""
        self._back(left, YARD_TO_GATE_S)

    def _back(self, left: Left, turnround_s: float) -> None:
        lorry = left.lorry
        if left.exit == "withdrew" or lorry.load is not Load.LOADED or lorry.has(Anomaly.CLONED_PLATE):
            return
        way_back = Direction.OUT if lorry.direction is Direction.IN else Direction.IN
        make = functools.partial(self._fleet.empty, way_back, lorry.rig)
        self._spawn(self._come_back(make, way_back, turnround_s))

    async def _come_back(self, make: Callable[[], Lorry], direction: Direction, turnround_s: float) -> None:
        span_s = max(turnround_s, LEAST_TURNROUND_S * self._speed)
        await self._sleep(span_s * self._random.uniform(0.8, 1.3))
        self._approaches[direction].join(make)

    def _laden(self, direction: Direction) -> Callable[[], Lorry]:
        return functools.partial(self._fleet.loaded, direction)

    def _unladen(self) -> Lorry:
        return self._fleet.empty(Direction.OUT)

    def _second_of_day(self) -> float:
        return (self._clock.now() / SECOND + self._port.simulation.utc_offset_minutes * 60) % DAY_S
