"""The machine's own clock, as the Clock role."""

import time

from kouan.vocabulary.clock import Instant


class SystemClock:
    """Tells the machine's wall time and its monotonic time."""

    def now(self) -> Instant:
        """Return the wall time in microseconds since the epoch, UTC."""
        return time.time_ns() // 1000  # noqa: TID251 - this is the one place where time is taken from the machine

    def monotonic(self) -> int:
        """Return microseconds since the machine started."""
        return time.monotonic_ns() // 1000
