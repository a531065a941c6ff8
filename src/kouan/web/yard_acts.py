"""What people do in the yard: handle goods, order pick-ups, state losses, keep warrants and scales."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.journeys.yard_visits import Done
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import IdempotencyKey
from kouan.web.own import require_lot
from kouan.web.problems import refused
from kouan.web.services import Services
from kouan.web.yard import Yard, happened, stack_view
from kouan.web.yard_bodies import (
    Handling,
    Loss,
    MendBody,
    MoistureBody,
    NumberPath,
    Restack,
    SampleBody,
    ScaleAct,
    TallyBody,
    WantedPickup,
    WantedWarrantBody,
    WarrantAct,
    YardReason,
)
from kouan.web.yard_shapes import Happened, PickupView, StackView, VisitPath, WarrantView
from kouan.yard.book import LossReason, Posting
from kouan.yard.facts import Mend
from kouan.yard.pickups import Wanted
from kouan.yard.records import ScaleRecord
from kouan.yard.warrants import WantedWarrant

router = APIRouter(route_class=GuardedRoute, tags=["yard"], prefix="/yard")

PICKUP_HIDDEN = ("version", "ordered_by", "changed_at", "reserved_kg")


@router.post("/visits/{visit}/handling", response_model=Happened)
@asks(Action.WORK_YARD, Field.YARD)
async def begin_yard_handling(
    visit: VisitPath, body: Handling, caller: Caller, services: Needed, yard: Yard
) -> Response:
    """Begin to unload or load a vehicle at a stack."""
    done = await yard.visits.begin_handling(visit, body.place, caller.username, body.temperature_dc)
    return _answer(done, services)


@router.post("/visits/{visit}/tally", response_model=Happened)
@asks(Action.WORK_YARD, Field.YARD)
async def tally_yard_visit(visit: VisitPath, body: TallyBody, caller: Caller, services: Needed, yard: Yard) -> Response:
    """End unloading or loading with the tally (理货)."""
    done = await yard.visits.tally(visit, caller.username, body.moisture_bp, body.pieces, sound=body.sound)
    return _answer(done, services)


@router.post("/visits/{visit}/samples", response_model=Happened)
@asks(Action.WORK_YARD, Field.YARD)
async def sample_yard_visit(
    visit: VisitPath, body: SampleBody, caller: Caller, services: Needed, yard: Yard
) -> Response:
    """Take and seal a sample of what a vehicle brought."""
    return _answer(await yard.visits.sample(visit, body.sample, body.mass_kg, body.seal, caller.username), services)


@router.post("/visits/{visit}/mend", response_model=Happened)
@asks(Action.STEER_YARD, Field.YARD)
async def mend_yard_visit(visit: VisitPath, body: MendBody, caller: Caller, services: Needed, yard: Yard) -> Response:
    """Say how a held vehicle goes on, or whether one that was let out is out."""
    return _answer(await yard.visits.mend(visit, Mend(body.mend), caller.username, body.reason), services)


@router.post("/visits/{visit}/excuse", response_model=Happened)
@asks(Action.EXCUSE_PEOPLE, Field.YARD)
async def excuse_yard_people(
    visit: VisitPath, body: YardReason, caller: Caller, services: Needed, yard: Yard
) -> Response:
    """Sign border inspection's exception for the difference in people that holds a vehicle."""
    return _answer(await yard.visits.excuse(visit, caller.username, body.reason), services)


