"""Every kind of entry in the ledger, what its body says something of, and which matter it belongs to.

An entry is shown whole or not at all: who may not read every field that it speaks of sees that it stands there, and its
hash. A kind that has no line here speaks of every protected field, so that nobody but an auditor reads it.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kouan.access.need import PROTECTED, MatterKind
from kouan.access.words import Field
from kouan.ledger.entries import Entry
from kouan.web.instead import field_of_rule, tells_protected

CORRECTED: Mapping[str, Field] = {
    "plate": Field.PLATES,
    "trailer": Field.PLATES,
    "containers": Field.CONTAINER,
    "seal": Field.SEAL,
    "occupants": Field.DRIVER,
    "papers": Field.PAPERS,
}
"""The field of the policy to which a correction belongs."""

AUTHORITIES = frozenset({Field.BORDER_INSPECTION, Field.CUSTOMS, Field.SITE})
"""The fields that stand for an authority's reasons."""

_PROCEDURES = frozenset(
    {
        Field.POSITIONING, Field.PLATES, Field.CONTAINER, Field.SEAL, Field.WEIGHT, Field.RADIATION, Field.DRIVER,
        Field.HEALTH, Field.PAPERS, Field.DECISION,
    }
)  # fmt: skip

Speaks = Callable[[Entry], frozenset[Field]]
"""Returns the fields of which an entry's body speaks."""


class EntryKind(msgspec.Struct, frozen=True):
    """What entries of a kind speak of: always of ``fields``, and of those of ``others`` that ``also`` finds in one.

    ``matter`` is what they belong to where they speak of something protected; their stream is its number.
    """

    fields: frozenset[Field]
    matter: MatterKind | None
    others: frozenset[Field] = frozenset()
    also: Speaks | None = None

    def speaks(self, entry: Entry) -> frozenset[Field]:
        """Return the fields of which one entry speaks."""
        return self.fields if self.also is None else self.fields | self.also(entry)


class _Fact(msgspec.Struct):
    evidence: dict[str, Any] | None = None
    verdict: dict[str, Any] | None = None
    authority: str | None = None
    rule: str | None = None
    corrections: dict[str, Any] = {}
    holds: list[dict[str, Any]] = []


class _Recorded(msgspec.Struct):
    fact: _Fact


class _Said(msgspec.Struct):
    """The parts of a body that say whose word it is, or what about."""

    authority: str | None = None
    agency: str | None = None
    rule: str | None = None
    answer: dict[str, Any] = {}
    kind: str | None = None
    decision: dict[str, Any] = {}


class _Alarm(msgspec.Struct):
    code: str = ""
    owners: list[str] = []
    params: dict[str, Any] = {}
    word: str = ""


def _fact(entry: Entry) -> _Fact:
    return msgspec.json.decode(entry.body, type=_Recorded).fact


def _said(entry: Entry) -> _Said:
    return msgspec.json.decode(entry.body, type=_Said)


def _named(name: object, otherwise: frozenset[Field]) -> frozenset[Field]:
    """Return the field of a name; one that is not known counts as any of several."""
    known = {field.value: field for field in otherwise}
    return frozenset({known[name]}) if isinstance(name, str) and name in known else otherwise


def _authority(name: object) -> frozenset[Field]:
    return _named(name, AUTHORITIES)


def _rule(rule: str | None) -> frozenset[Field]:
    field = None if rule is None else field_of_rule(rule)
    return frozenset() if field is None else frozenset({field})


def _evidence(entry: Entry) -> frozenset[Field]:
    found = _fact(entry).evidence or {}
    return _named(found.get("procedure") if found.get("type") == "failed" else found.get("type"), _PROCEDURES)


def _verdict(entry: Entry) -> frozenset[Field]:
    return _authority((_fact(entry).verdict or {}).get("authority"))


def _holds(entry: Entry) -> frozenset[Field]:
    return frozenset().union(*(_authority(hold.get("authority")) for hold in _fact(entry).holds))


def _hold_seen(entry: Entry) -> frozenset[Field]:
    """A hold that was placed says whose and why; one that was lifted says its number only."""
    authority = _fact(entry).authority
    return frozenset() if authority is None else _authority(authority)


