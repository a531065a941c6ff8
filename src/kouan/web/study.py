"""Studies of a port's own files: brought, their columns confirmed, studied, read, kept and deleted."""

import base64
import hashlib
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request
from pydantic import StringConstraints
from starlette.responses import FileResponse, Response

from kouan.access.people import Principal
from kouan.access.words import Action, Field
from kouan.planning.study.fields import FIELDS
from kouan.planning.study.kept import MOST_NAME_BYTES, Made, Studies, StudyState, TableConfirmed, without_rows
from kouan.planning.study.report.style import STYLE
from kouan.vocabulary.errors import NotAllowed, NotFound
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, Number
from kouan.web.matters import study_matter
from kouan.web.problems import FieldError, ProblemError
from kouan.web.reading import Reads
from kouan.web.services import Services
from kouan.web.study_shapes import ConfirmRequest, Language, OpenedView, StudyList, StudyView, WhatIfRequest

router = APIRouter(route_class=GuardedRoute, tags=["studies"], prefix="/studies")

StudyPath = Annotated[Number, Path(description="The study's number.")]
NamePath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_NAME_BYTES, pattern=LINE),
    Path(description="The file's name."),
]
Spoken = Annotated[Language, Query(description="The language in which it is opened.")]

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report, to be printed.", "content": {"text/html": {"schema": {"type": "string"}}}}
}
_WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "The workbook.", "content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}

_STYLED = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
REPORT_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLED}'; sandbox allow-modals; frame-ancestors 'none'"
"""What the report may do: show itself in its own style. It loads nothing, and nothing in it runs."""


@router.get("", response_model=StudyList)
@asks(Action.STUDY)
async def list_studies(services: Needed) -> Response:
    """Return all kept studies, the newest first, and what columns a table may have."""
    return json_answer({"items": await _studies(services).every(), "kinds": FIELDS})


@router.post("", response_model=StudyView, status_code=201)
@asks(Action.STUDY)
async def begin_study(caller: Caller, services: Needed) -> Response:
    """Begin a study: files are brought to it next."""
    return json_answer(await _studies(services).begin(caller.username), 201)


@router.get("/{number}", response_model=OpenedView)
@asks(Action.STUDY)
async def get_study(number: StudyPath, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return how far a study is, and what it found; what rows say comes with a purpose only, and is recorded."""
    opened = await _studies(services).find(number)
    answer, shown = opened.answer, False
    if answer is not None:
        shown = Field.ROWS in await reads.of_one(study_matter(number, reads.port))
        answer = answer if shown else without_rows(answer)
    own = opened.study.by == caller.username
    tables = opened.tables if own else tuple(msgspec.structs.replace(each, first=()) for each in opened.tables)
    found = msgspec.structs.replace(opened, answer=answer, tables=tables)
    return json_answer({**{name: getattr(found, name) for name in found.__struct_fields__}, "withheld": not shown})


@router.put("/{number}/files/{name}", response_model=StudyView, openapi_extra=_FILE)
@asks(Action.STUDY)
async def bring_study_file(
    request: Request, number: StudyPath, name: NamePath, caller: Caller, services: Needed
) -> Response:
    """Bring a CSV or Excel file, of at most 6 GiB; it is written to the disk as it comes."""
    studies = await _own(services, caller, number)
    length = request.headers.get("content-length", "")
    return json_answer(await studies.bring(number, name, int(length) if length.isdecimal() else None, request.stream()))


@router.post("/{number}/look", response_model=StudyView, status_code=202)
@asks(Action.STUDY)
async def look_at_study(number: StudyPath, caller: Caller, services: Needed) -> Response:
    """Begin to look which tables the files have, and what their columns are taken for."""
    return json_answer(await (await _own(services, caller, number)).look(number), 202)


@router.post("/{number}/run", response_model=StudyView, status_code=202)
@asks(Action.STUDY)
async def run_study(number: StudyPath, body: ConfirmRequest, caller: Caller, services: Needed) -> Response:
    """Begin the study with the columns as confirmed; tables with the same headers are read alike from then on."""
    studies = await _own(services, caller, number)
    tables = [
        TableConfirmed(tuple(each.headers), each.kind, {field.value: header for field, header in each.columns.items()})
        for each in body.tables
    ]
    for place, table in enumerate(tables):
        strange = [field for field, header in table.columns.items() if header not in table.headers]
        if strange:
            mend = "must be one of the table's headers"
            raise ProblemError(422, errors=[FieldError(f"tables.{place}.columns.{strange[0]}", "study.column", mend)])
    return json_answer(await studies.study(number, tables), 202)


@router.post("/{number}/what-ifs", response_model=StudyView, status_code=202)
@asks(Action.STUDY)
async def ask_what_if(number: StudyPath, body: WhatIfRequest, services: Needed) -> Response:
    """Begin to ask the flow model, fitted to the study's files, what changes would bring."""
    return json_answer(await _studies(services).what_if(number, body.changes), 202)


@router.get("/{number}/what-ifs/workbook", response_class=Response, responses=_WORKBOOK)
@asks(Action.STUDY)
async def get_what_ifs_workbook(number: StudyPath, services: Needed, language: Spoken = "zh") -> Response:
    """Return the workbook of what the flow model answered; it shows nothing of what rows say."""
    path = await _studies(services).made(number, Made.ANSWERS, language)
    return FileResponse(path, media_type=_XLSX, filename=path.name, headers={"cache-control": "no-store"})


@router.post("/{number}/cancellation", response_model=StudyView)
@asks(Action.STUDY)
async def cancel_study(number: StudyPath, services: Needed) -> Response:
    """End what is being done for a study; what was found before stays."""
    return json_answer(await _studies(services).cancel(number))


@router.delete("/{number}", status_code=204)
@asks(Action.STUDY)
async def delete_study(number: StudyPath, services: Needed) -> Response:
    """Delete a study with all that is kept of it."""
    await _studies(services).delete(number)
    return no_content()


@router.get("/{number}/report", response_class=Response, responses=_REPORT)
@asks(Action.STUDY)
async def get_study_report(number: StudyPath, services: Needed, language: Spoken = "zh") -> Response:
    """Return the report in both languages, to be printed; it shows nothing of what rows say."""
    path = await _studies(services).made(number, Made.REPORT, language)
    headers = {"cache-control": "no-store", "content-security-policy": REPORT_POLICY}
    return FileResponse(path, media_type="text/html", headers=headers)


@router.get("/{number}/workbook", response_class=Response, responses=_WORKBOOK)
@asks(Action.STUDY)
async def get_study_workbook(number: StudyPath, services: Needed, reads: Reads, language: Spoken = "zh") -> Response:
    """Return the workbook with every visit, for a purpose; that it was read is recorded first."""
    path = await _studies(services).made(number, Made.WORKBOOK, language)
    if not await reads.whole(study_matter(number, reads.port)):
        mend = "is given to who needs it for the purpose that the request gives"
        raise ProblemError(403, errors=[FieldError("Kouan-Purpose", "need.rows_withheld", mend)])
    return FileResponse(path, media_type=_XLSX, filename=path.name, headers={"cache-control": "no-store"})


def _studies(services: Services) -> Studies:
    if services.studies is None:
        raise NotFound("this port keeps no studies")
    return services.studies


async def _own(services: Services, caller: Principal, number: str) -> Studies:
    """Return where studies are made; raise NotAllowed where the files of a study are somebody else's to bring."""
    studies = _studies(services)
    study = (await studies.find(number)).study
    if study.by != caller.username and study.state is not StudyState.ANSWERED:
        raise NotAllowed(f"the study {number} is {study.by}'s until it is made")
    return studies
