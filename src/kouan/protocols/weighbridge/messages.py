"""What comes out of the weighbridge's byte stream."""

import msgspec

from kouan.vocabulary.clock import Instant


class Frame(msgspec.Struct, frozen=True):
    """One valid frame of the indicator: the number shown, signed, without its point, and the digits after the point."""

    shown: int
    decimals: int = 0

    @property
    def mass_kg(self) -> int:
        """The mass in whole kilograms, halves away from zero."""
        if not self.decimals:
            return self.shown
        scale = int(10**self.decimals)
        size = (abs(self.shown) * 2 + scale) // (2 * scale)
        return size if self.shown >= 0 else -size


class Garbled(msgspec.Struct, frozen=True):
    """Bytes that are no valid frame, the first of them at most, and by which rule they were refused."""

    rule: str
    raw: bytes


class StableMass(msgspec.Struct, frozen=True):
    """A gross mass in kilograms that stood still over ``frames`` frames from ``since`` to ``at`` (microseconds)."""

    mass_kg: int
    frames: int
    since: Instant
    at: Instant
