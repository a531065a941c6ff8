"""Accounts, sessions and tokens from PostgreSQL; each method is the query of its name in ``queries/access.sql``."""

from collections.abc import Sequence
from typing import Any

from kouan.access.people import Account, Agency, Role, Session, Token
from kouan.access.reads import ReadRecord, ReadsAsked
from kouan.access.roles import Answer, record_params
from kouan.access.roster import DutiesAsked, Duty
from kouan.access.shifts import Shift
from kouan.adapters.postgres.database import Database
from kouan.vocabulary.clock import Instant


class PostgresAccounts:
    """The Accounts role for one port."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find_account(self, username: str) -> Account | None:
        """Return one account."""
        row = await self._one("access.find_account", username=username)
        return _account(row) if row else None

    async def find_subject(self, subject: str) -> Account | None:
        """Return the account of an identity provider's subject."""
        row = await self._one("access.find_subject", subject=subject)
        return _account(row) if row else None

    async def list_accounts(self) -> Sequence[Account]:
        """Return all accounts by username."""
        return [_account(row) for row in await self._database.fetch_all("access.list_accounts", {"port": self._port})]

    async def find_session(self, secret_sha256: str) -> Session | None:
        """Return one session, expired or not."""
        row = await self._one("access.find_session", secret_sha256=secret_sha256)
        return Session(*row) if row else None

    async def find_token(self, secret_sha256: str) -> Token | None:
        """Return one token, expired, revoked or not."""
        row = await self._one("access.find_token", secret_sha256=secret_sha256)
        return Token(*row) if row else None

    async def find_answer(self, username: str, key: str) -> Answer | None:
        """Return what was answered under an idempotency key."""
        row = await self._one("access.find_answer", username=username, key=key)
        return Answer(*row) if row else None

    async def find_shift(self, username: str) -> Shift | None:
        """Return an officer's latest shift, open or not."""
        row = await self._one("access.find_shift", username=username)
        return _shift(*row) if row else None

    async def find_duty(self, number: str) -> Duty | None:
        """Return one duty, cancelled or not."""
        row = await self._one("access.find_duty", number=number)
        return _duty(*row) if row else None

    async def find_duties(self, asked: DutiesAsked, limit: int = 100) -> Sequence[Duty]:
        """Return the duties that stand and reach into a span of time, by their start and number."""
        params = {"port": self._port, **record_params(asked), "limit": limit}
        return [_duty(*row) for row in await self._database.fetch_all("access.find_duties", params)]

    async def find_reads(self, asked: ReadsAsked, limit: int = 100) -> Sequence[ReadRecord]:
        """Return who read protected fields of which matters, as asked, newest first."""
        params = {"port": self._port, **record_params(asked), "limit": limit}
        rows = await self._database.fetch_all("access.find_reads", params)
        return [_read(*row) for row in rows]

    async def _one(self, name: str, **params: Any) -> tuple[Any, ...] | None:
        return await self._database.fetch_one(name, {"port": self._port, **params})


def _shift(username: str, agency: str, *rest: Any) -> Shift:
    return Shift(username, Agency(agency), *rest)


def _duty(number: str, username: str, agency: str, *rest: Any) -> Duty:
    return Duty(number, username, Agency(agency), *rest)


def _read(about: str, key: str, at: Instant, username: str, agency: str, purpose: str, fields: str) -> ReadRecord:
    return ReadRecord(about, key, at, username, Agency(agency), purpose, fields)


def _account(row: tuple[Any, ...]) -> Account:
    username, display_name, agency, roles, password_hash, subject, disabled, demo, firms = row
    known = tuple(Role(role) for role in roles)
    return Account(username, display_name, Agency(agency), known, password_hash, subject, disabled, demo, tuple(firms))
