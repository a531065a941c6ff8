"""The gate: lanes, passages, the review queue, holds."""

import hashlib
from collections.abc import Mapping
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kouan.access.people import Agency, Principal
from kouan.access.policy import may
from kouan.access.words import Action
from kouan.gate.catalogue import render
from kouan.gate.procedures import Authority
from kouan.gate.views import passage_summary
from kouan.inspection.control_orders import read_order
from kouan.inspection.records import ControlOrderRecord
from kouan.vocabulary.verdict import Granted, Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import IdempotencyKey, Instant, LanePath, Number, Page, PassagePath, Why
from kouan.web.gate_shapes import (
    Because,
    Confirmation,
    LaneView,
    Passages,
    PassageStateName,
    PassageView,
    Recorded,
    ReviewDecision,
    Reviews,
    Turn,
)
from kouan.web.hold_shapes import HoldPlaced, HoldRequest, Holds
from kouan.web.instead import shown_overview
from kouan.web.matters import hold_matter, passage_matter
from kouan.web.need_to_know import require_corrections, shown_lane, shown_passage, shown_review
from kouan.web.overview_shapes import Overview
from kouan.web.papers import paper_refused
from kouan.web.problems import FieldError, ProblemError, refused
from kouan.web.reading import Reads
from kouan.web.services import Services
from kouan.web.session import proven_again

router = APIRouter(route_class=GuardedRoute, tags=["gate"])

RECORDED = {"state": "recorded"}


@router.get("/overview", response_model=Overview)
@asks(Action.WATCH)
async def get_overview(services: Needed) -> Response:
    """Return the port's counters."""
    return json_answer(shown_overview(services.board.overview()))


@router.get("/lanes", response_model=list[LaneView])
@asks(Action.WATCH)
async def list_lanes(caller: Caller, services: Needed) -> Response:
    """Return every lane with the passage in it, in the order in which they lie."""
    return json_answer([shown_lane(lane, caller) for lane in services.board.lanes()])


@router.get("/lanes/{lane}", response_model=LaneView)
@asks(Action.WATCH)
async def get_lane(lane: LanePath, caller: Caller, services: Needed) -> Response:
    """Return one lane."""
    return json_answer(shown_lane(services.board.lane(lane), caller))


@router.post("/lanes/{lane}/direction", response_model=Recorded)
@asks(Action.STEER_LANE)
async def turn_lane(lane: LanePath, body: Turn, caller: Caller, services: Needed) -> Response:
    """Let a tidal lane go the other way, once it is empty."""
    return _told(await services.desk.turn_lane(lane, body.direction, caller, body.reason), services)


@router.post("/lanes/{lane}/opening", response_model=Recorded)
@asks(Action.STEER_LANE)
async def open_lane(lane: LanePath, body: Because, caller: Caller, services: Needed) -> Response:
    """Take a lane into service again."""
    return _told(await services.desk.open_lane(lane, caller, body.reason), services)


@router.post("/lanes/{lane}/closing", response_model=Recorded)
@asks(Action.STEER_LANE)
async def close_lane(lane: LanePath, body: Because, caller: Caller, services: Needed) -> Response:
    """Take a lane out of service for the next vehicle; one that stands in it is served."""
    return _told(await services.desk.close_lane(lane, caller, body.reason), services)


