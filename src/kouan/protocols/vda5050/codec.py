"""Messages of VDA 5050 2.1.0 as JSON."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from kouan.protocols.json_codec import JsonCodec, MessageT
from kouan.protocols.vda5050.factsheet import Factsheet
from kouan.protocols.vda5050.order import InstantActions, Order
from kouan.protocols.vda5050.state import ActionStatus, Connection, State, Visualization
from kouan.protocols.vda5050.topics import Kind
from kouan.vocabulary.errors import InvalidValue

MAX_BYTES = 1_048_576
"""Longest message in bytes. Our choice (the standard has none): 2,000 nodes and edges with positions are shorter."""

SHORT = 65_536
"""Longest message on connection and visualization in bytes. Our choice."""


def _not_finite(node: Any, path: str) -> Iterator[str]:
    match node:
        case float() if not math.isfinite(node):
            yield path
        case dict():
            for key, value in node.items():
                yield from _not_finite(value, f"{path}.{key}" if path else str(key))
        case list() | tuple():
            for index, value in enumerate(node):
                yield from _not_finite(value, f"{path}[{index}]")


class VehicleCodec(JsonCodec[MessageT]):
    """Writes exactly what the schema allows; reads it open to fields that nobody foresaw."""

    def encode(self, message: MessageT) -> bytes:
        """Return the message as JSON.

        Raises InvalidValue if it breaks a rule of its type, with ``field.finite`` if a number in it is none.
        """
        written = _exact(message)
        payload = super().encode(written)
        if self.decode(payload) != written:
            # JSON has no NaN: it would be written as null, and an optional field would be read as absent.
            path = next(_not_finite(msgspec.to_builtins(written), ""), "")
            raise InvalidValue(path, "field.finite", "must come back as it went, so be finite numbers and lists")
        return payload


def _exact(message: Any) -> Any:
    """Leave out what the text of 2.1.0 has and its schemas refuse (README, "Schemas against text")."""
    match message:
        case State(action_states=states) if any(each.action_status is ActionStatus.PAUSED for each in states):
            running = (
                msgspec.structs.replace(each, action_status=ActionStatus.RUNNING)
                if each.action_status is ActionStatus.PAUSED
                else each
                for each in states
            )
            return msgspec.structs.replace(message, action_states=tuple(running))
        case Factsheet():
            return _exact_factsheet(message)
    return message


def _exact_factsheet(message: Factsheet) -> Factsheet:
    replace = msgspec.structs.replace
    actions = tuple(replace(each, blocking_types=None) for each in message.protocol_features.agv_actions)
    features = replace(message.protocol_features, agv_actions=actions)
    geometry = message.agv_geometry
    if geometry.envelopes3d is not None:
        outlines = (
            replace(each, description=None) if isinstance(each.description, str) else each
            for each in geometry.envelopes3d
        )
        geometry = replace(geometry, envelopes3d=tuple(outlines))
    return replace(message, protocol_features=features, agv_geometry=geometry)


ORDERS: VehicleCodec[Order] = VehicleCodec(Order, MAX_BYTES)
INSTANT_ACTIONS: VehicleCodec[InstantActions] = VehicleCodec(InstantActions, MAX_BYTES)
STATES: VehicleCodec[State] = VehicleCodec(State, MAX_BYTES)
VISUALIZATIONS: VehicleCodec[Visualization] = VehicleCodec(Visualization, SHORT)
CONNECTIONS: VehicleCodec[Connection] = VehicleCodec(Connection, SHORT)
FACTSHEETS: VehicleCodec[Factsheet] = VehicleCodec(Factsheet, MAX_BYTES)

Message = Order | InstantActions | State | Visualization | Connection | Factsheet

CODECS: Mapping[Kind, VehicleCodec[Any]] = MappingProxyType(
    {
        Kind.ORDER: ORDERS,
        Kind.INSTANT_ACTIONS: INSTANT_ACTIONS,
        Kind.STATE: STATES,
        Kind.VISUALIZATION: VISUALIZATIONS,
        Kind.CONNECTION: CONNECTIONS,
        Kind.FACTSHEET: FACTSHEETS,
    }
)
"""The codec of each topic."""

_KINDS = {codec.message_type: kind for kind, codec in CODECS.items()}


def kind_of(message: Message) -> Kind:
    """Return the topic on which a message travels."""
    return _KINDS[type(message)]


def encode(message: Message) -> bytes:
    """Return any message as JSON of 2.1.0; raise InvalidValue if it breaks a rule of its type."""
    return CODECS[kind_of(message)].encode(message)


def decode(kind: Kind, payload: bytes) -> Any:
    """Return the message of a topic; raise InvalidValue, and nothing else, for bytes that are not one."""
    return CODECS[kind].decode(payload)
