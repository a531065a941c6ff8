"""Access's statements and records in memory; see ``access.roles`` for what each statement does."""

from collections.abc import Sequence

import msgspec

from kouan.access.people import Account, Agency, Session, Token
from kouan.access.reads import ReadRecord, ReadsAsked
from kouan.access.roles import Answer
from kouan.access.roster import DutiesAsked, Duty
from kouan.access.shifts import Shift
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.adapters.memory.tables import Row, Tables, effect, guard
from kouan.vocabulary.errors import Conflict


@effect("access.save_account", *Account.__struct_fields__)
def save_account(tables: Tables, row: Row) -> int:
    """Insert or replace an account."""
    for other in tables.rows("access_accounts"):
        same = other["port"] == row["port"] and other["subject"] == row["subject"] is not None
        if same and other["username"] != row["username"]:
            raise Conflict(f"the subject is that of {other['username']}")
    tables.put("access_accounts", row, row["port"], row["username"])
    return 1


@effect("access.open_session", *Session.__struct_fields__)
def open_session(tables: Tables, row: Row) -> int:
    """Insert a session."""
    if tables.get("access_sessions", row["port"], row["secret_sha256"]):
        raise Conflict("the session is open already")
    tables.put("access_sessions", row, row["port"], row["secret_sha256"])
    return 1


@guard("access.step_up", "secret_sha256", "stepped_up_at")
def step_up(tables: Tables, row: Row) -> int:
    """Note when a session's password was given again; refused where there is no such session."""
    before = tables.get("access_sessions", row["port"], row["secret_sha256"])
    if before is None:
        return 0
    tables.put("access_sessions", {**before, **row}, row["port"], row["secret_sha256"])
    return 1


@guard("access.close_session", "secret_sha256")
def close_session(tables: Tables, row: Row) -> int:
    """Delete a session; refused where there is none."""
    return int(tables.delete("access_sessions", row["port"], row["secret_sha256"]))


@effect("access.save_token", *Token.__struct_fields__)
def save_token(tables: Tables, row: Row) -> int:
    """Insert or replace a token."""
    tables.put("access_tokens", row, row["port"], row["secret_sha256"])
    return 1


@guard("access.keep_answer", *Answer.__struct_fields__)
def keep_answer(tables: Tables, row: Row) -> int:
    """Keep what was answered under an idempotency key; refused where something was."""
    key = (row["port"], row["username"], row["key"])
    if tables.get("access_answers", *key):
        return 0
    tables.put("access_answers", row, *key)
    return 1


@guard("access.plan_duty", *Duty.__struct_fields__)
def plan_duty(tables: Tables, row: Row) -> int:
    """Insert a duty; refused where its person has one in that time that stands."""
    if tables.get("access_duties", row["port"], row["number"]):
        return 0
    for other in tables.rows("access_duties"):
        theirs = (other["port"], other["username"]) == (row["port"], row["username"]) and other["cancelled_at"] is None
        if theirs and other["starts_at"] < row["until"] and row["starts_at"] < other["until"]:
            return 0
    tables.put("access_duties", row, row["port"], row["number"])
    return 1


@guard("access.cancel_duty", "number", "cancelled_by", "cancelled_at")
def cancel_duty(tables: Tables, row: Row) -> int:
    """Note that a duty was cancelled; refused where it was, or is over."""
    before, at = tables.get("access_duties", row["port"], row["number"]), row["cancelled_at"]
    if before is None or before["cancelled_at"] is not None or before["until"] <= at:
        return 0
    tables.put("access_duties", {**before, **row}, row["port"], row["number"])
    return 1


@effect("access.end_duty_shift", "username", "duty", "closed_at")
def end_duty_shift(tables: Tables, row: Row) -> int:
    """Close the shift that is open on a duty, if one is."""
    shift = tables.get("access_shifts", row["port"], row["username"])
    if shift is None or shift["duty"] != row["duty"] or shift["closed_at"] is not None:
        return 0
    tables.put("access_shifts", {**shift, "closed_at": row["closed_at"]}, row["port"], row["username"])
    return 1


@guard("access.open_shift", *Shift.__struct_fields__)
def open_shift(tables: Tables, row: Row) -> int:
    """Insert or replace an officer's shift; refused while one is open, and where its duty does not stand."""
    before = tables.get("access_shifts", row["port"], row["username"])
    duty = tables.get("access_duties", row["port"], row["duty"] or "")
    if duty is None or duty["cancelled_at"] is not None:
        return 0
    if before is not None and before["closed_at"] is None and before["until"] > row["opened_at"]:
        return 0
    tables.put("access_shifts", row, row["port"], row["username"])
    return 1


