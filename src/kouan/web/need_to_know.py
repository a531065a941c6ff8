"""What of a view its reader may see: the rest is withheld, and said to be.

That a procedure is done, and what was decided, everybody at the gate sees; the record behind it is for those whose
business it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.access.people import Principal
from kouan.access.policy import Action, Field, State, fields_of, may
from kouan.ledger.entries import Entry
from kouan.vocabulary.verdict import Refused
from kouan.web.problems import FieldError, ProblemError

View = Mapping[str, Any]

CORRECTED: Mapping[str, Field] = {
    "plate": Field.PLATES,
    "trailer": Field.PLATES,
    "containers": Field.CONTAINER,
    "seal": Field.SEAL,
    "occupants": Field.DRIVER,
    "papers": Field.PAPERS,
}
"""The field of the policy to which a correction belongs."""

_KINDS: Mapping[str, Field] = {
    "gate.order": Field.ORDER,
    "gate.decision": Field.DECISION,
    "gate.actuation": Field.DECISION,
    "papers.order_placed": Field.VEHICLE,
    "papers.order_lifted": Field.VEHICLE,
    "papers": Field.PAPER,
    "examination": Field.EXAMINATION,
    "targeting": Field.TARGETING,
    "rules": Field.RULES,
    "release": Field.LOT,
    "access": Field.ACCOUNT,
    "gate": Field.VEHICLE,
    "visit": Field.VEHICLE,
    "yard": Field.YARD,
}
"""The field to which an entry belongs, by its kind or by the first word of it; where none is named, ``entry``."""


class _Fact(msgspec.Struct):
    evidence: dict[str, Any] | None = None
    verdict: dict[str, Any] | None = None


class _Recorded(msgspec.Struct):
    fact: _Fact


def shown_passage(view: View, reader: Principal) -> View:
    """Return a passage without what its reader may not see."""
    seen = fields_of(reader.roles, reader.agency, Action.WATCH, State(view["state"]))
    shown = {
        **view,
        "procedures": [_procedure(each, seen) for each in view["procedures"]],
        "verdicts": [
            {**each, "withheld": False}
            if Field(each["authority"]) in seen
            else {**each, "reasons": [], "withheld": True}
            for each in view["verdicts"]
        ],
    }
    if Field.DECISION not in seen:
        shown["decision"] = shown["review"] = None
    if view["order"] is not None and Field.ORDER not in seen:
        shown["order"] = {**view["order"], "nonce": None, "jws": None}
    return shown


def shown_lane(view: View, reader: Principal) -> View:
    """Return a lane whose passage shows what its reader may see."""
    return view if view["passage"] is None else {**view, "passage": shown_passage(view["passage"], reader)}


def _procedure(view: View, seen: frozenset[Field]) -> View:
    withheld = view["evidence"] is not None and Field(view["name"]) not in seen
    return {**view, "evidence": None if withheld else view["evidence"], "withheld": withheld}


def field_of(entry: Entry) -> Field:
    """Return the field to which an entry's body belongs."""
    kind = entry.kind.partition("/")[0]
    if kind in ("gate.evidence", "gate.verdict"):
        fact = msgspec.json.decode(entry.body, type=_Recorded).fact
        if fact.verdict is not None:
            return Field(fact.verdict["authority"])
        evidence = fact.evidence or {}
        return Field(evidence["procedure"] if evidence["type"] == "failed" else evidence["type"])
    return _KINDS.get(kind) or _KINDS.get(kind.partition(".")[0], Field.ENTRY)


def reads_entry(entry: Entry, reader: Principal) -> bool:
    """Say whether a reader of the ledger may see what an entry says, not only that it stands there."""
    field = field_of(entry)
    return field is Field.ENTRY or field in fields_of(reader.roles, reader.agency, Action.WATCH, State.RECORDED)


def evidence_field(name: str) -> Field:
    """Return the field of what a what-if names, as in ``driver.occupants`` or ``verdict.customs``."""
    first, _, rest = name.partition(".")
    named = rest if first == "verdict" else first
    return Field(named) if named in set(Field) else Field.DECISION


def require_corrections(reader: Principal, names: Mapping[str, str]) -> None:
    """Raise ProblemError 403 where somebody would correct what is not theirs; unknown names are refused by the gate."""
    errors = [
        FieldError(f"corrections.{name}", "access.not_yours", f"{reader.username} may not correct this")
        for name in names
        if name in CORRECTED and isinstance(may(reader, Action.CORRECT, CORRECTED[name], State.IN_REVIEW), Refused)
    ]
    if errors:
        raise ProblemError(403, errors=errors)
