"""Signing in and out."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from kouan.access.people import Account, Agency, Principal, Role
from kouan.access.policy import actions_of, fields_of
from kouan.access.use_cases import (
    admitted,
    check_password,
    close_session,
    open_session,
    principal_of,
    step_up,
    stepped_up,
)
from kouan.access.words import Action, Field, State
from kouan.command.alarms import acknowledges
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import COOKIE, Caller, Common, GuardedRoute, public, session_of, signed_in
from kouan.web.fields import Line, Password, Shape, Username
from kouan.web.middleware import address_of
from kouan.web.problems import FieldError, ProblemError
from kouan.web.rates import Buckets
from kouan.web.services import CommonServices

router = APIRouter(route_class=GuardedRoute, tags=["session"])


class SignIn(Shape):
    """A name and a password."""

    username: Username
    password: Password


class SessionView(Shape):
    """Who is signed in, where, what they may do, which things beside passages they may watch.

    ``acknowledges`` are the owners whose alarms they may acknowledge: ``port``, or an authority.
    """

    place: Literal["port", "hub"]
    username: str
    display_name: Line
    roles: list[Role]
    agency: Agency
    machine: bool
    actions: list[Action]
    watches: list[Field]
    acknowledges: list[str]


class Door:
    """Checks passwords: slowly for all, and seldom for one who guesses."""

    def __init__(self, services: CommonServices) -> None:
        self._services = services
        self._by_name = Buckets(services.limits.sign_in, services.clock)
        self._by_address = Buckets(services.limits.sign_ins, services.clock)
        self._decoy: str | None = None

    async def check(self, username: str, password: str, address: str) -> Account:
        """Return the account whose password this is; raise ProblemError 401 or 429, the same for every mistake."""
        attempt = f"{address} {username}"
        self._by_address.look(address)
        self._by_name.look(attempt)
        services = self._services
        if self._decoy is None:
            self._decoy = await services.hasher.hash(services.secret())
        account = await services.accounts.find_account(username)
        if isinstance(admitted(account, demo=services.demo), Refused):
            account = None
        found = await check_password(account, password, services.hasher, self._decoy)
        if isinstance(found, Refused):  # only mistakes count against the rates
            self._by_address.take(address)
            self._by_name.take(attempt)
            error = FieldError("password", found.reasons[0].code, "the name or the password is wrong")
            raise ProblemError(401, errors=[error])
        return found


def door_of(request: Request) -> Door:
    """Return the application's door."""
    found: Door = request.app.state.door
    return found


AtDoor = Annotated[Door, Depends(door_of)]


@router.post("/session", response_model=SessionView)
@public
async def sign_in(request: Request, body: SignIn, services: Common, door: AtDoor) -> Response:
    """Sign in with a password; the answer sets the session's cookie."""
    account = await door.check(body.username, body.password, address_of(request.scope))
    response = json_answer(_view_of(account, services))
    return await begin(request, services, account, response, proven_at=services.clock.now())


async def begin(
    request: Request, services: CommonServices, account: Account, response: Response, *, proven_at: Instant | None
) -> Response:
    """Open a session for an account, and put its cookie into a response.

    ``proven_at`` is when the person proved to be who they are, None where nobody says: then they must again, for
    dangerous acts.
    """
    secret, now = services.secret(), services.clock.now()
    session, unit = open_session(account, secret, now, proven_at if proven_at is None else min(proven_at, now))
    await services.ledger.append(unit)
    _set_cookie(request, response, secret, (session.expires_at - session.created_at) // 1_000_000)
    return response


def _set_cookie(request: Request, response: Response, secret: str, max_age_s: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, secret, max_age=max_age_s, httponly=True, samesite="strict", secure=secure, path="/")


@router.get("/session", response_model=SessionView)
@signed_in
async def get_session(caller: Caller, services: Common) -> Response:
    """Return who is signed in."""
    return json_answer(_view(caller, services))


@router.delete("/session", status_code=204)
@signed_in
async def sign_out(request: Request, services: Common) -> Response:
    """End the session; its cookie is worth nothing afterwards."""
    session = await session_of(request)
    if session is None:
        raise NotFound("a machine has no session to end")
    await services.ledger.append(close_session(session, services.clock.now()))
    response = no_content()
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


async def proven_again(request: Request, services: CommonServices, caller: Principal, password: str | None) -> bool:
    """Say whether the password was given now or within ``STEP_UP_US``; raise ProblemError for a wrong one."""
    now = services.clock.now()
    if password is None:
        return stepped_up(caller, now)
    try:
        await door_of(request).check(caller.username, password, address_of(request.scope))
    except ProblemError as problem:
        if problem.status == 401:  # the session holds all the same
            raise ProblemError(403, errors=problem.errors) from problem
        raise
    session = await session_of(request)
    if session is not None:
        _, unit = step_up(session, now)
        await services.ledger.append(unit)
    return True


def _view_of(account: Account, services: CommonServices) -> dict[str, object]:
    return _view(principal_of(account), services)


def _view(principal: Principal, services: CommonServices) -> dict[str, object]:
    seen = fields_of(principal.roles, principal.agency, Action.WATCH, State.NONE)
    return {
        "place": services.place,
        "username": principal.username,
        "display_name": principal.display_name,
        "roles": principal.roles,
        "agency": principal.agency,
        "machine": principal.machine,
        "actions": actions_of(principal),
        "watches": [each for each in Field if each in seen],
        "acknowledges": acknowledges(principal),
    }
