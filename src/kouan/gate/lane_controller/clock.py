"""What a lane controller knows of the platform's time: an estimate with its uncertainty, never a wall clock (I10).

A poll is sent at one monotonic instant and answered at another; the platform's signed time lies somewhere between.
Half the round trip is the uncertainty then, and it grows with age by the drift of two oscillators.
"""

import msgspec

from kouan.vocabulary.clock import SECOND, Instant

DRIFT_PPM = 200
"""Parts in a million by which two clocks may run apart. Our choice: two crystals of ±100 ppm, the coarse end of
what computers carry."""

MOST_UNCERTAIN_US = 250_000
"""Uncertainty in microseconds above which no order is acted upon (invariant I10)."""


class ClockEstimate(msgspec.Struct, frozen=True):
    """The platform's time ``time`` at the monotonic instant ``at``, to within ``within_us`` microseconds."""

    time: Instant
    at: int
    within_us: int

    def platform_time(self, now: int) -> Instant:
        """Return the platform's time at the monotonic instant ``now``."""
        return self.time + (now - self.at)

    def uncertainty_us(self, now: int) -> int:
        """Return by how much, in microseconds, that time may be wrong.

        The platform read its clock up to ``within_us`` before ``at``: the clocks may have drifted that much longer.
        """
        return self.within_us + -(-(abs(now - self.at) + self.within_us) * DRIFT_PPM // SECOND)


def measure(sent: int, received: int, time: Instant) -> ClockEstimate:
    """Return the estimate that one poll gives, sent and received at these monotonic instants."""
    half = -(-(received - sent) // 2)
    return ClockEstimate(time, sent + half, half)


def join(old: ClockEstimate | None, new: ClockEstimate, now: int) -> ClockEstimate:
    """Return the better of two estimates.

    Where they contradict each other one clock was set: the newer one is kept, but is as uncertain as the two are
    apart, so that a leap of more than a quarter of a second stops all orders until the next answer agrees.
    """
    if old is None:
        return new
    apart = abs(old.platform_time(now) - new.platform_time(now))
    old_us, new_us = old.uncertainty_us(now), new.uncertainty_us(now)
    if apart > old_us + new_us:
        return ClockEstimate(new.time, new.at, new.within_us + apart)
    return old if old_us < new_us else new
