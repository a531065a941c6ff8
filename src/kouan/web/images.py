"""Pictures by their SHA-256."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from kouan.access.policy import Action, Field
from kouan.web.answers import no_content
from kouan.web.callers import GuardedRoute, Needed, asks
from kouan.web.fields import Sha256
from kouan.web.problems import FieldError, ProblemError

router = APIRouter(route_class=GuardedRoute, tags=["images"])

JPEG = "image/jpeg"

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JPEG: {"schema": {"type": "string", "format": "binary", "maxLength": 512 * 1024}}},
    }
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {JPEG: {"schema": {"type": "string", "format": "binary"}}}}
}

Digest = Annotated[Sha256, Path(description="The SHA-256 of the picture in hex.")]


@router.put("/images/{sha256}", status_code=204, openapi_extra=_BODY)
@asks(Action.UPLOAD_IMAGE, Field.PICTURE)
async def put_image(request: Request, sha256: Digest, services: Needed) -> Response:
    """Keep a JPEG of at most 512 KiB; it is durable when this is answered."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JPEG:
        raise ProblemError(415, errors=[FieldError("Content-Type", "image.media_type", f"must be {JPEG}")])
    await services.images.put(sha256, await request.body())
    return no_content()


@router.get("/images/{sha256}", response_class=Response, responses=_PICTURE)
@asks(Action.WATCH, Field.PICTURE)
async def get_image(sha256: Digest, services: Needed) -> Response:
    """Return a picture; what stands under a digest never changes."""
    jpeg = await services.images.get(sha256)
    headers = {"cache-control": "private, max-age=31536000, immutable", "etag": f'"{sha256}"'}
    return Response(jpeg, media_type=JPEG, headers=headers)
