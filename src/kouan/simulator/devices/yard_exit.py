"""An exit lane of the yard: loops, plate camera, terminal, and a barrier that opens on an order and on nothing else."""

import asyncio
import functools
from collections.abc import Callable
from random import Random

from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.plc.messages import Curtain, Loop
from kouan.protocols.status import codec as status
from kouan.simulator.devices.barrier import AtLine, BarrierController, Opened
from kouan.simulator.devices.plc import Plc
from kouan.simulator.devices.yard import SURE_PM, Plates
from kouan.simulator.people import Person, td3
from kouan.simulator.roles import Sleep, Spawn, TruthLog
from kouan.simulator.scenario import Span
from kouan.simulator.vehicles import Rig
from kouan.simulator.wire import Voice
from kouan.simulator.yard_port import FieldYard
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import InvalidValue

COMES_S, READS_S, SHOWS_S, REACTS_S, DRIVES_S = 6.0, 1.5, 4.0, 0.7, 6.0
"""How long a vehicle takes to the line, its plate and axles to be read, its driver to show a document and to move off,
and it to drive out, in the field's seconds. Our choice, as at a lane."""

PATIENCE_S = 45.0
"""How long a driver waits for the arm before he backs out, in seconds of the wall clock, on which the platform decides.
Our choice: an order comes within a second or two, or a person was called."""

LOOKS_S = 0.5
"""How often a waiting driver looks at the arm, in seconds of the wall clock. Our choice."""

UNUSED_OPENING_S = 30.0
"""How long an arm stays up that was opened for nobody. Our choice, as at a lane."""


class YardExit:
    """One exit lane, for one vehicle at a time."""

    def __init__(
        self, name: str, voice: Callable[[str], Voice], chance: Callable[[], Random], sleep: Sleep, spawn: Spawn,
        clock: Clock, truth: TruthLog, actuations: TruthLog, travel: Span, speed: float,
    ) -> None:  # fmt: skip
        """``voice`` gives a device its voice; ``speed`` field seconds pass in one of the wall."""
        self.name = name
        self.gone = 0
        self.backed_out = 0
        self.plc = Plc(voice("plc"), chance(), truth.last_tracks().get(name, 0))
        self.barrier = BarrierController(
            name, voice("barrier"), chance(), sleep, spawn, clock, actuations, travel, self._opened, (Barrier.EXIT,)
        )
        self.voices = (self.plc.voice, self.barrier.voice, voice("plate_camera"), voice("driver_terminal"))
        self._plates = Plates(self.voices[2], chance())
        self._truth = truth
        self._clock = clock
        self._sleep = sleep
        self._spawn = spawn
        self._speed = speed
        self._taken = False
        self._up: asyncio.Future[Opened] | None = None

    def boot(self) -> None:
        """Start every device: each says that it is there, and the barrier that it is down."""
        for voice in self.voices:
            voice.status()
        self.plc.boot()
        self.barrier.boot()

    def command(self, device: str, payload: bytes) -> None:
        """Take what is sent to a device of this exit; a lane controller that has just come is told all anew."""
        if device == "barrier":
            self.barrier.command(payload)
        elif device == "controller":
            try:
                come = status.CODEC.decode(payload).online
            except InvalidValue:
                return
            for voice in self.voices[:3] if come else ():
                voice.repeat()

    async def leave(self, rig: Rig, driver: Person, occupants: int, waits: Callable[[], bool] = lambda: False) -> bool:
        """Drive in, show plate and document, and drive out once the arm is up; say whether it did.

        The driver is patient as long as ``waits`` says that somebody is to come to him.
        """
        while self._taken or not self.barrier.closed:
            await self._sleep(1.0)
        self._taken = True
        try:
            await self._sleep(COMES_S)
            self._stop(rig)
            await self._show(rig, driver, occupants)
            opened = await self._waited(waits)
            await (self._back_out() if opened is None else self._drive_out(opened))
            return opened is not None
        finally:
            self._taken = False

    def _stop(self, rig: Rig) -> None:
        self.plc.loop(Loop.STOP, occupied=True)
        track = self.plc.track
        self._truth.append({"event": "yard_stop", "lane": self.name, "track": track, "plate": rig.plate})
        self.barrier.at_line = AtLine(None, rig.identity, rig.plate, track)
        self._up = asyncio.get_running_loop().create_future()

    async def _show(self, rig: Rig, driver: Person, occupants: int) -> None:
        await self._sleep(READS_S)
        self.plc.measure(rig, alone=True)
        self._plates.read(rig.plate, self.plc.track)
        await self._sleep(SHOWS_S)
        self.voices[3].tell(
            DriverRead, track=self.plc.track, mrz=td3(driver), face_score_pm=SURE_PM, liveness_pm=SURE_PM,
            fingerprint_score_pm=SURE_PM, fingerprint_quality=80, occupants=occupants,
        )  # fmt: skip

    async def _waited(self, waits: Callable[[], bool]) -> Opened | None:
        """Return the opened arm, None where the driver waited in vain."""
        patience_us = round(PATIENCE_S * SECOND)
        until = self._clock.now() + patience_us
        while self._up is not None and not self._up.done() and self._clock.now() < until:
            await self._sleep(LOOKS_S * self._speed)
            if waits():
                until = self._clock.now() + patience_us
        return self._up.result() if self._up is not None and self._up.done() else None

    async def _drive_out(self, opened: Opened) -> None:
        await self._sleep(REACTS_S)
        self.plc.curtain(Curtain.EXIT, broken=True)
        self.plc.loop(Loop.EXIT, occupied=True)
        await self._sleep(DRIVES_S / 2)
        self._leave_line()
        await self._sleep(DRIVES_S / 2)
        self.plc.curtain(Curtain.EXIT, broken=False)
        self.plc.loop(Loop.EXIT, occupied=False)
        self.plc.crossed(1, opened.order_id)
        self.gone += 1
        await self.barrier.lower(Barrier.EXIT)

    async def _back_out(self) -> None:
        self.backed_out += 1
        self._leave_line()
        await self._sleep(DRIVES_S)

    def _leave_line(self) -> None:
        self._up = None
        self.plc.loop(Loop.STOP, occupied=False)
        self.barrier.at_line = AtLine()

    def _opened(self, opened: Opened) -> None:
        if self._up is not None and not self._up.done():
            self._up.set_result(opened)
        else:
            self._spawn(self._close_unused())

    async def _close_unused(self) -> None:
        await self._sleep(UNUSED_OPENING_S)
        if self._up is None:
            await self.barrier.lower(Barrier.EXIT)


def make_exits(
    yard: FieldYard, voice: Callable[[str, str], Voice], chance: Callable[[], Random], sleep: Sleep, spawn: Spawn,
    clock: Clock, logs: tuple[TruthLog, TruthLog], travel: Span, speed: float,
) -> list[YardExit]:  # fmt: skip
    """Return the exit lanes of a yard; ``logs`` are of what truly happened, and of what moved their barriers."""
    return [
        YardExit(each.name, functools.partial(voice, each.name), chance, sleep, spawn, clock, *logs, travel, speed)
        for each in yard.exits
    ]
