"""Pictures by their SHA-256: brought by who took them, shown as part of the matter that names them.

A browser cannot send a purpose with an ``<img>``; the console therefore fetches a picture with the header like every
other protected field, and shows what came (decision 0009).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response

from kouan.access.need import MatterKind
from kouan.access.words import Action, Field
from kouan.web.answers import no_content
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, Sha256
from kouan.web.pictures import picture_matter
from kouan.web.problems import FieldError, ProblemError
from kouan.web.reading import Reads

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


About = Annotated[
    str,
    StringConstraints(max_length=320, pattern=rf"^(passage|examination):{LINE[1:-1]}$"),
    Query(description="The matter that names the picture, as ``passage:P1``."),
]


@router.put("/images/{sha256}", status_code=204, openapi_extra=_BODY)
@asks(Action.UPLOAD_IMAGE, Field.PICTURE)
async def put_image(request: Request, sha256: Digest, services: Needed) -> Response:
    """Keep a JPEG of at most 512 KiB; it is durable when this is answered."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JPEG:
        raise ProblemError(415, errors=[FieldError("Content-Type", "image.media_type", f"must be {JPEG}")])
    await services.images.put(sha256, await request.body())
    return no_content()


@router.get("/images/{sha256}", response_class=Response, responses=_PICTURE)
@asks(Action.WATCH)
async def get_image(sha256: Digest, about: About, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return a picture of a matter that names it, for a purpose; that it was looked at is recorded first."""
    kind, _, number = about.partition(":")
    matter = await picture_matter(services, caller, MatterKind(kind), number, sha256)
    jpeg = await services.images.get(sha256)
    if matter is None or not await reads.whole(matter):
        mend = "is shown on shift only, to who needs it for the purpose that the request gives"
        raise ProblemError(403, errors=[FieldError("Kouan-Purpose", "need.picture_withheld", mend)])
    return Response(jpeg, media_type=JPEG, headers={"cache-control": "no-store"})
