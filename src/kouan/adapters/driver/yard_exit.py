"""One exit lane of the yard: who stands at its stop line, from its PLC, camera and terminal, in whichever order."""

from collections.abc import Callable

import msgspec

from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.plate_camera.messages import PlateRead
from kouan.protocols.plc.messages import Loop, LoopChanged, VehicleMeasured
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import PlateNumber
from kouan.yard.facts import Line

KEPT_US = seconds(10)
"""How long messages stay unsettled because others of the same stop are missing; a document waits no longer for plate
and axles. Our choice, as at the gate (``kept.KEPT_US``)."""

Settled = Callable[[], None]
"""Lets go of a durable message."""

ExitMessage = LoopChanged | VehicleMeasured | PlateRead | DriverRead


class Shown(msgspec.Struct, frozen=True):
    """A document was shown in the vehicle that stands at the line, whose plate and axles are known."""

    line: Line
    plate: str
    document: DriverRead
    kept: tuple[Settled, ...]

    def settle(self) -> None:
        """Let go of the messages that this was made of."""
        for settled in self.kept:
            settled()


class ExitReading:
    """Puts together what an exit's devices tell of one stop; whatever is of another stop is none of it (I3)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._track: int | None = None
        self._axles: tuple[int, int] | None = None
        self._plate: tuple[int, str] | None = None
        self._document: tuple[DriverRead, Instant] | None = None
        self._kept: list[tuple[Settled, Instant]] = []

    def take(self, message: ExitMessage, now: Instant, settled: Settled) -> Shown | None:
        """Take in a message of a device; return who stands there with a document, once all of it is known."""
        self._kept.append((settled, now))
        match message:
            case LoopChanged(loop=Loop.STOP):
                self._stop(message)
            case LoopChanged():
                pass
            case VehicleMeasured():
                self._axles = (message.track, message.axles)
            case PlateRead():
                self._plate = _plate_of(message)
            case DriverRead():
                self._document = (message, now)
        return self._complete()

    def overdue(self, now: Instant) -> bool:
        """Let go of what was kept too long; say whether a document was shown there that waits for more in vain."""
        while self._kept and now - self._kept[0][1] >= KEPT_US:
            self._kept.pop(0)[0]()
        if self._document is None or now - self._document[1] < KEPT_US:
            return False
        self._document = None
        return True

    def _stop(self, message: LoopChanged) -> None:
        if message.occupied:
            self._track = message.track
            return
        self._track = None
        if self._document is not None and self._document[0].track == message.track:
            self._document = None
        self._let_go()

    def _complete(self) -> Shown | None:
        track, document = self._track, None if self._document is None else self._document[0]
        if track is None or document is None or self._axles is None or self._plate is None:
            return None
        if {document.track, self._axles[0], self._plate[0]} != {track}:
            return None
        self._document = None
        kept, self._kept = tuple(each for each, _ in self._kept), []
        return Shown(Line(self._name, track, self._axles[1]), self._plate[1], document, kept)

    def _let_go(self) -> None:
        kept, self._kept = self._kept, []
        for settled, _ in kept:
            settled()


def _plate_of(message: PlateRead) -> tuple[int, str] | None:
    try:
        return message.track, str(PlateNumber.parse(message.text))
    except InvalidValue:
        return None
