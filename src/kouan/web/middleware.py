"""What holds for every request before a route sees it: rates, sizes, and headers of the answer."""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kouan.vocabulary.clock import Clock
from kouan.web.problems import ProblemError
from kouan.web.rates import Buckets
from kouan.web.services import Limits

CONTENT = (
    "default-src 'self'", "img-src 'self' blob:", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
    "frame-ancestors 'none'",
)  # fmt: skip
"""What a page may load; pictures also from memory, because the console fetches them with the purpose they are for."""

SECURITY_HEADERS = (
    ("content-security-policy", "; ".join(CONTENT)),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)
"""Sent with every answer, after the OWASP Secure Headers Project: nothing is loaded from or sent elsewhere."""

API = "/api/"
IMAGES = "/api/v1/images/"
IMPORTS = "/api/v1/papers/imports"
STUDIES = "/api/v1/studies/"


class SecurityHeaders:
    """Adds the security headers to every answer; over https also that it stays https."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        more: Iterable[tuple[str, str]] = SECURITY_HEADERS
        if scope.get("scheme") == "https":
            more = (*SECURITY_HEADERS, ("strict-transport-security", "max-age=31536000"))

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in more:
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, secured)


class AddressRate:
    """Limits how often one address may ask the API."""

    def __init__(self, app: ASGIApp, limits: Limits, clock: Clock) -> None:
        self._app = app
        self._buckets = Buckets(limits.address, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 429."""
        if scope["type"] == "http" and scope["path"].startswith(API):
            try:
                self._buckets.take(address_of(scope))
            except ProblemError as problem:
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def address_of(scope: Scope) -> str:
    """Return the address of whoever asks."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class BodyLimit:
    """Limits bodies, counted as they stream in; a length that says too much is refused before a byte is read."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope["path"])
        too_large = f"It may have {most} bytes."
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length[:18]) > most:
            await ProblemError(413, too_large, headers={"connection": "close"}).response()(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if read > most:
                raise HTTPException(413, too_large, headers={"connection": "close"})
            return message

        await self._app(scope, counted, send)

    def _most(self, path: str) -> int:
        if path.startswith(IMAGES):
            return self._limits.image_bytes
        if path.startswith(STUDIES) and "/files/" in path:
            return self._limits.study_bytes
        return self._limits.import_bytes if path.startswith(IMPORTS) else self._limits.body_bytes
