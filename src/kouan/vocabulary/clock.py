"""The Clock role: time is asked of somebody, never taken from the machine."""

from typing import Protocol

#: Microseconds since 1970-01-01T00:00:00Z. Entries, orders and evidence carry time as this integer, so that no
#: encoding of a float or of a time zone can change a hash.
Instant = int

SECOND: int = 1_000_000
"""Microseconds in a second."""


class Clock(Protocol):
    """Tells the time, for decisions (wall) and for measuring spans (monotonic)."""

    def now(self) -> Instant:
        """Return the wall time in microseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> int:
        """Return microseconds since an arbitrary start that never goes back."""
        ...


def seconds(span_s: float) -> int:
    """Return a span of seconds as whole microseconds."""
    return round(span_s * SECOND)
