"""Targeting: the inspection budget, what was selected and why, the watch list, and the models that score."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.fields import violations_of
from kouan.inspection.targeting.looking import candidate_of, features_of
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, WatchRecord
from kouan.journeys.targeting_desk import TargetingDesk
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Reason, Refused
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import Number, Page, Why
from kouan.web.gate_shapes import Because
from kouan.web.matters import candidate_matter, watch_matter
from kouan.web.problems import FieldError, ProblemError
from kouan.web.reading import Reading, Reads
from kouan.web.services import Services
from kouan.web.targeting_shapes import (
    BudgetRequest,
    BudgetView,
    CandidateView,
    ModelRequest,
    Models,
    ModelView,
    Selections,
    StandingView,
    WatchList,
    WatchRequest,
    WatchView,
)

router = APIRouter(route_class=GuardedRoute, tags=["targeting"], prefix="/targeting")

Answer = TypeVar("Answer")

NumberPath = Annotated[Number, Path(description="The number under which it stands.")]

NOT_FOUND = ("targeting.no_such_model",)


@router.get("", response_model=StandingView)
@asks(Action.WATCH, Field.TARGETING)
async def get_targeting(services: Needed) -> Response:
    """Return the budget, its exploration share and yield, the estimated offence rate, and notices of drift."""
    now = await desk_of(services).standing()
    budget = None if now.budget.set_by == "" else msgspec.to_builtins(now.budget)
    spent = {"period": now.spent.period, "used": now.spent.used, "seen": now.spent.seen}
    notices = [
        {
            "number": one.number,
            "at": one.at,
            "model": one.model,
            "reason": {"code": one.code, "params": msgspec.json.decode(one.params)},
            "acknowledged_by": one.acknowledged_by,
        }
        for one in now.notices
    ]
    shown = {
        "at": now.at,
        "model": now.model,
        "no_score": now.no_score,
        "yields": now.yields,
        "true_rate": now.true_rate,
    }
    return json_answer({**shown, "budget": budget, "spent": {**spent, **_fields(now.pace)}, "notices": notices})


@router.post("/budgets", response_model=BudgetView, status_code=201)
@asks(Action.STEER_TARGETING)
async def set_inspection_budget(body: BudgetRequest, caller: Caller, services: Needed) -> Response:
    """Set the inspection budget (查验预算) and its random share."""
    asked = body.model_dump()
    return json_answer(_required(await desk_of(services).set_budget(caller, **asked)), 201)


@router.get("/selections", response_model=Selections)
@asks(Action.WATCH, Field.TARGETING)
async def list_selections(services: Needed, reads: Reads, limit: Annotated[Page, Query()] = 100) -> Response:
    """Return what was selected last, each with its reasons."""
    found = await desk_of(services).records.selected(limit)
    return json_answer({"items": await _views(reads, found)})


@router.get("/candidates/{number}", response_model=CandidateView)
@asks(Action.WATCH, Field.TARGETING)
async def get_candidate(number: NumberPath, services: Needed, reads: Reads) -> Response:
    """Return a judged candidate, selected or not, with its features."""
    record = await desk_of(services).records.find_candidate(number)
    if record is None:
        raise NotFound(f"there is no candidate {number}")
    (view,) = await _views(reads, [record])
    return json_answer({**view, "features": {} if view["withheld"] else features_of(record)})


@router.get("/watch-list", response_model=WatchList)
@asks(Action.WATCH, Field.TARGETING)
async def get_watch_list(services: Needed, reads: Reads) -> Response:
    """Return the watch list."""
    found = await desk_of(services).records.watched(services.clock.now())
    read = await reads.of([watch_matter(one.number, reads.port) for one in found])
    return json_answer({"items": [_watch(one, shown=bool(fields)) for one, fields in zip(found, read, strict=True)]})


@router.post("/watch-list", response_model=WatchView, status_code=201)
@asks(Action.STEER_TARGETING)
async def watch_for(body: WatchRequest, caller: Caller, services: Needed) -> Response:
    """Put a firm, a plate, goods or a route on the watch list."""
    made = await desk_of(services).watch(caller, body.field, body.value, body.kind, body.reason, body.until)
    return json_answer(_watch(_required(made), shown=True), 201)


@router.delete("/watch-list/{number}", status_code=204)
@asks(Action.STEER_TARGETING)
async def watch_no_more(
    number: NumberPath, caller: Caller, services: Needed, reason: Annotated[Why, Query()]
) -> Response:
    """Take an entry of one's own authority off the watch list."""
    _required(await desk_of(services).unwatch(caller, number, reason))
    return no_content()


