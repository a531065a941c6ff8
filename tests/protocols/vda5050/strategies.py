"""Hypothesis strategies made from the message types themselves, and the official schemas as oracle."""

import functools
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import msgspec.inspect
import pytest
from hypothesis import strategies as st

from kouan.protocols.vda5050.header import timestamp
from kouan.protocols.vda5050.state import ActionStatus
from kouan.protocols.vda5050.topics import Kind

VARIABLE = "KOUAN_VDA5050_SCHEMAS"
WORDS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TIMESTAMPS = st.integers(0, 4_000_000_000_000_000).map(timestamp)
SCALARS = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), NUMBERS, WORDS)
VALUES = st.recursive(SCALARS, lambda each: st.lists(each, max_size=2) | st.dictionaries(WORDS, each, max_size=2))


@functools.cache
def schema(kind: Kind) -> jsonschema.Draft202012Validator:
    """The official schema of a topic; without the schemas the test is skipped, but never in CI."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{VARIABLE} must name the folder of the official schemas")
        pytest.skip(f"{VARIABLE} does not name the folder of the official schemas")
    document = json.loads((Path(folder) / "2.1.0" / f"{kind}.schema").read_text("utf-8"))
    return jsonschema.Draft202012Validator(document)


def valid(kind: Kind, payload: bytes) -> None:
    """Hold a payload to the official schema of its topic."""
    schema(kind).validate(json.loads(payload))


def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Any values that the type allows."""
    info = msgspec.inspect.type_info(kind)
    fields = {
        field.name: TIMESTAMPS | st.none()
        if field.name == "timestamp" and not field.required
        else TIMESTAMPS
        if field.name == "timestamp"
        else VALUES
        if field.name == "value" and kind.__name__ == "ActionParameter"
        else _values(field.type)
        for field in info.fields
    }
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


def _values(kind: Any) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    match kind:
        case inspect.Metadata():
            return _values(kind.type)
        case inspect.StructType():
            return st.deferred(lambda: structs(kind.cls))
        case inspect.EnumType():
            # PAUSED is written as RUNNING: a test of its own shows it.
            return st.sampled_from([each for each in kind.cls if each is not ActionStatus.PAUSED])
        case inspect.UnionType():
            return st.one_of([_values(each) for each in kind.types])
        case inspect.VarTupleType():
            return st.lists(_values(kind.item_type), max_size=2).map(tuple)
        case inspect.DictType():
            return st.dictionaries(WORDS, SCALARS, max_size=2)
    return _scalars(kind)


def _scalars(kind: Any) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    match kind:
        case inspect.IntType():
            return st.integers(-(2**53) if kind.ge is None else kind.ge, 2**53 - 1 if kind.le is None else kind.le)
        case inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.StrType():
            return WORDS
    raise NotImplementedError(kind)
