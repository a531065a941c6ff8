"""Every error as problem+json (RFC 9457), with the field, the rule and the mend where there is one."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kouan.gate.catalogue import render
from kouan.vocabulary.errors import Conflict, InvalidValue, KouanError, NotAllowed, NotFound, Unavailable
from kouan.vocabulary.verdict import Reason, Refused

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

PAGE_METHODS = ("GET", "HEAD")
"""What an address may be asked for that is not the API's."""

TITLES = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "The request collides with what stands",
    413: "The body is too large",
    415: "The media type is not supported",
    422: "A value breaks a rule",
    429: "Too many requests",
    500: "The port failed",
    502: "The identity provider failed",
    503: "The port cannot do this now",
}


class FieldError(msgspec.Struct, frozen=True):
    """Where a request breaks a rule: ``field`` is the path in the body or the parameter's name."""

    field: str
    rule: str
    mend: str


class ProblemError(KouanError):
    """A request is answered with a problem; ``members`` are further members of the document."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        errors: Sequence[FieldError] = (),
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or TITLES.get(status, "Error"))
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> Response:
        """Return the answer."""
        title = TITLES.get(self.status, "Error")
        document = {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail or (self.errors[0].mend if self.errors else title),
            "errors": self.errors,
            **self.members,
        }
        headers = {"cache-control": "no-store", **self.headers}
        return Response(msgspec.json.encode(document), self.status, headers, MEDIA_TYPE)


def refused(refusal: Refused, messages: Mapping[str, str], status: int = 409) -> ProblemError:
    """Return a refusal of business as a problem; a reason that does not say its mend itself is rendered."""
    return ProblemError(status, errors=[_reason_error(reason, messages) for reason in refusal.reasons])


def _reason_error(reason: Reason, messages: Mapping[str, str]) -> FieldError:
    mend = reason.params.get("mend") or render(messages, reason)
    return FieldError(str(reason.params.get("field", "")), reason.code, str(mend))


def problem_of(error: KouanError) -> ProblemError:
    """Return any of kouan's errors as a problem."""
    match error:
        case ProblemError():
            return error
        case InvalidValue():
            return ProblemError(422, errors=[FieldError(error.field, error.rule, error.mend)])
        case Unavailable():
            return ProblemError(503, "Try again in a moment.", headers={"retry-after": "1"})
        case _:
            status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
            return ProblemError(status, str(error) if status < 500 else "")


_STATUS: dict[type[KouanError], int] = {NotFound: 404, Conflict: 409, NotAllowed: 403}


def install(app: FastAPI) -> None:
    """Answer every error of an application's routes with a problem."""

    async def ours(_: Request, error: Exception) -> Response:
        found = problem_of(error) if isinstance(error, KouanError) else ProblemError(500)
        if found.status >= 500:
            _log.warning("answered %s: %r", found.status, error)
        return found.response()

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            return ProblemError(500).response()
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        if error.status_code == 405:
            headers["allow"] = ", ".join(request.app.state.methods(request.url.path) or PAGE_METHODS)
        detail = error.detail if error.status_code not in (404, 405) else ""
        return ProblemError(error.status_code, detail, headers=headers).response()

    async def invalid(_: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else ()
        return ProblemError(422, errors=[_field_error(one) for one in found[:20]]).response()

    app.add_exception_handler(KouanError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _field_error(found: Mapping[str, Any]) -> FieldError:
    place = [str(part)[:64] for part in found["loc"][:12]]
    field = ".".join(place[1:] if place and place[0] in ("body", "query", "path", "header") else place)
    mend = str(found["msg"])[:200]
    return FieldError(field, f"request.{found['type']}", mend[:1].lower() + mend[1:])


class UnexpectedErrors:
    """Middleware: an error that nobody foresaw is logged and answered without a word of what it was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        begun = False

        async def watched(message: Any) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            if begun or scope["type"] != "http":
                raise
            await ProblemError(500).response()(scope, receive, send)
