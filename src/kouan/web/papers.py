"""Papers handed in beforehand: vehicle confirmations, manifests, declarations; looked up, and deleted by batch."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from kouan.access.people import Principal
from kouan.access.policy import may_concerning
from kouan.access.words import Action, Field
from kouan.inspection.desk import document_of
from kouan.inspection.fields import violations_of
from kouan.inspection.papers import ConsignmentLine
from kouan.inspection.parties import NOT_YOUR_FIRM, Concerns, everybody
from kouan.inspection.records import ConfirmationRecord, ConsignmentRecord, DeclarationRecord, ManifestRecord
from kouan.inspection.use_cases import Accepted, declaration_of, refusal_of
from kouan.journeys.hand_in import PapersCounter
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, IdempotencyKey, Instant, Page, Shape
from kouan.web.own import readable, reads_all_papers
from kouan.web.paper_records import shown_papers
from kouan.web.paper_schemas import confirmation_body, declaration_body, manifest_body
from kouan.web.problems import FieldError, ProblemError
from kouan.web.reading import Reads
from kouan.web.services import Services

router = APIRouter(route_class=GuardedRoute, tags=["papers"], prefix="/papers")

TRIES = 3
"""How often a paper is tried again where another of its number was faster. Our choice: two amend at once, not ten."""

CHANGED = refusal_of("")
"""What a paper is answered that somebody else changed at the same time."""

Document = Annotated[
    dict[str, Any], Body(max_length=64, description="The document, its fields named by their data elements.")
]
PaperNumber = Annotated[str, Path(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9-]+$")]

Record = ConfirmationRecord | ManifestRecord | DeclarationRecord


class Taken(Shape):
    """A paper was taken, or the very same stood already (``repeated``)."""

    number: str
    version: int
    repeated: bool


class PaperView(Shape):
    """One paper as it stands; ``details`` is the document, its driver a commitment only.

    Where the document is ``withheld``, ``details`` is what stands on the vehicle, and how far the paper is.
    """

    kind: Literal["confirmation", "manifest", "declaration"]
    number: str
    version: int
    batch: str | None
    plate: str | None
    direction: Direction
    state: str
    received_at: Instant
    missing: list[dict[str, str]]
    details: dict[str, Any]
    withheld: bool


class Papers(Shape):
    """Papers, newest first."""

    items: list[PaperView]


@router.post("/confirmations", response_model=Taken, status_code=201, openapi_extra=confirmation_body())
@asks(Action.SUBMIT_PAPERS)
async def submit_vehicle_confirmation(
    request: Request, body: Document, caller: Caller, services: Needed, idempotency_key: IdempotencyKey = None
) -> Response:
    """Hand in a vehicle confirmation (确报), or the next version of one."""
    taken = taking(counter_of(services, for_firms(caller)).confirmation, body)
    return await once(request, services, caller, idempotency_key, taken)


@router.post("/manifests", response_model=Taken, status_code=201, openapi_extra=manifest_body())
@asks(Action.SUBMIT_PAPERS)
async def submit_original_manifest(
    request: Request, body: Document, caller: Caller, services: Needed, idempotency_key: IdempotencyKey = None
) -> Response:
    """Hand in an original manifest (原始舱单), or the next version of one."""
    taken = taking(counter_of(services, for_firms(caller)).manifest, body)
    return await once(request, services, caller, idempotency_key, taken)


@router.post("/declarations", response_model=Taken, status_code=201, openapi_extra=declaration_body())
@asks(Action.SUBMIT_PAPERS)
async def submit_customs_declaration(
    request: Request, body: Document, caller: Caller, services: Needed, idempotency_key: IdempotencyKey = None
) -> Response:
    """Hand in a customs declaration (报关单), its base items, or its next version."""
    taken = taking(counter_of(services, for_firms(caller)).declaration, body)
    return await once(request, services, caller, idempotency_key, taken)


def for_firms(sender: Principal) -> Concerns:
    """Return what holds a sender to the firms of their account; one whose account names none, to nothing."""
    return lambda firms: may_concerning(sender, Action.SUBMIT_PAPERS, Field.PAPER, firms)


def counter_of(services: Services, concerns: Concerns = everybody, *, rehearsal: bool = False) -> PapersCounter:
    """Return the counter at which papers are handed in, by whoever is held to some firms, or by customs.

    At a rehearsal nothing is recorded.
    """
    return PapersCounter(
        services.papers,
        services.ledger,
        services.subjects,
        services.clock,
        lambda _: services.salt(),
        services.two_step,
        rehearsal=rehearsal,
        came=_told_of_papers(services),
        concerns=concerns,
    )


def _told_of_papers(services: Services) -> Callable[[str], Awaitable[None]]:
    """Return what tells targeting and release, where the port has them, of a paper that came."""

    async def came(number: str) -> None:
        if services.targeting is not None:
            await services.targeting.targeting.papers_came(number)
        if services.release is not None:
            await services.release.papers.came(number)

    return came


def taking(take: Callable[[object], Awaitable[Accepted | Refused]], body: object) -> Callable[[], Awaitable[Response]]:
    """Return what hands a paper in; where somebody else was faster, it looks again at what stands."""

    async def act() -> Response:
        refusal: Refused | None = None
        for _ in range(TRIES):
            accepted = await take(body)
            if isinstance(accepted, Accepted):
                repeated = accepted.unit is None
                taken = {"number": accepted.number, "version": accepted.version, "repeated": repeated}
                return json_answer(taken, 201)
            refusal = accepted
            if refusal.reasons[0] != CHANGED.reasons[0]:
                break
        raise paper_refused(refusal or CHANGED)

    return act


@router.delete("/batches/{batch}", status_code=204)
@asks(Action.SUBMIT_PAPERS)
async def delete_papers(batch: PaperNumber, caller: Caller, services: Needed) -> Response:
    """Delete what was handed in under a transport batch number, unless a vehicle of it has crossed."""
    deleted = await counter_of(services, for_firms(caller)).delete_batch(batch, caller.username)
    if isinstance(deleted, Refused):
        raise paper_refused(deleted)
    return no_content()


@router.get("", response_model=Papers)
@asks(Action.READ_PAPERS)
async def find_papers(
    caller: Caller,
    services: Needed,
    reads: Reads,
    plate: Annotated[str | None, Query(max_length=32, pattern=LINE)] = None,
    batch: Annotated[str | None, Query(max_length=64, pattern=LINE)] = None,
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return the papers of a vehicle or of a batch, newest first; without either, the latest announced vehicles.

    Whoever reads only their own firm's papers is shown these.
    """
    found = await _find(services, caller, "".join((plate or "").split()).upper(), (batch or "").strip(), limit)
    found = await readable(services, caller, found)
    found.sort(key=lambda record: (record.submitted_at, record.number), reverse=True)
    return json_answer({"items": await shown_papers(reads, found[:limit], await paper_views(services, found[:limit]))})


