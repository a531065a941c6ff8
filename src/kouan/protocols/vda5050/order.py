"""What the master sends: orders and instant actions."""

import enum
from typing import Annotated, Any

import msgspec

from kouan.protocols.vda5050.header import Angle, Header, Part, Positive, Share, Whole


class BlockingType(enum.StrEnum):
    """What an action leaves possible: driving and others, others only, or nothing (section 6.12)."""

    NONE = "NONE"
    SOFT = "SOFT"
    HARD = "HARD"


class OrientationType(enum.StrEnum):
    """What the orientation on an edge is measured from."""

    GLOBAL = "GLOBAL"
    TANGENTIAL = "TANGENTIAL"


class CorridorReference(enum.StrEnum):
    """Which part of the vehicle stays within a corridor."""

    KINEMATICCENTER = "KINEMATICCENTER"
    CONTOUR = "CONTOUR"


class ActionParameter(Part, frozen=True, kw_only=True):
    """One argument of an action."""

    key: str
    value: bool | int | float | str | list[Any] | dict[str, Any]


class Action(Part, frozen=True, kw_only=True):
    """Something to do beside driving; ``action_id`` is unique for ever."""

    action_type: str
    action_id: str
    blocking_type: BlockingType
    action_description: str | None = None
    action_parameters: tuple[ActionParameter, ...] | None = None


class NodePosition(Part, frozen=True, kw_only=True):
    """Where a node lies on its map (metres, radians), and how far from it a vehicle may pass."""

    x: float
    y: float
    map_id: str
    theta: Angle | None = None
    allowed_deviation_xy: Positive | None = msgspec.field(default=None, name="allowedDeviationXY")
    allowed_deviation_theta: Angle | None = None
    map_description: str | None = None


class Node(Part, frozen=True, kw_only=True):
    """A point to drive over; ``released`` makes it part of the base."""

    node_id: str
    sequence_id: Whole
    released: bool
    actions: tuple[Action, ...]
    node_description: str | None = None
    node_position: NodePosition | None = None


class ControlPoint(Part, frozen=True, kw_only=True):
    """A control point of a curve, in metres; its weight is 1 where none is given."""

    x: float
    y: float
    weight: Positive | None = None


class Trajectory(Part, frozen=True, kw_only=True):
    """A curve to drive, as a NURBS of ``degree`` with one knot for each control point, and ``degree`` + 1 more."""

    degree: Annotated[int, msgspec.Meta(ge=1)]
    knot_vector: tuple[Share, ...]
    control_points: tuple[ControlPoint, ...]


class Corridor(Part, frozen=True, kw_only=True):
    """How far a vehicle may leave its edge to pass an obstacle, in metres."""

    left_width: Positive
    right_width: Positive
    corridor_ref_point: CorridorReference | None = None


class Edge(Part, frozen=True, kw_only=True):
    """A way from one node to the next: metres, metres a second, radians, radians a second."""

    edge_id: str
    sequence_id: Whole
    released: bool
    start_node_id: str
    end_node_id: str
    actions: tuple[Action, ...]
    edge_description: str | None = None
    max_speed: float | None = None
    max_height: float | None = None
    min_height: float | None = None
    orientation: Angle | None = None
    orientation_type: OrientationType | None = None
    direction: str | None = None
    rotation_allowed: bool | None = None
    max_rotation_speed: float | None = None
    length: float | None = None
    trajectory: Trajectory | None = None
    corridor: Corridor | None = None


class Order(Header, frozen=True, kw_only=True):
    """Nodes and edges to drive, or an update of them. ``order_rules.check`` holds it to the rules between its parts."""

    order_id: str
    order_update_id: Whole
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    zone_set_id: str | None = None


class InstantActions(Header, frozen=True, kw_only=True):
    """Actions to perform at once, whatever the order says."""

    actions: tuple[Action, ...]
