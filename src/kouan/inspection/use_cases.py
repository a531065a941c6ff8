"""Handing papers in, amending and deleting them, and writing off what has crossed.

Each use case is pure: it is given what stands and returns the unit that the ledger should record, or a refusal. A guard
that the ledger refuses because somebody else was faster is named by ``refusal_of``; whoever called reads again what
stands and asks once more.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from kouan.inspection.balances import grants
from kouan.inspection.papers import (
    ConsignmentLine,
    Declaration,
    DeclarationStatus,
    DeclarationStep,
    Manifest,
    PaperState,
)
from kouan.inspection.reading import ReadConfirmation, driver_payload
from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    DeclarationRecord,
    ManifestRecord,
    SupportingRecord,
    params_of,
)
from kouan.inspection.two_step import RulesAt, default_rules, full_due, incomplete
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Personal, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse


class Accepted(msgspec.Struct, frozen=True):
    """A paper was accepted under its number and version; ``unit`` is None where the very same stands already."""

    number: str
    version: int
    unit: Unit | None


Standing = ConfirmationRecord | ManifestRecord | DeclarationRecord | SupportingRecord


def submit_confirmation(
    read: ReadConfirmation, standing: ConfirmationRecord | None, subject: str, salt: bytes, now: Instant
) -> Accepted | Refused:
    """Take a vehicle confirmation, or an amendment of the one that stands under its number.

    ``subject`` names the driver to the ledger (see ``reading.driver_identity``), ``salt`` is 16 fresh random bytes.
    """
    personal = Personal(subject, salt, driver_payload(read.driver))
    paper = read.confirmation
    digest = digest_of(msgspec.structs.replace(paper, version=0), subject)
    decided = decide(standing, digest, paper.version)
    if isinstance(decided, Accepted | Refused):
        return decided
    paper = msgspec.structs.replace(paper, driver=personal.commitment)
    record = ConfirmationRecord(
        number=paper.number,
        version=paper.version,
        batch=paper.batch,
        direction=paper.direction.value,
        plate=paper.plate,
        trailer=paper.trailer,
        containers=" ".join(paper.containers),
        digest=digest,
        document=canonical(paper),
        state=PaperState.ACTIVE.value,
        submitted_at=now,
        changed_at=now,
        carrier=paper.carrier,
    )
    verb = "insert" if standing is None else "amend"
    unit = Unit(
        (draft_of("confirmation", paper.number, paper.version, paper, personal),),
        guards=(Statement(f"papers.{verb}_confirmation", params_of(record)),),
    )
    return Accepted(paper.number, paper.version, unit)


def submit_manifest(paper: Manifest, standing: ManifestRecord | None, now: Instant) -> Accepted | Refused:
    """Take an original manifest, or an amendment; no other active manifest may hold one of its consignments (I16)."""
    digest = digest_of(msgspec.structs.replace(paper, version=0))
    decided = decide(standing, digest, paper.version)
    if isinstance(decided, Accepted | Refused):
        return decided
    record = ManifestRecord(
        number=paper.number,
        version=paper.version,
        batch=paper.batch,
        direction=paper.direction.value,
        digest=digest,
        document=canonical(paper),
        state=PaperState.ACTIVE.value,
        submitted_at=now,
        changed_at=now,
    )
    guards = [Statement(f"papers.{'insert' if standing is None else 'amend'}_manifest", params_of(record))]
    if standing is not None:
        dropped = {"manifest": paper.number, "direction": standing.direction}
        guards.append(Statement("papers.drop_consignments", dropped))
    guards += [
        Statement("papers.insert_consignment", params_of(_consignment(paper, line))) for line in paper.consignments
    ]
    unit = Unit((draft_of("manifest", paper.number, paper.version, paper),), guards=(*guards, *grants(paper)))
    return Accepted(paper.number, paper.version, unit)


def submit_declaration(
    paper: Declaration,
    standing: DeclarationRecord | None,
    now: Instant,
    rules: RulesAt = default_rules,
) -> Accepted | Refused:
    """Take a declaration, its base items, or its next version, as customs sends one whenever its status changes."""
    digest = digest_of(msgspec.structs.replace(paper, version=0))
    decided = decide(standing, digest, paper.version) or incomplete(paper, standing)
    if decided is not None:
        return decided
    summary = paper.step is DeclarationStep.SUMMARY
    due = full_due(paper, standing.submitted_at if standing is not None else now, rules(now)) if summary else None
    if isinstance(due, Refused):
        return due
    record = DeclarationRecord(
        number=paper.number,
        version=paper.version,
        direction=paper.direction.value,
        status=paper.status.value,
        transit=int(paper.transit),
        digest=digest,
        document=canonical(paper),
        submitted_at=now,
        changed_at=now,
        step=paper.step.value,
        full_due=due,
    )
    verb = "insert" if standing is None else "amend"
    unit = Unit(
        (draft_of("declaration", paper.number, paper.version, paper),),
        guards=(Statement(f"papers.{verb}_declaration", params_of(record)), *grants(paper)),
    )
    return Accepted(paper.number, paper.version, unit)


def note_status(
    standing: DeclarationRecord | None, status: DeclarationStatus, now: Instant, rules: RulesAt = default_rules
) -> Accepted | Refused:
    """Take the status that customs gives a declaration: its next version, all else as it stands."""
    if standing is None:
        return refuse("declaration.unknown", field="number", mend="must be a declaration that was handed in")
    paper = declaration_of(standing)
    if paper.status is status:
        return Accepted(paper.number, paper.version, None)
    if paper.status is DeclarationStatus.CANCELLED:
        return refuse("declaration.cancelled", field="status", mend=f"{paper.number} is cancelled: it stays so")
    changed = msgspec.structs.replace(paper, status=status, version=paper.version + 1)
    return submit_declaration(changed, standing, now, rules)


def as_declared(paper: Declaration, standing: DeclarationRecord | None) -> Declaration:
    """Return a declarant's paper with the status that customs gave it: no declarant clears or frees."""
    status = DeclarationStatus.DECLARED if standing is None else DeclarationStatus(standing.status)
    return msgspec.structs.replace(paper, status=status)


