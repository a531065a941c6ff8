"""Signing in and out, stepping up, tokens: each returns a unit to append, or a refusal."""

import hashlib

import msgspec

from kouan.access.people import Account, Principal, Session, Token
from kouan.access.roles import Answer, PasswordHasher, record_params
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import Refused, refuse

SESSION_US = seconds(12 * 3600)
"""How long a session lasts. Our choice: one shift of twelve hours."""

STEP_UP_US = seconds(300)
"""How long a repeated password counts for dangerous acts. Our choice: five minutes."""


def secret_hash(secret: str) -> str:
    """Return the hex SHA-256 under which a secret is kept; the secret itself is 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def check_password(
    account: Account | None, password: str, hasher: PasswordHasher, decoy: str
) -> Account | Refused:
    """Return the account if the password is its own.

    An unknown name costs the same time as a wrong password: ``decoy`` is a hash of nothing that anybody knows.
    """
    encoded = account.password_hash if account and account.password_hash else decoy
    right = await hasher.verify(encoded, password)
    if account is None or account.password_hash is None or account.disabled or not right:
        return refuse("access.wrong_password")
    return account


def open_session(account: Account, secret: str, now: Instant, proven_at: Instant | None = None) -> tuple[Session, Unit]:
    """Open a session; ``proven_at`` is when the person proved who they are, which counts as stepping up."""
    session = Session(secret_hash(secret), account.username, now, now + SESSION_US, proven_at)
    return session, _unit(
        "access.signed_in/1", account.username, session.secret_sha256, now, "access.open_session", session
    )


def step_up(session: Session, now: Instant) -> tuple[Session, Unit]:
    """Note that the password was given again."""
    renewed = msgspec.structs.replace(session, stepped_up_at=now)
    draft = _draft("access.stepped_up/1", session.username, f"{session.secret_sha256}:{now}", now)
    params = {"secret_sha256": session.secret_sha256, "stepped_up_at": now}
    return renewed, Unit((draft,), guards=(Statement("access.step_up", params),))


def close_session(session: Session, now: Instant) -> Unit:
    """End a session."""
    draft = _draft("access.signed_out/1", session.username, f"{session.secret_sha256}:out", now)
    return Unit((draft,), guards=(Statement("access.close_session", {"secret_sha256": session.secret_sha256}),))


def save_account(account: Account, by: str, now: Instant) -> Unit:
    """Create or change an account; the entry names who did it, never the hash."""
    body = {"at": now, "by": by, "agency": account.agency, "roles": account.roles, "disabled": account.disabled}
    body |= {"firms": account.firms} if account.firms else {}
    digest = hashlib.sha256(canonical(record_params(account))).hexdigest()[:16]
    key = f"access:{account.username}:{now}:{digest}"
    draft = Draft("access.account_saved/1", account.username, key, canonical(body))
    return Unit((draft,), effects=(Statement("access.save_account", record_params(account)),))


def issue_token(
    account: Account, label: str, secret: str, now: Instant, expires_at: Instant | None
) -> tuple[Token, Unit]:
    """Give a machine a bearer token; the secret is shown once and never kept."""
    token = Token(secret_hash(secret), account.username, label, now, expires_at)
    return token, _unit("access.token_issued/1", account.username, token.secret_sha256, now, "access.save_token", token)


def revoke_token(token: Token, by: str, now: Instant) -> Unit:
    """Take a token back; it is refused from now on."""
    revoked = msgspec.structs.replace(token, revoked_at=now)
    body = canonical({"at": now, "by": by})
    draft = Draft("access.token_revoked/1", token.username, f"access:{token.secret_sha256}:revoked", body)
    return Unit((draft,), effects=(Statement("access.save_token", record_params(revoked)),))


def keep_answer(answer: Answer) -> Statement:
    """Return the guard that keeps an answer, for the unit whose recording it answers; it refuses a second one."""
    return Statement("access.keep_answer", record_params(answer))


def keep_answer_alone(answer: Answer) -> Unit:
    """Return a unit of its own that keeps an answer, where what it answers was recorded before."""
    key = f"access:answer:{answer.username}:{answer.key}"
    body = canonical({"at": answer.at, "request": answer.request_sha256, "status": answer.status})
    return Unit((Draft("access.answered/1", answer.username, key, body),), guards=(keep_answer(answer),))


def note_forgotten(subject: str, by: str, now: Instant) -> Unit:
    """Note that a person's key is to be destroyed; recorded before it is, so that none is destroyed unnoted."""
    draft = Draft("access.person_forgotten/1", subject, f"access:forgotten:{subject}", canonical({"at": now, "by": by}))
    return Unit((draft,))


def session_holds(session: Session, now: Instant) -> bool:
    """Say whether a session has not expired."""
    return session.created_at <= now < session.expires_at


def token_holds(token: Token, now: Instant) -> bool:
    """Say whether a token has neither expired nor been revoked."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def admitted(account: Account | None, *, demo: bool) -> Account | Refused:
    """Return an account that may be used now: not a disabled one, nor a demonstration's outside a demonstration."""
    if account is None or account.disabled or (account.demo and not demo):
        return refuse("access.not_admitted")
    return account


def principal_of(account: Account, *, machine: bool = False, stepped_up_at: Instant | None = None) -> Principal:
    """Return who is asking, for an account whose identity was proven."""
    return Principal(
        account.username,
        account.display_name,
        account.agency,
        account.roles,
        machine,
        stepped_up_at,
        account.firms,
    )


def stepped_up(principal: Principal, now: Instant) -> bool:
    """Say whether the password was given within the last ``STEP_UP_US``."""
    return principal.stepped_up_at is not None and 0 <= now - principal.stepped_up_at <= STEP_UP_US


def _draft(kind: str, username: str, key: str, now: Instant) -> Draft:
    return Draft(kind, username, f"access:{key}", canonical({"at": now}))


def _unit(kind: str, username: str, key: str, now: Instant, statement: str, record: msgspec.Struct) -> Unit:
    return Unit((_draft(kind, username, key, now),), effects=(Statement(statement, record_params(record)),))
