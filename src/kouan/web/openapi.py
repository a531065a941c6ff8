"""The API's description (OpenAPI 3.1), made from its routes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from kouan.web.answers import json_answer
from kouan.web.callers import COOKIE, CSRF_HEADER, GuardedRoute, Need, need_of, public
from kouan.web.openapi_page import page_of
from kouan.web.problems import MEDIA_TYPE, TITLES
from kouan.web.routes import HUB_ROUTERS, HUB_SUMMARY, guarded_routes, routed

VERSION = "1.0"
"""Version of the API; a change that old clients cannot bear is a new base path."""

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "Why a request was not done (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "rule", "mend"],
                "properties": {name: {"type": "string"} for name in ("field", "rule", "mend")},
            },
        },
    },
}

_SCHEMES: dict[str, Any] = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A person's session."},
    "forgery": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "Any value: a page of another site cannot set it.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "A machine's token."},
}

_ANY_FAILURE = (400, 429, 500, 503)
_GUARDED_FAILURE = (401, 403)
_BODY_FAILURE = (409, 413, 415)
_READ_FAILURE = (404, 422)


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of an application's API."""
    for route in app.routes:
        if isinstance(route, GuardedRoute):
            route.analyse()
    described = get_openapi(title="kouan", version=VERSION, summary=app.summary, routes=app.routes)
    schemas = described["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    described["components"]["securitySchemes"] = _SCHEMES
    needs = _needs(app)
    for path, item in described["paths"].items():
        for method, operation in item.items():
            _complete(operation, method, needs[operation["operationId"]], named="{" in path)
    described["servers"] = [{"url": "/"}]
    return described


def _needs(app: FastAPI) -> dict[str, Need]:
    return {route.name: need_of(route.endpoint) for route in guarded_routes(app)}


def document() -> dict[str, Any]:
    """Return the description of a port's API."""
    return describe(routed())


def hub_document() -> dict[str, Any]:
    """Return the description of a hub's API."""
    return describe(routed(HUB_ROUTERS, HUB_SUMMARY))


def text(described: Mapping[str, Any]) -> str:
    """Return a description as the text of ``docs/reference/openapi.json`` and ``openapi-hub.json``."""
    return json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


class Description:
    """The description of an application's API, made when it is first asked for."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._made: tuple[dict[str, Any], Methods] | None = None
        self.router = APIRouter(route_class=GuardedRoute)

        @self.router.get("/openapi.json", include_in_schema=False)
        @public
        async def get_openapi() -> Response:
            """Return the description of the API."""
            return json_answer(self._make()[0])

    def pages(self) -> list[Route]:
        """Return the page on which people read the description."""

        async def page(_: Request) -> Response:
            return HTMLResponse(page_of(self._make()[0]), headers={"cache-control": "no-cache"})

        return [Route("/api/docs", page, methods=["GET"], include_in_schema=False)]

    def methods(self, path: str) -> list[str]:
        """Return the methods that a path has."""
        return self._make()[1].of(path)

    def _make(self) -> "tuple[dict[str, Any], Methods]":
        if self._made is None:
            described = describe(self._app)
            self._made = (described, Methods(described))
        return self._made


class Methods:
    """Which methods a path of the API has, for answers that name them (RFC 9110 section 15.5.6)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._items: Mapping[str, Mapping[str, Any]] = document["paths"]
        self._templates = [
            (re.compile(re.sub(r"{[^}]*}", "[^/]+", path)), item) for path, item in self._items.items() if "{" in path
        ]

    def of(self, path: str) -> list[str]:
        """Return the methods of a path, in order; none where the API has no such path.

        A path without parameters goes before those with some (OpenAPI 3.1, path templating).
        """
        templates = (item for pattern, item in self._templates if pattern.fullmatch(path))
        found = self._items.get(path) or next(templates, None)
        return [] if found is None else sorted(method.upper() for method in found)


def _let_be_absent(schema: dict[str, Any]) -> None:
    """Say of a parameter that may be left out only what it is where it is given: text on the wire is never null."""
    given = [form for form in schema.get("anyOf", []) if form != {"type": "null"}]
    if len(given) == 1 and len(schema["anyOf"]) == 2:
        del schema["anyOf"]
        schema.update({**given[0], **schema})


def _complete(operation: dict[str, Any], method: str, need: Need, *, named: bool) -> None:
    """Say which failures an operation has, and who may call it."""
    failures = [*_ANY_FAILURE, *(() if need.anonymous else _GUARDED_FAILURE)]
    if method not in ("get", "delete"):
        failures += _BODY_FAILURE
    elif method == "delete":
        failures.append(409)
    if named or operation.get("parameters") or method != "get":
        failures += _READ_FAILURE
    if need.anonymous and method != "get":
        failures += (401, 403)
    for parameter in operation.get("parameters", []):
        _let_be_absent(parameter["schema"])
    failures += [int(status) for status in operation["responses"] if status >= "400"]
    responses = operation["responses"]
    for status in sorted(set(failures)):
        responses[str(status)] = {
            "description": TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if need.anonymous:
        operation["security"] = [] if method == "get" else [{"forgery": []}]
    else:
        person: dict[str, list[str]] = {"session": []} if method == "get" else {"session": [], "forgery": []}
        operation["security"] = [person, {"token": []}]
    if need.action is not None:
        operation["x-kouan-action"] = need.action.value
