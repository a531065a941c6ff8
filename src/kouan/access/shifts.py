"""Shifts (当班): somebody on duty says when they begin and end work, and reads protected fields only in between."""

import msgspec

from kouan.access.people import Agency, Principal
from kouan.access.roles import record_params
from kouan.access.roster import Duty, covers
from kouan.access.use_cases import SESSION_US
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

SHIFT_US = SESSION_US
"""How long an open shift counts. Our choice: as long as a session, so that one forgotten open does not last."""


class Shift(msgspec.Struct, frozen=True):
    """One person's latest shift, for one agency; ``until`` is when it ends by itself, ``closed_at`` when it was.

    It rests on a ``duty`` of the roster; one that rests on none counts for nothing.
    """

    username: str
    agency: Agency
    opened_at: Instant
    until: Instant
    closed_at: Instant | None = None
    duty: str | None = None


def open_shift(officer: Principal, duty: Duty | None, now: Instant) -> tuple[Shift, Unit] | Refused:
    """Begin a shift on a duty; refused by its guard where one is open, or the duty was cancelled meanwhile."""
    if duty is None or not covers(duty, officer.username, officer.agency, now):
        mend = "have a duty officer put you on the roster, or confirm why you are on duty unplanned"
        return refuse("access.no_duty", field="", mend=mend)
    shift = Shift(officer.username, officer.agency, now, min(now + SHIFT_US, duty.until), duty=duty.number)
    body = canonical({"at": now, "agency": shift.agency, "duty": duty.number, "until": shift.until})
    draft = Draft("access.shift_opened/1", shift.username, f"access:shift:{shift.username}:{now}:opened", body)
    return shift, Unit((draft,), guards=(Statement("access.open_shift", record_params(shift)),))


def close_shift(officer: Principal, now: Instant) -> Unit:
    """End the shift that is open; refused by its guard where none is."""
    key = f"access:shift:{officer.username}:{now}:closed"
    draft = Draft("access.shift_closed/1", officer.username, key, canonical({"at": now}))
    params = {"username": officer.username, "closed_at": now}
    return Unit((draft,), guards=(Statement("access.close_shift", params),))


def on_shift(shift: Shift | None, officer: Principal, now: Instant) -> bool:
    """Say whether somebody is on an open shift of their own agency that rests on a duty; a machine is on none."""
    if shift is None or shift.duty is None or officer.machine:
        return False
    if (shift.username, shift.agency) != (officer.username, officer.agency):
        return False
    return shift.closed_at is None and shift.opened_at <= now < shift.until
