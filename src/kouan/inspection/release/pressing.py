"""In which order declarations are looked at: what is overdue first, then what waits for a person, then by deadline."""

from collections.abc import Iterable

import msgspec

from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import LotRecord
from kouan.vocabulary.clock import SECOND, Instant

PRESSING = (LotState.ESCALATED, LotState.OVERDUE, LotState.RECALLED, LotState.FAILED, LotState.HELD)
"""States that wait for a person, the most urgent first; all others by their deadlines."""

LATE = PRESSING[:2]
"""States of lots that are overdue, whatever their deadline is now."""

NEVER = 100 * 366 * 86_400 * SECOND
"""Where what has no deadline stands: beyond every deadline. Our choice."""


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a declaration stands in that order; ``late`` is 0 where it is overdue and 1 where not.

    ``rank`` is that of its most urgent lot in ``PRESSING``, its length where none is of these.
    """

    late: int
    rank: int
    deadline: Instant
    number: str


FIRST = Place(-1, 0, 0, "")
"""Before every declaration."""


def place_of(number: str, full_due: Instant | None, lots: Iterable[LotRecord], at: Instant) -> Place:
    """Return where a declaration stands at an instant; ``full_due`` is when its full form is due, None if it is not."""
    lots = tuple(lots)
    states = {LotState(lot.state) for lot in lots}
    deadline = min((due for due in (full_due, *(lot.deadline for lot in lots)) if due is not None), default=NEVER)
    rank = next((each for each, state in enumerate(PRESSING) if state in states), len(PRESSING))
    return Place(int(deadline > at and not states.intersection(LATE)), rank, deadline, number)
