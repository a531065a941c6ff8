"""Everything that stands in one lane, wired to one outbox, and the commands that reach it."""

from collections.abc import Callable
from random import Random

from kouan.protocols.status import codec as status
from kouan.simulator.devices.barrier import BarrierController, Opened
from kouan.simulator.devices.cabin import DisinfectionUnit, DriverTerminal, HealthKiosk
from kouan.simulator.devices.cameras import ContainerCamera, PlateCamera
from kouan.simulator.devices.plc import Plc
from kouan.simulator.devices.portal import Portal
from kouan.simulator.devices.scale import Scale
from kouan.simulator.devices.seal_reader import SealReader
from kouan.simulator.devices.signs import Signs
from kouan.simulator.photography import Photographer
from kouan.simulator.roles import Sleep, Spawn, TruthLog
from kouan.simulator.scenario import Scenario
from kouan.simulator.wire import Outbox, Voice
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue

SENSORS = (
    "container_camera", "disinfection", "driver_terminal", "health_kiosk", "plate_camera", "radiation_portal",
    "seal_reader", "weighbridge",
)  # fmt: skip
"""What breaks down in episodes. PLC and barrier do not: without them a lane has no passages to look at."""


class Equipment:
    """The devices of one lane by name, and as themselves."""

    def __init__(
        self, port: str, lane: str, outbox: Outbox, random: Random, scenario: Scenario, clock: Clock, sleep: Sleep,
        spawn: Spawn, photographer: Photographer, actuations: TruthLog, last_track: int,
        opened: Callable[[Opened], None], told_back: Callable[[], None], stamps: Clock,
    ) -> None:  # fmt: skip
        """``stamps`` is the devices' own clock, ``clock`` the true one, which records of actuations bear."""
        self.voices: dict[str, Voice] = {}

        def voice(device: str) -> Voice:
            made = Voice(outbox, port, lane, device, stamps, Random(random.getrandbits(64)), scenario.episodes)
            self.voices[device] = made
            return made

        def chance() -> Random:
            return Random(random.getrandbits(64))

        self.plc = Plc(voice("plc"), chance(), last_track)
        self.plates = PlateCamera(voice("plate_camera"), chance(), photographer)
        self.containers = ContainerCamera(voice("container_camera"), chance(), photographer)
        self.seals = SealReader(voice("seal_reader"), chance())
        self.scale = Scale(
            voice("weighbridge"), chance(), sleep, scenario.episodes.scale_drift_pm, scenario.wire.scale_frames
        )
        self.portal = Portal(voice("radiation_portal"), chance(), sleep, last_track)
        self.terminal = DriverTerminal(voice("driver_terminal"), chance())
        self.kiosk = HealthKiosk(voice("health_kiosk"), chance())
        self.disinfection = DisinfectionUnit(voice("disinfection"), chance())
        self.signs = Signs(voice("light"), voice("display"), told_back)
        self.barriers = BarrierController(
            lane, voice("barrier"), chance(), sleep, spawn, clock, actuations, scenario.timings.barrier_travel, opened
        )

    def boot(self) -> None:
        """Start every device: each says that it is there, the barriers where they are."""
        self.report()
        self.plc.boot()
        self.barriers.boot()
        self.portal.tell_background()

    def report(self) -> None:
        """Send every device's status."""
        for voice in self.voices.values():
            voice.status()

    def command(self, device: str, payload: bytes) -> None:
        """Hand a command from the wire to its device; anything for another is not for this lane."""
        match device:
            case "barrier":
                self.barriers.command(payload)
            case "light":
                self.signs.light_command(payload)
            case "display":
                self.signs.display_command(payload)
            case "controller":
                self._tell_again(payload)
            case _:
                return

    def _tell_again(self, payload: bytes) -> None:
        """Tell a lane controller that has just come what stands in the lane, as it may have missed it."""
        try:
            come = status.CODEC.decode(payload).online
        except InvalidValue:
            return
        for device in (self.plc, self.barriers, self.plates, self.seals) if come else ():
            device.voice.repeat()

    @property
    def troubled(self) -> bool:
        """Whether any device is at fault now."""
        return any(not voice.healthy for voice in self.voices.values())

    @property
    def disturbances(self) -> int:
        """How often a device broke down, or garbage came amid a byte stream and spoilt what it measures."""
        return sum(voice.streams_spoilt + voice.breakdowns for voice in self.voices.values())
