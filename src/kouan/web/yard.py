"""The supervised yard: what lies there, who is under way, tickets, scales, carriers, warrants, and the mass balance."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.journeys.yard_desk import YardDesk
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import NotFound
from kouan.web.answers import json_answer
from kouan.web.callers import GuardedRoute, Needed, asks
from kouan.web.fields import Instant, Page
from kouan.web.instead import without_people
from kouan.web.matters import visit_matter
from kouan.web.reading import NOTHING, Reads
from kouan.web.yard_shapes import (
    Carriers,
    MassBalances,
    Pickups,
    Scales,
    SiteQuery,
    Stock,
    Tickets,
    VisitPath,
    Visits,
    VisitView,
    Warrants,
)
from kouan.yard.moisture import wet_kg_of
from kouan.yard.records import StackRecord, VisitRecord
from kouan.yard.states import Held, Leaving, Left, Ready, VisitState, decode_state, state_name, waits_for

router = APIRouter(route_class=GuardedRoute, tags=["yard"], prefix="/yard")

MONTH_US = 30 * 24 * 3600 * SECOND
"""How far back tickets and carriers are looked at where nobody says otherwise. Our choice."""

Since = Annotated[Instant | None, Query(description="By default thirty days before now.")]
Until = Annotated[Instant | None, Query(description="By default now.")]


def yard_of(services: Needed) -> YardDesk:
    """Return the port's yard; raise NotFound where it has none."""
    if services.yard is None:
        raise NotFound("this port has no supervised yard")
    return services.yard


Yard = Annotated[YardDesk, Depends(yard_of)]


@router.get("/visits", response_model=Visits)
@asks(Action.WATCH, Field.YARD)
async def list_yard_visits(yard: Yard, reads: Reads) -> Response:
    """Return the visits under way, and what each waits for."""
    found = await yard.records.open_visits()
    read = await reads.of([visit_matter(each.visit, reads.port, over=False) for each in found])
    return json_answer({"items": [visit_view(each, fields) for each, fields in zip(found, read, strict=True)]})


@router.get("/visits/{visit}", response_model=VisitView)
@asks(Action.WATCH, Field.YARD)
async def get_yard_visit(visit: VisitPath, yard: Yard, reads: Reads) -> Response:
    """Return one visit, under way or over."""
    found = await yard.records.find_visit(visit)
    if found is None:
        raise NotFound(f"there is no visit {visit}")
    matter = visit_matter(found.visit, reads.port, over=found.closed_at is not None)
    return json_answer(visit_view(found, await reads.of_one(matter)))


@router.get("/stock", response_model=Stock)
@asks(Action.WATCH, Field.YARD)
async def get_yard_stock(yard: Yard, site: SiteQuery = None) -> Response:
    """Return what lies in the yard, by lot and by block and stack."""
    stacks = [stack_view(each) for each in await yard.records.stacks(site or None) if each.dry_dg]
    hidden = ("version", "in_dg", "out_dg", "loss_dg", "changed_at")
    return json_answer({"lots": _rows(await yard.records.lots(site or None), hidden), "stacks": stacks})


@router.get("/balance", response_model=MassBalances)
@asks(Action.WATCH, Field.YARD)
async def get_yard_balance(yard: Yard, site: SiteQuery = None) -> Response:
    """Return the mass balance, found from the journal and the stacks: in = out + stock + stated loss."""
    names = [each.name for each in yard.settings.sites if site in (None, "", each.name)]
    sites = [await yard.goods.balance(name) for name in names]
    return json_answer({"sites": sites, "lots": await yard.goods.balances(site or None)})


@router.get("/tickets", response_model=Tickets)
@asks(Action.WATCH, Field.YARD)
async def list_yard_tickets(
    services: Needed, yard: Yard, since: Since = None, limit: Annotated[Page, Query()] = 1000
) -> Response:
    """Return the latest weighing tickets."""
    start = max(services.clock.now() - MONTH_US, 0) if since is None else since
    return json_answer({"items": _rows(await yard.records.tickets(start, limit))})


@router.get("/carriers", response_model=Carriers)
@asks(Action.WATCH, Field.YARD)
async def reconcile_carriers(services: Needed, yard: Yard, since: Since = None, until: Until = None) -> Response:
    """Return what the port weighed beside what each carrier's tickets say."""
    end = services.clock.now() + 1 if until is None else until
    start = max(end - MONTH_US, 0) if since is None else since
    return json_answer({"items": await yard.scales.carriers(start, end)})


