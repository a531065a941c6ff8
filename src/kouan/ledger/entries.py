"""Ledger entries and their canonical form.

An entry's bytes are JSON with sorted keys, no spaces and no floats, which is RFC 8785 for such values. Its hash is
the RFC 6962 leaf hash of those bytes, and ``prev`` is the hash of the entry before: one hash serves chain and tree.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from kouan.vocabulary.errors import InvalidValue

FORMAT = 1
"""Version of the entry's form; a change of any byte below is a new version."""

GENESIS = "0" * 64
"""``prev`` of a port's first entry."""

MAX_INTEGER = 2**53 - 1
"""Largest whole number that every JSON reader keeps exactly (RFC 8785 section 3.2.2.3, RFC 7493 section 2.2)."""

MAX_DEPTH = 32
"""Deepest nesting of a body. Our choice: evidence nests four deep."""

_BEYOND_BMP = re.compile(r"[\U00010000-\U0010ffff]")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recorded fact. Fields stand in the canonical (alphabetic) order.

    ``at`` is in microseconds since the epoch; ``epoch`` is the writer's fencing number; ``prev`` the hex hash of the
    entry before; ``seq`` counts from 1 without gaps; ``v`` is FORMAT.
    """

    at: int
    body: msgspec.Raw
    epoch: int
    key: str
    kind: str
    port: str
    prev: str
    seq: int
    stream: str
    v: int = FORMAT

    def encode(self) -> bytes:
        """Return the canonical bytes, over which the hash goes."""
        return _encode(self)

    @property
    def leaf(self) -> bytes:
        """The 32-byte leaf hash."""
        return sha256(b"\x00" + _encode(self)).digest()

    @property
    def hash(self) -> str:
        """The hex leaf hash."""
        return sha256(b"\x00" + _encode(self)).hexdigest()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


def decode_entry(data: bytes) -> Entry:
    """Return the entry of canonical bytes; raise InvalidValue (``entry.form``, ``entry.canonical``, …) for any other.

    What is returned encodes to the very same bytes.
    """
    entry = read_entry(data)
    require_canonical(entry, data)
    return entry


def read_entry(data: bytes) -> Entry:
    """Return the entry of JSON bytes, canonical or not; raise InvalidValue (``entry.form``)."""
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidValue("entry", "entry.form", f"is no entry: {str(error)[:120]}") from error


def require_canonical(entry: Entry, data: bytes | None = None) -> None:
    """Check that an entry, and the bytes it was read from, are in canonical form and of a known version.

    Raises InvalidValue: ``entry.version``, ``entry.range`` or ``entry.canonical``, or what ``canonical`` raises.
    """
    if entry.v != FORMAT:
        raise InvalidValue("v", "entry.version", f"must be {FORMAT}, not {entry.v}")
    for field, value in (("at", entry.at), ("epoch", entry.epoch), ("seq", entry.seq)):
        if not 0 <= value <= MAX_INTEGER:
            raise InvalidValue(field, "entry.range", f"must be from 0 to {MAX_INTEGER}")
    body = bytes(entry.body)
    try:
        again = canonical(msgspec.json.decode(body))
        whole = _encode(entry)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidValue("body", "entry.form", f"is no JSON: {str(error)[:120]}") from error
    if again != body or (data is not None and whole != data):
        raise InvalidValue("body" if again != body else "entry", "entry.canonical", "must be canonical JSON (RFC 8785)")


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a body (RFC 8785): keys sorted, no spaces, whole numbers only.

    Structs, enums and identifiers are written as their JSON values. Raises InvalidValue, whose field is the path in the
    body: ``entry.float``, ``entry.integer`` (beyond 2^53 − 1), ``entry.key``, ``entry.depth``, ``entry.type``, or
    ``entry.text`` (half of a surrogate pair).
    """
    try:
        plain = msgspec.to_builtins(value, order="sorted", enc_hook=_plain_text)
        _require_plain(plain, MAX_DEPTH)
        return _encode(plain)
    except InvalidValue as error:
        raise error.within("body") from None
    except UnicodeError as error:
        raise InvalidValue("body", "entry.text", "must be whole Unicode characters") from error
    except (TypeError, RecursionError) as error:
        raise InvalidValue("body", "entry.type", f"must be JSON values: {str(error)[:120]}") from error


def _plain_text(value: Any) -> str:
    """Write identifiers, which are subclasses of str, as plain text."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _require_plain(value: Any, depth: int) -> None:
    """Check one value; raise InvalidValue whose field is the path below it."""
    kind = type(value)
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise InvalidValue("", "entry.integer", f"must be within ±{MAX_INTEGER}")
    elif kind is dict:
        _require_plain_items(value.items(), depth)
        _require_keys(value)
    elif kind is list or kind is tuple:
        _require_plain_items(enumerate(value), depth)
    elif kind is float:
        raise InvalidValue("", "entry.float", "must be a whole number or text: entries hold no floats")
    elif kind not in _SIMPLE:
        raise InvalidValue("", "entry.type", f"must be a JSON value, not {kind.__name__}")


_SIMPLE = frozenset((str, bool, type(None)))


def _require_plain_items(items: Iterable[tuple[Any, Any]], depth: int) -> None:
    if depth == 0:
        raise InvalidValue("", "entry.depth", f"must nest at most {MAX_DEPTH} deep")
    for name, item in items:
        kind = type(item)
        if kind is not str and not (kind is int and -MAX_INTEGER <= item <= MAX_INTEGER):
            try:
                _require_plain(item, depth - 1)
            except InvalidValue as error:
                raise error.within(str(name)[:64]) from None


def _require_keys(value: dict[Any, Any]) -> None:
    """Check that keys stay within the BMP, where code points sort as RFC 8785's UTF-16 units do."""
    try:
        keys = "".join(value)
    except TypeError:
        keys = None
    if keys is None or (not keys.isascii() and _BEYOND_BMP.search(keys)):
        raise InvalidValue("", "entry.key", "keys must be text within the Basic Multilingual Plane")
