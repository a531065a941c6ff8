"""The roster: who is on duty where and when, planned by a person or from a file, by whom another is led."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from kouan.access.people import Role
from kouan.access.roster import DutiesAsked, Wanted, cancel
from kouan.access.roster_file import read_roster
from kouan.access.words import Action
from kouan.access.words import Field as Thing
from kouan.journeys.roster import RosterDesk
from kouan.ledger.roles import UnitRefused
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused, refuse
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, Instant, Line, Page, Shape, Username, Why
from kouan.web.problems import refused
from kouan.web.services import Services
from kouan.web.shifts import DutyView, duty_view

router = APIRouter(route_class=GuardedRoute, tags=["need to know"], prefix="/duties")

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "maxLength": 64 * 1024}}},
    }
}


class DutyRequest(Shape):
    """A duty to be planned; with a reason where it has begun, and who asks confirms it."""

    username: Username
    post: Line
    starts_at: Instant
    until: Instant
    reason: Why | None = None


class Duties(Shape):
    """Duties that stand, by their start."""

    items: list[DutyView]


class DutyProblem(Shape):
    """One line of a file that is no duty: the field, the rule, and the mend."""

    row: int
    field: str
    rule: str
    mend: str


class RosterImport(Shape):
    """What became of a roster's lines: each is planned or rejected."""

    rows: Annotated[int, Field(ge=0)]
    planned: list[DutyView]
    rejected: list[DutyProblem]


@router.get("", response_model=Duties)
@asks(Action.PLAN_DUTY, Thing.SHIFT)
async def list_duties(
    caller: Caller,
    services: Needed,
    since: Annotated[Instant, Query(description="Only duties that end later.")],
    before: Annotated[Instant, Query(description="Only duties that begin earlier.")],
    limit: Annotated[Page, Query()] = 500,
) -> Response:
    """Return the duties of the caller's agency that reach into a span of time; of all, for an administrator."""
    agency = None if Role.ADMINISTRATOR in caller.roles else caller.agency
    found = await services.accounts.find_duties(DutiesAsked(since, before, agency=agency), limit)
    return json_answer({"items": [duty_view(duty) for duty in found]})


@router.post("", response_model=DutyView, status_code=201)
@asks(Action.PLAN_DUTY, Thing.SHIFT)
async def plan_duty(body: DutyRequest, caller: Caller, services: Needed) -> Response:
    """Plan another's duty; one that has begun is confirmed with a reason."""
    wanted = Wanted(body.username, body.post, body.starts_at, body.until, body.reason)
    planned = await _desk(services).plan(wanted, caller)
    if isinstance(planned, Refused):
        raise refused(planned, {}, 403 if planned.reasons[0].code == "duty.not_yours" else 409)
    return json_answer(duty_view(planned), 201)


@router.post("/imports", response_model=RosterImport, openapi_extra=_FILE)
@asks(Action.PLAN_DUTY, Thing.SHIFT)
async def import_roster(request: Request, caller: Caller, services: Needed) -> Response:
    """Plan the duties of a CSV file (UTF-8 or GBK), line by line; times without an offset are the port's."""
    rows = read_roster(await request.body(), str(services.port["timezone"]))
    brought = await _desk(services).bring(rows, caller)
    planned = [duty_view(duty) for duty in brought.planned]
    return json_answer({"rows": brought.rows, "planned": planned, "rejected": brought.rejected})


@router.delete("/{number}", status_code=204)
@asks(Action.PLAN_DUTY, Thing.SHIFT)
async def cancel_duty(
    number: Annotated[str, Path(min_length=1, max_length=40, pattern=LINE)],
    caller: Caller,
    services: Needed,
    reason: Annotated[Why, Query()],
) -> Response:
    """Take a duty off the roster; a shift that is open on it ends."""
    duty = await services.accounts.find_duty(number)
    if duty is None:
        raise NotFound(f"there is no duty {number}")
    unit = cancel(duty, caller, reason, services.clock.now())
    if isinstance(unit, Refused):
        raise refused(unit, {}, 403 if unit.reasons[0].code == "duty.not_yours" else 409)
    if isinstance(await services.ledger.append(unit), UnitRefused):
        raise refused(refuse("duty.over", field="number", mend="is over, or was cancelled before"), {})
    return no_content()


def _desk(services: Services) -> RosterDesk:
    return RosterDesk(services.accounts, services.ledger, services.clock)
