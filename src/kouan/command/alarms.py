"""Alarms: raised, returned to normal, acknowledged; pure, a ledger unit for each."""

import enum
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.access.people import Agency, Principal
from kouan.access.policy import may
from kouan.access.words import Action, Field
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import GRANTED, Reason, Refused, refuse

PORT = "port"
"""The owner of what belongs to no authority: lanes and barriers, the broker, the hub."""

OWNERS: Mapping[str, tuple[str, ...]] = {
    "border_inspection": (Agency.BORDER_INSPECTION.value,),
    "customs": (Agency.CUSTOMS.value,),
    "radiation": (Agency.CUSTOMS.value,),
    "papers": (Agency.CUSTOMS.value,),
    "declaration": (Agency.CUSTOMS.value,),
    "release": (Agency.CUSTOMS.value,),
    "site": (Agency.SITE.value,),
    "yard": (Agency.SITE.value,),
    "hold": (Agency.BORDER_INSPECTION.value, Agency.CUSTOMS.value, Agency.SITE.value),
    "examination": (Agency.BORDER_INSPECTION.value, Agency.CUSTOMS.value, Agency.SITE.value),
}
"""Whose an alarm is, by the first word of its code. Our choice, after the separation of duties in the gate's rules; a
control order and an examination may be any authority's."""


class AlarmState(enum.StrEnum):
    """Where an alarm stands: the state diagram of ISA-18.2 and IEC 62682, without what suppresses alarms."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    NORMAL = "normal"


class Alarm(msgspec.Struct, frozen=True):
    """Something that needs attention (报警): priority 1 (emergency) to 4 (advisory), raised ``at`` last.

    ``lane`` and ``passage`` are empty where it is about neither. One that ``lasts`` is over when its source says so,
    any other when it is acknowledged. ``word`` is what who acknowledged it said.
    """

    number: str
    at: Instant
    lane: str
    passage: str
    priority: int
    code: str
    params: Mapping[str, Any]
    lasts: bool
    returned_at: Instant | None = None
    acknowledged_by: str | None = None
    acknowledged_at: Instant | None = None
    word: str | None = None

    @property
    def state(self) -> AlarmState:
        """Where it stands."""
        if self.returned_at is None:
            return AlarmState.UNACKNOWLEDGED if self.acknowledged_at is None else AlarmState.ACKNOWLEDGED
        return AlarmState.RETURNED if self.acknowledged_at is None else AlarmState.NORMAL

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose it is: authorities, or ``PORT``."""
        return OWNERS.get(self.code.partition(".")[0], (PORT,))

    @property
    def cause(self) -> bytes:
        """What it is raised for: an alarm of the same cause that still stands is the same alarm."""
        return cause_of(self.lane, self.passage, Reason(self.code, self.params))


class Called(msgspec.Struct, frozen=True):
    """Somebody was called by a step that was recorded ``at`` an instant; lane and passage as of an alarm."""

    at: Instant
    lane: str
    passage: str
    priority: int
    reason: Reason


def cause_of(lane: str, passage: str, reason: Reason) -> bytes:
    """Return what tells alarms apart that are raised for different things."""
    return canonical({"lane": lane, "passage": passage, "code": reason.code, "params": reason.params})


def raised(
    lane: str, passage: str, priority: int, reason: Reason, now: Instant, *, lasts: bool, before: Alarm | None = None
) -> tuple[Alarm, Unit]:
    """Raise an alarm; ``before`` is one of the same cause that is over and unacknowledged, and stands again."""
    alarm = Alarm("", now, lane, passage, priority, reason.code, reason.params, lasts)
    digest = hashlib.sha256(alarm.cause + str(now).encode()).hexdigest()
    alarm = msgspec.structs.replace(alarm, number=f"A-{digest[:16]}" if before is None else before.number)
    told = {"lane": lane, "passage": passage, "priority": priority, "lasts": lasts}
    draft = _draft("alarm_raised", alarm, {**told, "params": alarm.params}, now)
    row = {**told, "number": alarm.number, "at": now, "code": alarm.code, "params": canonical(alarm.params).decode()}
    return alarm, Unit((draft,), effects=(Statement("command.raise_alarm", row),))


def returned(alarm: Alarm, now: Instant) -> tuple[Alarm, Unit]:
    """Note that what an alarm was raised for is over."""
    after = msgspec.structs.replace(alarm, returned_at=now)
    over = Statement("command.return_alarm", {"number": alarm.number, "returned_at": now})
    return after, Unit((_draft("alarm_returned", alarm, {}, now),), effects=(over,))


def acknowledged(alarm: Alarm, by: Principal, word: str, now: Instant) -> tuple[Alarm, Unit] | Refused:
    """Note that somebody saw to an alarm, and their word; refused where it is not theirs.

    One that does not last is over with that. The guard refuses where somebody did before, or nothing is recorded.
    """
    if not set(alarm.owners).intersection(acknowledges(by)):
        owners = ", ".join(alarm.owners)
        return refuse("alarm.not_yours", field="", mend=f"is for {owners} to acknowledge", username=by.username)
    over = now if alarm.returned_at is None and not alarm.lasts else alarm.returned_at
    after = msgspec.structs.replace(
        alarm, acknowledged_by=by.username, acknowledged_at=now, word=word, returned_at=over
    )
    said = {"by": by.username, "word": word}
    params = {"number": alarm.number, "acknowledged_by": by.username, "acknowledged_at": now, "word": word}
    guard = Statement("command.acknowledge_alarm", {**params, "returned_at": over})
    return after, Unit((_draft("alarm_acknowledged", alarm, said, now),), guards=(guard,))


def acknowledges(by: Principal) -> tuple[str, ...]:
    """Return the owners whose alarms somebody may acknowledge."""
    ports = (PORT,) if may(by, Action.ACKNOWLEDGE, Field.PORT) == GRANTED else ()
    own = (by.agency.value,) if may(by, Action.ACKNOWLEDGE, Field.ALARM) == GRANTED else ()
    return ports + own


def _draft(kind: str, alarm: Alarm, body: Mapping[str, Any], now: Instant) -> Draft:
    told = {**body, "at": now, "code": alarm.code, "owners": alarm.owners}
    return Draft(f"command.{kind}/1", alarm.number, f"alarm:{alarm.number}:{alarm.at}:{kind}", canonical(told))