def _review(entry: Entry) -> frozenset[Field]:
    """A person's decision says why, and what was read by eye."""
    fact = _fact(entry)
    corrected = frozenset(CORRECTED.get(name, Field.DRIVER) for name in fact.corrections)
    return _authority(fact.authority) | _rule(fact.rule) | corrected


def _exception(entry: Entry) -> frozenset[Field]:
    said = _said(entry)
    return _authority(said.authority) | _rule(said.rule)


def _decision(entry: Entry) -> frozenset[Field]:
    found = _said(entry).decision.get("findings", ())
    return frozenset().union(*(_rule(finding.get("rule")) for finding in found))


def _alarm(entry: Entry) -> frozenset[Field]:
    """An alarm that speaks of a protected field speaks of whose it is; one that does not says where to look."""
    alarm = msgspec.json.decode(entry.body, type=_Alarm)
    tells = tells_protected(alarm.code, alarm.params or ({"word": alarm.word} if alarm.word else {}))
    return frozenset().union(*map(_authority, alarm.owners)) if tells else frozenset()


def _placed(entry: Entry) -> frozenset[Field]:
    return _authority(_said(entry).authority)


def _words(entry: Entry) -> frozenset[Field]:
    """An agency's word on an examination."""
    said = _said(entry)
    return _authority(said.agency or said.answer.get("agency"))


class _Bulletin(enum.StrEnum):
    HOLDS = "holds"
    WATCH_LIST = "watch_list"


def _bulletin(entry: Entry) -> frozenset[Field]:
    """A bulletin's items stand in its signed form: holds and watch lists with their reasons, whoever's they are."""
    spoken = {_Bulletin.HOLDS: AUTHORITIES, _Bulletin.WATCH_LIST: AUTHORITIES | {Field.WATCH_LIST}}
    return {kind.value: fields for kind, fields in spoken.items()}.get(_said(entry).kind or "", frozenset())


def _line(
    matter: MatterKind | None, *fields: Field, others: frozenset[Field] = frozenset(), also: Speaks | None = None
) -> EntryKind:
    return EntryKind(frozenset(fields), matter, others, also)


_PASSAGE = _line(MatterKind.PASSAGE, Field.VEHICLE)
_RULES = _line(None, Field.RULES)
_ACCOUNT = _line(None, Field.ACCOUNT)
_PAPER = _line(MatterKind.PAPER, Field.DOCUMENT)
_LOT = _line(MatterKind.LOT, Field.CUSTOMS)
_TARGETING = _line(MatterKind.CANDIDATE, Field.TARGETING)
_CHOSEN = _line(MatterKind.CANDIDATE, Field.FIRM)
_WATCHED = _line(MatterKind.WATCH, Field.WATCH_LIST)
_SHEET = _line(MatterKind.EXAMINATION, Field.VEHICLE)
_ON_SHEET = _line(MatterKind.EXAMINATION, others=AUTHORITIES, also=_words)
_YARD = _line(MatterKind.VISIT, Field.YARD)
_PEOPLE = _line(MatterKind.VISIT, Field.ABOARD)
_ORDER = _line(MatterKind.HOLD, others=AUTHORITIES, also=_placed)
_ALARM = _line(MatterKind.PASSAGE, Field.DECISION, others=AUTHORITIES, also=_alarm)
_REGION = _line(None, Field.ENTRY)
_REASONED = _line(MatterKind.HOLD, *AUTHORITIES)
_REVIEWED = _line(MatterKind.PASSAGE, others=AUTHORITIES | _PROCEDURES, also=_review)
_OF_RULE = AUTHORITIES | {Field.DRIVER, Field.HEALTH, Field.PAPERS}


def _all(context: str, names: str, kind: EntryKind) -> dict[str, EntryKind]:
    return {f"{context}.{name}/1": kind for name in names.split()}


