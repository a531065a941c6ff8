"""Supporting papers (随附单证), what customs says of declarations, balances of papers, and what is due."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.papers import DeclarationStatus
from kouan.inspection.records import DeclarationRecord, SupportingRecord
from kouan.inspection.supporting import PaperKind
from kouan.inspection.two_step import days_left
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, IdempotencyKey, Instant, Page, Shape
from kouan.web.own import readable, reads_number
from kouan.web.paper_balances import Balances, shown_balance
from kouan.web.paper_records import shown_papers, shown_versions
from kouan.web.papers import Document, PaperNumber, Taken, counter_of, for_firms, paper_refused, taking
from kouan.web.reading import Reading, Reads

router = APIRouter(route_class=GuardedRoute, tags=["papers"], prefix="/papers")

MOST_VERSIONS = 1000
"""Most entries read of one paper's history. Our choice: a paper has at most 999 versions."""

DAYS_AHEAD = 14
"""How far ahead it is shown what is due, in days. Our choice: as long as a full declaration may take."""

_HISTORY = frozenset(
    f"papers.{kind}/1"
    for kind in ("confirmation", "manifest", "declaration", *PaperKind, "arrived", "declaration_overdue", "revoked")
)
"""Entries that are a paper's own; control orders have streams of their own, and are not for everybody's eyes."""

Handed = Literal["third_party_report", "licence", "gate_report"]
Attested = Literal["certificate", "laboratory_result"]
KindPath = Annotated[PaperKind, Path(description="What kind of paper it is.")]


class Status(Shape):
    """What customs says of a declaration."""

    status: DeclarationStatus


class SupportingView(Shape):
    """One supporting paper as it stands; ``details`` is the document, or how far it is where that is ``withheld``."""

    kind: PaperKind
    number: str
    version: int
    lots: list[str]
    state: str
    received_at: Instant
    details: dict[str, Any]
    withheld: bool


class SupportingPapers(Shape):
    """Supporting papers."""

    items: list[SupportingView]


class DueView(Shape):
    """A declaration of base items; ``days_left`` counts today, and is below one when the full one is overdue."""

    number: str
    status: str
    received_at: Instant
    due: Instant
    days_left: int
    overdue_at: Instant | None


class Due(Shape):
    """Declarations whose full form is due, the most urgent first."""

    items: list[DueView]


class VersionView(Shape):
    """One thing that happened to a paper: its entry's number, kind and instant, and what the entry says.

    Where the document is ``withheld``, ``details`` says how far the paper was.
    """

    seq: int
    kind: str
    at: Instant
    details: dict[str, Any]
    withheld: bool


class Versions(Shape):
    """All that happened to a paper, oldest first."""

    items: list[VersionView]


@router.post("/declarations/{number}/status", response_model=Taken, status_code=201)
@asks(Action.ATTEST, Field.PAPER)
async def set_declaration_status(number: PaperNumber, body: Status, services: Needed) -> Response:
    """Say, as customs, where a declaration stands."""
    counter = counter_of(services)
    return await taking(lambda _: counter.status(number, body.status), None)()