@router.post("/pickups", response_model=PickupView, status_code=201)
@asks(Action.ORDER_PICKUP, Field.YARD)
async def order_pickup(
    request: Request,
    body: WantedPickup,
    caller: Caller,
    services: Needed,
    yard: Yard,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Order a pick-up of released goods: this vehicle, this quantity; a firm only of its own lots."""
    await require_lot(services, caller, Action.ORDER_PICKUP, Field.YARD, body.lot)
    wanted = Wanted(**body.model_dump())
    placing = _doing(lambda: yard.goods.order(wanted, caller.username), services, PICKUP_HIDDEN, 201)
    return await once(request, services, caller, idempotency_key, placing)


@router.delete("/pickups/{number}", response_model=PickupView)
@asks(Action.ORDER_PICKUP, Field.YARD)
async def cancel_pickup(number: NumberPath, caller: Caller, services: Needed, yard: Yard) -> Response:
    """Cancel a pick-up order that nobody came on."""
    found = await yard.records.find_pickup(number)
    if found is not None:
        await require_lot(services, caller, Action.ORDER_PICKUP, Field.YARD, found.lot, f"pick-up order {number}")
    return await _doing(lambda: yard.goods.cancel(number, caller.username), services, PICKUP_HIDDEN)()


@router.post("/losses", response_model=list[StackView])
@asks(Action.STEER_YARD, Field.YARD)
async def state_yard_loss(body: Loss, caller: Caller, services: Needed, yard: Yard) -> Response:
    """State a loss with its reason."""
    reason = LossReason(body.reason)
    posted = await yard.goods.lose(body.number, body.place, body.wet_kg, reason, caller.username)
    return _posted(posted, services)


@router.post("/moves", response_model=list[StackView])
@asks(Action.WORK_YARD, Field.YARD)
async def move_yard_goods(body: Restack, caller: Caller, services: Needed, yard: Yard) -> Response:
    """Move goods from one stack to another of the same site."""
    posted = await yard.goods.restack(body.number, body.place, body.onto, body.wet_kg, caller.username)
    return _posted(posted, services)


@router.post("/moistures", response_model=list[StackView])
@asks(Action.STEER_YARD, Field.YARD)
async def state_yard_moisture(body: MoistureBody, caller: Caller, services: Needed, yard: Yard) -> Response:
    """State the moisture that a stack has now; its dry mass stays."""
    return _posted(await yard.goods.dried(body.number, body.place, body.moisture_bp, caller.username), services)


@router.post("/warrants", response_model=WarrantView, status_code=201)
@asks(Action.STEER_YARD, Field.YARD)
async def issue_warrant(
    request: Request,
    body: WantedWarrantBody,
    caller: Caller,
    services: Needed,
    yard: Yard,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Issue a warehouse warrant (仓单) on what lies free of a grade."""
    wanted = WantedWarrant(**body.model_dump())
    hidden = ("version", "changed_at")
    issuing = _doing(lambda: yard.goods.issue_warrant(wanted, caller.username), services, hidden, 201)
    return await once(request, services, caller, idempotency_key, issuing)


@router.post("/warrants/{number}", response_model=WarrantView)
@asks(Action.STEER_YARD, Field.YARD)
async def act_on_warrant(
    number: NumberPath, body: WarrantAct, caller: Caller, services: Needed, yard: Yard
) -> Response:
    """Transfer, pledge, let go or redeem a warrant, for who holds it."""
    goods, by, to = yard.goods, caller.username, body.to or ""
    acts: Mapping[str, Callable[[], Awaitable[Any]]] = {
        "transfer": lambda: goods.transfer_warrant(number, body.holder, to, by),
        "pledge": lambda: goods.pledge_warrant(number, body.holder, to, by),
        "release": lambda: goods.release_warrant(number, body.holder, by),
        "redeem": lambda: goods.redeem_warrant(number, body.holder, by),
    }
    return await _doing(acts[body.act], services, ("version", "changed_at"))()


@router.post("/scales/{number}", response_model=YardReason)
@asks(Action.STEER_YARD, Field.YARD)
async def act_on_scale(number: NumberPath, body: ScaleAct, caller: Caller, services: Needed, yard: Yard) -> Response:
    """Put a scale out of use, or into use again after it was adjusted."""
    scales = yard.scales
    acting = scales.put_out_of_use if body.act == "out_of_use" else scales.adjusted
    done = await acting(number, body.reason, caller.username)
    if not isinstance(done, ScaleRecord):
        raise refused(done, services.messages.get("en", {}))
    return json_answer({"reason": body.reason})


@router.post("/exits/{number}", response_model=YardReason)
@asks(Action.STEER_YARD, Field.YARD)
async def reset_yard_exit(number: NumberPath, body: YardReason, caller: Caller, yard: Yard) -> Response:
    """Let an exit lane open again that opens for nobody since two vehicles drove out at once, or its arm moved alone.

    A person has looked at it first. It opens nothing.
    """
    if yard.exits is None:
        raise NotFound(f"the yard has no exit lane {number}")
    await yard.exits.reset(number, caller.username, body.reason)
    return json_answer({"reason": body.reason})


def _answer(done: Done | Refused, services: Services) -> Response:
    if isinstance(done, Refused):
        raise refused(done, services.messages.get("en", {}))
    return json_answer(happened(done.state))


def _posted(posted: Posting | Refused, services: Services) -> Response:
    if isinstance(posted, Refused):
        raise refused(posted, services.messages.get("en", {}))
    return json_answer([stack_view(each) for each in posted.stacks])


def _doing(
    act: Callable[[], Awaitable[msgspec.Struct | Refused]],
    services: Services,
    hidden: tuple[str, ...],
    status: int = 200,
) -> Callable[[], Awaitable[Response]]:
    """Return what does something to one record, and answers with the record."""

    async def answer() -> Response:
        done = await act()
        if isinstance(done, Refused):
            raise refused(done, services.messages.get("en", {}))
        shown = {name: getattr(done, name) for name in done.__struct_fields__ if name not in hidden}
        return json_answer(shown, status)

    return answer
