"""Samples of every message as it travels; what is read from them and written again is the same to the byte."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.protocols.strategies import ALL_TYPES, SIGNED, message_types

from kouan.protocols import asyncapi, jws
from kouan.protocols.lane_order import codec as lane_order
from kouan.protocols.radiation_portal.codec import LineReader, encode_line
from kouan.protocols.radiation_portal.messages import CountKind, CountLine, Garbled, SetupKind, SetupLine
from kouan.protocols.radiation_portal.occupancy import OccupancyReader
from kouan.protocols.weighbridge.codec import FrameReader, encode_frame

ROOT = Path(__file__).parent / "golden"
JSON = sorted(ROOT.glob("*/*.json"))
COMPACT = sorted(ROOT.glob("*/*.jws"))

PUBLIC = Ed25519PublicKey.from_public_bytes(
    bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
)
"""The public key of RFC 8037, appendix A.2; the signed samples are made with its private key (A.1)."""

SCHEMAS = asyncapi.document()["components"]["schemas"]
BY_TYPE = {kind.__name__: codec for codec in SIGNED.values() for kind in message_types(codec.json)}


def name(path: Path) -> str:
    return path.name.split(".")[0]


def identity(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def test_every_message_has_a_full_and_a_minimal_sample_and_an_order_one_to_an_exit_of_the_yard():
    kept = {f"{kind}.{which}.json" for kind in ALL_TYPES for which in ("full", "minimal")}
    assert {path.name for path in JSON} == kept | {"OpenOrder.exit.json"}
    assert {name(path) for path in COMPACT} == {*BY_TYPE, "PollAnswer"}


@pytest.mark.parametrize("path", JSON, ids=identity)
def test_a_json_sample_is_read_and_written_to_the_same_bytes(path):
    kind, codec = ALL_TYPES[name(path)]
    message = codec.decode(path.read_bytes())
    assert isinstance(message, kind)
    assert kind.__module__ == f"kouan.protocols.{path.parent.name}.messages"
    assert codec.encode(message) == path.read_bytes()


@pytest.mark.parametrize("path", JSON, ids=identity)
def test_a_json_sample_keeps_the_published_schema(path):
    definitions = json.loads(json.dumps(SCHEMAS).replace("#/components/schemas/", "#/$defs/"))
    schema = {"$ref": f"#/$defs/{name(path)}", "$defs": definitions}
    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_bytes()))


def leaves(node: Any) -> list[Any]:
    if isinstance(node, dict) and node:
        return [each for value in node.values() for each in leaves(value)]
    if isinstance(node, list) and node:
        return [each for value in node for each in leaves(value)]
    return [node]


@pytest.mark.parametrize("path", [path for path in JSON if ".full." in path.name], ids=identity)
def test_a_full_sample_leaves_nothing_out(path):
    assert not [leaf for leaf in leaves(json.loads(path.read_bytes())) if leaf is None or leaf in ("", [], {})]


@pytest.mark.parametrize("path", [path for path in JSON if ".minimal." in path.name], ids=identity)
def test_a_minimal_sample_means_the_same_without_its_optional_fields(path):
    kind, codec = ALL_TYPES[name(path)]
    document = json.loads(path.read_bytes())
    optional = {field.name for field in msgspec.structs.fields(kind) if not field.required}
    least = {key: value for key, value in document.items() if key not in optional}
    assert codec.decode(json.dumps(least).encode()) == codec.decode(path.read_bytes())


@pytest.mark.parametrize("path", COMPACT, ids=identity)
def test_a_signed_sample_verifies_and_carries_the_json_sample(path):
    payload = path.with_suffix(".json").read_bytes()
    least = ".minimal." in path.name
    port, region = ("a", "a") if least else ("ganqimaodu", "inner-mongolia")
    issuers = (
        f"platform:{port}",
        f"lane-controller:{port}",
        f"agency:customs:{port}",
        f"agency:site:{port}",
        f"hub:{region}",
    )
    keys = dict.fromkeys(issuers, PUBLIC)
    kind, codec = ALL_TYPES[name(path)]
    if name(path) == "PollAnswer":
        message: Any = lane_order.verify_poll_answer(keys, port, path.read_bytes())
        typ = lane_order.POLL_TYPE
    else:
        message, typ = BY_TYPE[name(path)].verify(keys, path.read_bytes()), BY_TYPE[name(path)].typ
    assert message == codec.decode(payload)
    assert isinstance(message, kind)
    assert jws.verify(keys, typ, path.read_bytes())[1] == payload


@pytest.mark.parametrize("which", ["full", "minimal"])
def test_the_frames_of_the_weighbridge_are_read_and_written_to_the_same_bytes(which):
    raw = (ROOT / "weighbridge" / f"{which}.bin").read_bytes()
    assert b"".join(encode_frame(frame) for frame in FrameReader().feed(raw)) == raw


@pytest.mark.parametrize("which", ["full", "minimal"])
def test_the_lines_of_the_portal_are_read_and_written_to_the_same_bytes(which):
    raw = (ROOT / "radiation_portal" / f"{which}.bin").read_bytes()
    lines = LineReader().feed(raw)
    assert not [line for line in lines if isinstance(line, Garbled)]
    assert b"".join(encode_line(line) for line in lines) == raw


def test_the_full_sample_of_the_portal_has_every_kind_of_line_and_one_occupancy():
    lines = LineReader().feed((ROOT / "radiation_portal" / "full.bin").read_bytes())
    assert {line.kind for line in lines if isinstance(line, CountLine)} == set(CountKind)
    assert {line.kind for line in lines if isinstance(line, SetupLine)} == set(SetupKind)
    reader = OccupancyReader()
    (occupancy,) = [found for line in lines if (found := reader.take(line, 0))]
    assert (occupancy.number, occupancy.gamma_alarm, occupancy.neutron_alarm) == (17, True, True)
    assert (occupancy.tamper, occupancy.incomplete, occupancy.faults) == (True, False, ())
    assert (occupancy.speed_mmps, occupancy.gamma_background_cps) == (1355, 886)