@guard("access.close_shift", "username", "closed_at")
def close_shift(tables: Tables, row: Row) -> int:
    """Note when an officer's open shift ended; refused where none is open."""
    before = tables.get("access_shifts", row["port"], row["username"])
    if before is None or before["closed_at"] is not None or before["until"] <= row["closed_at"]:
        return 0
    tables.put("access_shifts", {**before, **row}, row["port"], row["username"])
    return 1


@effect("access.note_reads", "key", "at", "username", "agency", "purpose", "abouts", "fields")
def note_reads(tables: Tables, row: Row) -> int:
    """Note that protected fields of some matters were read."""
    same = {name: value for name, value in row.items() if name not in ("abouts", "fields")}
    for about, fields in zip(row["abouts"], row["fields"], strict=True):
        if tables.get("access_reads", row["port"], about, row["key"]):
            raise Conflict("the read is noted already")
        tables.put("access_reads", {**same, "about": about, "fields": fields}, row["port"], about, row["key"])
    return len(row["abouts"])


class MemoryAccounts:
    """The Accounts role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find_account(self, username: str) -> Account | None:
        """Return one account."""
        row = self._records.row("access_accounts", username)
        return None if row is None else _account(row)

    async def find_subject(self, subject: str) -> Account | None:
        """Return the account of an identity provider's subject."""
        return next((account for account in await self.list_accounts() if account.subject == subject), None)

    async def list_accounts(self) -> Sequence[Account]:
        """Return all accounts by username."""
        accounts = [_account(row) for row in self._records.rows("access_accounts")]
        return sorted(accounts, key=lambda account: account.username)

    async def find_session(self, secret_sha256: str) -> Session | None:
        """Return one session, expired or not."""
        return self._records.one("access_sessions", Session, secret_sha256)

    async def find_token(self, secret_sha256: str) -> Token | None:
        """Return one token, expired, revoked or not."""
        return self._records.one("access_tokens", Token, secret_sha256)

    async def find_answer(self, username: str, key: str) -> Answer | None:
        """Return what was answered under an idempotency key."""
        return self._records.one("access_answers", Answer, username, key)

    async def find_shift(self, username: str) -> Shift | None:
        """Return an officer's latest shift, open or not."""
        found = self._records.one("access_shifts", Shift, username)
        return None if found is None else msgspec.structs.replace(found, agency=Agency(found.agency))

    async def find_duty(self, number: str) -> Duty | None:
        """Return one duty, cancelled or not."""
        found = self._records.one("access_duties", Duty, number)
        return None if found is None else msgspec.structs.replace(found, agency=Agency(found.agency))

    async def find_duties(self, asked: DutiesAsked, limit: int = 100) -> Sequence[Duty]:
        """Return the duties that stand and reach into a span of time, by their start and number."""
        found = [each for each in self._records.all("access_duties", Duty) if _stands(each, asked)]
        duties = [msgspec.structs.replace(each, agency=Agency(each.agency)) for each in found]
        return sorted(duties, key=lambda each: (each.starts_at, each.number))[:limit]

    async def find_reads(self, asked: ReadsAsked, limit: int = 100) -> Sequence[ReadRecord]:
        """Return who read protected fields of which matters, as asked, newest first."""
        found = self._records.all("access_reads", ReadRecord)
        reads = [msgspec.structs.replace(each, agency=Agency(each.agency)) for each in found if _asked(each, asked)]
        return sorted(reads, key=lambda each: (each.at, each.key, each.about), reverse=True)[:limit]


def _stands(duty: Duty, asked: DutiesAsked) -> bool:
    named = asked.username in (None, duty.username) and asked.agency in (None, duty.agency)
    return named and duty.cancelled_at is None and duty.starts_at < asked.before and asked.since < duty.until


def _asked(read: ReadRecord, asked: ReadsAsked) -> bool:
    named = all(
        wanted is None or getattr(read, name) == wanted
        for name, wanted in (("about", asked.about), ("username", asked.username), ("purpose", asked.purpose))
    )
    return named and (asked.since or read.at) <= read.at and (asked.before is None or read.at < asked.before)


def _account(row: Row) -> Account:
    return msgspec.convert({name: row[name] for name in Account.__struct_fields__}, Account)