ENTRY_KINDS: Mapping[str, EntryKind] = {
    "gate.passage_opened/1": _line(MatterKind.PASSAGE, Field.VEHICLE, others=AUTHORITIES, also=_holds),
    "gate.evidence/1": _line(MatterKind.PASSAGE, others=_PROCEDURES, also=_evidence),
    "gate.verdict/1": _line(MatterKind.PASSAGE, others=AUTHORITIES, also=_verdict),
    "gate.hold_seen/1": _line(MatterKind.PASSAGE, Field.VEHICLE, others=AUTHORITIES, also=_hold_seen),
    "gate.decision/1": _line(MatterKind.PASSAGE, Field.DECISION, others=_OF_RULE, also=_decision),
    **_all("gate", "review_decided review_confirmed", _REVIEWED),
    "gate.exception/1": _line(MatterKind.PASSAGE, others=_OF_RULE, also=_exception),
    "gate.order/1": _line(MatterKind.PASSAGE, Field.ORDER),
    **_all("gate", "actuation review_opened", _line(MatterKind.PASSAGE, Field.DECISION)),
    **_all("gate", "barrier_moved closed deadline departed fault_seen identity_broken", _PASSAGE),
    **_all("gate", "device_fault epoch_raised lane_changed unparsed", _PASSAGE),
    **_all("gate", "policy rules rulebook_refused", _RULES),
    **_all("visit", "begun ended", _PASSAGE),
    **_all("papers", "confirmation manifest declaration certificate laboratory_result third_party_report", _PAPER),
    **_all("papers", "licence gate_report arrived batch_deleted declaration_overdue revoked", _PAPER),
    **_all("papers", "written_off net_written_off write_off_voided", _PAPER),
    **_all("papers", "order_placed order_lifted", _ORDER),
    "release.opened/1": _line(MatterKind.LOT, Field.FIRM),
    **_all("release", "amended drawn handed_over lift_asked moved recertified sampled tested", _LOT),
    **_all("rules", "drafted approved withdrawn", _RULES),
    **_all("targeting", "selected passed", _CHOSEN),
    **_all("targeting", "watched unwatched", _WATCHED),
    **_all("targeting", "budget_set result model_trained model_proposed model_activated", _TARGETING),
    **_all("targeting", "drifted drift_acknowledged", _TARGETING),
    **_all("examination", "ordered asked withdrawn planned called arrived missed closed", _SHEET),
    **_all("examination", "again answered confirmed abandoned", _ON_SHEET),
    "examination.reported/1": _line(MatterKind.EXAMINATION, Field.FINDINGS),
    **_all("yard", "opened fact held called", _PEOPLE),
    **_all("yard", "net gate_out left moved ticket pickup_ordered pickup_cancelled", _YARD),
    **_all("yard", "scale_zero scale_out_of_use scale_adjusted exit_ordered exit_voided exit_reset", _YARD),
    **_all(
        "yard", "warrant_issued warrant_transferred warrant_pledged warrant_let_go warrant_redeemed", _YARD
    ),
    **_all("access", "account_saved answered person_forgotten token_issued token_revoked", _ACCOUNT),
    **_all("access", "signed_in signed_out stepped_up shift_opened shift_closed duty_planned duty_cancelled", _ACCOUNT),
    **_all("command", "alarm_raised alarm_returned alarm_acknowledged", _ALARM),
    "access.read/1": _line(MatterKind.READS, Field.READ),
    "network.bulletin/1": _line(
        MatterKind.HOLD, Field.VEHICLE, others=AUTHORITIES | {Field.WATCH_LIST}, also=_bulletin
    ),
    "network.hold_placed/1": _ORDER,
    "network.hold_lifted/1": _REASONED,
    "network.watch_added/1": _line(MatterKind.WATCH, Field.WATCH_LIST, others=AUTHORITIES, also=_placed),
    "network.watch_removed/1": _WATCHED,
    **_all("network", "admitted taken witnessed suspended resumed issued rulebook_published", _REGION),
    **_all("network", "alarm alarm_acknowledged preauthorised permit_withdrawn", _REGION),
}  # fmt: skip
"""Every kind that the platform writes. Our choice: an entry speaks of the most that its body can hold, not of what this
one happens to hold, but where the body itself says whose word it is."""

UNKNOWN = EntryKind(PROTECTED, MatterKind.PASSAGE)
"""What a kind without a line speaks of."""


def kind_of(entry: Entry) -> EntryKind:
    """Return the line of an entry's kind."""
    return ENTRY_KINDS.get(entry.kind, UNKNOWN)


def fields_in(entry: Entry) -> frozenset[Field]:
    """Return the fields of which an entry's body says something: who may not see them all sees none of it."""
    return kind_of(entry).speaks(entry)