@router.get("/scales", response_model=Scales)
@asks(Action.WATCH, Field.YARD)
async def list_yard_scales(services: Needed, yard: Yard, since: Since = None) -> Response:
    """Return how each scale stands, and what reference vehicles and the other scales say of it."""
    start = max(services.clock.now() - MONTH_US, 0) if since is None else since
    return json_answer({"items": await scale_views(yard, start)})


@router.get("/warrants", response_model=Warrants)
@asks(Action.WATCH, Field.YARD)
async def list_warrants(yard: Yard, site: SiteQuery = None) -> Response:
    """Return the warehouse warrants."""
    return json_answer({"items": _rows(await yard.records.warrants(site or None), ("version", "changed_at"))})


@router.get("/pickups", response_model=Pickups)
@asks(Action.WATCH, Field.YARD)
async def list_pickups(yard: Yard) -> Response:
    """Return the pick-up orders that somebody may still come on."""
    hidden = ("version", "ordered_by", "changed_at", "reserved_kg")
    return json_answer({"items": _rows(await yard.records.open_pickups(), hidden)})


async def scale_views(yard: YardDesk, since: Instant) -> list[Mapping[str, Any]]:
    """Return every scale as it is shown."""
    standing = {each.scale: each for each in await yard.records.scales()}
    offsets = {each.scale: each for each in await yard.scales.offsets(since)}
    checks = await yard.scales.checks()
    views: list[Mapping[str, Any]] = []
    for setting, check in zip(yard.settings.scales, checks, strict=True):
        now, offset = standing.get(setting.name), offsets.get(setting.name)
        views.append(
            {
                "scale": setting.name,
                "site": setting.site,
                "in_use": now is None or bool(now.in_use),
                "reason": None if now is None else now.reason,
                "zero_checked_at": None if now is None else now.zero_checked_at,
                "finding": check.finding,
                "drift": check.estimate,
                "permitted_kg": check.permitted_kg,
                "offset_kg": None if offset is None else offset.offset_kg,
                "pairs": 0 if offset is None else offset.pairs,
                "apart": offset is not None and offset.apart,
            }
        )
    return views


def visit_view(record: VisitRecord, read: frozenset[Field] = NOTHING) -> Mapping[str, Any]:
    """Return a visit as it is shown: how many are aboard to who may read that, and who to nobody."""
    state = decode_state(record.document)
    stay = state.stay
    net = stay.net
    return {
        "visit": record.visit,
        "site": record.site,
        "plate": record.plate,
        "carrier": record.carrier,
        "purpose": record.purpose,
        "lot": record.lot,
        "goods": stay.hs_code,
        "state": record.state,
        "waits_for": waits_for(state),
        "place": stay.place,
        "order": None if stay.terms is None else stay.terms.order,
        "exit": state.order.line.exit if isinstance(state, Leaving) else None,
        "first_kg": None if stay.first is None else stay.first.mass_kg,
        "second_kg": None if stay.second is None else stay.second.mass_kg,
        "net_kg": state.net_kg if isinstance(state, Ready | Leaving | Left) else None if net is None else net.mass_kg,
        "occupants": stay.aboard.count if Field.ABOARD in read else None,
        "reasons": reasons_of(state, read),
        "perishable_until": None if stay.green is None else stay.green.until,
        "calls": stay.calls,
        "opened_at": record.opened_at,
        "due_at": record.due_at,
        "closed_at": record.closed_at,
    }


def stack_view(record: StackRecord) -> Mapping[str, Any]:
    """Return a stack as it is shown."""
    return {
        "place": record.lies_at,
        "site": record.site,
        "lot": record.lot,
        "wet_kg": wet_kg_of(record.dry_dg, record.moisture_bp),
        "dry_dg": record.dry_dg,
        "moisture_bp": record.moisture_bp,
    }


def happened(state: VisitState) -> Mapping[str, Any]:
    """Return where a visit stands after something was recorded."""
    found = {"visit": state.stay.visit, "state": state_name(state), "waits_for": waits_for(state)}
    return {**found, "reasons": reasons_of(state)}


def reasons_of(state: VisitState, read: frozenset[Field] = NOTHING) -> list[Mapping[str, Any]]:
    """Return why a visit waits for a person, none where it does not."""
    reasons = state.reasons if isinstance(state, Held) else ()
    if isinstance(state, Leaving) and state.doubt is not None:
        reasons = (state.doubt,)
    found = [msgspec.to_builtins(each) for each in reasons]
    return found if Field.ABOARD in read else without_people(found)


def _rows(records: Iterable[msgspec.Struct], hidden: tuple[str, ...] = ()) -> list[Mapping[str, Any]]:
    return [{name: getattr(each, name) for name in each.__struct_fields__ if name not in hidden} for each in records]
