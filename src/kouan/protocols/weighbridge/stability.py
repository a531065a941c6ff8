"""When a weight may be believed: the XOR of a frame misses swapped digits, so one frame proves nothing.

001560 and 001650 have the same check (19), 90 kg apart. A run of equal frames, long enough in number and in time, is
what a standing vehicle gives and a line fault does not.
"""

import msgspec

from kouan.protocols.weighbridge.messages import Frame, Garbled, StableMass
from kouan.vocabulary.clock import Instant


class StabilityRule(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as standing still. All three are our choice, a port's file may say otherwise.

    ``frames`` in a row, because a fault would have to repeat itself as often; over ``span_us`` microseconds at least,
    because a vehicle sways on its springs for about a second; all within one ``division_kg``, the indicator's smallest
    step (20 kg on a bridge for 100 t is common).
    """

    frames: int = 8
    span_us: int = 800_000
    division_kg: int = 20


class StableRun(msgspec.Struct, frozen=True):
    """The frames in a row that agree so far: how many, since when, and between which masses in kilograms."""

    rule: StabilityRule = StabilityRule()
    frames: int = 0
    since: Instant = 0
    last: Instant = 0
    low_kg: int = 0
    high_kg: int = 0
    mass_kg: int = 0

    @property
    def standing(self) -> StableMass | None:
        """The stable mass, if the run is long enough by now: that of its latest frame."""
        return StableMass(self.mass_kg, self.frames, self.since, self.last) if self._stands else None

    @property
    def _stands(self) -> bool:
        return self.frames >= self.rule.frames and self.last - self.since >= self.rule.span_us

    def take(self, read: Frame | Garbled, at: Instant) -> tuple["StableRun", StableMass | None]:
        """Return the run after one more reading, and the stable mass if this reading was the one that completed it.

        Garbled bytes, a mass further than a division from any in the run, and a clock that went back end a run.
        """
        if isinstance(read, Garbled):
            return StableRun(self.rule), None
        rule, mass_kg = self.rule, read.mass_kg
        low, high = min(self.low_kg, mass_kg), max(self.high_kg, mass_kg)
        if not self.frames or at < self.last or high - low > rule.division_kg:
            fresh = StableRun(rule, 1, at, at, mass_kg, mass_kg, mass_kg)
            return fresh, fresh.standing
        longer = StableRun(rule, self.frames + 1, self.since, at, low, high, mass_kg)
        return longer, None if self._stands else longer.standing
