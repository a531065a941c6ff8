"""The AsyncAPI 3.0 description of every channel, made from the catalogue and the message types.

``document()`` is the description, ``text()`` the same as YAML: what stands in ``docs/reference/asyncapi.yaml``.
"""

import json
from typing import Any

import msgspec

from kouan.protocols.catalogue import CHANNELS, DEVICES, Channel, Flow
from kouan.protocols.signed import UnverifiedCodec
from kouan.protocols.stream import Chunk

_REF = "#/components/schemas/{name}"

_ADDRESS = {
    "lane": "kouan/{{port}}/{{lane}}/{device}/{name}",
    "approach": "kouan/{{port}}/approach/{device}/{name}",
    "agency": "kouan/{{port}}/agency/{{authority}}/{name}",
    "hub": "kouan/{{port}}/hub/{name}",
}
_PARAMETERS = {
    "lane": ("port", "lane"),
    "approach": ("port",),
    "agency": ("port", "authority"),
    "hub": ("port",),
}
_OPERATION = {
    Flow.TO_PLATFORM: ("receive", "The platform receives; QoS 1 is stored before it is acknowledged."),
    Flow.FROM_PLATFORM: ("send", "The platform sends, at QoS 0 and again until answered or expired."),
    Flow.WITHIN_LANE: ("send", "The lane controller sends, at most once; the broker lets nobody else publish here."),
    Flow.TO_HUB: ("send", "The port sends to the hub over NATS, again until it is answered."),
    Flow.FROM_HUB: ("receive", "The port receives from the hub over NATS."),
}
_JOSE = "application/jose"
_BYTES = "application/octet-stream"

Node = dict[str, Any]

_SECURITY: Node = {
    "certificate": {
        "type": "X509",
        "description": "A client certificate of the port's own authority (kouan device enrol), and no user name. Its "
        "subject decides what may be published and heard: docs/how-to/connect-a-device.md.",
    },
    "nkey": {
        "type": "asymmetricEncryption",
        "description": "An NKey of the hub's list (kouan hub enrol), over TLS from the first byte on.",
    },
}


def document() -> Node:
    """Return the whole description, in the order of the catalogue."""
    channels = [channel for channel in CHANNELS.values() if channel.name != "status" or channel.place != "lane"]
    channels.append(_any_status())
    schemas, definitions = _schemas(channels)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kouan: devices, lane controllers, agencies and the hub of a region",
            "version": "1.0.0",
            "description": "MQTT 3.1.1 topics of a port; NATS carries the same as subjects, with dots for slashes.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {_name(channel): _channel(channel) for channel in channels},
        "operations": {_operation_name(channel): _operation(channel) for channel in channels},
        "components": {
            "securitySchemes": _SECURITY,
            "parameters": _parameters(),
            "messages": {_name(channel): _message(channel, schemas) for channel in channels},
            "schemas": definitions,
        },
    }


def _servers() -> Node:
    """Return where the channels are: a port's broker, and a region's hub."""
    return {
        "port": {
            "host": "broker.kouan:8883",
            "protocol": "secure-mqtt",
            "protocolVersion": "3.1.1",
            "description": "The broker of one port; another address is chosen when the port is opened.",
            "security": [{"$ref": "#/components/securitySchemes/certificate"}],
        },
        "hub": {
            "host": "hub.kouan:4223",
            "protocol": "nats",
            "description": "The server of a region's hub; the channels kouan/{port}/hub/… are here.",
            "security": [{"$ref": "#/components/securitySchemes/nkey"}],
        },
    }


def _any_status() -> Channel:
    """Return one channel for the status of all devices, which differ in nothing but the device's name."""
    found = CHANNELS["lane", DEVICES[0], "status"]
    return msgspec.structs.replace(found, device="{device}")


def _schemas(channels: list[Channel]) -> tuple[dict[str, Any], Node]:
    carried = [channel for channel in channels if channel.carries is not Chunk]
    made, definitions = msgspec.json.schema_components([channel.carries for channel in carried], ref_template=_REF)
    schemas = {_name(channel): _plain(schema) for channel, schema in zip(carried, made, strict=True)}
    return schemas, {name: _plain(definitions[name]) for name in sorted(definitions)}


def _plain(node: Any) -> Any:
    r"""Return the schema with Python's end anchor ``\Z`` as JSON Schema (ECMA 262) writes it: ``$``."""
    if isinstance(node, dict):
        return {
            key: value.replace("\\Z", "$") if key == "pattern" and isinstance(value, str) else _plain(value)
            for key, value in node.items()
        }
    return [_plain(item) for item in node] if isinstance(node, list | tuple) else node


def _name(channel: Channel) -> str:
    device = {"*": "agency", "{device}": "device"}.get(channel.device, channel.device)
    return f"{device}_{channel.name}"


def _operation_name(channel: Channel) -> str:
    return f"{_OPERATION[channel.flow][0]}_{_name(channel)}"


def _channel(channel: Channel) -> Node:
    names = (*_PARAMETERS[channel.place], *(("device",) if channel.device == "{device}" else ()))
    return {
        "address": _ADDRESS[channel.place].format(device=channel.device, name=channel.name),
        "description": channel.summary,
        "servers": [{"$ref": f"#/servers/{'hub' if channel.place == 'hub' else 'port'}"}],
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in names},
        "messages": {_name(channel): {"$ref": f"#/components/messages/{_name(channel)}"}},
    }


def _operation(channel: Channel) -> Node:
    action, description = _OPERATION[channel.flow]
    return {
        "action": action,
        "summary": channel.summary,
        "description": description,
        "channel": {"$ref": f"#/channels/{_name(channel)}"},
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retained, "bindingVersion": "0.2.0"}},
    }


def _message(channel: Channel, schemas: dict[str, Any]) -> Node:
    name = _name(channel)
    about: Node = {"name": name, "summary": channel.summary, "x-max-bytes": channel.codec.max_bytes}
    if channel.carries is Chunk:
        return {**about, "contentType": _BYTES, "payload": {"type": "string", "format": "binary"}}
    if isinstance(channel.codec, UnverifiedCodec):
        compact = {"type": "string", "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"}
        return {
            **about,
            "contentType": _JOSE,
            "payload": compact,
            "x-jws-typ": channel.signed,
            "x-signed": schemas[name],
        }
    return {**about, "contentType": "application/json", "payload": schemas[name]}


def _parameters() -> Node:
    return {
        "port": {"description": "The port's short name, as in ganqimaodu.", "examples": ["ganqimaodu"]},
        "lane": {"description": "The lane's name, as painted on the ground.", "examples": ["I1"]},
        "authority": {
            "description": "Who decides.",
            "enum": ["border_inspection", "customs", "site"],
        },
        "device": {"description": "A device of the lane, or its lane controller.", "enum": [*DEVICES, "controller"]},
    }


def text() -> str:
    """Return the description as YAML 1.2, with every string quoted as in JSON."""
    head = "# Generated by kouan.protocols.asyncapi: change the message types or the catalogue instead."
    return "\n".join((head, *_lines(document(), ""), ""))


def _lines(node: Node | list[Any], indent: str) -> list[str]:
    heads = [f"{indent}{key}:" for key in map(_key, node)] if isinstance(node, dict) else [f"{indent}-"] * len(node)
    values = node.values() if isinstance(node, dict) else node
    lines: list[str] = []
    for head, value in zip(heads, values, strict=True):
        if isinstance(value, dict | list) and value:
            lines.append(head)
            lines.extend(_lines(value, indent + "  "))
        else:
            lines.append(f"{head} {json.dumps(value, ensure_ascii=False)}")
    return lines


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)
