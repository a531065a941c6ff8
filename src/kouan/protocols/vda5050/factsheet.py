"""What a vehicle says of its type, once asked: the factsheet (section 6.15 of 2.1.0)."""

from typing import Any

import msgspec

from kouan.protocols.vda5050.factsheet_words import (
    ActionScope,
    AgvClass,
    AgvKinematic,
    LocalizationType,
    NavigationType,
    Support,
    ValueDataType,
    WheelType,
)
from kouan.protocols.vda5050.header import Part, Positive, Timestamp, Whole, instant
from kouan.protocols.vda5050.order import BlockingType
from kouan.protocols.vda5050.state import BoundingBoxReference, LoadDimensions


class TypeSpecification(Part, frozen=True, kw_only=True):
    """Class and abilities of the type; ``max_load_mass`` in kilograms."""

    series_name: str
    agv_kinematic: AgvKinematic
    agv_class: AgvClass
    max_load_mass: Positive
    localization_types: tuple[LocalizationType, ...]
    navigation_types: tuple[NavigationType, ...]
    series_description: str | None = None


class PhysicalParameters(Part, frozen=True, kw_only=True):
    """Speeds (m/s), accelerations (m/s²) and sizes (m)."""

    speed_min: float
    speed_max: float
    acceleration_max: float
    deceleration_max: float
    height_max: float
    width: float
    length: float
    height_min: float | None = None


class MaxStringLens(Part, frozen=True, kw_only=True):
    """Longest texts that the vehicle takes; absent or zero means no limit."""

    msg_len: int | None = None
    topic_serial_len: int | None = None
    topic_elem_len: int | None = None
    id_len: int | None = None
    id_numerical_only: bool | None = None
    enum_len: int | None = None
    load_id_len: int | None = None


class MaxArrayLens(Part, frozen=True, kw_only=True):
    """Longest lists that the vehicle takes or sends; absent or zero means no limit."""

    order_nodes: int | None = msgspec.field(default=None, name="order.nodes")
    order_edges: int | None = msgspec.field(default=None, name="order.edges")
    node_actions: int | None = msgspec.field(default=None, name="node.actions")
    edge_actions: int | None = msgspec.field(default=None, name="edge.actions")
    actions_actions_parameters: int | None = msgspec.field(default=None, name="actions.actionsParameters")
    instant_actions: int | None = None
    trajectory_knot_vector: int | None = msgspec.field(default=None, name="trajectory.knotVector")
    trajectory_control_points: int | None = msgspec.field(default=None, name="trajectory.controlPoints")
    state_node_states: int | None = msgspec.field(default=None, name="state.nodeStates")
    state_edge_states: int | None = msgspec.field(default=None, name="state.edgeStates")
    state_loads: int | None = msgspec.field(default=None, name="state.loads")
    state_action_states: int | None = msgspec.field(default=None, name="state.actionStates")
    state_errors: int | None = msgspec.field(default=None, name="state.errors")
    state_information: int | None = msgspec.field(default=None, name="state.information")
    error_error_references: int | None = msgspec.field(default=None, name="error.errorReferences")
    information_info_references: int | None = msgspec.field(default=None, name="information.infoReferences")


class Timing(Part, frozen=True, kw_only=True):
    """Intervals in seconds."""

    min_order_interval: float
    min_state_interval: float
    default_state_interval: float | None = None
    visualization_interval: float | None = None


class ProtocolLimits(Part, frozen=True, kw_only=True):
    """How much of the protocol the vehicle can take at a time."""

    max_string_lens: MaxStringLens
    max_array_lens: MaxArrayLens
    timing: Timing


class OptionalParameter(Part, frozen=True, kw_only=True):
    """An optional field of an order that the vehicle understands, by its full name."""

    parameter: str
    support: Support
    description: str | None = None


class ParameterDefinition(Part, frozen=True, kw_only=True):
    """A parameter of an action."""

    key: str
    value_data_type: ValueDataType
    description: str | None = None
    is_optional: bool | None = None


class AgvAction(Part, frozen=True, kw_only=True):
    """An action that the vehicle can perform. ``blocking_types`` is read and never written: see the README."""

    action_type: str
    action_scopes: tuple[ActionScope, ...]
    action_description: str | None = None
    action_parameters: tuple[ParameterDefinition, ...] | None = None
    result_description: str | None = None
    blocking_types: tuple[BlockingType, ...] | None = None


