"""An entry's bytes are canonical, and stay what they are for ever."""

import json
from pathlib import Path

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ledger.building import make_entries, make_entry

from kouan.ledger.entries import GENESIS, MAX_DEPTH, MAX_INTEGER, Entry, canonical, decode_entry
from kouan.ledger.merkle import leaf_hash, root_of
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import ContainerNumber
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import refuse

GOLDEN = Path(__file__).parent / "golden"

texts = st.text(max_size=12)
keys = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_a_body_is_encoded_as_rfc_8785_asks(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_what_was_encoded_reads_back_and_encodes_to_the_same_bytes(value):
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_structs_enums_and_identifiers_are_written_as_their_values():
    container = ContainerNumber.parse("CSQU3054383")
    body = {"direction": Direction.IN, "number": container, "verdict": refuse("seal.differs", found="X", place=2)}
    assert canonical(body) == (
        b'{"direction":"in","number":"CSQU3054383",'
        b'"verdict":{"reasons":[{"code":"seal.differs","params":{"found":"X","place":2}}],"type":"refused"}}'
    )


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("body", "rule", "field"),
    [
        ({"mass": 1.5}, "entry.float", "body.mass"),
        ({"mass": float("nan")}, "entry.float", "body.mass"),
        ({"a": [1, {"b": 2.0}]}, "entry.float", "body.a.1.b"),
        (1e300, "entry.float", "body"),
        ({"n": MAX_INTEGER + 1}, "entry.integer", "body.n"),
        ({"n": -MAX_INTEGER - 1}, "entry.integer", "body.n"),
        ({"n": 2**80}, "entry.integer", "body.n"),
        ({"😀": 1}, "entry.key", "body"),
        ({"a": "\ud800"}, "entry.text", "body"),
        ({1: "a"}, "entry.key", "body"),
        ({"a": object()}, "entry.type", "body"),
        (nested(MAX_DEPTH + 1), "entry.depth", None),
    ],
)
def test_what_has_no_exact_form_is_refused_with_its_place(body, rule, field):
    with pytest.raises(InvalidValue) as refused:
        canonical(body)
    assert refused.value.rule == rule
    assert field is None or refused.value.field == field


def test_nesting_up_to_the_limit_is_accepted():
    assert canonical(nested(MAX_DEPTH)) == b"[" * MAX_DEPTH + b"]" * MAX_DEPTH


@given(values, texts, texts, st.integers(0, MAX_INTEGER))
def test_an_entry_reads_back_from_its_bytes(body, key, stream, at):
    entry = Entry(at, msgspec.Raw(canonical(body)), 3, key, "gate.evidence/1", "ganqimaodu", GENESIS, 1, stream)
    again = decode_entry(entry.encode())
    assert again.encode() == entry.encode()
    assert bytes(again.body) == canonical(body)
    assert again.hash == entry.hash == leaf_hash(entry.encode()).hex() == entry.leaf.hex()
    assert entry.encode() == rfc8785.dumps(json.loads(entry.encode()))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b'"at":', b'"at": '),
        lambda data: data.replace(b'"at":1000', b'"at":1e3'),
        lambda data: data.replace(b'"v":1', b'"v":2'),
        lambda data: data.replace(b',"v":1', b""),
        lambda data: data.replace(b'"v":1', b'"v":1,"w":1'),
        lambda data: data.replace(b'"epoch":1', b'"epoch":-1'),
        lambda data: data.replace(b'"epoch":1', b'"epoch":9007199254740992'),
        lambda data: data.replace(b'"mass_kg":1001', b'"mass_kg":1001.0'),
        lambda data: data.replace(b'"mass_kg":1001', b'"mass_kg":-0'),
        lambda data: data.replace(b'"note":""', b'"note":"\\u0041"'),
        lambda data: data.replace(b'"note":""', b'"a":""'),
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"passage", b"passag\xff"),
        lambda data: b"[" * 100_000,
        lambda data: b"null",
        lambda data: b"",
    ],
)
def test_bytes_that_are_not_the_canonical_form_are_refused(change):
    data = make_entry(1, GENESIS).encode()
    assert change(data) != data
    with pytest.raises(InvalidValue, match=r"entry\."):
        decode_entry(change(data))


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused_and_raise_nothing_else(data):
    with pytest.raises(InvalidValue):
        decode_entry(data)


def test_an_entry_links_to_the_one_before():
    first, second = make_entries(2)
    assert (first.prev, second.prev) == (GENESIS, first.hash)


def test_golden_entries_keep_their_bytes_and_hashes_for_ever():
    golden = json.loads((GOLDEN / "hashes.json").read_text("utf-8"))
    lines = (GOLDEN / "entries.jsonl").read_bytes().splitlines()
    entries = [decode_entry(line) for line in lines]
    assert [entry.hash for entry in entries] == golden["hashes"]
    assert root_of(entry.leaf for entry in entries).hex() == golden["root"]
    assert [entry.prev for entry in entries] == [GENESIS, *golden["hashes"][:-1]]
    assert [entry.encode() for entry in entries] == lines