@router.get("/models", response_model=Models)
@asks(Action.WATCH, Field.TARGETING)
async def list_models(services: Needed, limit: Annotated[Page, Query()] = 20) -> Response:
    """Return the models handed in last, each with its grade."""
    return json_answer({"items": [_model(one) for one in await desk_of(services).records.models(limit)]})


@router.post("/models", response_model=ModelView, status_code=201)
@asks(Action.STEER_TARGETING)
async def hand_in_trained_model(body: ModelRequest, caller: Caller, services: Needed) -> Response:
    """Hand in a model that ``kouan targeting train`` made; its digest and its grade go into the ledger."""
    return json_answer(_model(_required(await desk_of(services).hand_in(caller, body.digest))), 201)


@router.post("/models/{number}/proposal", status_code=204)
@asks(Action.STEER_TARGETING)
async def propose_trained_model(number: NumberPath, body: Because, caller: Caller, services: Needed) -> Response:
    """Propose, as a first officer, to put a model in force."""
    _required(await desk_of(services).propose(caller, number, body.reason))
    return no_content()


@router.post("/models/{number}/activation", status_code=204)
@asks(Action.STEER_TARGETING)
async def activate_trained_model(number: NumberPath, body: Because, caller: Caller, services: Needed) -> Response:
    """Put a proposed model in force, as a second officer."""
    _required(await desk_of(services).activate(caller, number, body.reason))
    return no_content()


@router.post("/notices/{number}/acknowledgement", status_code=204)
@asks(Action.STEER_TARGETING)
async def acknowledge_drift(number: NumberPath, caller: Caller, services: Needed) -> Response:
    """Note that a notice of drift was seen."""
    _required(await desk_of(services).acknowledge(caller, number))
    return no_content()


def desk_of(services: Services) -> TargetingDesk:
    """Return the port's targeting desk; raise NotFound where it has none."""
    if services.targeting is None:
        raise NotFound("this port does no targeting")
    return services.targeting


def _required(answer: Answer | Refused) -> Answer:
    """Return an answer; raise ProblemError 404, 409 or 422 where it is a refusal."""
    if not isinstance(answer, Refused):
        return answer
    errors = [FieldError(each.field, each.rule, each.mend) for each in violations_of(answer)]
    status = 404 if errors[0].rule in NOT_FOUND else 409 if errors[0].rule in CONFLICTS else 422
    raise ProblemError(status, errors=errors)


CONFLICTS = (
    "targeting.conflict",
    "targeting.version_taken",
    "targeting.same_person",
    "targeting.not_proposed",
    "targeting.grade_failed",
    "targeting.acknowledged",
    "order.not_yours",
)
"""Rules that a request breaks by what stands, not by what it says."""


def _watch(record: WatchRecord, *, shown: bool) -> dict[str, Any]:
    hidden = {} if shown else {"value": "*", "reason": "*"}
    return {**_fields(record), **hidden, "withheld": not shown}


async def _views(reads: Reading, records: Sequence[CandidateRecord]) -> list[dict[str, Any]]:
    matters = [candidate_matter(each.number, reads.port, examined=each.found is not None) for each in records]
    read = await reads.of(matters)
    return [_view(record, shown=bool(fields)) for record, fields in zip(records, read, strict=True)]


def _why(record: CandidateRecord, *, shown: bool) -> list[Reason]:
    """Return why something was selected; which features of the firm told is withheld with the firm."""
    reasons = msgspec.json.decode(record.why, type=list[Reason])
    return reasons if shown else [each for each in reasons if each.code != "targeting.feature"]


def _view(record: CandidateRecord, *, shown: bool) -> dict[str, Any]:
    candidate = candidate_of(record)
    return {
        "number": record.number,
        "at": record.at,
        "judged_at": record.judged_at,
        "importer": record.importer if shown else None,
        "hs_code": record.hs_code,
        "goods": candidate.goods,
        "gross_kg": candidate.gross_kg,
        "source": record.source,
        "drawn": bool(record.drawn),
        "why": _why(record, shown=shown),
        "propensity_ppm": record.propensity_ppm,
        "score_ppm": record.score_ppm,
        "model": record.model,
        "rules": record.rules,
        "order": record.order_number,
        "found": None if record.found is None else bool(record.found),
        "withheld": not shown,
    }


def _model(record: ModelRecord) -> dict[str, Any]:
    shown = {name: value for name, value in _fields(record).items() if name != "artefact"}
    return {**shown, "passed": bool(record.passed), "grade": msgspec.json.decode(record.grade)}


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
