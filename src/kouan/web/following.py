"""The carrier's page: where each vehicle of one's own firm is, what it waits for, and which papers are missing.

It tells a place and a time, never why an authority looks closer: that is for the authority to say.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from kouan.access.people import Principal
from kouan.access.words import Action, Field
from kouan.gate.roles import PassageRecord
from kouan.inspection.examination.examination import Examination
from kouan.inspection.papers import PaperState
from kouan.inspection.records import ConfirmationRecord
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.clock import Instant as At
from kouan.vocabulary.places import Direction
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import Instant, Shape
from kouan.web.papers import paper_views
from kouan.web.services import Services
from kouan.yard.records import PickupRecord, VisitRecord
from kouan.yard.states import decode_state, waits_for

router = APIRouter(route_class=GuardedRoute, tags=["following"], prefix="/following")

MOST = 100
"""Most vehicles that are looked at, the latest announced. Our choice: a large carrier's lorries of a day."""

OVER_US = 24 * 3600 * SECOND
"""How long a vehicle is shown after it went. Our choice: until the same time next day."""

Stage = Literal["announced", "at_gate", "with_officer", "set_aside", "examination", "crossed", "in_yard", "left"]

UNDER_WAY = ("with_officer", "set_aside", "examination", "at_gate", "in_yard")
"""Stages of vehicles that are at the port now, those that wait for a person first."""


class Missing(Shape):
    """A paper that is still to be handed in: its kind and number."""

    kind: str
    number: str


class FollowedView(Shape):
    """One vehicle: its stage and since when, where, what it waits for there, and what is missing.

    ``starts_at`` is the time of an examination's appointment, ``place`` then its bay; ``until`` is when perishable
    goods must be out, or a pick-up order ends.
    """

    plate: str
    carrier: str
    direction: Direction | None
    paper: str
    cargo: str | None
    stage: Stage
    since: Instant
    place: str | None
    waits_for: str | None
    starts_at: Instant | None
    until: Instant | None
    net_kg: int | None
    missing: list[Missing]


class Following(Shape):
    """The vehicles of one's own firms: those at the port first, then those announced, then those that went."""

    at: Instant
    firms: list[str]
    items: list[FollowedView]


@dataclasses.dataclass(frozen=True)
class _Port:
    """What is under way at the port, by plate or by visit."""

    passages: Mapping[str, PassageRecord]
    examinations: Mapping[str, Examination]
    visits: Mapping[str, VisitRecord]


@router.get("", response_model=Following)
@asks(Action.FOLLOW, Field.VEHICLE)
async def follow_own_vehicles(caller: Caller, services: Needed) -> Response:
    """Return where the vehicles of the caller's firms are, and what is missing."""
    now = services.clock.now()
    papers = await services.papers.confirmations_of_carriers(caller.firms, MOST)
    port = await _port(services)
    lacks = {view["number"]: view["missing"] for view in await paper_views(services, papers)}
    items = [await _vehicle(services, port, paper, lacks[paper.number]) for paper in papers]
    items += await _fetching(services, caller, port)
    shown = [each for each in items if each["stage"] not in ("crossed", "left") or each["since"] >= now - OVER_US]
    return json_answer({"at": now, "firms": caller.firms, "items": sorted(shown, key=_order)})


def _order(item: Mapping[str, Any]) -> tuple[int, At]:
    stage = item["stage"]
    rank = UNDER_WAY.index(stage) if stage in UNDER_WAY else len(UNDER_WAY) + (stage != "announced")
    return rank, item["since"] if stage in UNDER_WAY else -item["since"]


async def _port(services: Services) -> _Port:
    examinations = services.examinations
    visits = [] if services.yard is None else list(await services.yard.records.open_visits())
    return _Port(
        {record.plate: record for record in await services.gate.open_passages() if record.plate is not None},
        {one.vehicle.plate: one for one in (await examinations.going_on() if examinations is not None else ())},
        {record.visit: record for record in visits},
    )


async def _vehicle(
    services: Services, port: _Port, paper: ConfirmationRecord, missing: list[dict[str, str]]
) -> dict[str, Any]:
    """Return where the vehicle of a confirmation is."""
    document = msgspec.json.decode(paper.document)
    shown = {
        "plate": paper.plate,
        "carrier": paper.carrier,
        "direction": paper.direction,
        "paper": paper.number,
        "cargo": document.get("cargo"),
        "missing": [{"kind": each["field"], "number": each["number"]} for each in missing],
    }
    if paper.state == PaperState.USED:
        return {**_stand("crossed", paper.changed_at), **shown, "missing": [], **await _beyond(services, port, paper)}
    if paper.arrived_at is None:
        return {**_stand("announced", paper.submitted_at), **shown}
    examination = port.examinations.get(paper.plate)
    if examination is not None:
        return {**shown, **_examined(examination)}
    passage = port.passages.get(paper.plate)
    if passage is None:
        return {**_stand("set_aside", paper.arrived_at), **shown}
    stage: Stage = "with_officer" if passage.state == "in_review" else "at_gate"
    return {**_stand(stage, passage.opened_at, place=passage.lane), **shown}


def _stand(stage: Stage, since: At, **more: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("place", "waits_for", "starts_at", "until", "net_kg"))
    return {"stage": stage, "since": since, **nothing, **more}


def _examined(examination: Examination) -> dict[str, Any]:
    planned = examination.appointment
    since = examination.arrived_at or examination.ordered_at
    if planned is None:
        return _stand("examination", since)
    return _stand("examination", since, place=planned.bay, starts_at=planned.starts_at)


async def _beyond(services: Services, port: _Port, paper: ConfirmationRecord) -> dict[str, Any]:
    """Return where a vehicle is that has crossed, as far as the yard knows it."""
    if services.yard is None or paper.passage is None:
        return {}
    visit = f"yard-{paper.passage}"
    record = port.visits.get(visit) or await services.yard.records.find_visit(visit)
    return {} if record is None else _in_yard(record)


def _in_yard(record: VisitRecord) -> dict[str, Any]:
    state = decode_state(record.document)
    net = state.stay.net
    net_kg = None if net is None else net.mass_kg
    if record.closed_at is not None:
        return _stand("left", record.closed_at, net_kg=net_kg)
    place = state.stay.place or record.site
    until = None if state.stay.green is None else state.stay.green.until
    waits = waits_for(state)
    return _stand("in_yard", record.updated_at, place=place, waits_for=waits, until=until, net_kg=net_kg)


async def _fetching(services: Services, caller: Principal, port: _Port) -> list[dict[str, Any]]:
    """Return the firms' lorries that fetch goods: expected on an order, or in the yard."""
    if services.yard is None:
        return []
    orders = [one for one in await services.yard.records.open_pickups() if one.carrier in caller.firms]
    return [_fetcher(order, port.visits.get(order.visit or "")) for order in orders]


def _fetcher(order: PickupRecord, visit: VisitRecord | None) -> dict[str, Any]:
    announced = _stand("announced", order.changed_at, place=order.site, until=order.valid_until)
    shown = {"plate": order.plate, "carrier": order.carrier, "direction": None, "paper": order.number, "cargo": None}
    return {**(announced if visit is None else _in_yard(visit)), **shown, "missing": []}
