"""The one codec of all JSON messages: strict, bounded, and never raising anything but InvalidValue."""

import re
from typing import Any, Generic, TypeVar

import msgspec

from kouan.vocabulary.errors import InvalidValue

MessageT = TypeVar("MessageT")

SHOWN = 160
"""Longest part of a refusal that is shown, in characters. Our choice: the sender writes some of it."""

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`\Z")
_NAMED = re.compile(r"\AObject (?:missing required|contains unknown) field `(?P<name>.*)`\Z", re.DOTALL)
_RULES = (
    ("Object missing required field", "field.missing"),
    ("Object contains unknown field", "field.unknown"),
    ("matching regex", "field.form"),
    ("of length", "field.length"),
    ("Invalid enum value", "field.choice"),
    ("Invalid value", "field.choice"),
    (">=", "field.range"),
    ("<=", "field.range"),
    ("out of range", "field.range"),
    ("Expected", "field.type"),
)
"""How msgspec words its refusals, and what we call them; the first that fits names the rule."""


def _visible(text: str) -> str:
    shown = text[:SHOWN]
    return "".join(letter if letter.isprintable() else "?" for letter in shown)


def refusal(error: Exception) -> InvalidValue:
    """Return the InvalidValue that says what msgspec said: the field's path, the rule, and the mend.

    A text that is no JSON at all has no field and the rule ``json.form``.
    """
    if not isinstance(error, msgspec.ValidationError):
        return InvalidValue("", "json.form", _visible(f"must be one JSON document: {error}"))
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else ""
    said = text[: place.start()] if place else text
    named = _NAMED.match(said)
    if named:
        path = f"{path}.{named['name']}" if path else named["name"]
    rule = next((rule for words, rule in _RULES if words in said), "field.value")
    return InvalidValue(_visible(path), rule, _visible(said))


class JsonCodec(Generic[MessageT]):
    """Writes and reads one message type, or a union of tagged ones, as JSON of at most ``max_bytes`` bytes."""

    def __init__(self, message_type: Any, max_bytes: int) -> None:
        self.message_type = message_type
        self.max_bytes = max_bytes
        self._write = msgspec.json.Encoder().encode
        self._read = msgspec.json.Decoder(message_type).decode

    def encode(self, message: MessageT) -> bytes:
        """Return the message as JSON; raise InvalidValue if it breaks a rule that its reader would hold it to."""
        try:
            payload = self._write(message)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise InvalidValue("", "json.form", _visible(f"must be representable in JSON: {error}")) from error
        self.decode(payload)
        return payload

    def decode(self, payload: bytes) -> MessageT:
        """Return the message; raise InvalidValue, and nothing else, for bytes that are not one."""
        if len(payload) > self.max_bytes:
            raise InvalidValue("", "json.size", f"must be at most {self.max_bytes} bytes, not {len(payload)}")
        try:
            message: MessageT = self._read(payload)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise refusal(error) from error
        return message
