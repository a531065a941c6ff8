"""Version 3.0.0: fields that were renamed, and the few whose meaning changed."""

from collections.abc import Mapping
from typing import Any

from kouan.protocols.vda5050.topics import Kind
from kouan.protocols.vda5050.version_3_names import NAMES, Names

MODES = {"TEACH_IN": "TEACHIN", "STARTUP": "SERVICE", "INTERVENED": "MANUAL"}
"""Operating modes of 3.0.0 as those of 2.1.0. In the two that are new the master is not in control either."""

CONNECTIONS = {"CONNECTION_BROKEN": "CONNECTIONBROKEN", "HIBERNATING": "OFFLINE"}
"""Connections of 3.0.0 as those of 2.1.0: a vehicle that hibernates parted orderly and tells nothing."""

LEVELS = {"URGENT": "WARNING", "CRITICAL": "FATAL"}
"""Levels of errors of 3.0.0 as those of 2.1.0: after a CRITICAL one the order does not go on."""

KINEMATICS = {"DIFFERENTIAL": "DIFF", "OMNIDIRECTIONAL": "OMNI", "THREE_WHEEL": "THREEWHEEL"}
STATUSES = {"RETRIABLE": "PAUSED"}
"""An action that may be tried again has not ended."""

BLOCKING = {"SINGLE": "HARD"}
"""SINGLE lets drive and nothing else beside; 2.1.0 has nothing so narrow, so the vehicle also stands."""

INSTANT_ONLY = frozenset(
    {"startPause", "stopPause", "cancelOrder", "stateRequest", "factsheetRequest", "logReport", "initPosition"}
)
"""Actions whose states stand apart in 3.0.0, where the type tells that they are instant ones."""


