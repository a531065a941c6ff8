"""Files of papers: handed in whole, judged row by row; and templates to fill in."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.templates import template
from kouan.journeys.import_papers import ATTESTED, DECLARANTS, Take, import_papers, takers
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import Shape
from kouan.web.papers import counter_of, for_firms
from kouan.web.services import Services

router = APIRouter(route_class=GuardedRoute, tags=["papers"], prefix="/papers")

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary", "maxLength": 512 * 1024},
            }
        },
    }
}
_MEDIA = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_TEMPLATE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The template.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()},
    }
}

Kind = Annotated[FileKind | None, Query(description="What the file holds; a table's header usually says it.")]
DryRun = Annotated[bool, Query(description="Judge every row, record nothing.")]


class TakenPaperView(Shape):
    """A document that was accepted, with the rows that it stood in; ``repeated`` where the very same stood already."""

    kind: FileKind
    number: str
    version: int
    repeated: bool
    rows: list[int]


class ProblemView(Shape):
    """One thing wrong in a file: the row, the column's header where there is one, the field, the rule, the mend."""

    row: int
    column: str
    field: str
    rule: str
    mend: str


class ImportView(Shape):
    """What became of a file: every row is taken or rejected; ``unused`` are headers or segments that nobody knows."""

    form: str
    rows: int
    taken: list[TakenPaperView]
    rejected: list[ProblemView]
    unused: list[str]
    rehearsal: bool


@router.post("/imports", response_model=ImportView, openapi_extra=_FILE)
@asks(Action.SUBMIT_PAPERS)
async def import_file(
    request: Request, caller: Caller, services: Needed, kind: Kind = None, dry_run: DryRun = False
) -> Response:
    """Hand in a CSV, Excel, JSON or EDIFACT file of confirmations, manifests, declarations, reports or licences."""
    counter = counter_of(services, for_firms(caller), rehearsal=dry_run)
    return await _import(request, services, takers(counter, DECLARANTS), kind, dry_run=dry_run)


@router.post("/imports/attested", response_model=ImportView, openapi_extra=_FILE)
@asks(Action.ATTEST, Field.PAPER)
async def import_attested_file(
    request: Request, services: Needed, kind: Kind = None, dry_run: DryRun = False
) -> Response:
    """Hand in, as customs, a file of statuses, certificates or laboratory results."""
    take = takers(counter_of(services, rehearsal=dry_run), ATTESTED)
    return await _import(request, services, take, kind, dry_run=dry_run)


@router.get("/templates/{kind}.{form}", response_class=Response, responses=_TEMPLATE)
@asks(Action.READ_PAPERS)
async def get_template(
    kind: Annotated[FileKind, Path(description="What is to be filled in.")],
    form: Annotated[Literal["csv", "xlsx"], Path(description="A text table, or an Excel file with notes.")],
) -> Response:
    """Return an empty table with Chinese headers."""
    headers = {"content-disposition": f'attachment; filename="{kind}.{form}"'}
    return Response(template(kind, form), media_type=_MEDIA[form], headers=headers)


async def _import(
    request: Request, services: Services, take: Mapping[FileKind, Take], kind: FileKind | None, *, dry_run: bool
) -> Response:
    file = await services.read_papers(await request.body(), kind)
    return json_answer(msgspec.to_builtins(await import_papers(file, take, rehearsal=dry_run)))