class ProtocolFeatures(Part, frozen=True, kw_only=True):
    """What of the protocol the vehicle understands."""

    optional_parameters: tuple[OptionalParameter, ...]
    agv_actions: tuple[AgvAction, ...]


class WheelPosition(Part, frozen=True, kw_only=True):
    """Where a wheel is in the vehicle's axes (metres, radians)."""

    x: float
    y: float
    theta: float | None = None


class WheelDefinition(Part, frozen=True, kw_only=True):
    """A wheel (metres)."""

    type: WheelType
    is_active_driven: bool
    is_active_steered: bool
    position: WheelPosition
    diameter: float
    width: float
    center_displacement: float | None = None
    constraints: str | None = None


class PolygonPoint(Part, frozen=True, kw_only=True):
    """A corner of an envelope in the vehicle's axes (metres)."""

    x: float
    y: float


class Envelope2d(Part, frozen=True, kw_only=True):
    """The vehicle's outline as a closed polygon."""

    set: str
    polygon_points: tuple[PolygonPoint, ...]
    description: str | None = None


class Envelope3d(Part, frozen=True, kw_only=True):
    """The vehicle's outline in space. A ``description`` in words is read and never written: see the README."""

    set: str
    format: str
    data: dict[str, Any] | None = None
    url: str | None = None
    description: str | int | None = None


class AgvGeometry(Part, frozen=True, kw_only=True):
    """Wheels and outlines."""

    wheel_definitions: tuple[WheelDefinition, ...] | None = None
    envelopes2d: tuple[Envelope2d, ...] | None = None
    envelopes3d: tuple[Envelope3d, ...] | None = None


class LoadSet(Part, frozen=True, kw_only=True):
    """A kind of load and what the vehicle may do under it (kg, m, rad, m/s, m/s², s)."""

    set_name: str
    load_type: str
    load_positions: tuple[str, ...] | None = None
    bounding_box_reference: BoundingBoxReference | None = None
    load_dimensions: LoadDimensions | None = None
    max_weight: float | None = None
    min_loadhandling_height: float | None = None
    max_loadhandling_height: float | None = None
    min_loadhandling_depth: float | None = None
    max_loadhandling_depth: float | None = None
    min_loadhandling_tilt: float | None = None
    max_loadhandling_tilt: float | None = None
    agv_speed_limit: float | None = None
    agv_acceleration_limit: float | None = None
    agv_deceleration_limit: float | None = None
    pick_time: float | None = None
    drop_time: float | None = None
    description: str | None = None


class LoadSpecification(Part, frozen=True, kw_only=True):
    """What the vehicle can carry."""

    load_positions: tuple[str, ...] | None = None
    load_sets: tuple[LoadSet, ...] | None = None


class NamedVersion(Part, frozen=True, kw_only=True):
    """The version of one part of the vehicle."""

    key: str
    value: str


class Network(Part, frozen=True, kw_only=True):
    """How the vehicle reaches the broker."""

    dns_servers: tuple[str, ...] | None = None
    local_ip_address: str | None = None
    ntp_servers: tuple[str, ...] | None = None
    netmask: str | None = None
    default_gateway: str | None = None


class VehicleConfig(Part, frozen=True, kw_only=True):
    """Versions and network of the vehicle."""

    versions: tuple[NamedVersion, ...] | None = None
    network: Network | None = None


class Factsheet(Part, frozen=True, kw_only=True):
    """All that a vehicle says of its type; in 2.1.0 header id and timestamp may be absent."""

    version: str
    manufacturer: str
    serial_number: str
    type_specification: TypeSpecification
    physical_parameters: PhysicalParameters
    protocol_limits: ProtocolLimits
    protocol_features: ProtocolFeatures
    agv_geometry: AgvGeometry
    load_specification: LoadSpecification
    header_id: Whole | None = None
    timestamp: Timestamp | None = None
    vehicle_config: VehicleConfig | None = None

    def __post_init__(self) -> None:
        """Refuse a timestamp that names no moment."""
        if self.timestamp is not None:
            instant(self.timestamp)
