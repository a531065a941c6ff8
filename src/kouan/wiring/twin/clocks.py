"""A clock of one's own for each simulated process: wrong by an offset that jumps, and by a drift."""

from kouan.vocabulary.clock import SECOND, Clock, Instant


class SkewedClock:
    """A process's clock, beside the true one. The wall clock may be set; the monotonic one only runs fast or slow."""

    def __init__(self, true: Clock) -> None:
        self._true = true
        self._offset_us = 0
        self._drift_ppm = 0
        self._since = true.monotonic()
        self._gained_us = 0
        self.reads_wrong = 0

    @property
    def is_wrong(self) -> bool:
        """Whether the wall clock is not the true one."""
        return bool(self._offset_us or self._drift_ppm or self._gained_us)

    @property
    def shows(self) -> Instant:
        """What the clock shows to whoever watches over the simulation: looking at it counts for nothing."""
        return self._true.now() + self._offset_us + self._gained()

    def now(self) -> Instant:
        """Return this clock's wall time."""
        if not self.is_wrong:
            return self._true.now()
        self.reads_wrong += 1
        return self._true.now() + self._offset_us + self._gained()

    def monotonic(self) -> int:
        """Return this clock's microseconds since an arbitrary start."""
        return self._true.monotonic() + self._gained()

    def jump(self, by_us: int) -> None:
        """Set the wall clock forward, or back by a negative span."""
        self._offset_us += by_us

    def drift(self, ppm: int) -> None:
        """Run so many parts in a million fast from now on, or slow."""
        self._gained_us, self._since = self._gained(), self._true.monotonic()
        self._drift_ppm = ppm

    def put_right(self) -> None:
        """Show the true wall time again and run evenly; what the monotonic clock gained it keeps."""
        self.drift(0)
        self._offset_us = -self._gained_us

    def _gained(self) -> int:
        if not self._drift_ppm:  # mostly
            return self._gained_us
        return self._gained_us + (self._true.monotonic() - self._since) * self._drift_ppm // SECOND