@router.get("/passages", response_model=Passages)
@asks(Action.WATCH)
async def list_passages(
    services: Needed,
    state: Annotated[PassageStateName | None, Query()] = None,
    before: Annotated[Instant | None, Query()] = None,
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return passages that were opened before an instant, newest first."""
    found = await services.gate.list_passages(state, before, limit)
    return json_answer({"items": [passage_summary(record) for record in found]})


@router.get("/passages/{passage}", response_model=PassageView)
@asks(Action.WATCH)
async def get_passage(passage: PassagePath, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return one passage, open or closed, as far as it is the caller's business."""
    view = await services.board.passage(passage)
    return json_answer(shown_passage(view, caller, await reads.of_one(passage_matter(view, reads.port))))


@router.get("/reviews", response_model=Reviews)
@asks(Action.WATCH)
async def list_reviews(caller: Caller, services: Needed) -> Response:
    """Return the review queue with what the caller may do."""
    return json_answer(reviews_for(caller, services))


def reviews_for(caller: Principal, services: Services) -> Mapping[str, object]:
    """Return the review queue as one person sees it."""
    return only_allowed({"items": services.board.reviews(authority_of(caller))}, caller)


def only_allowed(reviews: Mapping[str, object], caller: Principal) -> Mapping[str, object]:
    """Return a review queue with what the caller may know; without actions, where the caller has none at all."""
    items = reviews["items"]
    if not isinstance(items, list | tuple):
        return reviews
    acts = authority_of(caller) is not None and may(caller, Action.REVIEW) == Granted()
    hidden: Mapping[str, object] = {} if acts else {"allowed": []}
    return {"items": [{**shown_review(item, caller), **hidden} for item in items]}


def authority_of(caller: Principal) -> Authority | None:
    """Return the authority for which a person decides, None for the others."""
    return next((authority for authority in Authority if authority.value == caller.agency.value), None)


@router.post("/reviews/{passage}/decision", response_model=Recorded)
@asks(Action.REVIEW)
async def decide_review(
    request: Request,
    passage: PassagePath,
    body: ReviewDecision,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Decide on a passage in the review queue, for one's own authority."""
    require_corrections(caller, body.corrections)

    async def act() -> Response:
        proven = await proven_again(request, services, caller, body.password)
        verdict = await services.desk.decide(
            passage,
            caller,
            body.action,
            body.reason,
            rule=body.rule,
            corrections=body.corrections,
            stepped_up=proven,
        )
        return _told(verdict, services)

    return await once(request, services, caller, idempotency_key, act)


@router.post("/reviews/{passage}/confirmation", response_model=Recorded)
@asks(Action.CONFIRM)
async def confirm_review(
    request: Request,
    passage: PassagePath,
    body: Confirmation,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Confirm, as a second person, what the first decided."""

    async def act() -> Response:
        proven = await proven_again(request, services, caller, body.password)
        return _told(await services.desk.confirm(passage, caller, body.reason, stepped_up=proven), services)

    return await once(request, services, caller, idempotency_key, act)


@router.get("/holds", response_model=Holds)
@asks(Action.WATCH)
async def list_holds(caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return the control orders in force, oldest first; why is for the authority that placed them."""
    found = await services.papers.orders_in_force(services.clock.now())
    others = [order for order in found if order.authority not in (_own(caller), Agency.SITE)]
    read = await reads.of([hold_matter(order.number, order.authority, reads.port) for order in others])
    withheld = {order.number for order, fields in zip(others, read, strict=True) if not fields}
    return json_answer({"items": [_hold(order, withheld=order.number in withheld) for order in found]})


def _own(caller: Principal) -> Agency | None:
    """Return the authority for which a person acts at the gate, None for who only looks on."""
    return caller.agency if may(caller, Action.REVIEW) == Granted() else None


def _hold(order: ControlOrderRecord, *, withheld: bool) -> Mapping[str, object]:
    hidden = {"reason": "", "placed_by": "", "lifted_by": None, "lift_reason": None} if withheld else {}
    return {**msgspec.structs.asdict(order), **hidden, "withheld": withheld}


@router.post("/holds", response_model=HoldPlaced, status_code=201)
@asks(Action.PLACE_HOLD)
async def place_hold(
    request: Request,
    body: HoldRequest,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hold a vehicle, container or goods for the caller's authority; it is at every lane when this is answered."""
    order = read_order(body.model_dump(exclude_none=True))
    if isinstance(order, Refused):
        raise paper_refused(order)
    number = hold_number(caller, idempotency_key) if idempotency_key else None

    async def act() -> Response:
        placed = await services.desk.place_hold(caller, order, number)
        if isinstance(placed, Refused):
            raise refused(placed, _texts(services))
        return json_answer({"number": placed}, 201)

    return await once(request, services, caller, idempotency_key, act)


def hold_number(caller: Principal, key: str) -> str:
    """Return the number that an order under an idempotency key has, whenever it is asked for."""
    return "H-" + hashlib.sha256(f"{caller.username}\n{key}".encode()).hexdigest()[:20]


@router.delete("/holds/{number}", status_code=204)
@asks(Action.PLACE_HOLD)
async def lift_hold(
    number: Number, caller: Caller, services: Needed, reason: Annotated[Why, Query()] = "lifted"
) -> Response:
    """Lift a control order of the caller's own authority."""
    verdict = await services.desk.lift_hold(number, caller, reason)
    if isinstance(verdict, Refused):
        raise refused(verdict, _texts(services))
    return no_content()


STEP_UP = ("review.not_stepped_up",)


def _told(verdict: Granted | Refused, services: Services) -> Response:
    """Return that it is recorded; raise ProblemError where it was refused."""
    if not isinstance(verdict, Refused):
        return json_answer(RECORDED)
    reason = verdict.reasons[0]
    if reason.code in STEP_UP:
        mend = render(_texts(services), reason)
        raise ProblemError(403, errors=[FieldError("password", "access.step_up", mend)])
    raise refused(verdict, _texts(services))


def _texts(services: Services) -> Mapping[str, str]:
    return services.messages.get("en", {})
