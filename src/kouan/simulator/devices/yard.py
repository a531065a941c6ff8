"""The devices of a supervised yard: weighbridges with a camera over them, gates with border inspection's terminal."""

from collections.abc import Callable
from random import Random

from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.simulator.devices.scale import ZERO_CHUNKS, Scale
from kouan.simulator.misreading import confidence_pm
from kouan.simulator.people import Person, td3
from kouan.simulator.roles import Sleep, Spawn
from kouan.simulator.wire import Voice
from kouan.simulator.yard_port import FieldYard

COMES_S, SETTLES_S = 4.0, 3.0
"""How long a vehicle drives onto a scale, and sways there, in the field's seconds. Our choice, as at a lane."""

STANDS_S = 3.0
"""How long it stands there then, in seconds of the wall clock, as whoever reads the scale measures them. Our choice."""

SURE_PM = 960
"""How sure the terminal is of whom it sees, in per mille. Our choice: who is let in here was identified at the gate."""


class Plates:
    """A plate camera that sees the front of each vehicle that comes."""

    def __init__(self, voice: Voice, random: Random) -> None:
        self.voice = voice
        self.seen = 0
        self._random = random

    def see(self, plate: str) -> int:
        """Tell a plate; return the number of the vehicle that has it."""
        self.seen += 1
        self.read(plate, self.seen)
        return self.seen

    def read(self, plate: str, track: int) -> None:
        """Tell the plate of the vehicle that a PLC counts as ``track``."""
        self.voice.tell(
            PlateRead, track=track, position=PlatePosition.FRONT, text=plate,
            confidence_pm=confidence_pm(self._random, right=True), colour=PlateColour.YELLOW,
        )  # fmt: skip


class YardScale:
    """One weighbridge of the yard, for one vehicle at a time."""

    def __init__(
        self, name: str, voices: tuple[Voice, Voice], random: Random, sleep: Sleep, spawn: Spawn, drift_pm: float,
        speed: float,
    ) -> None:  # fmt: skip
        """``voices`` are the indicator's and the camera's; ``speed`` field seconds pass in one of the wall."""
        self.name = name
        self.weighed = 0
        self._bridge = Scale(voices[0], random, sleep, drift_pm, frames=5)
        self._plates = Plates(voices[1], random)
        self._sleep = sleep
        self._spawn = spawn
        self._speed = speed
        self._taken = False

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices of its devices."""
        return self._bridge.voice, self._plates.voice

    async def prove_zero(self) -> None:
        """Show the empty bridge for long enough, unless somebody stands on it."""
        if not self._taken:
            await self._bridge.prove_zero(1.2 * self._speed)

    async def weigh(self, plate: str, mass_kg: int) -> None:
        """Weigh one vehicle, once those before it have left the scale."""
        while self._taken:
            await self._sleep(1.0)
        self._taken = True
        try:
            self._spawn(self._bridge.weigh(mass_kg, COMES_S, SETTLES_S))
            await self._sleep(COMES_S + SETTLES_S)
            self._plates.see(plate)
            await self._sleep(STANDS_S * self._speed)
            self.weighed += 1
        finally:
            self._bridge.leave()
            await self._sleep(ZERO_CHUNKS * 0.4)
            self._taken = False

    def adjust(self) -> None:
        """Have a technician adjust the span."""
        self._bridge.drift_pm = 0.0


class YardGate:
    """A way in and out of a site."""

    def __init__(self, name: str, voices: tuple[Voice, Voice], random: Random, sleep: Sleep) -> None:
        """``voices`` are the camera's and the terminal's."""
        self.name = name
        self._plates = Plates(voices[0], random)
        self._terminal = voices[1]
        self._sleep = sleep

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The voices of its devices."""
        return self._plates.voice, self._terminal

    async def show(self, plate: str, driver: Person, occupants: int) -> None:
        """Read a plate, and whom its vehicle carries."""
        track = self._plates.see(plate)
        await self._sleep(4.0)
        self._terminal.tell(
            DriverRead, track=track, mrz=td3(driver), face_score_pm=SURE_PM, liveness_pm=SURE_PM,
            fingerprint_score_pm=SURE_PM, fingerprint_quality=80, occupants=occupants,
        )  # fmt: skip


def make_devices(
    yard: FieldYard, voice: Callable[[str, str], Voice], chance: Callable[[], Random], sleep: Sleep, spawn: Spawn,
    drift_pm: float, speed: float,
) -> tuple[list[YardScale], list[YardGate]]:  # fmt: skip
    """Return the scales and gates of a yard; ``voice`` gives a device of a place its voice."""
    scales = [
        YardScale(
            each.name, (voice(each.name, "weighbridge"), voice(each.name, "plate_camera")), chance(), sleep, spawn,
            drift_pm, speed,
        )
        for each in yard.scales
    ]  # fmt: skip
    gates = [
        YardGate(each.name, (voice(each.name, "plate_camera"), voice(each.name, "driver_terminal")), chance(), sleep)
        for each in yard.gates
    ]
    return scales, gates
