"""One weighbridge of the yard: from its byte stream, and the plate on it, to weighings and zero checks."""

import msgspec

from kouan.protocols.stream import Chunk
from kouan.protocols.weighbridge.codec import FrameReader
from kouan.protocols.weighbridge.messages import Garbled, StableMass
from kouan.protocols.weighbridge.stability import StabilityRule, StableRun
from kouan.vocabulary.clock import Instant, seconds

EMPTY_KG = 500
"""Below this nobody is on the scale, in kilograms. Our choice: less than any vehicle, more than the wind and mud."""

ZERO_EVERY_US = seconds(3600)
"""How often a zero that is seen is noted as a check. Our choice: it counts for 24 h (I9), so an hour is enough."""


class Found(msgspec.Struct, frozen=True):
    """A stable mass of the vehicle with this plate; without a plate, that the empty scale showed zero."""

    mass_kg: int
    at: Instant
    plate: str | None = None


class ScaleReading:
    """Finds one weighing an occupancy: a stable mass and a plate, in whichever order they come."""

    def __init__(self, division_kg: int) -> None:
        self._division_kg = division_kg
        self._frames = FrameReader()
        self._run = StableRun(StabilityRule(division_kg=division_kg))
        self._plate: str | None = None
        self._mass: StableMass | None = None
        self._weighed = False
        self._zero_at: Instant | None = None

    def feed(self, chunk: Chunk, now: Instant) -> list[Found]:
        """Return what a piece of the stream shows."""
        found: list[Found] = []
        for read in self._frames.feed(chunk.data):
            if not isinstance(read, Garbled) and read.mass_kg < EMPTY_KG:
                self._plate, self._mass, self._weighed = None, None, False
            self._run, stable = self._run.take(read, now)
            if stable is not None:
                found += self._stood_still(stable)
        return found

    def see(self, plate: str) -> Found | None:
        """Take the plate of the vehicle on the scale; return its weighing where it stands still already."""
        self._plate = plate
        return self._complete()

    def _stood_still(self, stable: StableMass) -> list[Found]:
        if abs(stable.mass_kg) <= self._division_kg:
            if self._zero_at is not None and stable.at - self._zero_at < ZERO_EVERY_US:
                return []
            self._zero_at = stable.at
            return [Found(stable.mass_kg, stable.at)]
        if stable.mass_kg < EMPTY_KG:
            return []
        self._mass = stable
        found = self._complete()
        return [] if found is None else [found]

    def _complete(self) -> Found | None:
        """Return the weighing once mass and plate are there, once an occupancy."""
        if self._plate is None or self._mass is None or self._weighed:
            return None
        self._weighed = True
        return Found(self._mass.mass_kg, self._mass.at, self._plate)
