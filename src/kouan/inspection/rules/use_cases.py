"""Drafting, approving and withdrawing rule documents.

Each use case is pure: it is given what stands and returns the unit that the ledger should record, or a refusal.
"""

from collections.abc import Sequence

import msgspec

from kouan.access.people import Agency, Principal
from kouan.inspection.records import params_of
from kouan.inspection.rules.checking import Problem, problems_of_dates
from kouan.inspection.rules.document import RuleDocument, State
from kouan.inspection.rules.records import RuleRecord
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse


def draft(document: RuleDocument, reason: str, owner: Agency, by: Principal, now: Instant) -> Unit | Refused:
    """Keep a draft, whatever is wrong with it: only who may approve it is asked whether it is right."""
    if by.agency is not owner:
        return refuse("rules.not_yours", field="name", mend=f"only {owner.value} may write it")
    if not reason.strip():
        return refuse("rules.reason", field="reason", mend="must say why")
    fields = {name: getattr(document, name) for name in document.__struct_fields__}
    record = RuleRecord(**{**fields, "kind": document.kind.value}, drafted_at=now, reason=reason)
    body = {**_said(document), "at": now, "by": by.username, "content": content_text(document), "reason": reason}
    return Unit((_draft("drafted", document, body),), guards=(Statement("rules.draft", params_of(record)),))


def content_text(document: RuleDocument) -> str:
    """Return a content as text, with what is no UTF-8 replaced."""
    return document.content.decode("utf-8", "replace")


def refusal_to_approve(
    record: RuleRecord, owner: Agency, by: Principal, reason: str, *, stepped_up: bool
) -> Refused | None:
    """Return why somebody may not approve a document, whatever it says; None where they may."""
    if record.state != State.DRAFT:
        return refuse("rules.not_draft", field="version", mend="must be a draft")
    if by.agency is not owner:
        return refuse("rules.not_yours", field="name", mend=f"only {owner.value} may approve it")
    if by.username == record.drafted_by:
        return refuse("rules.same_person", field="version", mend="must be approved by another person than its drafter")
    if not stepped_up:
        return refuse("review.not_stepped_up", field="password", mend="give the password once more")
    if not reason.strip():
        return refuse("rules.reason", field="reason", mend="must say why")
    return None


def problems_at_approval(
    record: RuleRecord, others: Sequence[RuleRecord], problems: Sequence[Problem], now: Instant
) -> list[Problem]:
    """Return all that is wrong with a document: its content, and its dates beside the approved ones of its name."""
    approved = [each.document for each in others if each.state == State.APPROVED]
    return [*problems, *problems_of_dates(record.document, approved, now)]


def refused_for(problems: Sequence[Problem]) -> Refused:
    """Return the refusal of a document with something wrong."""
    return Refused(
        tuple(
            reason
            for each in problems
            for reason in refuse(each.rule, field=each.field, mend=each.mend).reasons
        )
    )  # fmt: skip


def approve(record: RuleRecord, document: RuleDocument, reason: str) -> Unit:
    """Put a checked and signed document in force from its date."""
    changed = {
        "approved_by": document.approved_by,
        "approved_at": document.approved_at,
        "approval_reason": reason,
        "signature": document.signature,
    }
    key = {"kind": record.kind, "name": record.name, "version": record.version, "digest": record.digest}
    dates = {"effective_from": record.effective_from, "effective_until": record.effective_until}
    body = {**_said(document), "at": document.approved_at, "by": document.approved_by, "reason": reason}
    signed = {**body, "drafted_by": document.drafted_by, "signature": document.signature}
    guard = Statement("rules.approve", {**key, **dates, **changed})
    return Unit((_draft("approved", document, signed),), guards=(guard,))


def withdraw(
    record: RuleRecord, owner: Agency, by: Principal, reason: str, now: Instant, *, stepped_up: bool
) -> Unit | Refused:
    """Withdraw a document from now on: what held before it, or was shipped, holds again."""
    if record.state == State.WITHDRAWN:
        return refuse("rules.withdrawn", field="version", mend="was withdrawn before")
    if by.agency is not owner:
        return refuse("rules.not_yours", field="name", mend=f"only {owner.value} may withdraw it")
    if record.state == State.APPROVED and not stepped_up:
        return refuse("review.not_stepped_up", field="password", mend="give the password once more")
    if not reason.strip():
        return refuse("rules.reason", field="reason", mend="must say why")
    key = {"kind": record.kind, "name": record.name, "version": record.version}
    params = {**key, "withdrawn_by": by.username, "withdrawn_at": now, "withdrawal_reason": reason}
    body = {**_said(record.document), "at": now, "by": by.username, "reason": reason}
    unit_draft = _draft("withdrawn", record.document, body)
    return Unit((unit_draft,), guards=(Statement("rules.withdraw", params),))


_REFUSALS = {
    "rules.draft": ("rules.version_taken", "was used before"),
    "rules.approve": ("rules.conflict", "was approved, withdrawn or overtaken at the same time"),
    "rules.withdraw": ("rules.withdrawn", "was withdrawn before"),
}


def refusal_of(guard: str) -> Refused:
    """Return what it means that the ledger refused a unit at this guard."""
    rule, mend = _REFUSALS[guard]
    return refuse(rule, field="version", mend=mend)


def _said(document: RuleDocument) -> dict[str, object]:
    return {
        "digest": document.digest,
        "effective_from": document.effective_from,
        "effective_until": document.effective_until,
        "kind": document.kind.value,
        "name": document.name,
        "version": document.version,
    }


def _draft(what: str, document: RuleDocument, body: dict[str, object]) -> Draft:
    stream = f"rules:{document.kind.value}:{document.name}"
    return Draft(f"rules.{what}/1", stream, f"{stream}:{document.version}:{what}", canonical(body))


def approved(document: RuleDocument, by: str, now: Instant) -> RuleDocument:
    """Return a document as its approver lets it be signed."""
    return msgspec.structs.replace(document, approved_by=by, approved_at=now)
