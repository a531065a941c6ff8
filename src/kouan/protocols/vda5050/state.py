"""What the vehicle tells of itself: state, connection and visualization."""

import enum
from typing import Annotated

import msgspec

from kouan.protocols.vda5050.header import Header, Part, Positive, Share, Timestamp, Whole, instant
from kouan.protocols.vda5050.order import Trajectory

Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class OperatingMode(enum.StrEnum):
    """Who is in control of the vehicle: the master in the first two, a person in the others (section 6.10.6)."""

    AUTOMATIC = "AUTOMATIC"
    SEMIAUTOMATIC = "SEMIAUTOMATIC"
    MANUAL = "MANUAL"
    SERVICE = "SERVICE"
    TEACHIN = "TEACHIN"

    @property
    def by_master(self) -> bool:
        """Whether the vehicle drives by the master's orders in this mode."""
        return self in {OperatingMode.AUTOMATIC, OperatingMode.SEMIAUTOMATIC}


class ActionStatus(enum.StrEnum):
    """How far an action is (section 6.11). The text has PAUSED, the schemas of 2.x do not: see the README."""

    WAITING = "WAITING"
    INITIALIZING = "INITIALIZING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self in {ActionStatus.FINISHED, ActionStatus.FAILED}


class ErrorLevel(enum.StrEnum):
    """WARNING goes away by itself; FATAL needs a person at the vehicle."""

    WARNING = "WARNING"
    FATAL = "FATAL"


class InfoLevel(enum.StrEnum):
    """What an information is for."""

    INFO = "INFO"
    DEBUG = "DEBUG"


class EStop(enum.StrEnum):
    """How an emergency stop is acknowledged, or that there is none."""

    AUTOACK = "AUTOACK"
    MANUAL = "MANUAL"
    REMOTE = "REMOTE"
    NONE = "NONE"


class MapStatus(enum.StrEnum):
    """Whether a map is in use."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class Map(Part, frozen=True, kw_only=True):
    """A map that the vehicle holds."""

    map_id: str
    map_version: str
    map_status: MapStatus
    map_description: str | None = None


class StatePosition(Part, frozen=True, kw_only=True):
    """Where a node lies, as the vehicle repeats it (metres, radians)."""

    x: float
    y: float
    map_id: str
    theta: float | None = None


class NodeState(Part, frozen=True, kw_only=True):
    """A node that is still to be driven over."""

    node_id: str
    sequence_id: Whole
    released: bool
    node_description: str | None = None
    node_position: StatePosition | None = None


class EdgeState(Part, frozen=True, kw_only=True):
    """An edge that is still to be driven, or on which the vehicle is."""

    edge_id: str
    sequence_id: Whole
    released: bool
    edge_description: str | None = None
    trajectory: Trajectory | None = None


class AgvPosition(Part, frozen=True, kw_only=True):
    """Where the vehicle is on its map (metres, radians)."""

    x: float
    y: float
    theta: float
    map_id: str
    position_initialized: bool
    map_description: str | None = None
    localization_score: Share | None = None
    deviation_range: float | None = None


class Velocity(Part, frozen=True, kw_only=True):
    """How fast the vehicle moves in its own axes (metres a second, radians a second)."""

    vx: float | None = None
    vy: float | None = None
    omega: float | None = None


class BoundingBoxReference(Part, frozen=True, kw_only=True):
    """Centre of the underside of a load in the vehicle's axes (metres, radians)."""

    x: float
    y: float
    z: float
    theta: float | None = None


class LoadDimensions(Part, frozen=True, kw_only=True):
    """Size of a load in metres."""

    length: float
    width: float
    height: float | None = None


class Load(Part, frozen=True, kw_only=True):
    """A load on the vehicle; ``weight`` in kilograms."""

    load_id: str | None = None
    load_type: str | None = None
    load_position: str | None = None
    bounding_box_reference: BoundingBoxReference | None = None
    load_dimensions: LoadDimensions | None = None
    weight: Positive | None = None


class ActionState(Part, frozen=True, kw_only=True):
    """How far one action is."""

    action_id: str
    action_status: ActionStatus
    action_type: str | None = None
    action_description: str | None = None
    result_description: str | None = None


class BatteryState(Part, frozen=True, kw_only=True):
    """The battery: charge and health in per cent, voltage in volts, reach in metres."""

    battery_charge: float
    charging: bool
    battery_voltage: float | None = None
    battery_health: Percent | None = None
    reach: Positive | None = None


class Reference(Part, frozen=True, kw_only=True):
    """What an error or an information is about, as orderId or actionId."""

    reference_key: str
    reference_value: str


class Error(Part, frozen=True, kw_only=True):
    """An error that stands now."""

    error_type: str
    error_level: ErrorLevel
    error_references: tuple[Reference, ...] | None = None
    error_description: str | None = None
    error_hint: str | None = None


class Information(Part, frozen=True, kw_only=True):
    """Something to show; never to act on."""

    info_type: str
    info_level: InfoLevel
    info_references: tuple[Reference, ...] | None = None
    info_description: str | None = None


class SafetyState(Part, frozen=True, kw_only=True):
    """Emergency stop, and whether a protective field is broken."""

    e_stop: EStop
    field_violation: bool


class State(Header, frozen=True, kw_only=True):
    """All that a vehicle tells of itself (section 6.10.6).

    ``loads`` is absent where the vehicle cannot tell, and empty where it carries nothing.
    """

    order_id: str
    order_update_id: Whole
    last_node_id: str
    last_node_sequence_id: Whole
    node_states: tuple[NodeState, ...]
    edge_states: tuple[EdgeState, ...]
    driving: bool
    action_states: tuple[ActionState, ...]
    battery_state: BatteryState
    operating_mode: OperatingMode
    errors: tuple[Error, ...]
    safety_state: SafetyState
    maps: tuple[Map, ...] | None = None
    zone_set_id: str | None = None
    paused: bool | None = None
    new_base_request: bool | None = None
    distance_since_last_node: float | None = None
    agv_position: AgvPosition | None = None
    velocity: Velocity | None = None
    loads: tuple[Load, ...] | None = None
    information: tuple[Information, ...] | None = None


class ConnectionState(enum.StrEnum):
    """Whether the vehicle is connected to the broker; the last is the broker's word, by last will (section 6.14)."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    CONNECTIONBROKEN = "CONNECTIONBROKEN"


class Connection(Header, frozen=True, kw_only=True):
    """The vehicle's connection. In a last will, header id and timestamp are those of its making."""

    connection_state: ConnectionState


class Visualization(Part, frozen=True, kw_only=True):
    """Position and velocity for the eye, as often as the vehicle likes; every field may be absent."""

    header_id: Whole | None = None
    timestamp: Timestamp | None = None
    version: str | None = None
    manufacturer: str | None = None
    serial_number: str | None = None
    agv_position: AgvPosition | None = None
    velocity: Velocity | None = None

    def __post_init__(self) -> None:
        """Refuse a timestamp that names no moment."""
        if self.timestamp is not None:
            instant(self.timestamp)
