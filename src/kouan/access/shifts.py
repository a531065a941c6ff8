"""Shifts (当班): an officer says when they begin and end work, and reads protected fields only in between."""

import msgspec

from kouan.access.people import Agency, Principal
from kouan.access.roles import record_params
from kouan.access.use_cases import SESSION_US
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant

SHIFT_US = SESSION_US
"""How long an open shift counts. Our choice: as long as a session, so that one forgotten open does not last."""


class Shift(msgspec.Struct, frozen=True):
    """One officer's latest shift, for one agency; ``until`` is when it ends by itself, ``closed_at`` when it was."""

    username: str
    agency: Agency
    opened_at: Instant
    until: Instant
    closed_at: Instant | None = None


def open_shift(officer: Principal, now: Instant) -> tuple[Shift, Unit]:
    """Begin a shift; refused by its guard where one is open."""
    shift = Shift(officer.username, officer.agency, now, now + SHIFT_US)
    body = canonical({"at": now, "agency": shift.agency, "until": shift.until})
    draft = Draft("access.shift_opened/1", shift.username, f"access:shift:{shift.username}:{now}:opened", body)
    return shift, Unit((draft,), guards=(Statement("access.open_shift", record_params(shift)),))


def close_shift(officer: Principal, now: Instant) -> Unit:
    """End the shift that is open; refused by its guard where none is."""
    key = f"access:shift:{officer.username}:{now}:closed"
    draft = Draft("access.shift_closed/1", officer.username, key, canonical({"at": now}))
    params = {"username": officer.username, "closed_at": now}
    return Unit((draft,), guards=(Statement("access.close_shift", params),))


def on_shift(shift: Shift | None, officer: Principal, now: Instant) -> bool:
    """Say whether an officer is on an open shift of their own agency; a machine is on none."""
    if shift is None or officer.machine or shift.username != officer.username or shift.agency != officer.agency:
        return False
    return shift.closed_at is None and shift.opened_at <= now < shift.until
