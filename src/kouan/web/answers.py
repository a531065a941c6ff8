"""Answers as the API gives them: JSON made by msgspec, never kept by anybody on the way."""

from typing import Any

import msgspec
from starlette.responses import Response

_encode = msgspec.json.Encoder(enc_hook=str).encode


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer of JSON."""
    return json_bytes(_encode(content), status, headers)


def json_bytes(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer of JSON that is encoded already."""
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, "application/json")


def no_content() -> Response:
    """Return an answer that says no more than that it is done."""
    return Response(status_code=204, headers={"cache-control": "no-store"})


def encode(content: Any) -> bytes:
    """Return content as JSON."""
    return _encode(content)