def declaration_of(record: DeclarationRecord) -> Declaration:
    """Return the whole declaration behind its row."""
    return msgspec.json.decode(record.document, type=Declaration)


def delete_batch(
    batch: str,
    confirmations: Sequence[ConfirmationRecord],
    manifests: Sequence[ManifestRecord],
    by: str,
    now: Instant,
) -> Unit | Refused:
    """Delete what was handed in under a batch number; refused where there is nothing, or a vehicle has crossed."""
    used = [each.number for each in confirmations if each.state == PaperState.USED]
    if used:
        return refuse("papers.batch_used", field="batch", mend=f"{used[0]} has crossed already", number=used[0])
    handed_in: list[ConfirmationRecord | ManifestRecord] = [*confirmations, *manifests]
    active = [each for each in handed_in if each.state == PaperState.ACTIVE]
    if not active:
        return refuse("papers.batch_unknown", field="batch", mend="must be a batch number with papers in force")
    papers = [f"{each.number}@{each.version}" for each in active]
    body = {"at": now, "batch": batch, "by": by, "papers": papers}
    key = f"papers:batch_deleted:{batch}:{digest_of(papers)}"
    return Unit(
        (Draft("papers.batch_deleted/1", batch, key, canonical(body)),),
        guards=(Statement("papers.delete_batch", {"batch": batch, "at": now}),),
    )


def note_arrival(number: str, passage: str, now: Instant) -> Unit:
    """Write back that a confirmation's vehicle has arrived at the port: its convoy counts it."""
    body = {"at": now, "confirmation": number, "passage": passage}
    return Unit(
        (Draft("papers.arrived/1", number, f"papers:arrived:{number}:{passage}", canonical(body)),),
        effects=(Statement("papers.note_arrival", {"number": number, "at": now}),),
    )


