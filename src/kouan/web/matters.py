"""What the API shows as matters of need to know: how far each is, to whom it is assigned, what of it is protected."""

from typing import Any

from kouan.access.need import PROTECTED, Matter, MatterKind, Stage
from kouan.access.people import Agency
from kouan.access.words import Field
from kouan.inspection.control_orders import AUTHORITIES
from kouan.inspection.examination.examination import OPEN, Examination
from kouan.inspection.records import ConfirmationRecord, DeclarationRecord, ManifestRecord, SupportingRecord
from kouan.inspection.release.lot import FINAL
from kouan.inspection.release.records import LotRecord
from kouan.ledger.entries import Entry
from kouan.web.entry_kinds import kind_of

ENDED = frozenset({"cleared", "diverted", "refused", "abandoned"})
"""States of a passage that is over."""

CUSTOMS = frozenset({Agency.CUSTOMS})
BORDER = frozenset({Agency.BORDER_INSPECTION})
NOBODY: frozenset[Agency] = frozenset()


def passage_matter(view: Any, port: str) -> Matter:
    """Return a passage: while it goes on it is the case of each authority that has to give a verdict on it."""
    over = view["state"] in ENDED
    found = {each["name"] for each in view["procedures"] if each["evidence"] is not None}
    found |= {each["authority"] for each in view["verdicts"] if each["reasons"]}
    if view["review"] is not None and view["review"]["first"] is not None:
        found.add(view["review"]["first"]["authority"])
    return Matter(
        MatterKind.PASSAGE,
        view["id"],
        port,
        Stage.CLOSED if over else Stage.UNDER_WAY,
        NOBODY if over else frozenset(Agency(each["authority"]) for each in view["verdicts"]),
        frozenset(Field(name) for name in found) & PROTECTED,
    )


Paper = ConfirmationRecord | ManifestRecord | DeclarationRecord | SupportingRecord


def paper_matter(record: Paper, port: str) -> Matter:
    """Return a paper: as long as it stands it is customs' case."""
    gone = getattr(record, "state", "active") != "active"
    return matter_of_paper(record.number, Stage.CLOSED if gone else Stage.UNDER_WAY, port)


def matter_of_paper(number: str, stage: Stage, port: str) -> Matter:
    """Return the paper of a number."""
    return Matter(MatterKind.PAPER, number, port, stage, CUSTOMS, frozenset({Field.DOCUMENT}))


def lot_matter(record: LotRecord, port: str) -> Matter:
    """Return a lot: until its final state it is customs' case."""
    stage = Stage.CLOSED if record.state in FINAL else Stage.UNDER_WAY
    return Matter(MatterKind.LOT, record.number, port, stage, CUSTOMS, frozenset({Field.FIRM}))


def candidate_matter(number: str, port: str, *, examined: bool) -> Matter:
    """Return a candidate of targeting: until its result is in it is customs' case."""
    stage = Stage.CLOSED if examined else Stage.UNDER_WAY
    return Matter(MatterKind.CANDIDATE, number, port, stage, CUSTOMS, frozenset({Field.FIRM}))


def watch_matter(number: str, port: str) -> Matter:
    """Return an entry of customs' watch list."""
    return Matter(MatterKind.WATCH, number, port, Stage.UNDER_WAY, CUSTOMS, frozenset({Field.WATCH_LIST}))


def hold_matter(number: str, authority: str, port: str) -> Matter:
    """Return a control order in force, which is the case of the authority that placed it."""
    field = Field(authority) if authority in AUTHORITIES else Field.CUSTOMS
    agencies = frozenset({Agency(field.value)})
    return Matter(MatterKind.HOLD, number, port, Stage.UNDER_WAY, agencies, frozenset({field}) & PROTECTED)


def examination_matter(examination: Examination, port: str) -> Matter:
    """Return an examination: the case of who asked for it, and of who has to be present."""
    asking = {ask.agency for ask in examination.asks}
    present = {agency for step in examination.steps for agency in step.present}
    stage = Stage.UNDER_WAY if examination.state in OPEN else Stage.CLOSED
    fields = frozenset({Field.FINDINGS, *(Field(agency) for agency in asking)}) & PROTECTED
    return Matter(MatterKind.EXAMINATION, examination.number, port, stage, frozenset(asking | present), fields)


def visit_matter(number: str, port: str, *, over: bool) -> Matter:
    """Return a visit of the yard: who is aboard is border inspection's."""
    stage = Stage.CLOSED if over else Stage.UNDER_WAY
    return Matter(MatterKind.VISIT, number, port, stage, NOBODY if over else BORDER, frozenset({Field.ABOARD}))


def reads_matter(username: str, port: str) -> Matter:
    """Return all that one person read, which is nobody's case."""
    return Matter(MatterKind.READS, username, port, Stage.RECORDED, NOBODY, frozenset({Field.READ}))


def study_matter(number: str, port: str) -> Matter:
    """Return a study of the port's own files: what their rows say is nobody's case, and read to plan."""
    return Matter(MatterKind.STUDY, number, port, Stage.CLOSED, NOBODY, frozenset({Field.ROWS}))


def entry_matter(entry: Entry, fields: frozenset[Field]) -> Matter:
    """Return what an entry is about, as far as it is recorded; an entry is nobody's case any more."""
    return Matter(
        kind_of(entry).matter or MatterKind.PASSAGE,
        entry.stream,
        entry.port,
        Stage.RECORDED,
        NOBODY,
        fields & PROTECTED,
    )
