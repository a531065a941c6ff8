"""What people at the hub tell every port of the region: holds, what is watched for, who may pass, and the rules."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from pydantic import Field as Bounded
from pydantic import StringConstraints
from starlette.responses import Response

from kouan.access.people import Principal
from kouan.access.words import Action, Field
from kouan.protocols.network.messages import HoldItem, PreAuthorisedItem, RulebookItem, WatchItem
from kouan.vocabulary.verdict import Granted, Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, asks
from kouan.web.fields import Container, IdempotencyKey, Instant, Plate, Shape, Why
from kouan.web.gate import hold_number
from kouan.web.gate_shapes import Recorded
from kouan.web.hub_services import HubServices
from kouan.web.region import Hub, told
from kouan.web.region_shapes import RegionInForce

router = APIRouter(route_class=GuardedRoute, tags=["region"], prefix="/region")

Identity = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,96}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[Identity, Path(description="The number under which it stands.")]
Reason = Annotated[Why, Query(description="Why; it goes into the hub's ledger.")]


Decide = Callable[[], Awaitable[Granted | Refused]]


class RegionHoldRequest(Shape):
    """Which vehicle or container to hold in the whole region, and what for; the authority is the caller's own."""

    kind: Literal["detain", "scan", "examine"]
    reason: Short
    plate: Plate | None = None
    container: Container | None = None


class WatchRequest(Shape):
    """What to watch for: a plate, a container, or a document by its commitment."""

    reason: Short
    plate: Plate | None = None
    container: Container | None = None
    document_commitment: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class PermitRequest(Shape):
    """A vehicle that may pass a port that does not hear the hub, within a span of time."""

    plate: Plate
    trailer: Plate | None = None
    carrier: Identity
    not_before: Instant
    expires_at: Instant
    low_risk: bool


class RulebookRequest(Shape):
    """A rulebook as TOML, in force from an instant on."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    version: Identity
    effective_from: Instant
    text: Annotated[str, Bounded(max_length=65_536)]


class Numbered(Shape):
    """The number under which it stands from now on."""

    number: str


@router.get("/in-force", response_model=RegionInForce)
@asks(Action.WATCH_REGION, Field.REGION)
async def get_in_force(services: Hub) -> Response:
    """Return the holds, what is watched for and the permits of the region, and which ports act on them."""
    found = msgspec.to_builtins(await services.desk.in_force())
    return json_answer({"now": services.clock.now(), **found})


@router.post("/holds", response_model=Numbered, status_code=201)
@asks(Action.STEER_REGION, Field.REGION)
async def place_region_hold(
    request: Request, body: RegionHoldRequest, caller: Caller, services: Hub, idempotency_key: IdempotencyKey = None
) -> Response:
    """Hold a vehicle or container at every port of the region."""
    number = hold_number(caller, idempotency_key or services.secret())
    hold = HoldItem(
        number=number,
        authority=caller.agency.value,
        kind=body.kind,
        plate=body.plate,
        container=body.container,
        reason=body.reason,
    )

    async def act() -> Response:
        told(await services.desk.place_hold(hold, caller), services)
        return json_answer({"number": number}, 201)

    return await once(request, services, caller, idempotency_key, act)


@router.delete("/holds/{number:path}", status_code=204)
@asks(Action.STEER_REGION, Field.REGION)
async def lift_region_hold(number: Number, caller: Caller, services: Hub, reason: Reason = "lifted") -> Response:
    """Lift a hold of the hub."""
    told(await services.desk.lift_hold(number, caller, reason), services)
    return no_content()


@router.post("/watch", response_model=Numbered, status_code=201)
@asks(Action.STEER_REGION, Field.REGION)
async def add_region_watch(
    request: Request, body: WatchRequest, caller: Caller, services: Hub, idempotency_key: IdempotencyKey = None
) -> Response:
    """Watch for something at every port of the region."""
    item = WatchItem(
        plate=body.plate,
        container=body.container,
        document_commitment=body.document_commitment,
        reason=body.reason,
        authority=caller.agency.value,
    )

    async def act() -> Response:
        number, verdict = await services.desk.add_watch(item, caller)
        told(verdict, services)
        return json_answer({"number": number}, 201)

    return await once(request, services, caller, idempotency_key, act)


@router.delete("/watch/{number}", status_code=204)
@asks(Action.STEER_REGION, Field.REGION)
async def remove_region_watch(number: Number, caller: Caller, services: Hub) -> Response:
    """Watch for something no more."""
    told(await services.desk.remove_watch(number, caller), services)
    return no_content()


@router.post("/permits", response_model=Recorded)
@asks(Action.STEER_REGION, Field.REGION)
async def preauthorise(
    request: Request, body: PermitRequest, caller: Caller, services: Hub, idempotency_key: IdempotencyKey = None
) -> Response:
    """Let a vehicle pass a port that does not hear the hub; replaces what its plate had before."""
    item = PreAuthorisedItem(**body.model_dump())
    return await _act(request, services, caller, idempotency_key, lambda: services.desk.preauthorise(item, caller))


@router.delete("/permits/{plate}", status_code=204)
@asks(Action.STEER_REGION, Field.REGION)
async def withdraw_permit(
    plate: Annotated[Plate, Path(description="The plate that was pre-authorised.")],
    caller: Caller,
    services: Hub,
    reason: Reason = "withdrawn",
) -> Response:
    """End a vehicle's permit before its time."""
    told(await services.desk.withdraw(plate, caller, reason), services)
    return no_content()


@router.post("/rulebooks", response_model=Recorded)
@asks(Action.STEER_REGION, Field.REGION)
async def publish_rulebook(
    request: Request, body: RulebookRequest, caller: Caller, services: Hub, idempotency_key: IdempotencyKey = None
) -> Response:
    """Publish a rulebook to every port; a port that cannot read it keeps its own and says so."""
    book = RulebookItem(**body.model_dump())
    return await _act(request, services, caller, idempotency_key, lambda: services.desk.publish(book, caller))


async def _act(
    request: Request,
    services: HubServices,
    caller: Principal,
    idempotency_key: str | None,
    decide: Decide,
) -> Response:
    async def act() -> Response:
        return told(await decide(), services)

    return await once(request, services, caller, idempotency_key, act)
