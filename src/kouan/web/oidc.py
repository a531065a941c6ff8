"""Signing in with an identity provider: to it, back from it, and whose account that is."""

import hashlib
import hmac
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from kouan.access.people import Account
from kouan.access.use_cases import admitted, save_account
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.callers import Common, GuardedRoute, public
from kouan.web.oidc_person import STARTED_US, Person, refused
from kouan.web.problems import FieldError, ProblemError
from kouan.web.services import CommonServices, OidcSettings
from kouan.web.session import begin

if TYPE_CHECKING:
    from kouan.web.identity_provider import IdentityProvider

router = APIRouter(route_class=GuardedRoute, tags=["session"], prefix="/auth/oidc")

COOKIE = "kouan_oidc"

FAILURES: dict[int | str, dict[str, Any]] = {401: {}, 403: {}, 404: {}, 502: {}}
"""What can go wrong beside what can at every route."""


async def account_of(person: Person, settings: OidcSettings, services: CommonServices) -> Account:
    """Return the account of a person, made or brought up to date; raise ProblemError 403 for one without a role."""
    roles = tuple(dict.fromkeys(settings.roles[group] for group in person.groups if group in settings.roles))
    agency = next((settings.agencies[group] for group in person.groups if group in settings.agencies), None)
    if not roles or agency is None:
        raise ProblemError(403, errors=[FieldError("", "oidc.no_role", "your groups have no role at this port")])
    before = await services.accounts.find_subject(person.subject)
    if isinstance(admitted(before, demo=services.demo), Refused) and before is not None:
        raise ProblemError(403, errors=[FieldError("", "access.not_admitted", "your account is disabled")])
    account = Account(
        username=before.username if before else await _free_name(person, services),
        display_name=(person.display_name or person.username or "")[:120] or "?",
        agency=agency,
        roles=roles,
        subject=person.subject,
        firms=before.firms if before else (),
    )
    if account != before:
        await services.ledger.append(save_account(account, "oidc", services.clock.now()))
    return account


async def _free_name(person: Person, services: CommonServices) -> str:
    """Return a name for a new account: never that of an account which somebody else has."""
    wanted = person.username or ""
    proper = wanted.isascii() and wanted.replace("-", "").replace("_", "").replace(".", "").isalnum()
    if proper and len(wanted) <= 64 and wanted[0].isalnum() and await services.accounts.find_account(wanted) is None:
        return wanted
    return "oidc-" + hashlib.sha256(person.subject.encode()).hexdigest()[:20]


def provider_of(request: Request) -> "IdentityProvider":
    """Return the application's identity provider; raise NotFound where it has none."""
    provider: IdentityProvider | None = request.app.state.provider
    if provider is None:
        raise NotFound("this port has no identity provider")
    return provider


@router.get("/login", status_code=303, response_class=RedirectResponse, responses=FAILURES)
@public
async def begin_oidc(request: Request, services: Common, again: Annotated[bool, Query()] = False) -> Response:
    """Send the browser to the identity provider; ``again`` asks for the password even of who is signed in there."""
    provider = provider_of(request)
    state = services.secret()
    address = await provider.start(state, services.secret(), services.secret(), again=again)
    response = RedirectResponse(address, 303, {"cache-control": "no-store"})
    secure = request.url.scheme == "https"
    # Lax, because the provider sends the browser back from another site.
    response.set_cookie(
        COOKIE, state, STARTED_US // SECOND, path="/api/v1/auth", httponly=True, samesite="lax", secure=secure
    )
    return response


@router.get("/callback", status_code=303, response_class=RedirectResponse, responses=FAILURES)
@public
async def finish_oidc(
    request: Request,
    services: Common,
    state: Annotated[str, Query(max_length=256)] = "",
    code: Annotated[str, Query(max_length=2048)] = "",
    error: Annotated[str, Query(max_length=256)] = "",
) -> Response:
    """Take the browser back from the identity provider, and open the session."""
    provider = provider_of(request)
    own = request.cookies.get(COOKIE, "")
    if not own or not hmac.compare_digest(own.encode(), state.encode()):
        raise refused("state", "oidc.state", "begin again: this sign-in was not begun in this browser")
    if error or not code:
        raise refused("code", "oidc.code", "the provider did not let you in")
    person = await provider.finish(state, code)
    account = await account_of(person, provider.settings, services)
    response = RedirectResponse("/", 303, {"cache-control": "no-store"})
    response.delete_cookie(COOKIE, path="/api/v1/auth", httponly=True, samesite="lax")
    return await begin(request, services, account, response, proven_at=person.authenticated_at)
