"""Tables of rows in dictionaries, with an undo log, so that what is done within a commit can be taken back."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from kouan.adapters.appending.store import FILLED_IN, Known
from kouan.vocabulary.errors import KouanError

Row = Mapping[str, Any]
Key = tuple[Any, ...]

_Undo = tuple[str, Key, Row | None]


class _Index:
    """Which keys of a table have which value in one column; where it is ``parted`` by blanks, which of its words."""

    def __init__(self, column: str, *, parted: bool) -> None:
        self._column = column
        self._parted = parted
        self._keys: dict[str, dict[Key, None]] = {}

    def change(self, key: Key, before: Row | None, after: Row | None) -> None:
        """Take note that a row came, changed or went."""
        old = () if before is None else self._words(before)
        new = () if after is None else self._words(after)
        if old == new:
            return
        for word in old:
            self._keys[word].pop(key, None)
        for word in new:
            self._keys.setdefault(word, {})[key] = None

    def keys(self, word: str) -> tuple[Key, ...]:
        """Return the keys of the rows that have a value or word, in the order in which they came to have it."""
        return tuple(self._keys.get(word, ()))

    def _words(self, row: Row) -> tuple[str, ...]:
        value = row[self._column]
        if value is None:
            return ()
        return tuple(value.split(" ")) if self._parted else (value,)


class Tables:
    """Named tables, each from keys to rows. A row is never changed in place: ``put`` replaces it."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[Key, Row]] = {}
        self._undo: list[_Undo] = []
        self._indices: dict[str, dict[tuple[str, bool], _Index]] = {}

    def get(self, table: str, *key: Any) -> Row | None:
        """Return the row under this key."""
        return self._tables.get(table, {}).get(key)

    def rows(self, table: str) -> Iterator[Row]:
        """Yield a table's rows in the order in which their keys first came."""
        yield from tuple(self._tables.get(table, {}).values())

    def where(self, table: str, column: str, value: str, *, parted: bool = False) -> list[Row]:
        """Return the rows that have a value in a column, or, where it is ``parted`` by blanks, a word.

        An index is kept from the first time on. The rows come in the order in which they came to have it.
        """
        indices = self._indices.setdefault(table, {})
        rows = self._tables.setdefault(table, {})
        index = indices.get((column, parted))
        if index is None:
            index = indices[column, parted] = _Index(column, parted=parted)
            for key, row in rows.items():
                index.change(key, None, row)
        return [rows[key] for key in index.keys(value)]

    def put(self, table: str, row: Row, *key: Any) -> None:
        """Insert or replace the row under this key."""
        before = self._tables.setdefault(table, {}).get(key)
        self._undo.append((table, key, before))
        self._set(table, key, before, row)

    def delete(self, table: str, *key: Any) -> bool:
        """Delete the row under this key; say whether there was one."""
        before = self.get(table, *key)
        if before is None:
            return False
        self._undo.append((table, key, before))
        self._set(table, key, before, None)
        return True

    def mark(self) -> int:
        """Return a place in the undo log to which ``undo_to`` can go back."""
        return len(self._undo)

    def undo_to(self, mark: int) -> None:
        """Take back what was done since the mark."""
        while len(self._undo) > mark:
            table, key, row = self._undo.pop()
            self._set(table, key, self._tables[table].get(key), row)

    def settle(self) -> None:
        """Forget the undo log: what was done stands."""
        self._undo.clear()

    def _set(self, table: str, key: Key, before: Row | None, after: Row | None) -> None:
        if after is None:
            self._tables[table].pop(key, None)
        else:
            self._tables[table][key] = after
        for index in self._indices.get(table, {}).values():
            index.change(key, before, after)


StatementFunction = Callable[[Tables, Row], int]
"""Applies a statement's parameters, ``port`` among them, to the tables; returns how many rows it changed or found."""


class NamedStatement(msgspec.Struct, frozen=True):
    """What a statement's name stands for in memory: the function, and the parameters that it must be given.

    ``fills_sequences`` asks the store for the numbers of the unit's entries in other streams than ``passage``.
    """

    apply: StatementFunction
    takes: frozenset[str]
    fills_sequences: bool = False


GUARDS: dict[str, NamedStatement] = {}
EFFECTS: dict[str, NamedStatement] = {}

_Register = Callable[[StatementFunction], StatementFunction]


def guard(name: str, *takes: str) -> _Register:
    """Register a function as the guard of this name, with the parameters that it takes."""
    return _register(GUARDS, name, takes)


def effect(name: str, *takes: str, fills_sequences: bool = False) -> _Register:
    """Register a function as the effect of this name, with the parameters that it takes."""
    return _register(EFFECTS, name, takes, fills_sequences=fills_sequences)


def _register(
    statements: dict[str, NamedStatement], name: str, takes: tuple[str, ...], *, fills_sequences: bool = False
) -> _Register:
    def keep(function: StatementFunction) -> StatementFunction:
        if name in GUARDS or name in EFFECTS:
            raise KouanError(f"the statement {name} has two functions")
        statements[name] = NamedStatement(function, frozenset(takes) - FILLED_IN, fills_sequences)
        return function

    return keep


@cache
def known_statements() -> Known:
    """Return the guards and effects that units may name; called once all are registered."""
    guards = {name: named.takes for name, named in GUARDS.items()}
    effects = {name: named.takes for name, named in EFFECTS.items()}
    return Known(guards, effects)
