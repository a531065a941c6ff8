"""The catalogues of messages: reasons, refusals and words of every screen, by language."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from kouan.vocabulary.errors import NotFound
from kouan.web.answers import encode
from kouan.web.callers import Common, GuardedRoute, public

router = APIRouter(route_class=GuardedRoute, tags=["messages"])


_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing has changed since the tag that was sent."}}


@router.get("/messages/{language}", response_model=dict[str, str], responses=_SAME)
@public
async def get_messages(
    request: Request, language: Annotated[str, Path(max_length=8, pattern=r"^[a-z]{2,8}$")], services: Common
) -> Response:
    """Return the templates of a language by message id, with ``{name}`` where a parameter goes."""
    if language not in services.messages:
        raise NotFound(f"there are no messages in {language}")
    body = encode(services.messages[language])
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"cache-control": "public, max-age=60", "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
