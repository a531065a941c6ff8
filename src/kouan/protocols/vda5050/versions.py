"""Versions 2.0.0 and 3.0.0 as thin mappings to and from the messages of 2.1.0; what differs stands in the README."""

import enum
from typing import Any

import msgspec

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.vda5050 import codec, version_3
from kouan.protocols.vda5050.codec import Message
from kouan.protocols.vda5050.topics import Kind

_DOCUMENTS: JsonCodec[dict[str, Any]] = JsonCodec(dict[str, Any], codec.MAX_BYTES)


class Version(enum.StrEnum):
    """The versions that a vehicle may speak."""

    V2_0 = "2.0.0"
    V2_1 = "2.1.0"
    V3_0 = "3.0.0"

    @property
    def major(self) -> str:
        """The level of the topic that names the major version."""
        return f"v{self[0]}"


def encode(version: Version, message: Message) -> bytes:
    """Return a message as JSON of a version; raise InvalidValue if it breaks a rule of its type."""
    payload = codec.encode(message)
    if version is Version.V2_1:
        return payload
    kind, document = codec.kind_of(message), _DOCUMENTS.decode(payload)
    write = _write_2_0 if version is Version.V2_0 else version_3.write
    written = write(kind, document)
    if "version" in written:
        written["version"] = str(version)
    return msgspec.json.encode(written)


def decode(version: Version, kind: Kind, payload: bytes) -> Any:
    """Return the message of a topic; raise InvalidValue, and nothing else, for bytes that are not one."""
    if version is Version.V2_1:
        return codec.decode(kind, payload)
    document = _DOCUMENTS.decode(payload)
    read = _read_2_0 if version is Version.V2_0 else version_3.read
    return codec.decode(kind, msgspec.json.encode(read(kind, document)))


def _items(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _write_2_0(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what 2.1.0 added, and write what the schemas of 2.0.0 ask for beside the text."""
    match kind:
        case Kind.ORDER:
            for edge in _items(document, "edges"):
                edge.pop("corridor", None)
        case Kind.INSTANT_ACTIONS:
            for action in _items(document, "actions"):
                action["actionName"] = action["actionType"]
        case Kind.STATE:
            _write_state_2_0(document)
        case Kind.FACTSHEET:
            document.pop("vehicleConfig", None)
    return document


def _write_state_2_0(document: dict[str, Any]) -> None:
    document.pop("maps", None)
    for error in _items(document, "errors"):
        error.pop("errorHint", None)
    for edge in _items(document, "edgeStates"):
        for point in _items(edge.get("trajectory", {}), "controlPoints"):
            point.setdefault("weight", 1.0)
    for node in _items(document, "nodeStates"):
        if "theta" not in node.get("nodePosition", {"theta": 0.0}):
            del node["nodePosition"]


def _read_2_0(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """Take ``actionName`` for ``actionType``, as the schema of 2.0.0 calls it in instant actions."""
    if kind is Kind.INSTANT_ACTIONS:
        for action in _items(document, "actions"):
            if "actionName" in action:
                action.setdefault("actionType", action["actionName"])
    return document
