"""Whether the port can do its work, for whoever watches over its process."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from kouan.web.answers import json_answer
from kouan.web.callers import Common, GuardedRoute, public
from kouan.web.fields import Shape

router = APIRouter(route_class=GuardedRoute, tags=["health"])


class Health(Shape):
    """The port answers, and its ledger can be read."""

    status: Literal["ok"]


@router.get("/healthz", response_model=Health)
@public
async def get_health(services: Common) -> Response:
    """Say that the port works; answer 503 where its ledger cannot be read."""
    await services.ledger.size()
    return json_answer({"status": "ok"})
