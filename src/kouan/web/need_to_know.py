"""What of a view its reader may see: the rest is withheld, and said to be.

That a procedure is done, and what it comes to, everybody at the gate sees; the record behind it is for those whose
business it is, and where it is protected, only for who reads it for a purpose (``reading.py``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kouan.access.need import PROTECTED
from kouan.access.people import Principal
from kouan.access.policy import fields_of, may
from kouan.access.words import Action, Field, State
from kouan.vocabulary.verdict import Refused
from kouan.web.entry_kinds import CORRECTED
from kouan.web.instead import procedure_answers, shown_exceptions, shown_findings, verdict_answers
from kouan.web.problems import FieldError, ProblemError

View = Mapping[str, Any]


def shown_passage(view: View, reader: Principal, read: frozenset[Field] = frozenset()) -> View:
    """Return a passage without what its reader may not see; ``read`` are the protected fields that they read of it."""
    seen = fields_of(reader.roles, reader.agency, Action.WATCH, State(view["state"])) | read
    findings = view["decision"]["findings"] if view["decision"] else ()
    shown = {
        **view,
        "procedures": [_procedure(each, findings, seen) for each in view["procedures"]],
        "verdicts": [_verdict(each, seen) for each in view["verdicts"]],
    }
    if Field.DECISION not in seen:
        shown["decision"] = shown["review"] = None
    if shown["decision"] is not None:
        decision = shown["decision"]
        kept = shown_exceptions(decision["exceptions"], reader.agency, seen)
        told = shown_findings(findings, reader.agency, seen)
        shown["decision"] = {**decision, "findings": told, "exceptions": kept}
    if shown["review"] is not None:
        shown["review"] = shown_review(shown["review"], reader, read)
    if view["order"] is not None and Field.ORDER not in seen:
        shown["order"] = {**view["order"], "nonce": None, "jws": None}
    return shown


def shown_lane(view: View, reader: Principal) -> View:
    """Return a lane whose passage shows what its reader may see."""
    return view if view["passage"] is None else {**view, "passage": shown_passage(view["passage"], reader)}


def shown_review(item: View, reader: Principal, read: frozenset[Field] = frozenset()) -> View:
    """Return an item of the review queue with the findings, and the first person's reason, that its reader may see."""
    return {
        **item,
        "findings": shown_findings(item["findings"], reader.agency, read),
        "first": _first(item["first"], reader, read),
    }


def _first(said: View | None, reader: Principal, read: frozenset[Field]) -> View | None:
    """Return what a first person decided; why is for their own authority, and for who reads its reasons."""
    if said is None or said["authority"] == reader.agency:
        return said
    field = Field(said["authority"])
    return said if field in read or field not in PROTECTED else {**said, "reason": ""}


def _procedure(view: View, findings: Sequence[View], seen: frozenset[Field]) -> View:
    withheld = view["evidence"] is not None and Field(view["name"]) not in seen
    answers = procedure_answers(view, findings)
    return {**view, "evidence": None if withheld else view["evidence"], "withheld": withheld, "answers": answers}


def _verdict(view: View, seen: frozenset[Field]) -> View:
    withheld = Field(view["authority"]) not in seen
    reasons = [] if withheld else view["reasons"]
    return {**view, "reasons": reasons, "withheld": withheld, "answers": verdict_answers(view)}


def reads_entry(fields: frozenset[Field], reader: Principal, read: frozenset[Field]) -> bool:
    """Say whether a reader of the ledger may see what an entry of these fields says, not only that it stands there."""
    seen = fields_of(reader.roles, reader.agency, Action.WATCH, State.RECORDED) | read
    return fields <= seen | {Field.ENTRY}


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
