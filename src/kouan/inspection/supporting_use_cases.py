"""Handing in and revoking the supporting papers: certificates, results, reports, licences. Pure, as ``use_cases``."""

import msgspec

from kouan.inspection.balances import grants
from kouan.inspection.papers import PaperState
from kouan.inspection.records import SupportingRecord, params_of
from kouan.inspection.supporting import Supporting, kind_of, lots_covered
from kouan.inspection.use_cases import Accepted, decide, digest_of, draft_of
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse


def submit_supporting(paper: Supporting, standing: SupportingRecord | None, now: Instant) -> Accepted | Refused:
    """Take a supporting paper (随附单证), or its next version; it grants no less than is written off."""
    digest = digest_of(msgspec.structs.replace(paper, version=0))
    decided = decide(standing, digest, paper.version)
    if decided is not None:
        return decided
    kind = kind_of(paper)
    record = SupportingRecord(
        kind=kind.value,
        number=paper.number,
        version=paper.version,
        lots=" ".join(lots_covered(paper)),
        digest=digest,
        document=canonical(paper),
        state=PaperState.ACTIVE.value,
        submitted_at=now,
        changed_at=now,
    )
    verb = "insert" if standing is None else "amend"
    unit = Unit(
        (draft_of(kind.value, paper.number, paper.version, paper),),
        guards=(Statement(f"papers.{verb}_supporting", params_of(record)), *grants(paper)),
    )
    return Accepted(paper.number, paper.version, unit)


def revoke_supporting(standing: SupportingRecord | None, reason: str, by: str, now: Instant) -> Unit | Refused:
    """Revoke a supporting paper: nothing more is written off against it, and nothing more rests on it."""
    if standing is None or standing.state != PaperState.ACTIVE:
        return refuse("papers.unknown", field="number", mend="must be a paper in force")
    if not reason.strip():
        return refuse("papers.reason", field="reason", mend="must say why")
    paper = {"kind": standing.kind, "number": standing.number}
    body = {"at": now, "by": by, "reason": reason, **paper}
    key = f"papers:revoked:{standing.kind}:{standing.number}"
    return Unit(
        (Draft("papers.revoked/1", standing.number, key, canonical(body)),),
        guards=(
            Statement("papers.revoke_supporting", {**paper, "at": now}),
            Statement("papers.close_balances", paper),
        ),
    )
