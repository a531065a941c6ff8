"""The drawn port: its name, its lanes and what lies around them."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from kouan.access.words import Action
from kouan.vocabulary.places import Direction
from kouan.web.answers import json_answer
from kouan.web.callers import GuardedRoute, Needed, asks
from kouan.web.fields import Shape

router = APIRouter(route_class=GuardedRoute, tags=["port"])


class PortLane(Shape):
    """Where a lane lies: its stop line in metres east and north, heading in degrees clockwise from north."""

    name: str
    direction: Direction
    tidal: bool
    x: float
    y: float
    heading: float
    length_m: float


class PortView(Shape):
    """The port as its file describes it; ``map`` holds polylines, areas and labels in metres."""

    port: str
    name: dict[str, str]
    timezone: str
    hours: dict[str, str]
    lanes: list[PortLane]
    map: dict[str, Any]


@router.get("/port", response_model=PortView)
@asks(Action.WATCH)
async def get_port(services: Needed) -> Response:
    """Return the port's drawing."""
    return json_answer(services.port)
