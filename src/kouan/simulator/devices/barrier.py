"""The barrier controller: opens on the lane controller's command, on nothing else, and records each time it did."""

from collections.abc import Callable
from random import Random

import msgspec

from kouan.protocols.barrier import codec
from kouan.protocols.barrier.messages import Barrier, BarrierChanged, BarrierPosition, OpenBarrier
from kouan.simulator.roles import Sleep, Spawn, TruthLog
from kouan.simulator.scenario import Span
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import Voice
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue


class AtLine(msgspec.Struct, frozen=True):
    """Who truly stands at the stop line when a barrier opens."""

    crossing: str | None = None
    vehicle: str | None = None
    plate: str | None = None
    track: int | None = None

    @classmethod
    def of(cls, lorry: Lorry, track: int) -> "AtLine":
        """Return the vehicle at the line as the record names it."""
        return cls(lorry.crossing, lorry.rig.identity, lorry.rig.plate, track)


GATE_ARMS = (Barrier.RELEASE, Barrier.DIVERT)
"""The arms of a gate's lane; an exit of the yard has ``Barrier.EXIT`` alone."""


class Opened(msgspec.Struct, frozen=True):
    """An arm stands open."""

    barrier: Barrier
    order_id: str
    at: int


class BarrierController:
    """The arms of one lane.

    Every command that moves or would move an arm is one actuation in ``actuations``, with the order's id and how often
    that id has come: a second time is a double opening, and nothing here prevents it, because this is the record by
    which the platform is judged.
    """

    def __init__(
        self,
        lane: str,
        voice: Voice,
        random: Random,
        sleep: Sleep,
        spawn: Spawn,
        clock: Clock,
        actuations: TruthLog,
        travel: Span,
        opened: Callable[[Opened], None],
        arms: tuple[Barrier, ...] = GATE_ARMS,
    ) -> None:
        self.voice = voice
        self.at_line = AtLine()
        self.double_openings = 0
        self.refused_commands = 0
        self._lane = lane
        self._random = random
        self._sleep = sleep
        self._spawn = spawn
        self._clock = clock
        self._actuations = actuations
        self._travel = travel
        self._opened = opened
        self._positions = dict.fromkeys(arms, BarrierPosition.UNKNOWN)
        self._orders: dict[Barrier, str] = {}
        self._times: dict[str, int] = {}
        self._boots = 1

    def boot(self) -> None:
        """Start: all arms are down, and unknown until their limit switches have been seen (invariant I15)."""
        for barrier in self._positions:
            self._tell(barrier, BarrierPosition.UNKNOWN)
        for barrier in self._positions:
            self._tell(barrier, BarrierPosition.CLOSED)

    def restart(self) -> bool:
        """Lose power and start again, with numbers from one, where all arms are down; say whether they were."""
        if not self.closed:
            return False
        self._boots += 1
        self._orders.clear()
        self.voice.restart()
        self.voice.status()
        self.boot()
        return True

    def command(self, payload: bytes) -> None:
        """Take a command from the lane controller; what is none for these arms is counted and moves nothing."""
        try:
            command = codec.decode_command(payload)
        except InvalidValue:
            self.refused_commands += 1
            return
        if command.barrier not in self._positions:
            self.refused_commands += 1
            return
        if not self.voice.healthy:
            return
        self._record(command)
        self._orders[command.barrier] = command.order_id
        if self._positions[command.barrier] in {BarrierPosition.CLOSED, BarrierPosition.CLOSING}:
            self._tell(command.barrier, BarrierPosition.OPENING)
            self._spawn(self._raise(command))

    async def lower(self, barrier: Barrier) -> None:
        """Lower an arm after the vehicle; the PLC calls this only when curtain and loop are free."""
        if self._positions[barrier] is not BarrierPosition.OPEN:
            return
        self._tell(barrier, BarrierPosition.CLOSING)
        await self._sleep(self._random.uniform(*self._travel))
        if self._positions[barrier] is BarrierPosition.CLOSING:
            self._tell(barrier, BarrierPosition.CLOSED)
            self._orders.pop(barrier, None)

    @property
    def closed(self) -> bool:
        """Whether all arms are down."""
        return all(position is BarrierPosition.CLOSED for position in self._positions.values())

    @property
    def opening(self) -> bool:
        """Whether an arm goes up or stands open."""
        return any(each in {BarrierPosition.OPENING, BarrierPosition.OPEN} for each in self._positions.values())

    @property
    def open_barriers(self) -> tuple[Barrier, ...]:
        """Which arms stand open."""
        return tuple(arm for arm, position in self._positions.items() if position is BarrierPosition.OPEN)

    def order_of(self, barrier: Barrier) -> str | None:
        """Return the order under which an arm was opened last, if it has not come down since."""
        return self._orders.get(barrier)

    async def _raise(self, command: OpenBarrier) -> None:
        await self._sleep(self._random.uniform(*self._travel))
        self._tell(command.barrier, BarrierPosition.OPEN)
        self._opened(Opened(command.barrier, command.order_id, self._clock.now()))

    def _record(self, command: OpenBarrier) -> None:
        nth = self._times.get(command.order_id, 0) + 1
        self._times[command.order_id] = nth
        self.double_openings += nth > 1
        self._actuations.append(
            {
                "order_id": command.order_id,
                "nonce": command.nonce,
                "lane": self._lane,
                "barrier": str(command.barrier),
                "nth": nth,
                "at": self._clock.now(),
                **msgspec.structs.asdict(self.at_line),
            }
        )

    def _tell(self, barrier: Barrier, position: BarrierPosition) -> None:
        self._positions[barrier] = position
        self.voice.stand(
            barrier,
            BarrierChanged,
            barrier=barrier,
            position=position,
            order_id=self._orders.get(barrier),
            boots=self._boots,
        )
