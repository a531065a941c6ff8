"""What the vehicle's order machine holds, takes in and gives out."""

from collections.abc import Mapping

import msgspec

from kouan.protocols.vda5050.codec import Message
from kouan.protocols.vda5050.factsheet import Factsheet
from kouan.protocols.vda5050.factsheet_words import ActionScope
from kouan.protocols.vda5050.header import VERSION
from kouan.protocols.vda5050.order import Action, Edge, InstantActions, Node, Order
from kouan.protocols.vda5050.state import (
    ActionStatus,
    AgvPosition,
    BatteryState,
    Error,
    EStop,
    Load,
    OperatingMode,
    SafetyState,
    Velocity,
)
from kouan.protocols.vda5050.topics import Identity, Kind
from kouan.vocabulary.clock import SECOND, Instant

LONGEST_SILENCE_US = 30 * SECOND
"""A state is told at the latest after this time (section 6.10)."""

CENTRED_M = 0.5
"""How far from a node without a deviation of its own a vehicle still stands on it, in metres. Our choice."""


class Ability(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vehicle can perform a type of action, and whether it can break it off or halt it for a pause."""

    scopes: frozenset[ActionScope]
    interruptible: bool = True
    pausable: bool = True


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What never changes of a vehicle."""

    identity: Identity
    version: str = VERSION
    abilities: Mapping[str, Ability] = {}
    stops_between_nodes: bool = True
    takes_trajectories: bool = True
    takes_corridors: bool = True
    zone_set_id: str | None = None
    centred_m: float = CENTRED_M
    state_interval_us: int = LONGEST_SILENCE_US
    factsheet: Factsheet | None = None


class ActionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One action that the vehicle has been given; ``sequence_id`` is None for an instant action."""

    action: Action
    status: ActionStatus = ActionStatus.WAITING
    sequence_id: int | None = None
    triggered: bool = False
    result: str | None = None


class VehicleState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the order machine of a vehicle knows.

    ``nodes`` and ``edges`` are still to be driven; ``base_end`` is the last released node, the decision point, with
    its sequence id. ``entered`` is the edge on which the vehicle is. ``closed`` says that the order was cancelled or
    cleared and takes no update. Past ids are kept over a restart, so that late copies do nothing.
    """

    profile: Profile
    order_id: str = ""
    order_update_id: int = 0
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    base_end: tuple[str, int] | None = None
    closed: bool = False
    last_node_id: str = ""
    last_node_sequence_id: int = 0
    entered: int | None = None
    between: bool = False
    actions: tuple[ActionRecord, ...] = ()
    cancels: tuple[str, ...] = ()
    past_orders: tuple[str, ...] = ()
    past_actions: tuple[str, ...] = ()
    driving: bool = False
    paused: bool = False
    button: bool = False
    mode: OperatingMode = OperatingMode.AUTOMATIC
    battery: BatteryState = BatteryState(battery_charge=100.0, charging=False)
    safety: SafetyState = SafetyState(e_stop=EStop.NONE, field_violation=False)
    position: AgvPosition | None = None
    velocity: Velocity | None = None
    distance_m: float | None = None
    loads: tuple[Load, ...] | None = None
    faults: tuple[Error, ...] = ()
    warnings: tuple[Error, ...] = ()
    headers: Mapping[Kind, int] = {}
    told_at: Instant | None = None
    state_due: bool = False
    factsheet_due: bool = False


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes on a topic were no message: ``field`` and ``rule`` as the codec named them."""

    kind: Kind
    field: str
    rule: str
    mend: str


class ReachedNode(msgspec.Struct, frozen=True):
    """The vehicle drove over the next node of its base."""

    sequence_id: int


class LeftNode(msgspec.Struct, frozen=True):
    """The vehicle entered the next edge of its base."""

    sequence_id: int


class ActionProgressed(msgspec.Struct, frozen=True):
    """The machinery that performs an action says how far it is."""

    action_id: str
    status: ActionStatus
    result: str | None = None


class Drove(msgspec.Struct, frozen=True):
    """The vehicle began to move or came to a stand."""

    driving: bool


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The vehicle knows anew where it is and how fast."""

    position: AgvPosition | None = None
    velocity: Velocity | None = None
    distance_m: float | None = None


class Localized(msgspec.Struct, frozen=True):
    """The vehicle found itself standing on a node; an empty id means that it knows none."""

    node_id: str


class PauseButton(msgspec.Struct, frozen=True):
    """The pause button on the vehicle was pressed or released."""

    pressed: bool


class ModeChanged(msgspec.Struct, frozen=True):
    """Somebody switched the operating mode."""

    mode: OperatingMode


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Battery, safety, loads or faults changed; what is None stayed as it was."""

    battery: BatteryState | None = None
    safety: SafetyState | None = None
    loads: tuple[Load, ...] | None = None
    faults: tuple[Error, ...] | None = None


class Restarted(msgspec.Struct, frozen=True):
    """The vehicle's computer started anew: its order is forgotten."""


class Tick(msgspec.Struct, frozen=True):
    """Time passed."""


VehicleInput = (
    Order
    | InstantActions
    | Unreadable
    | ReachedNode
    | LeftNode
    | ActionProgressed
    | Drove
    | Moved
    | Localized
    | PauseButton
    | ModeChanged
    | Changed
    | Restarted
    | Tick
)


class Publish(msgspec.Struct, frozen=True):
    """Send this message."""

    message: Message


class StartAction(msgspec.Struct, frozen=True):
    """Begin to perform an action."""

    action: Action


class PauseAction(msgspec.Struct, frozen=True):
    """Halt an action, to go on with it later."""

    action_id: str


class ResumeAction(msgspec.Struct, frozen=True):
    """Go on with a halted action."""

    action_id: str


class AbortAction(msgspec.Struct, frozen=True):
    """Break an action off."""

    action_id: str


class TakePosition(msgspec.Struct, frozen=True, kw_only=True):
    """Take this place as the vehicle's own (metres, radians)."""

    x: float
    y: float
    theta: float
    map_id: str
    last_node_id: str


VehicleOutput = Publish | StartAction | PauseAction | ResumeAction | AbortAction | TakePosition

Stepped = tuple[VehicleState, tuple[VehicleOutput, ...]]
"""What every step returns."""
