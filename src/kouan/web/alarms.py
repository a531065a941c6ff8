"""The alarms of a port: who saw to which, when, and with what word."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from kouan.access.words import Action
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, Instant, Shape, Why
from kouan.web.instead import shown_alarms
from kouan.web.overview_shapes import Alarms
from kouan.web.problems import refused

router = APIRouter(route_class=GuardedRoute, tags=["alarms"], prefix="/alarms")

AlarmPath = Annotated[str, Path(min_length=1, max_length=40, pattern=LINE)]


class Word(Shape):
    """What whoever acknowledges an alarm says of it."""

    word: Why


class Acknowledged(Shape):
    """By whom an alarm was acknowledged, first of all, when, and with what word."""

    number: str
    acknowledged_by: str
    acknowledged_at: Instant
    word: str


@router.get("", response_model=Alarms)
@asks(Action.WATCH)
async def list_alarms(services: Needed) -> Response:
    """Return the alarms that stand or that nobody acknowledged, the most urgent first, and the latest that are over."""
    return json_answer({"items": shown_alarms(services.board.overview()["alarms"])})


@router.post("/{number}/acknowledgement", response_model=Acknowledged)
@asks(Action.ACKNOWLEDGE)
async def acknowledge_port_alarm(number: AlarmPath, body: Word, caller: Caller, services: Needed) -> Response:
    """Acknowledge an alarm of one's own authority, or one of the port's; doing it again changes nothing."""
    if services.alarms is None:
        raise NotFound(f"there is no alarm {number}")
    alarm = await services.alarms.acknowledge(number, caller, body.word)
    if isinstance(alarm, Refused):
        raise refused(alarm, services.messages.get("en", {}), 403)
    names = ("number", "acknowledged_by", "acknowledged_at", "word")
    return json_answer({name: getattr(alarm, name) for name in names})
