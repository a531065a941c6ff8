"""Loads the named SQL of ``queries/*.sql``.

A file holds queries, each under a head of comment lines: its name, what it may be used for, and one line that says what
it does::

    -- name: gate.open_visit
    -- use: guard
    -- Insert a visit, unless the vehicle has one open.
    INSERT INTO … RETURNING 1;

``use`` is ``guard`` or ``effect`` for what units may name (``ledger.roles.Statement``), else ``query``. A guard returns
a row where it holds; one that changes several tables is a list of WITH queries, of which ``guarded`` returns that row.
``fills: sequences`` asks the store for the numbers of the unit's entries in other streams than the parameter
``passage``, and skips the statement where there are none.
"""

import enum
import importlib.resources
import re
from collections.abc import Mapping
from functools import cache
from typing import LiteralString

import msgspec

from kouan.adapters.appending.store import FILLED_IN, Known
from kouan.vocabulary.errors import InvalidValue

_HEAD = re.compile(
    r"^-- name: (?P<name>[a-z_.]+)\n-- use: (?P<use>[a-z]+)\n(?P<fills>-- fills: sequences\n)?", re.MULTILINE
)

_PARAMETER = re.compile(r"%\((\w+)\)s")
_FOUND = "SELECT 1 FROM guarded"
_REQUIRE = "SELECT ledger_require(EXISTS (SELECT FROM guarded), %(place)s::int)"


class Use(enum.StrEnum):
    """What a query may be used for."""

    GUARD = "guard"
    EFFECT = "effect"
    QUERY = "query"


class Query(msgspec.Struct, frozen=True):
    """One named query; ``guarding`` is a guard's form that raises instead of returning no row.

    ``takes`` are the parameters that its caller gives: all but those that the store fills in.
    """

    name: str
    use: Use
    description: str
    sql: LiteralString
    guarding: LiteralString
    fills_sequences: bool
    takes: frozenset[str]


@cache
def queries() -> Mapping[str, Query]:
    """Return every named query, by name."""
    found: dict[str, Query] = {}
    folder = importlib.resources.files("kouan.adapters.postgres") / "queries"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        for query in parse(file.read_text(encoding="utf-8")):
            if query.name in found:
                raise InvalidValue(query.name, "queries.unique", "must be the name of one query only")
            found[query.name] = query
    return found


def sql(name: str) -> LiteralString:
    """Return the SQL of a named query."""
    return queries()[name].sql


def parse(text: str) -> list[Query]:
    """Return the queries of one file's text; raise InvalidValue where a head is not as described above."""
    heads = list(_HEAD.finditer(text))
    if len(heads) != text.count("-- name:"):
        raise InvalidValue("queries", "queries.head", "each must begin with a name and a use")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [_query(head, text[head.end() : end]) for head, end in zip(heads, ends, strict=True)]


def _query(head: re.Match[str], rest: str) -> Query:
    description, _, body = rest.partition("\n")
    if not description.startswith("-- "):
        raise InvalidValue(head["name"], "queries.description", "must have a line that says what it does")
    statement = body.strip().removesuffix(";")
    use = Use(head["use"])
    takes = frozenset(_PARAMETER.findall(statement)) - FILLED_IN
    guarding = ""
    if use == Use.GUARD:
        statement, guarding = _guard_forms(statement)
    return Query(
        head["name"], use, description.removeprefix("-- "), statement, guarding, head["fills"] is not None, takes
    )


def _guard_forms(statement: str) -> tuple[str, str]:
    """Return the form that returns no row where the guard refuses, and the form that raises."""
    guarded = statement if statement.startswith("WITH ") else f"WITH guarded AS ({statement})"
    return f"{guarded} {_FOUND}", f"{guarded} {_REQUIRE}"


@cache
def known_statements() -> Known:
    """Return the guards and effects that units may name."""
    guards = {name: query.takes for name, query in queries().items() if query.use == Use.GUARD}
    effects = {name: query.takes for name, query in queries().items() if query.use == Use.EFFECT}
    return Known(guards, effects)
