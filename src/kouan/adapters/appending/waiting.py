"""One caller's unit, and where its answer goes."""

import asyncio
from collections.abc import Mapping

from kouan.adapters.appending.store import Known
from kouan.ledger.roles import Appended, Draft, Statement, Unit, UnitRefused
from kouan.vocabulary.errors import InvalidValue

MAX_BODY_BYTES = 262_144
"""Longest body of an entry. Our choice: sixteen times the longest signed message, and raw bytes are kept bounded."""

MAX_NAME_CHARACTERS = 512
"""Longest kind, stream or key. Our choice: our MQTT topics are under 200, and a btree row holds 2,700 bytes."""


class Waiting:
    """A unit that waits for its commit until ``deadline_s`` on the loop's clock."""

    __slots__ = ("answer", "deadline_s", "unit")

    def __init__(self, unit: Unit, answer: "asyncio.Future[Appended | UnitRefused]", deadline_s: float) -> None:
        self.unit = unit
        self.answer = answer
        self.deadline_s = deadline_s

    def tell(self, answer: Appended | UnitRefused) -> None:
        """Give the caller the answer, unless it went away."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Give the caller the error, unless it went away."""
        if not self.answer.done():
            self.answer.set_exception(error)


def keys_of(unit: Unit) -> tuple[str, ...]:
    """Return the idempotency keys of a unit, in order."""
    return tuple([draft.key for draft in unit.drafts])


def check(unit: Unit, known: Known) -> None:
    """Raise InvalidValue where a unit cannot be recorded, before it can disturb those that it would be grouped with."""
    keys = keys_of(unit)
    if len(set(keys)) != len(keys):
        raise InvalidValue("unit.drafts", "ledger.keys_differ", "must each have a key of their own")
    for draft in unit.drafts:
        _check_draft(draft)
    for guard in unit.guards:
        _check_statement(guard, known.guards)
    for effect in unit.effects:
        _check_statement(effect, known.effects)


def _check_statement(statement: Statement, known: Mapping[str, frozenset[str]]) -> None:
    takes = known.get(statement.name)
    if takes is None:
        raise InvalidValue(statement.name, "statement.name", "must be a statement that is known for this use")
    if not takes <= statement.params.keys():
        lacking = ", ".join(sorted(takes - statement.params.keys()))
        raise InvalidValue(statement.name, "statement.parameters", f"must be given {lacking}")


def _check_draft(draft: Draft) -> None:
    for name, text in (("kind", draft.kind), ("stream", draft.stream), ("key", draft.key)):
        if not 0 < len(text) <= MAX_NAME_CHARACTERS or "\0" in text:
            mend = f"must have 1 to {MAX_NAME_CHARACTERS} characters, none of them NUL"
            raise InvalidValue(f"draft.{name}", "ledger.name", mend)
    if len(draft.body) > MAX_BODY_BYTES:
        raise InvalidValue("draft.body", "ledger.body_size", f"must be at most {MAX_BODY_BYTES} bytes")
    try:
        draft.body.decode()
    except UnicodeDecodeError as error:
        raise InvalidValue("draft.body", "ledger.body_text", "must be UTF-8") from error
