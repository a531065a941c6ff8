"""Accounts of people and machines, the machines' tokens, and the right to be forgotten; for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints
from starlette.responses import Response

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import issue_token, note_forgotten, revoke_token, save_account
from kouan.access.words import Action
from kouan.vocabulary.errors import NotFound
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, Common, GuardedRoute, asks
from kouan.web.fields import LINE, Instant, Line, Sha256, Shape, Username
from kouan.web.problems import FieldError, ProblemError

router = APIRouter(route_class=GuardedRoute, tags=["accounts"])

NewPassword = Annotated[str, StringConstraints(min_length=12, max_length=1024)]
"""At least twelve characters. Our choice, after NIST SP 800-63B: length counts, composition rules do not."""


class AccountView(Shape):
    """An account; never with its hash."""

    username: str
    display_name: str
    agency: Agency
    roles: list[Role]
    has_password: bool
    subject: str | None
    disabled: bool
    demo: bool
    firms: list[str]


class Accounts(Shape):
    """All accounts by username."""

    items: list[AccountView]


FirmCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]

MOST_FIRMS = 100
"""Most firms that one account acts for. Our choice: a broker's customers at one port, one screen of them."""


class AccountChange(Shape):
    """What an account shall be; without a password the one that it has stays.

    ``firms`` are the codes by which papers name the firms that it acts for: a carrier without any sees nothing.
    """

    display_name: Line
    agency: Agency
    roles: Annotated[list[Role], Field(max_length=len(Role))]
    password: NewPassword | None = None
    subject: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=LINE)] | None = None
    disabled: bool = False
    firms: Annotated[list[FirmCode], Field(max_length=MOST_FIRMS, default_factory=list)]


class TokenRequest(Shape):
    """What a token is for, and until when it holds."""

    label: Line
    expires_at: Instant | None = None


class TokenIssued(Shape):
    """A fresh token: shown once, never again. ``id`` names it for taking it back."""

    token: str
    id: Sha256
    expires_at: Instant | None


UserPath = Annotated[Username, Path(description="The account's name.")]


@router.get("/accounts", response_model=Accounts)
@asks(Action.MANAGE_ACCOUNTS)
async def list_accounts(services: Common) -> Response:
    """Return all accounts."""
    return json_answer({"items": [_view(account) for account in await services.accounts.list_accounts()]})


@router.put("/accounts/{username}", response_model=AccountView)
@asks(Action.MANAGE_ACCOUNTS)
async def put_account(username: UserPath, body: AccountChange, caller: Caller, services: Common) -> Response:
    """Create or change an account; a disabled one can do nothing from now on."""
    if username == caller.username and (body.disabled or Role.ADMINISTRATOR not in body.roles):
        mend = "ask another administrator: nobody can lock themselves out"
        raise ProblemError(409, errors=[FieldError("username", "access.own_account", mend)])
    before = await services.accounts.find_account(username)
    hashed = await services.hasher.hash(body.password) if body.password else None
    account = Account(
        username=username,
        display_name=body.display_name,
        agency=body.agency,
        roles=tuple(dict.fromkeys(body.roles)),
        password_hash=hashed or (before.password_hash if before else None),
        subject=body.subject,
        disabled=body.disabled,
        demo=before.demo if before else False,
        firms=tuple(dict.fromkeys(body.firms)),
    )
    await services.ledger.append(save_account(account, caller.username, services.clock.now()))
    return json_answer(_view(account))


@router.post("/accounts/{username}/tokens", response_model=TokenIssued, status_code=201)
@asks(Action.MANAGE_ACCOUNTS)
async def issue_machine_token(username: UserPath, body: TokenRequest, services: Common) -> Response:
    """Issue a bearer token for a machine's account."""
    account = await services.accounts.find_account(username)
    if account is None:
        raise NotFound(f"there is no account {username}")
    secret, now = services.secret(), services.clock.now()
    if body.expires_at is not None and body.expires_at <= now:
        raise ProblemError(422, errors=[FieldError("expires_at", "token.expiry", "must lie in the future")])
    token, unit = issue_token(account, body.label, secret, now, body.expires_at)
    await services.ledger.append(unit)
    return json_answer({"token": secret, "id": token.secret_sha256, "expires_at": token.expires_at}, 201)


@router.delete("/tokens/{token}", status_code=204)
@asks(Action.MANAGE_ACCOUNTS)
async def revoke_machine_token(
    token: Annotated[Sha256, Path(description="The token's id.")], caller: Caller, services: Common
) -> Response:
    """Take a token back; it is refused from now on."""
    found = await services.accounts.find_token(token)
    if found is None or found.revoked_at is not None:
        raise NotFound("there is no such token in force")
    await services.ledger.append(revoke_token(found, caller.username, services.clock.now()))
    return no_content()


class PersonToForget(Shape):
    """Whose personal data to forget: the number of a travel document, and who issued it (ICAO 9303 code)."""

    document_number: Annotated[str, StringConstraints(min_length=5, max_length=20, pattern=r"^[A-Z0-9]+$")]
    issuer: Annotated[str, StringConstraints(min_length=1, max_length=3, pattern=r"^[A-Z]+$")]


@router.post("/persons/forgetting", status_code=204)
@asks(Action.FORGET_PERSON)
async def forget_person(body: PersonToForget, caller: Caller, services: Common) -> Response:
    """Destroy the key under which a person's data is sealed: nobody can read it again, and the chain still verifies."""
    identities = (f"{body.issuer}/{body.document_number}", body.document_number)
    found = [await services.subjects.find_subject(identity) for identity in identities]
    subjects = [subject for subject in dict.fromkeys(found) if subject is not None]
    if not subjects:
        raise NotFound("nothing is known of this person")
    for subject in subjects:
        await services.ledger.append(note_forgotten(subject, caller.username, services.clock.now()))
        await services.ledger.forget(subject)
    return no_content()


def _view(account: Account) -> dict[str, object]:
    return {
        "username": account.username,
        "display_name": account.display_name,
        "agency": account.agency,
        "roles": account.roles,
        "has_password": account.password_hash is not None,
        "subject": account.subject,
        "disabled": account.disabled,
        "demo": account.demo,
        "firms": account.firms,
    }