def write_off(confirmation: str, passage: str, lines: Sequence[ConsignmentLine], direction: str, now: Instant) -> Unit:
    """Write off what one vehicle took across: its confirmation is used up, each consignment's quantity reduced (I16).

    The ledger refuses the unit where a confirmation was used already or a quantity would exceed its manifest.
    """
    parts = [{"mass_kg": line.gross_kg, "number": line.number} for line in lines]
    body = {"at": now, "confirmation": confirmation, "consignments": parts, "passage": passage}
    used = Statement("papers.use_confirmation", {"number": confirmation, "passage": passage, "at": now})
    taken = [
        Statement("papers.write_off", {"number": line.number, "direction": direction, "mass_kg": line.gross_kg})
        for line in lines
    ]
    draft = Draft("papers.written_off/1", confirmation, f"papers:written_off:{confirmation}:{passage}", canonical(body))
    return Unit((draft,), guards=(used, *taken))


_REFUSALS = {
    "papers.insert_consignment": (
        "papers.duplicate",
        "consignments",
        "each consignment may stand in one active manifest a direction, and may not fall below what has crossed",
    ),
    "papers.use_confirmation": ("papers.used", "number", "must be a confirmation that no crossing has used"),
    "papers.write_off": ("papers.exceeded", "consignments", "what crosses must stay within the manifest's mass"),
    "papers.delete_batch": (
        "papers.batch_used",
        "batch",
        "must be a batch under which nothing has crossed, nor was written off",
    ),
    "papers.keep_balances": (
        "papers.written_off",
        "number",
        "must keep every item against which something was written off",
    ),
    "papers.grant_balance": ("papers.written_off", "number", "may not fall below what was written off against it"),
    "papers.take_balance": (
        "papers.exceeded",
        "parts",
        "must stay within what each paper in force has left: read its balance",
    ),
    "papers.keep_write_off": ("papers.ticket_used", "ticket", "must be a ticket that wrote nothing off yet"),
    "papers.void_write_offs": ("papers.ticket_unknown", "ticket", "must be a ticket that is written off"),
    "papers.lift_order": ("order.not_yours", "number", "must be an order in force of your own authority"),
}


def refusal_of(guard: str) -> Refused:
    """Return what it means to a sender that the ledger refused a unit at this guard."""
    rule, field, mend = _REFUSALS.get(
        guard, ("papers.conflict", "number", "was changed at the same time: read it again")
    )
    return refuse(rule, field=field, mend=mend)


def decide(standing: Standing | None, digest: str, version: int) -> Accepted | Refused | None:
    """Return the answer to a paper where what stands gives it already; None where the paper is to be written."""
    if standing is None:
        return None if version == 1 else refuse("papers.version", field="version", mend="must be 1 for a new paper")
    state = getattr(standing, "state", PaperState.ACTIVE.value)
    if standing.digest == digest and version in (1, standing.version) and state != PaperState.DELETED:
        return Accepted(standing.number, standing.version, None)
    if state != PaperState.ACTIVE:
        return refuse(f"papers.{state}", field="number", mend=f"{standing.number} is {state}: use a new number")
    if version != standing.version + 1:
        mend = f"{standing.number} stands with other contents: send version {standing.version + 1} to amend it"
        return refuse("papers.conflict", field="number", mend=mend, version=standing.version)
    return None


def _consignment(paper: Manifest, line: ConsignmentLine) -> ConsignmentRecord:
    return ConsignmentRecord(
        number=line.number,
        direction=paper.direction.value,
        manifest=paper.number,
        batch=paper.batch,
        hs_code=line.hs_code,
        goods=line.goods,
        gross_kg=line.gross_kg,
        declaration=line.declaration,
    )


def draft_of(kind: str, number: str, version: int, paper: msgspec.Struct, *personal: Personal) -> Draft:
    """Return the fact that a paper was handed in, under a key by which the same version is recorded once."""
    return Draft(f"papers.{kind}/1", number, f"papers:{kind}:{number}:{version}", canonical(paper), personal)


def digest_of(*parts: Any) -> str:
    """Return the hex SHA-256 by which the same contents are known again."""
    return hashlib.sha256(canonical(parts)).hexdigest()
