"""What the devices of one lane tell of one passage, encoded ahead of its time."""

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import msgspec

from kouan.protocols.plc.messages import Curtain, Loop
from kouan.protocols.radiation_portal.codec import encode_line
from kouan.protocols.radiation_portal.messages import CountKind, CountLine, EndLine, Line
from kouan.protocols.weighbridge.codec import encode_frame
from kouan.protocols.weighbridge.messages import Frame
from kouan.proving.bench_gate.world import PORT, FixedClock
from kouan.simulator.devices.cabin import DisinfectionUnit, DriverTerminal, HealthKiosk
from kouan.simulator.devices.cameras import ContainerCamera, PlateCamera
from kouan.simulator.devices.plc import Plc
from kouan.simulator.devices.scale import DIVISION_KG
from kouan.simulator.devices.seal_reader import SealReader
from kouan.simulator.photography import Photographer
from kouan.simulator.scenario import Episodes
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import Outbox, Voice
from kouan.vocabulary.clock import Instant, seconds

ARRIVE_US = seconds(0.05)
"""When the vehicle stops, after the passage's first message, which is the radiation portal's."""

FRAMES_US = tuple(seconds(after) for after in (0.10, 0.30, 0.50, 0.70, 0.92, 1.12))
"""When the weighbridge's frames come, two at a time: the fifth pair completes the 0.8 s for which a weight must stand
still, and the sixth is there because an indicator does not stop then."""

READINGS_US = {
    "measure": seconds(0.15),
    "plates": seconds(0.25),
    "container": seconds(0.35),
    "seal": seconds(0.45),
    "health": seconds(0.55),
    "disinfection": seconds(0.65),
    "driver": seconds(0.80),
}
"""When every other device tells what it found. Our choice: each once, before the weight stands."""

COMPLETE_US = FRAMES_US[4]
"""From a passage's first message to the last one that its evidence needs."""

SCANS = 20
"""Gamma scans in one occupancy of the portal: four seconds at five scans a second."""

CALM = CountLine(CountKind.GAMMA_BACKGROUND, (350, 350, 350, 350))
QUIET = CountLine(CountKind.NEUTRON_BACKGROUND, (1, 1, 1, 1))


class Message(msgspec.Struct, frozen=True):
    """One message of a device, and how long after the passage's first one it comes, in microseconds."""

    after_us: int
    topic: str
    payload: bytes


class Script(msgspec.Struct, frozen=True):
    """All that a lane's devices tell of one passage until its order comes."""

    lane: str
    track: int
    messages: tuple[Message, ...]


class _Recorder(Outbox):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    def put(self, topic: str, payload: bytes, *, retain: bool = False, telemetry: bool = False) -> None:  # noqa: ARG002
        self.taken.append((topic, payload))


async def _never(_: float) -> None:
    raise AssertionError("nothing waits while messages are made")


def _drop(coroutine: Coroutine[Any, Any, None]) -> None:
    coroutine.close()


class LaneWriter:
    """Writes what the devices of one lane tell; ``chance`` is their errors."""

    def __init__(self, lane: str, chance: Random) -> None:
        self.lane = lane
        self._clock = FixedClock(0)
        self._recorder = _Recorder()
        self._plc = Plc(self._voice("plc", chance), chance, 0)
        photographer = Photographer(None, _never, _drop, self._clock, 0)
        self._plates = PlateCamera(self._voice("plate_camera", chance), chance, photographer)
        self._containers = ContainerCamera(self._voice("container_camera", chance), chance, photographer)
        self._seals = SealReader(self._voice("seal_reader", chance), chance)
        self._terminal = DriverTerminal(self._voice("driver_terminal", chance), chance)
        self._kiosk = HealthKiosk(self._voice("health_kiosk", chance), chance)
        self._disinfection = DisinfectionUnit(self._voice("disinfection", chance), chance)

    def _voice(self, device: str, chance: Random) -> Voice:
        return Voice(self._recorder, PORT, self.lane, device, self._clock, chance, Episodes())

    def passage(self, lorry: Lorry, begins_at: Instant) -> Script:
        """Return what the devices tell of the next vehicle, which comes at ``begins_at``."""
        self._clock.at = begins_at
        track = self._plc.track + 1
        messages = [Message(0, self._topic("radiation_portal/lines"), occupancy(track))]
        messages += self._said(ARRIVE_US, self._arrive)
        frames = weight(lorry.gross_kg)
        messages += [Message(after, self._topic("weighbridge/frames"), frames) for after in FRAMES_US]
        acts: dict[str, Callable[[], object]] = {
            "measure": lambda: self._plc.measure(lorry.rig, alone=True),
            "plates": lambda: (self._plates.front(lorry, track), self._plates.rear(lorry, track)),
            "container": lambda: self._containers.look(lorry, track),
            "seal": lambda: self._seals.interrogate(lorry, track),
            "health": lambda: self._kiosk.examine(lorry, track),
            "disinfection": lambda: self._disinfection.spray(track),
            "driver": lambda: self._terminal.identify(lorry, track),
        }
        for name, act in acts.items():
            messages += self._said(READINGS_US[name], act)
        messages.sort(key=lambda message: message.after_us)
        return Script(self.lane, track, tuple(messages))

    def _arrive(self) -> None:
        self._plc.curtain(Curtain.ENTRY, broken=False)
        self._plc.loop(Loop.ENTRY, occupied=False)
        self._plc.loop(Loop.STOP, occupied=True)

    def departure(self, track: int, order_id: str, at: Instant) -> tuple[Message, Message]:
        """Return what the PLC tells of a vehicle that leaves under an order: its loop is free, and it crossed."""
        self._clock.at = at
        after = self._plc.track
        self._plc.track = track
        self._plc.loop(Loop.STOP, occupied=False)
        self._plc.crossed(1, order_id)
        self._plc.track = after
        free, crossed = self._take()
        return Message(0, *free), Message(0, *crossed)

    def empty_bridge(self) -> Message:
        """Return frames of the bridge with nothing on it."""
        return Message(0, self._topic("weighbridge/frames"), weight(0, frames=4))

    def _said(self, after_us: int, act: Callable[[], object]) -> list[Message]:
        act()
        return [Message(after_us, topic, payload) for topic, payload in self._take()]

    def _take(self) -> list[tuple[str, bytes]]:
        taken, self._recorder.taken = self._recorder.taken, []
        return taken

    def _topic(self, rest: str) -> str:
        return f"kouan/{PORT}/{self.lane}/{rest}"


def weight(mass_kg: int, frames: int = 2) -> bytes:
    """Return frames of a mass that stands still."""
    return encode_frame(Frame(round(mass_kg / DIVISION_KG) * DIVISION_KG)) * frames


def occupancy(number: int) -> bytes:
    """Return the lines of a portal through which a vehicle passes without an alarm."""
    lines: list[Line] = [CALM, QUIET]
    for scan in range(SCANS):
        lines.append(CountLine(CountKind.GAMMA_SCAN, (68, 71, 70, 69)))
        if scan % 5 == 4:
            lines.append(CountLine(CountKind.NEUTRON_SCAN, (1, 0, 1, 2)))
    lines.append(EndLine(number, 4000))
    return b"".join(encode_line(line) for line in lines)
