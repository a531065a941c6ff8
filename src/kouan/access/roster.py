"""The roster (排班): who is on duty where and when, as another person planned it; a shift is opened on a duty only.

Nobody plans their own duty: that somebody is there to read what is protected is always another's word as well.
"""

import hashlib

import msgspec

from kouan.access.people import Account, Agency, Principal, Role
from kouan.access.roles import record_params
from kouan.access.use_cases import SESSION_US
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import Refused, refuse

LONGEST_US = 2 * SESSION_US
"""Longest duty. Our choice: a day, as of a standby; a shift within it ends by itself after twelve hours."""

EARLY_US = seconds(30 * 60)
"""How long before their duty somebody may open their shift. Our choice: half an hour, to take over from the last."""

ON_DUTY = frozenset({Role.LANE_OPERATOR, Role.INSPECTOR, Role.DUTY_OFFICER})
"""Roles that are on duty at all."""

AUTHORITIES = frozenset({Agency.BORDER_INSPECTION, Agency.CUSTOMS, Agency.SITE})
"""Agencies whose people are on duty."""


class Duty(msgspec.Struct, frozen=True):
    """One person's duty for an agency at a post, from ``starts_at`` until ``until``.

    ``reason`` says why it was not planned before it began; ``cancelled_at`` when it was taken off the roster.
    """

    number: str
    username: str
    agency: Agency
    post: str
    starts_at: Instant
    until: Instant
    planned_by: str
    planned_at: Instant
    reason: str | None = None
    cancelled_by: str | None = None
    cancelled_at: Instant | None = None


class Wanted(msgspec.Struct, frozen=True):
    """A duty that somebody would plan; with a ``reason`` where it begins, or began, unplanned."""

    username: str
    post: str
    starts_at: Instant
    until: Instant
    reason: str | None = None


class DutiesAsked(msgspec.Struct, frozen=True):
    """Which duties are asked for: those of a person, of an agency, that reach into a span of time."""

    since: Instant
    before: Instant
    username: str | None = None
    agency: Agency | None = None


def plan(wanted: Wanted, account: Account | None, by: Principal, now: Instant) -> tuple[Duty, Unit] | Refused:
    """Put a duty on the roster; the ledger refuses it where the person has one in that time already.

    One that has begun is unplanned: who puts it there confirms it, and says why.
    """
    person = _person(account, by)
    if isinstance(person, Refused):
        return person
    if refusal := _time(wanted, now):
        return refusal
    began = wanted.starts_at < now
    if began and not (wanted.reason or "").strip():
        return refuse("duty.reason", field="reason", mend="must say why the duty was not planned before it began")
    text = f"{person.username}\n{wanted.starts_at}\n{wanted.until}\n{by.username}\n{now}"
    number = f"D-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    duty = Duty(
        number, person.username, person.agency, wanted.post, wanted.starts_at, wanted.until, by.username, now,
        wanted.reason if began else None,
    )  # fmt: skip
    return duty, keep(duty)


def keep(duty: Duty) -> Unit:
    """Return the unit that puts a duty on the roster."""
    body = {name: value for name, value in msgspec.structs.asdict(duty).items() if value is not None}
    draft = Draft("access.duty_planned/1", duty.username, f"access:duty:{duty.number}", canonical(body))
    return Unit((draft,), guards=(Statement("access.plan_duty", record_params(duty)),))


def cancel(duty: Duty, by: Principal, reason: str, now: Instant) -> Unit | Refused:
    """Take a duty off the roster; a shift that is open on it ends."""
    if not _plans_for(by, duty.agency):
        return _not_yours(duty.agency)
    if not reason.strip():
        return refuse("duty.reason", field="reason", mend="must say why")
    body = canonical({"at": now, "by": by.username, "number": duty.number, "reason": reason})
    draft = Draft("access.duty_cancelled/1", duty.username, f"access:duty:{duty.number}:cancelled", body)
    params = {"number": duty.number, "cancelled_by": by.username, "cancelled_at": now}
    ended = {"username": duty.username, "duty": duty.number, "closed_at": now}
    return Unit((draft,), (Statement("access.cancel_duty", params),), (Statement("access.end_duty_shift", ended),))


def covers(duty: Duty, username: str, agency: Agency, now: Instant) -> bool:
    """Say whether somebody is on this duty now, or may take it up."""
    theirs = duty.username == username and duty.agency == agency and duty.cancelled_at is None
    return theirs and duty.starts_at - EARLY_US <= now < duty.until


def _plans_for(by: Principal, agency: Agency) -> bool:
    return Role.ADMINISTRATOR in by.roles or (Role.DUTY_OFFICER in by.roles and by.agency == agency)


def _not_yours(agency: Agency) -> Refused:
    return refuse("duty.not_yours", field="username", mend=f"is for a duty officer of {agency.value} to plan")


def _person(account: Account | None, by: Principal) -> Account | Refused:
    """Return whose duty is planned, where that is for this planner to plan."""
    if account is None or account.disabled:
        return refuse("duty.unknown", field="username", mend="must be an account that may sign in")
    if account.agency not in AUTHORITIES or ON_DUTY.isdisjoint(account.roles):
        return refuse("duty.no_shift", field="username", mend="must be one of an authority's lane staff")
    if not _plans_for(by, account.agency):
        return _not_yours(account.agency)
    if account.username == by.username:
        return refuse("duty.own", field="username", mend="must be another's: nobody plans their own duty")
    return account


def _time(wanted: Wanted, now: Instant) -> Refused | None:
    if not 0 < wanted.until - wanted.starts_at <= LONGEST_US:
        return refuse("duty.span", field="until", mend=f"must be within {LONGEST_US // seconds(3600)} h of the start")
    if wanted.until <= now:
        return refuse("duty.past", field="until", mend="must lie in the future")
    return None
