"""Examinations: the worklist, the sheet, what officers report of each step, and what each agency answers."""

import hashlib
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.examination.examination import Answer, Examination, Found, Report, Vehicle
from kouan.journeys.examination import Examinations
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.vocabulary.identifiers import ContainerNumber, PlateNumber
from kouan.vocabulary.verdict import Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.examination_shapes import (
    AnswerRequest,
    ArrivalRequest,
    ConfirmRequest,
    ExaminationView,
    ReasonRequest,
    ReportRequest,
    VehicleShape,
    Worklist,
)
from kouan.web.examination_views import item, shown
from kouan.web.fields import IdempotencyKey, Instant, Number, Page
from kouan.web.matters import examination_matter
from kouan.web.problems import FieldError, ProblemError, refused
from kouan.web.reading import Reads
from kouan.web.services import Services
from kouan.web.session import proven_again

router = APIRouter(route_class=GuardedRoute, tags=["examinations"], prefix="/examinations")

NumberPath = Annotated[Number, Path(description="The examination's number.")]
StepPath = Annotated[int, Path(ge=1, le=1000, description="The step's number on the sheet.")]
OrderPath = Annotated[Number, Path(description="The control order's number.")]


@router.get("", response_model=Worklist)
@asks(Action.WATCH, Field.EXAMINATION)
async def list_examinations(
    caller: Caller,
    services: Needed,
    closed: Annotated[bool, Query(description="The latest, closed ones among them.")] = False,
    before: Annotated[Instant | None, Query(description="Only what was ordered before.")] = None,
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return the examinations that go on, by when they begin; or the latest."""
    desk = _desk(services)
    if closed:
        found = await desk.latest(before, limit)
    else:
        found = sorted(await desk.going_on(), key=_begins)[:limit]
    return json_answer({"items": [item(each, caller) for each in found]})


@router.post("", response_model=ExaminationView, status_code=201)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def order_examination(
    request: Request, body: VehicleShape, caller: Caller, services: Needed, idempotency_key: IdempotencyKey = None
) -> Response:
    """Examine a vehicle for the control orders in force on it; one that is being examined is not examined twice."""
    vehicle = _vehicle(body)
    secret = services.secret() if idempotency_key is None else f"{caller.username}\n{idempotency_key}"
    number = f"X-{hashlib.sha256(secret.encode()).hexdigest()[:20]}"

    async def act() -> Response:
        ordered = await _desk(services).order(number, vehicle)
        if ordered is None:
            mend = "has no control order in force: place one first"
            raise ProblemError(409, errors=[FieldError("plate", "examination.nothing_asked", mend)])
        return _told(ordered, caller, services, 201)

    return await once(request, services, caller, idempotency_key, act)


@router.get("/{number}", response_model=ExaminationView)
@asks(Action.WATCH, Field.EXAMINATION)
async def get_examination(number: NumberPath, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return one examination's sheet."""
    found = await _desk(services).find(number)
    read = await reads.of_one(examination_matter(found, reads.port))
    return json_answer(shown(found, caller, read))


@router.post("/{number}/call", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def call_vehicle(number: NumberPath, caller: Caller, services: Needed) -> Response:
    """Call the driver to his bay before the plan does."""
    return _told(await _desk(services).call(number, caller.username), caller, services)


@router.post("/{number}/arrival", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def note_bay(number: NumberPath, body: ArrivalRequest, caller: Caller, services: Needed) -> Response:
    """Note that the vehicle stands at its bay."""
    return _told(await _desk(services).arrive(number, body.bay, caller.username), caller, services)


@router.post("/{number}/steps/{step}/reports", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def report_step(
    request: Request,
    number: NumberPath,
    step: StepPath,
    body: ReportRequest,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Report what was found at a step, for the caller's own agency; its pictures must have been brought before."""

    async def act() -> Response:
        for sha256 in body.pictures:
            await _require_picture(services, sha256)
        said = Report(
            agency=caller.agency,
            by=caller.username,
            at=services.clock.now(),
            outcome=body.outcome,
            found=tuple(Found(each.code, each.text) for each in body.found),
            pictures=tuple(dict.fromkeys(body.pictures)),
            seals=tuple(dict.fromkeys(body.seals)),
            mass_kg=body.mass_kg,
        )
        return _told(await _desk(services).report(number, step, said), caller, services)

    return await once(request, services, caller, idempotency_key, act)


@router.post("/{number}/steps/{step}/again", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def repeat_step(
    number: NumberPath, step: StepPath, body: ReasonRequest, caller: Caller, services: Needed
) -> Response:
    """Order a step done once more, for who asked for it."""
    desk = _desk(services)
    return _told(await desk.do_again(number, step, caller.agency, caller.username, body.reason), caller, services)


@router.post("/{number}/answers", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def answer_order(
    request: Request,
    number: NumberPath,
    body: AnswerRequest,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answer one of the caller's own agency's control orders: a release lifts it, and it alone."""

    async def act() -> Response:
        proven = await proven_again(request, services, caller, body.password)
        said = Answer(
            ask=body.order,
            agency=caller.agency,
            outcome=body.outcome,
            by=caller.username,
            at=services.clock.now(),
            reason=body.reason,
            override=body.override,
        )
        return _told(await _desk(services).answer(number, said, stepped_up=proven), caller, services)

    return await once(request, services, caller, idempotency_key, act)


@router.post("/{number}/answers/{order}/confirmation", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def confirm_answer(
    request: Request,
    number: NumberPath,
    order: OrderPath,
    body: ConfirmRequest,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Agree, as a second person of the agency, with a release that takes two."""

    async def act() -> Response:
        proven = await proven_again(request, services, caller, body.password)
        desk = _desk(services)
        confirmed = await desk.confirm(number, order, caller.agency, caller.username, stepped_up=proven)
        return _told(confirmed, caller, services)

    return await once(request, services, caller, idempotency_key, act)


@router.post("/{number}/abandonment", response_model=ExaminationView)
@asks(Action.EXAMINE, Field.EXAMINATION)
async def abandon_examination(number: NumberPath, body: ReasonRequest, caller: Caller, services: Needed) -> Response:
    """End an examination without result; every hold stays."""
    desk = _desk(services)
    return _told(await desk.abandon(number, caller.agency, caller.username, body.reason), caller, services)


def _desk(services: Services) -> Examinations:
    if services.examinations is None:
        raise NotFound("this port has no bays for joint examinations")
    return services.examinations


def _begins(examination: Examination) -> tuple[bool, Instant, str]:
    appointment = examination.appointment
    at = examination.promised_at if appointment is None else appointment.starts_at
    return (appointment is None, at, examination.number)


def _vehicle(body: VehicleShape) -> Vehicle:
    fields = body.model_dump()
    named = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    named["plate"] = str(PlateNumber.parse(body.plate))
    named["trailer"] = None if body.trailer is None else str(PlateNumber.parse(body.trailer))
    named["containers"] = tuple(str(ContainerNumber.parse(each)) for each in body.containers)
    return msgspec.convert(named, Vehicle)


async def _require_picture(services: Services, sha256: str) -> None:
    if not await services.images.has(sha256):
        raise InvalidValue("pictures", "examination.picture", f"must bring picture {sha256} first")


def _told(answer: Examination | Refused, caller: Caller, services: Services, status: int = 200) -> Response:
    if not isinstance(answer, Refused):
        return json_answer(shown(answer, caller), status)
    if answer.reasons[0].code == "review.not_stepped_up":
        raise ProblemError(403, errors=[FieldError("password", "access.step_up", "give the password once more")])
    raise refused(answer, services.messages.get("en", {}))