async def _find(services: Services, reader: Principal, plate: str, batch: str, limit: int) -> list[Record]:
    papers = services.papers
    if batch:
        found: list[Record] = [*await papers.confirmations_of_batch(batch), *await papers.manifests_of_batch(batch)]
        return [record for record in found if not plate or getattr(record, "plate", plate) == plate]
    if plate:
        return [record for way in Direction for record in await papers.confirmations_of_plate(plate, way)]
    if not reads_all_papers(reader):
        return list(await papers.confirmations_of_carriers(reader.firms, limit))
    return list(await papers.latest_confirmations(limit))


@router.get("/{number}", response_model=PaperView)
@asks(Action.READ_PAPERS)
async def get_paper(number: PaperNumber, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return a paper by its number, of whichever kind."""
    papers = services.papers
    record: Record | None = await papers.find_confirmation(number)
    record = record or await papers.find_manifest(number) or await papers.find_declaration(number)
    if record is None or not await readable(services, caller, [record]):
        raise NotFound(f"there is no paper {number}")
    return json_answer((await shown_papers(reads, [record], await paper_views(services, [record])))[0])


async def paper_views(services: Services, records: Sequence[Record]) -> list[Mapping[str, Any]]:
    """Return papers as they are shown; what their vehicles wait for is looked up for all at once."""
    carried = {
        record.number: document_of(record).consignments for record in records if isinstance(record, ConfirmationRecord)
    }
    held: dict[tuple[str, str], ConsignmentRecord] = {}
    for way in Direction:
        numbers = {
            line.number: None for record in records if record.direction == way for line in _lines(carried, record)
        }
        for one in await services.papers.consignments(list(numbers), way) if numbers else ():
            held[one.direction, one.number] = one
    wanted = {
        number: None
        for record in records
        for line in _lines(carried, record)
        if (number := _declaration(line, held.get((record.direction, line.number))))
    }
    declared = await services.papers.declarations(list(wanted)) if wanted else ()
    covered = {(paper.number, line.number) for paper in declared for line in declaration_of(paper).consignments}
    return [_view(record, _missing(record, _lines(carried, record), held, covered)) for record in records]


def _lines(carried: Mapping[str, tuple[ConsignmentLine, ...]], record: Record) -> tuple[ConsignmentLine, ...]:
    return carried.get(record.number, ()) if isinstance(record, ConfirmationRecord) else ()


def _declaration(line: ConsignmentLine, held: ConsignmentRecord | None) -> str | None:
    return (held.declaration if held else None) or line.declaration


def _missing(
    record: Record,
    lines: Sequence[ConsignmentLine],
    held: Mapping[tuple[str, str], ConsignmentRecord],
    covered: AbstractSet[tuple[str, str]],
) -> list[dict[str, str]]:
    """Return what a vehicle still waits for: manifests of its consignments, and declarations that name these."""
    missing = []
    for line in lines:
        found = held.get((record.direction, line.number))
        number = _declaration(line, found)
        missing += [_lack("manifest", line.number)] if found is None else []
        missing += [_lack("declaration", number)] if number and (number, line.number) not in covered else []
    return missing


def _view(record: Record, missing: list[dict[str, str]]) -> Mapping[str, Any]:
    kinds = {ConfirmationRecord: "confirmation", ManifestRecord: "manifest", DeclarationRecord: "declaration"}
    return {
        "kind": kinds[type(record)],
        "number": record.number,
        "version": record.version,
        "batch": getattr(record, "batch", None),
        "plate": getattr(record, "plate", None),
        "direction": record.direction,
        "state": record.status if isinstance(record, DeclarationRecord) else record.state,
        "received_at": record.submitted_at,
        "missing": missing,
        "details": msgspec.Raw(record.document),
    }


def _lack(kind: str, number: str) -> dict[str, str]:
    return {"field": kind, "rule": f"papers.no_{kind}", "mend": f"hand in the {kind} of {number}", "number": number}


def paper_refused(refusal: Refused) -> ProblemError:
    """Return everything that is wrong with a paper (422), or what it collides with (409), as a problem."""
    errors = [FieldError(each.field, each.rule, each.mend) for each in violations_of(refusal)]
    if errors[0].rule == "papers.batch_unknown":
        return ProblemError(404, errors=errors)
    if all(error.rule == NOT_YOUR_FIRM for error in errors):
        return ProblemError(403, errors=errors)
    return ProblemError(409 if errors[0].rule.startswith("papers.") else 422, errors=errors[:100])
