"""Which table is asked: the one in force, read once for each day and each change of what it rests on."""

from collections.abc import Callable

import msgspec

from kouan.inspection.rules.document import LISTS, Kind
from kouan.inspection.rules.facts import Facts, check_facts
from kouan.inspection.rules.roles import Asked, RuleDocuments
from kouan.inspection.rules.shelf import lists_in_force
from kouan.inspection.rules.table import Row, Table, read_table
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import day_of
from kouan.vocabulary.errors import Corrupt, InvalidValue

Evaluation = Callable[[Facts], tuple[Row, ...]]
Compile = Callable[[Table], Evaluation]


def plain(table: Table) -> Evaluation:
    """Return a table that is evaluated row by row, without an engine."""
    return table.evaluate


class _Prepared(msgspec.Struct, frozen=True):
    rests_on: tuple[object, ...]
    table: Table
    evaluate: Evaluation


class TablesInForce:
    """Plays ``DecisionTables``; ``compile_table`` makes of a checked table what evaluates it."""

    def __init__(self, documents: RuleDocuments, compile_table: Compile = plain) -> None:
        self._documents = documents
        self._compile = compile_table
        self._prepared: dict[str, _Prepared] = {}

    def evaluate(self, name: str, facts: Facts, at: Instant) -> Asked | None:
        """Return the rows that count; see ``DecisionTables``."""
        document = self._documents.in_force(Kind.TABLE, name, at)
        if document is None:
            return None
        lists = [self._documents.in_force(Kind.REFERENCE, each, at) for each in LISTS]
        rests_on = (document.digest, day_of(at), *(one and one.digest for one in lists))
        prepared = self._prepared.get(name)
        if prepared is None or prepared.rests_on != rests_on:
            prepared = self._prepared[name] = self._prepare(name, document.content, at, rests_on)
        check_facts(name, prepared.table.columns, facts)
        return Asked(prepared.evaluate(facts), document.reference, document.digest)

    def _prepare(self, name: str, content: bytes, at: Instant, rests_on: tuple[object, ...]) -> _Prepared:
        try:
            table = read_table(name, content, lists_in_force(self._documents, at))
        except InvalidValue as error:
            raise Corrupt(f"table {name} cannot be used: {error}") from error
        return _Prepared(rests_on, table, self._compile(table))
