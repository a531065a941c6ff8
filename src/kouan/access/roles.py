"""What access asks of others: a place that remembers accounts, sessions and tokens, and hashes of passwords.

The named changes to projections that access's units carry:

============================ ==================================================================
``access.save_account``      effect: insert or replace an ``Account`` by ``username``
``access.open_session``      effect: insert a ``Session``
``access.step_up``           guard: set ``stepped_up_at`` of the session with ``secret_sha256``
``access.close_session``     guard: delete the session with ``secret_sha256``
``access.save_token``        effect: insert or replace a ``Token`` by ``secret_sha256``
``access.keep_answer``       guard: insert an ``Answer``; refused if (``username``, ``key``) exists
``access.plan_duty``         guard: insert a ``Duty``; refused where its person has one in that time that stands
``access.cancel_duty``       guard: note that a ``Duty`` was cancelled; refused where it was, or is over
``access.end_duty_shift``    effect: set ``closed_at`` of the username's shift that is open on ``duty``, if one is
``access.open_shift``        guard: insert or replace a ``Shift``; refused while one of the username is open, and where
                             its ``duty`` does not stand
``access.close_shift``       guard: set ``closed_at`` of the username's open shift
``access.note_reads``        effect: insert a ``ReadRecord`` for each of ``abouts`` with its ``fields``
============================ ==================================================================

Enumerations and tuples of them are given as strings, as ``record_params`` makes them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from kouan.access.people import Account, Session, Token
from kouan.vocabulary.clock import Instant

if TYPE_CHECKING:
    from kouan.access.reads import ReadRecord, ReadsAsked
    from kouan.access.roster import DutiesAsked, Duty
    from kouan.access.shifts import Shift


class Answer(msgspec.Struct, frozen=True):
    """What a client was answered under an Idempotency-Key, so that the same request gets the same answer.

    ``request_sha256`` (hex) tells a repetition from another request under the same key.
    """

    username: str
    key: str
    request_sha256: str
    status: int
    body: bytes
    at: Instant


class Accounts(Protocol):
    """Reads accounts, sessions and tokens; they are written only by statements in ledger units."""

    async def find_account(self, username: str) -> Account | None:
        """Return one account."""
        ...

    async def find_subject(self, subject: str) -> Account | None:
        """Return the account of an identity provider's subject."""
        ...

    async def list_accounts(self) -> Sequence[Account]:
        """Return all accounts by username."""
        ...

    async def find_session(self, secret_sha256: str) -> Session | None:
        """Return one session, expired or not."""
        ...

    async def find_token(self, secret_sha256: str) -> Token | None:
        """Return one token, expired, revoked or not."""
        ...

    async def find_answer(self, username: str, key: str) -> Answer | None:
        """Return what was answered under an idempotency key."""
        ...

    async def find_shift(self, username: str) -> "Shift | None":
        """Return an officer's latest shift, open or not."""
        ...

    async def find_duty(self, number: str) -> "Duty | None":
        """Return one duty, cancelled or not."""
        ...

    async def find_duties(self, asked: "DutiesAsked", limit: int = 100) -> "Sequence[Duty]":
        """Return the duties that stand and reach into a span of time, by their start and number."""
        ...

    async def find_reads(self, asked: "ReadsAsked", limit: int = 100) -> "Sequence[ReadRecord]":
        """Return who read protected fields of which matters, as asked, newest first."""
        ...


class PasswordHasher(Protocol):
    """Hashes passwords so that a stolen table gives none away; slow on purpose, so nobody waits for it on the loop."""

    async def hash(self, password: str) -> str:
        """Return an encoded hash; raise Unavailable where too many are asked for at once."""
        ...

    async def verify(self, encoded: str, password: str) -> bool:
        """Say whether the password is the one that was hashed; raise Unavailable as ``hash`` does."""
        ...


def record_params(record: msgspec.Struct) -> Mapping[str, Any]:
    """Return a record's fields as the parameters of the statement that writes it."""
    return {name: _plain(getattr(record, name)) for name in record.__struct_fields__}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, str) else value