def write(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of 2.1.0 as one of 3.0.0."""
    match kind:
        case Kind.ORDER:
            _write_order(document)
        case Kind.STATE:
            _write_state(document)
        case Kind.CONNECTION:
            _swap(document, "connectionState", {"CONNECTIONBROKEN": "CONNECTION_BROKEN"})
        case Kind.VISUALIZATION:
            document["referenceStateHeaderId"] = 0
            _child(document, "agvPosition").pop("mapDescription", None)
        case Kind.FACTSHEET:
            _swap(_child(document, "typeSpecification"), "agvKinematic", _inverse(KINEMATICS))
            _child(document, "physicalParameters").setdefault("heightMin", 0.0)
            _child(_child(document, "protocolLimits"), "maxStringLens").pop("enumLen", None)
            for action in _items(_child(document, "protocolFeatures"), "agvActions"):
                action |= {"pauseAllowed": "False", "cancelAllowed": "False"}
        case Kind.INSTANT_ACTIONS:
            pass
    return renamed(document, NAMES[kind])


def read(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of 3.0.0 as one of 2.1.0; whatever is not as it should be is left for the codec to refuse."""
    document = renamed(document, inverted(NAMES[kind]))
    match kind:
        case Kind.ORDER:
            _read_order(document)
        case Kind.INSTANT_ACTIONS:
            for action in _items(document, "actions"):
                _swap(action, "blockingType", BLOCKING)
        case Kind.STATE:
            _read_state(document)
        case Kind.CONNECTION:
            _swap(document, "connectionState", CONNECTIONS)
        case Kind.FACTSHEET:
            _read_factsheet(document)
        case Kind.VISUALIZATION:
            pass
    return document


def renamed(document: dict[str, Any], names: Names) -> dict[str, Any]:
    """Return a document with its fields renamed, at every depth that the names reach."""
    result = {}
    for key, value in document.items():
        name, below = names.get(key, (key, {}))
        result[name] = _below(value, below) if below else value
    return result


def _below(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_below(each, names) for each in value]
    return renamed(value, names) if isinstance(value, dict) else value


def inverted(names: Names) -> Names:
    """Return the names for the way back."""
    return {new: (old, inverted(below)) for old, (new, below) in names.items()}


def _items(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _child(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _swap(document: dict[str, Any], name: str, values: Mapping[str, str]) -> None:
    found = document.get(name)
    if isinstance(found, str):
        document[name] = values.get(found, found)


def _inverse(values: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in values.items()}


def _write_order(document: dict[str, Any]) -> None:
    document.pop("zoneSetId", None)
    for node in _items(document, "nodes"):
        place = _child(node, "nodePosition")
        place.pop("mapDescription", None)
        if "allowedDeviationXY" in place:
            radius = place["allowedDeviationXY"]
            place["allowedDeviationXY"] = {"a": radius, "b": radius, "theta": 0.0}
        if "allowedDeviationTheta" in place:
            place["allowedDeviationTheta"] = abs(place["allowedDeviationTheta"])
    for edge in _items(document, "edges"):
        del edge["startNodeId"], edge["endNodeId"]
        if "rotationAllowed" in edge:
            edge["reachOrientationBeforeEntering"] = not edge.pop("rotationAllowed")
        _swap(_child(edge, "corridor"), "corridorRefPoint", {"KINEMATICCENTER": "KINEMATIC_CENTER"})


def _read_order(document: dict[str, Any]) -> None:
    nodes, edges = _items(document, "nodes"), _items(document, "edges")
    for node in nodes:
        place = _child(node, "nodePosition")
        ellipse = _child(place, "allowedDeviationXY")
        if {"a", "b"} <= ellipse.keys() and all(isinstance(ellipse[axis], int | float) for axis in "ab"):
            place["allowedDeviationXY"] = min(ellipse["a"], ellipse["b"])
    for index, edge in enumerate(edges):
        for name, at in (("startNodeId", index), ("endNodeId", index + 1)):
            if at < len(nodes) and "nodeId" in nodes[at]:
                edge.setdefault(name, nodes[at]["nodeId"])
        first = edge.pop("reachOrientationBeforeEntering", None)
        if isinstance(first, bool):
            edge["rotationAllowed"] = not first
        _swap(_child(edge, "corridor"), "corridorRefPoint", {"KINEMATIC_CENTER": "KINEMATICCENTER"})
        _complete(_child(edge, "trajectory"))
    for part in (*nodes, *edges):
        for action in _items(part, "actions"):
            _swap(action, "blockingType", BLOCKING)


def _complete(curve: dict[str, Any]) -> None:
    """Give a curve the degree and the knots that 3.0.0 may leave out: a line of even pieces, held at both ends."""
    if not curve:
        return
    degree = curve.setdefault("degree", 1)
    points = len(_items(curve, "controlPoints"))
    if "knotVector" not in curve and isinstance(degree, int) and 1 <= degree < points:
        inner = points - degree
        curve["knotVector"] = [0.0] * degree + [i / inner for i in range(inner + 1)] + [1.0] * degree


def _write_state(document: dict[str, Any]) -> None:
    document.pop("zoneSetId", None)
    _swap(document, "operatingMode", {"TEACHIN": "TEACH_IN"})
    _swap(_child(document, "safetyState"), "eStop", {"AUTOACK": "MANUAL"})
    _child(document, "agvPosition").pop("mapDescription", None)
    states = _items(document, "actionStates")
    document["instantActionStates"] = [each for each in states if each.get("actionType") in INSTANT_ONLY]
    document["actionStates"] = [each for each in states if each.get("actionType") not in INSTANT_ONLY]


def _read_state(document: dict[str, Any]) -> None:
    _swap(document, "operatingMode", MODES)
    instants = document.pop("instantActionStates", [])
    if isinstance(instants, list) and isinstance(document.get("actionStates"), list):
        document["actionStates"] = [*document["actionStates"], *instants]
    for action in _items(document, "actionStates"):
        _swap(action, "actionStatus", STATUSES)
    for error in _items(document, "errors"):
        _swap(error, "errorLevel", LEVELS)
    for edge in _items(document, "edgeStates"):
        _complete(_child(edge, "trajectory"))


def _read_factsheet(document: dict[str, Any]) -> None:
    kind = _child(document, "typeSpecification")
    _swap(kind, "agvKinematic", KINEMATICS)
    kind.setdefault("agvKinematic", "THREEWHEEL")
    for action in _items(_child(document, "protocolFeatures"), "agvActions"):
        for name, unknown in (("actionScopes", "ZONE"), ("blockingTypes", "SINGLE")):
            if isinstance(action.get(name), list):
                action[name] = [each for each in action[name] if each != unknown]
