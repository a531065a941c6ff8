"""What happens, as it happens: one event stream (WHATWG HTML, section 9.2), the whole picture first, then changes."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from kouan.access.people import Principal
from kouan.access.policy import Action, may
from kouan.vocabulary.verdict import Refused
from kouan.web.answers import encode
from kouan.web.callers import Caller, GuardedRoute, Needed, asks, authenticate
from kouan.web.gate import authority_of, only_allowed
from kouan.web.problems import ProblemError
from kouan.web.services import Limits, Services, View

router = APIRouter(route_class=GuardedRoute, tags=["events"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events ``lane`` (LaneView), ``review`` (Reviews), ``overview`` (Overview) and ``heartbeat``.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Streams:
    """Counts open streams, and keeps each picture encoded once for all of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[str, int] = {}
        self._kept: dict[str, tuple[View, bytes]] = {}

    def require_room(self, principal: Principal) -> None:
        """Raise ProblemError 429 where too many streams are open."""
        own = self._open.get(principal.username, 0)
        if own >= self._limits.streams or sum(self._open.values()) >= self._limits.all_streams:
            raise ProblemError(429, "Too many event streams are open.", headers={"retry-after": "5"})

    @contextlib.contextmanager
    def counted(self, principal: Principal) -> Iterator[None]:
        """Count a stream while it is open."""
        name = principal.username
        self._open[name] = self._open.get(name, 0) + 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    def encoded(self, event: str, data: View) -> bytes:
        """Return one event as it goes over the wire."""
        if event not in ("lane", "overview"):
            return _frame(event, data)
        key = f"{event} {data.get('lane', '')}"
        kept = self._kept.get(key)
        if kept is None or kept[0] is not data:
            kept = self._kept[key] = (data, _frame(event, data))
        return kept[1]


def _frame(event: str, data: Mapping[str, Any]) -> bytes:
    return b"event: " + event.encode("ascii") + b"\ndata: " + encode(data) + b"\n\n"


@router.get("/events", response_class=StreamingResponse, responses=_STREAM)
@asks(Action.WATCH)
async def watch(request: Request, caller: Caller, services: Needed) -> StreamingResponse:
    """Follow the port: the latest of each thing, in at most 250 ms, and a heartbeat every 5 s."""
    streams: Streams = request.app.state.streams
    streams.require_room(caller)
    told = _tell(request, services, streams, caller)
    return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)


async def _tell(request: Request, services: Services, streams: Streams, caller: Principal) -> AsyncIterator[bytes]:
    with streams.counted(caller):
        async with contextlib.aclosing(services.board.changes(authority_of(caller))) as changes:
            async for event, data in changes:
                if event == "heartbeat" and not await _still(request):
                    return
                yield streams.encoded(event, only_allowed(data, caller) if event == "review" else data)


async def _still(request: Request) -> bool:
    """Say whether whoever opened the stream may still watch."""
    try:
        principal = await authenticate(request)
    except ProblemError:
        return False
    return not isinstance(may(principal, Action.WATCH), Refused)
