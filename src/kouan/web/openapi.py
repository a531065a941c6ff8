"""The API's description (OpenAPI 3.1), made from its routes."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from kouan.web.callers import COOKIE, CSRF_HEADER, GuardedRoute, Need, need_of
from kouan.web.problems import MEDIA_TYPE, TITLES

VERSION = "1.0"
"""Version of the API; a change that old clients cannot bear is a new base path."""

SUMMARY = "What people, screens and machines ask of a land border port. Instants are microseconds since 1970 (UTC)."

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
    document = get_openapi(title="kouan", version=VERSION, summary=SUMMARY, routes=app.routes)
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    document["components"]["securitySchemes"] = _SCHEMES
    needs = _needs(app)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(operation, method, needs[operation["operationId"]], named="{" in path)
    document["servers"] = [{"url": "/"}]
    return document


def _needs(app: FastAPI) -> dict[str, Need]:
    return {route.name: need_of(route.endpoint) for route in guarded_routes(app)}


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    """Return every route of the API."""
    routers: tuple[APIRouter, ...] = app.state.routers
    return [route for router in routers for route in router.routes if isinstance(route, GuardedRoute)]


class Methods:
    """Which methods a path of the API has, for answers that name them (RFC 9110 section 15.5.6)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = [
            (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", re.escape(path).replace("\\{", "{").replace("\\}", "}"))), item)
            for path, item in document["paths"].items()
        ]

    def of(self, path: str) -> list[str]:
        """Return the methods of a path, in order; those of the console where the API has no such path."""
        found = [item for pattern, item in self._paths if pattern.fullmatch(path)]
        methods = {method.upper() for item in found for method in item}
        return sorted(methods) if methods else ["GET", "HEAD"]


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
    responses = operation["responses"]
    responses.pop("422", None)
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
