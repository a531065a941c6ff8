"""How 3.0.0 calls the fields of 2.1.0: old name → new name and, for objects and lists of them, the names within."""

from collections.abc import Mapping
from typing import Any

from kouan.protocols.vda5050.topics import Kind

Names = Mapping[str, tuple[str, Any]]
"""Old name to new name, and the names within."""


def _within(name: str, below: Names, new: str | None = None) -> dict[str, tuple[str, Names]]:
    return {name: (new or name, below)}


def _plain(names: Mapping[str, str]) -> dict[str, tuple[str, Names]]:
    return {old: (new, {}) for old, new in names.items()}


_ACTIONS = _within("actions", _plain({"actionDescription": "actionDescriptor"}))
_NODES = _plain({"nodeDescription": "nodeDescriptor"})
_EDGES = _plain(
    {
        "edgeDescription": "edgeDescriptor",
        "maxSpeed": "maximumSpeed",
        "maxHeight": "maximumMobileRobotHeight",
        "minHeight": "minimumLoadHandlingDeviceHeight",
    }
)
_CORRIDOR = _within("corridor", _plain({"corridorRefPoint": "corridorReferencePoint"}))
_POSITION = _within("agvPosition", _plain({"positionInitialized": "localized"}), "mobileRobotPosition")

_STATE: Names = (
    _within("nodeStates", _NODES)
    | _within("edgeStates", _plain({"edgeDescription": "edgeDescriptor"}))
    | _within("maps", _plain({"mapDescription": "mapDescriptor"}))
    | _within("actionStates", _plain({"actionDescription": "actionDescriptor", "resultDescription": "actionResult"}))
    | _within(
        "instantActionStates", _plain({"actionDescription": "actionDescriptor", "resultDescription": "actionResult"})
    )
    | _within("batteryState", _plain({"batteryCharge": "stateOfCharge", "reach": "range"}), "powerSupply")
    | _within("information", _plain({"infoDescription": "infoDescriptor"}))
    | _within("safetyState", _plain({"eStop": "activeEmergencyStop"}))
    | _POSITION
)

_TYPE = _plain(
    {"agvKinematic": "mobileRobotKinematics", "agvClass": "mobileRobotClass", "maxLoadMass": "maximumLoadMass"}
)
_PHYSICAL = _plain(
    {
        "speedMin": "minimumSpeed",
        "speedMax": "maximumSpeed",
        "accelerationMax": "maximumAcceleration",
        "decelerationMax": "maximumDeceleration",
        "heightMin": "minimumHeight",
        "heightMax": "maximumHeight",
    }
)
_STRINGS = _plain(
    {
        "msgLen": "maximumMessageLength",
        "topicSerialLen": "maximumTopicSerialLength",
        "topicElemLen": "maximumTopicElementLength",
        "idLen": "maximumIdLength",
        "loadIdLen": "maximumLoadIdLength",
    }
)
_TIMING = _plain({"minOrderInterval": "minimumOrderInterval", "minStateInterval": "minimumStateInterval"})
_LIMITS = (
    _within("maxStringLens", _STRINGS, "maximumStringLengths")
    | _plain({"maxArrayLens": "maximumArrayLengths"})
    | _within("timing", _TIMING)
)
_FEATURES = _within("agvActions", _plain({"resultDescription": "actionResult"}), "mobileRobotActions")
_GEOMETRY = _within("envelopes2d", _plain({"set": "envelope2dId", "polygonPoints": "vertices"})) | _within(
    "envelopes3d", _plain({"set": "envelope3dId"})
)
_LOAD_SETS = _plain(
    {
        "maxWeight": "maximumWeight",
        "agvSpeedLimit": "maximumSpeed",
        "agvAccelerationLimit": "maximumAcceleration",
        "agvDecelerationLimit": "maximumDeceleration",
    }
    | {
        f"{short}Loadhandling{what}": f"{long}Loadhandling{what}"
        for short, long in (("min", "minimum"), ("max", "maximum"))
        for what in ("Height", "Depth", "Tilt")
    }
)
_FACTSHEET: Names = (
    _within("typeSpecification", _TYPE)
    | _within("physicalParameters", _PHYSICAL)
    | _within("protocolLimits", _LIMITS)
    | _within("protocolFeatures", _FEATURES)
    | _within("agvGeometry", _GEOMETRY, "mobileRobotGeometry")
    | _within("loadSpecification", _within("loadSets", _LOAD_SETS))
    | _plain({"vehicleConfig": "mobileRobotConfiguration"})
)

NAMES: Mapping[Kind, Names] = {
    Kind.ORDER: _within("nodes", _NODES | _ACTIONS) | _within("edges", _EDGES | _CORRIDOR | _ACTIONS),
    Kind.INSTANT_ACTIONS: _ACTIONS,
    Kind.STATE: _STATE,
    Kind.VISUALIZATION: _POSITION,
    Kind.CONNECTION: {},
    Kind.FACTSHEET: _FACTSHEET,
}
"""The names of each topic's message."""
