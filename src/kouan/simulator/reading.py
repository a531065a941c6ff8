"""Typed values from parsed TOML, with errors that name the field."""

from typing import Any, TypeVar

import msgspec

from kouan.vocabulary.errors import InvalidValue

T = TypeVar("T")


def read_as(kind: type[T], data: Any, rule: str) -> T:
    """Return ``data`` as ``kind``; raise InvalidValue under ``rule``, naming the field that does not fit."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `")
        raise InvalidValue(place.rstrip("`").removeprefix("$.") or "$", rule, told) from error
