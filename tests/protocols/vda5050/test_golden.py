"""Samples of every message as it travels; what is read from them and written again is the same to the byte."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.protocols.vda5050.samples import FULL, MINIMAL
from tests.protocols.vda5050.strategies import valid

from kouan.protocols.vda5050 import codec
from kouan.protocols.vda5050.topics import Kind

ROOT = Path(__file__).parent / "golden"
SAMPLES = {f"{codec.kind_of(message)}.full.json": message for message in FULL} | {
    f"{codec.kind_of(message)}.minimal.json": message for message in MINIMAL
}
FAULTY = {"blockingTypes"}
"""Fields whose published schema no value can keep: they are never written."""


def kind(name: str) -> Kind:
    return Kind(name.split(".")[0])


def leaves(node: Any) -> list[Any]:
    if isinstance(node, dict) and node:
        return [each for value in node.values() for each in leaves(value)]
    if isinstance(node, list) and node:
        return [each for value in node for each in leaves(value)]
    return [node]


def names(node: Any) -> set[str]:
    """Every property that a schema names."""
    if isinstance(node, list):
        return set().union(*map(names, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    return own.union(*(names(value) for key, value in node.items() if key not in {"required", "enum", "examples"}))


def keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*map(keys, node.values()))
    return set().union(*map(keys, node)) if isinstance(node, list) and node else set()


def test_every_message_has_a_full_and_a_minimal_sample():
    assert {path.name for path in ROOT.glob("*.json")} == SAMPLES.keys()
    assert len(SAMPLES) == 2 * len(Kind)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_and_written_to_the_same_bytes(name):
    payload = (ROOT / name).read_bytes()
    assert codec.decode(kind(name), payload) == SAMPLES[name]
    assert codec.encode(SAMPLES[name]) == payload


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_keeps_the_official_schema(name):
    valid(kind(name), (ROOT / name).read_bytes())


@pytest.mark.parametrize("name", [name for name in SAMPLES if ".full." in name])
def test_a_full_sample_leaves_nothing_out(name):
    document = json.loads((ROOT / name).read_bytes())
    assert not [leaf for leaf in leaves(document) if leaf is None or leaf in ("", [], {})]


@pytest.mark.parametrize("name", [name for name in SAMPLES if ".full." in name])
def test_a_full_sample_has_every_field_of_the_official_schema(name):
    from tests.protocols.vda5050.strategies import schema

    official = names(schema(kind(name)).schema)
    assert official - keys(json.loads((ROOT / name).read_bytes())) <= FAULTY
