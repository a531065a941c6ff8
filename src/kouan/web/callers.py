"""Who is asking, and whether they may: decided before a byte of the body is read.

A route says what it asks for by one of the decorators ``asks``, ``signed_in`` and ``public``; one that says nothing
cannot be made. People come with the cookie ``kouan_session``, machines with a bearer token.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from kouan.access.people import Principal, Session
from kouan.access.policy import may
from kouan.access.use_cases import admitted, principal_of, secret_hash, session_holds, token_holds
from kouan.access.words import Action, Field
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Refused
from kouan.web.problems import FieldError, ProblemError
from kouan.web.rates import Buckets
from kouan.web.services import CommonServices, Services

COOKIE = "kouan_session"
CSRF_HEADER = "x-kouan-csrf"
SAFE = ("GET", "HEAD", "OPTIONS")

MAX_SECRET = 256
"""Longest cookie or token that is looked at. Ours have 43 characters."""


class Need(msgspec.Struct, frozen=True):
    """What a route asks of its caller: ``action`` of the policy (on ``field``), or to be signed in, or nothing."""

    action: Action | None = None
    field: Field | None = None
    anonymous: bool = False


Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_NEED = "kouan_need"


def asks(action: Action, field: Field | None = None) -> Callable[[Endpoint], Endpoint]:
    """Let an endpoint be called by those who may do this, to a field if one is named, in some state."""
    return lambda endpoint: _mark(endpoint, Need(action, field))


def signed_in(endpoint: Endpoint) -> Endpoint:
    """Let an endpoint be called by everybody who is signed in."""
    return _mark(endpoint, Need())


def public(endpoint: Endpoint) -> Endpoint:
    """Let an endpoint be called by anybody."""
    return _mark(endpoint, Need(anonymous=True))


def _mark(endpoint: Endpoint, need: Need) -> Endpoint:
    setattr(endpoint, _NEED, need)
    return endpoint


def need_of(endpoint: Callable[..., Any]) -> Need:
    """Return what an endpoint asks of its caller; raise KouanError where it does not say."""
    need = getattr(endpoint, _NEED, None)
    if not isinstance(need, Need):
        raise KouanError(f"the endpoint {endpoint.__name__} does not say who may call it")
    return need


class GuardedRoute(APIRoute):
    """A route that knows who may call it, and is analysed when it is first asked for.

    FastAPI analyses a route as it is made, and once more as its router is included. A port that lost power would wait
    for all of them, twice (docs/reference/durability.md).
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Make a route as FastAPI does; raise KouanError where the endpoint does not say who may call it."""
        need_of(endpoint)
        Route.__init__(self, path, endpoint, include_in_schema=options["include_in_schema"])
        self.methods = set(options["methods"])
        self.tags = options["tags"]
        self._options = options
        self._analysed = False

    def under(self, base: str) -> "GuardedRoute":
        """Return the same route under a base."""
        return GuardedRoute(base + self.path, self.endpoint, **self._options)

    def analyse(self) -> None:
        """Find out what the endpoint takes and gives, unless that was done; its operation is called as it is."""
        if not self._analysed:
            super().__init__(self.path, self.endpoint, **{**self._options, "operation_id": self.name})
            self._analysed = True

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for this path."""
        self.analyse()
        await super().handle(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind its guard."""
        need = need_of(self.endpoint)
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if not need.anonymous:
                await _admit(request, need)
            elif request.method not in SAFE:
                require_csrf(request)
            return await handle(request)

        return guarded


async def _admit(request: Request, need: Need) -> None:
    """Put the caller into the request's state; raise ProblemError 401, 403 or 429."""
    principal = await authenticate(request)
    buckets: dict[bool, Buckets] = request.app.state.buckets
    buckets[principal.machine].take(principal.username)
    action = need.action
    if action is not None and isinstance(refusal := may(principal, action, need.field), Refused):
        reason = refusal.reasons[0]
        mend = f"{principal.username} may not do this: {action.value}"
        raise ProblemError(403, errors=[FieldError("", reason.code, mend)])
    request.state.principal = principal


async def authenticate(request: Request) -> Principal:
    """Return who is asking; raise ProblemError 401, or 403 where a browser lacks the header against forgery."""
    header = request.headers.get("authorization")
    if header is not None:
        return await _machine(request, header)
    session = await session_of(request)
    if session is None:
        raise unauthenticated(request)
    services = common_of(request)
    account = await services.accounts.find_account(session.username)
    admission = admitted(account, demo=services.demo)
    if isinstance(admission, Refused):
        raise unauthenticated(request)
    if request.method not in SAFE:
        require_csrf(request)
    return principal_of(admission, stepped_up_at=session.stepped_up_at)


async def _machine(request: Request, header: str) -> Principal:
    services = common_of(request)
    scheme, _, secret = header.partition(" ")
    token = None
    if scheme.lower() == "bearer" and 0 < len(secret) <= MAX_SECRET:
        token = await services.accounts.find_token(secret_hash(secret))
    if token is None or not token_holds(token, services.clock.now()):
        raise unauthenticated(request)
    admission = admitted(await services.accounts.find_account(token.username), demo=services.demo)
    if isinstance(admission, Refused):
        raise unauthenticated(request)
    return principal_of(admission, machine=True)


async def session_of(request: Request) -> Session | None:
    """Return the session of a request's cookie, if it holds."""
    secret = request.cookies.get(COOKIE, "")
    if not 0 < len(secret) <= MAX_SECRET:
        return None
    services = common_of(request)
    session = await services.accounts.find_session(secret_hash(secret))
    return session if session is not None and session_holds(session, services.clock.now()) else None


def unauthenticated(request: Request) -> ProblemError:
    """Return the answer to somebody unknown: what the sign-in page may offer stands in it."""
    services = common_of(request)
    members: dict[str, Any] = {"name": services.title, "place": services.place}
    if services.oidc is not None:
        members["oidc"] = {"available": True, "name": services.oidc.name}
    if services.demo:
        members["demo"] = [{"username": name, "password": password} for name, password in services.demo_accounts]
    return ProblemError(401, "Sign in first.", headers={"www-authenticate": "Bearer"}, **members)


def require_csrf(request: Request) -> None:
    """Refuse what another site's page may have sent: it cannot set a header of its own (OWASP CSRF prevention)."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if not request.headers.get(CSRF_HEADER) or site not in ("same-origin", "none"):
        error = FieldError("X-Kouan-CSRF", "request.csrf", "set this header to any value")
        raise ProblemError(403, errors=[error])


def principal_in(request: Request) -> Principal:
    """Return who is asking, as the guard found."""
    found = request.state.principal
    if not isinstance(found, Principal):
        raise KouanError("the route has no guard")
    return found


def common_of(request: Request) -> CommonServices:
    """Return what the application has in common with every other."""
    found = request.app.state.services
    if not isinstance(found, CommonServices):
        raise KouanError("the application has no services")
    return found


def services_of(request: Request) -> Services:
    """Return the services of a port's application."""
    found = common_of(request)
    if not isinstance(found, Services):
        raise KouanError("the application is not a port's")
    return found


Caller = Annotated[Principal, Depends(principal_in)]
Needed = Annotated[Services, Depends(services_of)]
Common = Annotated[CommonServices, Depends(common_of)]
