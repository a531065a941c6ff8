"""A test of offences over a fixed window: what the test in use is compared with."""

import math
from collections.abc import Sequence

from kouan.inspection.targeting.drift import FACTOR, PPM, Outcome, Share

WINDOW_DAYS = 14
"""Days of results in the window. Our choice: weeks, so that weekdays weigh alike."""

DEVIATIONS = 4.0
"""How many standard deviations an offence count may be off. Our choice: one look in 16,000 is a false alarm."""


def surprised_in_window(outcomes: Sequence[Outcome]) -> bool:
    """Say whether far more or fewer offences were found in a window than promised, among the drawn or the others."""
    drawn = [each for each in outcomes if each.share is Share.DRAWN]
    return _off(drawn) or _off([each for each in outcomes if each.share is not Share.DRAWN])


def _off(part: Sequence[Outcome]) -> bool:
    expected = math.fsum(each.score_ppm for each in part) / PPM
    variance = math.fsum(each.score_ppm * (PPM - each.score_ppm) for each in part) / PPM**2
    found = sum(each.found for each in part)
    unlikely = variance > 1 and abs(found - expected) > DEVIATIONS * math.sqrt(variance)
    return unlikely and not expected / FACTOR < found < expected * FACTOR
