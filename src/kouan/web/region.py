"""The region at its hub: how its ports stand, their alarms and traffic, and what people do about an alarm."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from kouan.access.words import Action, Field
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Granted, Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, asks, common_of
from kouan.web.events import stream
from kouan.web.fields import IdempotencyKey, Instant
from kouan.web.gate import RECORDED
from kouan.web.gate_shapes import Recorded
from kouan.web.hub_services import HubServices
from kouan.web.problems import FieldError, ProblemError, refused
from kouan.web.region_shapes import (
    AlarmPath,
    Decided,
    PortDetail,
    PortPath,
    PortQuery,
    RegionAlarms,
    RegionFlow,
    RegionView,
)

router = APIRouter(route_class=GuardedRoute, tags=["region"], prefix="/region")

HOUR_US = 3600 * SECOND

DAY_US = 24 * HOUR_US

MAX_SPAN_US = 31 * DAY_US
"""Longest span of traffic that is asked for at once. Our choice: a month by the hour."""

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events ``port`` (PortStandingView), ``alarms`` (RegionAlarms) and ``heartbeat``.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def hub_services_of(request: Request) -> HubServices:
    """Return the services of a hub's application."""
    found = common_of(request)
    if not isinstance(found, HubServices):
        raise KouanError("the application is not a hub's")
    return found


Hub = Annotated[HubServices, Depends(hub_services_of)]


@router.get("", response_model=RegionView)
@asks(Action.WATCH_REGION, Field.REGION)
async def get_region(services: Hub) -> Response:
    """Return the region with every port, as the hub knows them."""
    return json_answer(services.board.region())


@router.get("/alarms", response_model=RegionAlarms)
@asks(Action.WATCH_REGION, Field.REGION)
async def list_region_alarms(services: Hub, port: PortQuery = None) -> Response:
    """Return the latest alarms of the region, or of one port."""
    return json_answer({"items": services.board.alarms(port)})


@router.get("/flow", response_model=RegionFlow)
@asks(Action.WATCH_REGION, Field.REGION)
async def get_region_flow(
    services: Hub,
    port: PortQuery = None,
    since: Annotated[Instant | None, Query(description="By default 24 hours before the end.")] = None,
    until: Annotated[Instant | None, Query(description="By default now.")] = None,
) -> Response:
    """Return the traffic by port and hour, at most 31 days of it."""
    until = services.clock.now() if until is None else until
    since = max(0, until - DAY_US) if since is None else since
    if not 0 <= until - since <= MAX_SPAN_US:
        raise ProblemError(422, errors=[FieldError("since", "flow.span", "must lie before until, by at most 31 days")])
    return json_answer({"items": await services.board.flow(port, since, until)})


@router.get("/ports/{port}", response_model=PortDetail)
@asks(Action.WATCH_REGION, Field.REGION)
async def get_region_port(services: Hub, port: PortPath) -> Response:
    """Return one port with its alarms and its traffic of the last 24 hours."""
    now = services.clock.now()
    first = max(0, now - now % HOUR_US - DAY_US + HOUR_US)
    found = {"now": now, "port": services.board.port(port), "alarms": services.board.alarms(port)}
    return json_answer({**found, "flow": await services.board.flow(port, first, now + 1)})


@router.post("/alarms/{number:path}/acknowledge", response_model=Recorded)
@asks(Action.ACKNOWLEDGE, Field.REGION)
async def acknowledge_alarm(
    request: Request,
    number: AlarmPath,
    body: Decided,
    caller: Caller,
    services: Hub,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record that somebody saw to an alarm, and why it needs no more attention."""

    async def act() -> Response:
        return told(await services.desk.acknowledge(number, caller, body.reason), services)

    return await once(request, services, caller, idempotency_key, act)


@router.post("/ports/{port}/resume", response_model=Recorded)
@asks(Action.ACKNOWLEDGE, Field.REGION)
async def resume_port(
    request: Request,
    port: PortPath,
    body: Decided,
    caller: Caller,
    services: Hub,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take the ledger of a port again that contradicted itself, from where it was taken."""
    services.board.port(port)

    async def act() -> Response:
        return told(await services.desk.resume(port, caller, body.reason), services)

    return await once(request, services, caller, idempotency_key, act)


@router.get("/events", response_class=StreamingResponse, responses=_STREAM)
@asks(Action.WATCH_REGION, Field.REGION)
async def watch_region(request: Request, caller: Caller, services: Hub) -> StreamingResponse:
    """Follow the region: everything as it stands, then the latest of what changes, and a heartbeat every 5 s."""
    return stream(request, caller, services.board.changes())


def told(verdict: Granted | Refused, services: HubServices) -> Response:
    """Return that it is recorded; raise ProblemError where it was refused."""
    if isinstance(verdict, Refused):
        texts: Mapping[str, str] = services.messages.get("en", {})
        raise refused(verdict, texts)
    return json_answer(RECORDED)
