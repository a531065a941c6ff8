"""What happens, as it happens: one event stream (WHATWG HTML, section 9.2), the whole picture first, then changes."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from kouan.access.people import Principal
from kouan.access.policy import may
from kouan.access.words import Action
from kouan.vocabulary.verdict import Refused
from kouan.web.answers import encode
from kouan.web.callers import Caller, GuardedRoute, Needed, asks, authenticate, need_of
from kouan.web.gate import authority_of, only_allowed
from kouan.web.instead import shown_overview
from kouan.web.need_to_know import shown_lane
from kouan.web.problems import ProblemError
from kouan.web.services import Limits, View

router = APIRouter(route_class=GuardedRoute, tags=["events"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events ``lane`` (LaneView), ``review`` (Reviews), ``overview`` (Overview) and ``heartbeat``.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Streams:
    """Counts open streams, and keeps each picture encoded once for all who may see the same of it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[str, int] = {}
        self._kept: dict[tuple[Any, ...], tuple[View, bytes]] = {}

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

    def encoded(self, event: str, data: View, reader: Principal) -> bytes:
        """Return one event as it goes over the wire to its reader."""
        if event not in ("lane", "overview"):
            return frame(event, data)
        key = (event, data.get("lane"), *((reader.agency, reader.roles) if event == "lane" else ()))
        kept = self._kept.get(key)
        if kept is None or kept[0] is not data:
            shown = shown_lane(data, reader) if event == "lane" else shown_overview(data)
            kept = self._kept[key] = (data, frame(event, shown))
        return kept[1]


def frame(event: str, data: Mapping[str, Any]) -> bytes:
    """Return one event as it goes over the wire."""
    return b"event: " + event.encode("ascii") + b"\ndata: " + encode(data) + b"\n\n"


@router.get("/events", response_class=StreamingResponse, responses=_STREAM)
@asks(Action.WATCH)
async def watch(request: Request, caller: Caller, services: Needed) -> StreamingResponse:
    """Follow the port: the latest of each thing, in at most 250 ms, and a heartbeat every 5 s."""
    streams: Streams = request.app.state.streams

    def encoded(event: str, data: View) -> bytes:
        return streams.encoded(event, only_allowed(data, caller) if event == "review" else data, caller)

    return stream(request, caller, services.board.changes(authority_of(caller)), encoded)


Changes = AsyncGenerator[tuple[str, View], None]
"""Events and their data; ``heartbeat`` among them, at which it is asked again whether the reader may still watch."""


def stream(
    request: Request, caller: Principal, changes: Changes, encoded: Callable[[str, View], bytes] = frame
) -> StreamingResponse:
    """Tell a reader what changes, for as long as they may see it; raise ProblemError 429 where too many do."""
    streams: Streams = request.app.state.streams
    streams.require_room(caller)
    told = _tell(request, streams, caller, changes, encoded)
    return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)


async def _tell(
    request: Request, streams: Streams, caller: Principal, changes: Changes, encoded: Callable[[str, View], bytes]
) -> AsyncIterator[bytes]:
    with streams.counted(caller):
        async with contextlib.aclosing(changes):
            async for event, data in changes:
                if event == "heartbeat" and not await _still(request):
                    return
                yield encoded(event, data)


async def _still(request: Request) -> bool:
    """Say whether whoever opened the stream may still do what its route asks for."""
    try:
        principal = await authenticate(request)
    except ProblemError:
        return False
    need = need_of(request.scope["route"].endpoint)
    return need.action is not None and not isinstance(may(principal, need.action, need.field), Refused)