@router.get("/declarations/due", response_model=Due)
@asks(Action.READ_PAPERS)
async def list_due_declarations(
    caller: Caller,
    services: Needed,
    days: Annotated[int, Query(ge=0, le=90)] = DAYS_AHEAD,
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return the declarations whose full form is due within some days, or overdue, the earliest first."""
    now = services.clock.now()
    due = await services.papers.declarations_due(now + days * 86_400 * SECOND, limit)
    found = await readable(services, caller, due)
    return json_answer({"items": [_due(record, now) for record in found]})


@router.post("/supporting/{kind}", response_model=Taken, status_code=201)
@asks(Action.SUBMIT_PAPERS)
async def submit_supporting_paper(
    request: Request,
    kind: Handed,
    body: Document,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hand in a third party's report, a licence or another gate's report, or the next version of one."""
    taken = taking(counter_of(services, for_firms(caller)).supporting_of(PaperKind(kind)), body)
    return await once(request, services, caller, idempotency_key, taken)


@router.post("/attested/{kind}", response_model=Taken, status_code=201)
@asks(Action.ATTEST, Field.PAPER)
async def attest_paper(
    request: Request,
    kind: Attested,
    body: Document,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Issue, as customs, a certificate or a laboratory's result, or the next version of one."""
    taken = taking(counter_of(services).supporting_of(PaperKind(kind)), body)
    return await once(request, services, caller, idempotency_key, taken)


@router.delete("/supporting/{kind}/{number}", status_code=204)
@asks(Action.ATTEST, Field.PAPER)
async def revoke_paper(
    kind: KindPath,
    number: PaperNumber,
    caller: Caller,
    services: Needed,
    reason: Annotated[str, Query(min_length=1, max_length=500, pattern=LINE)],
) -> Response:
    """Revoke a supporting paper: nothing more rests on it."""
    revoked = await counter_of(services).revoke(kind, number, reason, caller.username)
    if isinstance(revoked, Refused):
        raise paper_refused(revoked)
    return no_content()


@router.get("/supporting/{kind}", response_model=SupportingPapers)
@asks(Action.READ_PAPERS)
async def list_supporting_papers(
    kind: KindPath, caller: Caller, services: Needed, reads: Reads, limit: Annotated[Page, Query()] = 100
) -> Response:
    """Return the papers of a kind that were handed in last."""
    found = await readable(services, caller, await services.papers.latest_supporting(kind, limit))
    return json_answer({"items": await _views(reads, found)})


@router.get("/supporting/{kind}/{number}", response_model=SupportingView)
@asks(Action.READ_PAPERS)
async def get_supporting_paper(
    kind: KindPath, number: PaperNumber, caller: Caller, services: Needed, reads: Reads
) -> Response:
    """Return one supporting paper in whatever state."""
    record = await services.papers.find_supporting(kind, number)
    if record is None or not await readable(services, caller, [record]):
        raise NotFound(f"there is no {kind} {number}")
    return json_answer((await _views(reads, [record]))[0])


@router.get("/lots/{lot}", response_model=SupportingPapers)
@asks(Action.READ_PAPERS)
async def list_papers_of_lot(lot: PaperNumber, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return the certificates, results and reports about a lot (declaration-line)."""
    found = await readable(services, caller, await services.papers.supporting_of_lot(lot))
    return json_answer({"items": await _views(reads, found)})


@router.get("/balances/{number}", response_model=Balances)
@asks(Action.READ_PAPERS)
async def get_balances(number: PaperNumber, caller: Caller, services: Needed) -> Response:
    """Return what may be written off against the papers of a number, and what was."""
    found = await services.papers.balances([number]) if await reads_number(services, caller, number) else []
    return json_answer({"items": [await shown_balance(services, record) for record in found]})


@router.get("/{number}/versions", response_model=Versions)
@asks(Action.READ_PAPERS)
async def list_versions(number: PaperNumber, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return every version of a paper, and what else the ledger has recorded of it."""
    if not await reads_number(services, caller, number):
        raise NotFound(f"there is no paper {number}")
    entries = await services.ledger.read(limit=MOST_VERSIONS, stream=number)
    kept = [entry for entry in entries if entry.kind in _HISTORY]
    if not kept:
        raise NotFound(f"there is no paper {number}")
    items = [{"seq": one.seq, "kind": one.kind, "at": one.at, "details": msgspec.Raw(one.body)} for one in kept]
    return json_answer({"items": await shown_versions(reads, number, items)})


async def _views(reads: Reading, records: Sequence[SupportingRecord]) -> list[Mapping[str, Any]]:
    return await shown_papers(reads, records, [_view(record) for record in records])


def _view(record: SupportingRecord) -> Mapping[str, Any]:
    return {
        "kind": record.kind,
        "number": record.number,
        "version": record.version,
        "lots": record.lots.split(),
        "state": record.state,
        "received_at": record.submitted_at,
        "details": msgspec.Raw(record.document),
    }


def _due(record: DeclarationRecord, now: int) -> Mapping[str, Any]:
    return {
        "number": record.number,
        "status": record.status,
        "received_at": record.submitted_at,
        "due": record.full_due,
        "days_left": days_left(record, now),
        "overdue_at": record.overdue_at,
    }
