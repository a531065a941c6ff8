"""Reads rows of the in-memory tables as the structs that the contexts' roles return."""

from typing import Any, TypeVar

import msgspec

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.tables import Row

Record = TypeVar("Record", bound=msgspec.Struct)


class Records:
    """One port's rows; every table's keys begin with the port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._disk = disk
        self._port = port

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table."""
        return [row for row in self._disk.tables.rows(table) if row["port"] == self._port]

    def row(self, table: str, *key: Any) -> Row | None:
        """Return the row under a key."""
        return self._disk.tables.get(table, self._port, *key)

    def all(self, table: str, form: type[Record]) -> list[Record]:
        """Return the rows of a table as structs."""
        return [_record(form, row) for row in self.rows(table)]

    def where(self, table: str, form: type[Record], column: str, value: str, *, parted: bool = False) -> list[Record]:
        """Return the rows as structs that have a value, or one of the words parted by blanks, in a column."""
        return [_record(form, row) for row in self.rows_where(table, column, value, parted=parted)]

    def rows_where(self, table: str, column: str, value: str, *, parted: bool = False) -> list[Row]:
        """Return the rows that have a value, or one of the words parted by blanks, in a column."""
        rows = self._disk.tables.where(table, column, value, parted=parted)
        return [row for row in rows if row["port"] == self._port]

    def one(self, table: str, form: type[Record], *key: Any) -> Record | None:
        """Return the row under a key as a struct."""
        row = self.row(table, *key)
        return None if row is None else _record(form, row)


def _record(form: type[Record], row: Row) -> Record:
    return form(*[row[name] for name in form.__struct_fields__])
