"""Which calls of the yard it knows the end of: those about where a vehicle is, by its plate."""

import functools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Back
from kouan.yard.records import VisitRecord
from kouan.yard.settings import Limits

_IN_STATE: Mapping[str, str | None] = {
    **{f"yard.overdue_{state}": state for state in Limits.__struct_fields__},
    **dict.fromkeys(("yard.exit_uncertain", "yard.exit_unanswered", "yard.exit_unseen"), "exiting"),
    "yard.perishable": None,
}
"""The state of a visit in which such a call stands; None for as long as the visit is not over."""

ENDED_BY_YARD = frozenset(_IN_STATE)
"""Codes of alarms that end with what the vehicle was waited for. Of every other the yard knows no end."""


def end_alarms(back: Back, now: Instant, visits: Sequence[VisitRecord]) -> None:
    """End the alarms about vehicles that have gone on; ``visits`` are all that are under way at an instant."""
    here: set[tuple[str, str | None]] = {(visit.plate, state) for visit in visits for state in (visit.state, None)}
    for code, state in _IN_STATE.items():
        back(code, now, functools.partial(_is_here, here, state))


def _is_here(here: AbstractSet[tuple[str, str | None]], state: str | None, params: Mapping[str, Any]) -> bool:
    return (params["plate"], state) in here
