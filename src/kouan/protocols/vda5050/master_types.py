"""What the master's order machine holds for one vehicle, takes in and gives out."""

import enum
from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.protocols.vda5050.codec import Message
from kouan.protocols.vda5050.factsheet import Factsheet
from kouan.protocols.vda5050.header import VERSION
from kouan.protocols.vda5050.order import Action, BlockingType, Edge, Node
from kouan.protocols.vda5050.state import ActionStatus, Connection, ConnectionState, Error, State
from kouan.protocols.vda5050.topics import Identity, Kind
from kouan.vocabulary.clock import SECOND, Instant

RESEND_US = 5 * SECOND
"""An order that is not answered is sent again after this time. Our choice: a few round trips over a bad radio link."""

MESSAGE_LIFE_US = 60 * SECOND
"""Longest time that a message can be under way. Our choice: QoS 0 dies with its connection, and the heartbeat that
finds a dead one is about 15 s (section 6.14), with half as much again and a retry."""

SILENCE_US = 60 * SECOND
"""A vehicle that was not heard for so long is lost. Our choice: two of the 30 s in which it must speak (6.10)."""


class Held(msgspec.Struct, frozen=True):
    """Nodes and edges, by id, over which a vehicle may still drive or on which it may stand."""

    nodes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()

    def __or__(self, other: "Held") -> "Held":
        nodes, edges = (*self.nodes, *other.nodes), (*self.edges, *other.edges)
        return Held(tuple(dict.fromkeys(nodes)), tuple(dict.fromkeys(edges)))


class Path(msgspec.Struct, frozen=True):
    """Nodes and the edges between them: the base first, then the horizon."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    def base(self) -> "Path":
        """Return the released part."""
        nodes = tuple(node for node in self.nodes if node.released)
        return Path(nodes, tuple(edge for edge in self.edges if edge.released))

    def end(self) -> Node | None:
        """Return the last released node, at which the next update must begin."""
        released = self.base().nodes
        return released[-1] if released else None

    def since(self, sequence_id: int) -> "Path":
        """Return what follows a node, itself included."""
        nodes = tuple(node for node in self.nodes if node.sequence_id >= sequence_id)
        return Path(nodes, tuple(edge for edge in self.edges if edge.sequence_id > sequence_id))

    def joined(self, other: "Path | None") -> "Path":
        """Return the released part with an update stitched on, which replaces the horizon."""
        if other is None:
            return self
        base = self.base()
        return Path((*base.nodes, *other.nodes[1 if base.nodes else 0 :]), (*base.edges, *other.edges))

    def held(self) -> Held:
        """Return the ids of the released part."""
        base = self.base()
        return Held(tuple(node.node_id for node in base.nodes), tuple(edge.edge_id for edge in base.edges))


class Phase(enum.StrEnum):
    """How far an order is, as far as the master can know."""

    SENT = "sent"
    ACTIVE = "active"
    CANCELLING = "cancelling"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    LOST = "lost"

    @property
    def ended(self) -> bool:
        """Whether the vehicle drives no more by this order, unless it says otherwise later."""
        return self not in {Phase.SENT, Phase.ACTIVE, Phase.CANCELLING}


class Commanded(msgspec.Struct, frozen=True, kw_only=True):
    """One order: what the vehicle accepted of it, and the one update that it has not yet answered.

    ``path`` is what was accepted, from the last node that the vehicle is known to have reached. ``outstanding`` was
    sent and not accepted; ``refused`` says that the vehicle will not have it. ``queued`` waits for its acceptance.
    ``stands`` is where the vehicle came to a stand after a cancel. ``before`` is the order id and the last node that it
    told when this order was sent.
    """

    order_id: str
    phase: Phase
    start: int
    update_id: int = 0
    accepted: int | None = None
    path: Path = Path()
    outstanding: Path | None = None
    queued: Path | None = None
    refused: bool = False
    reached: int | None = None
    stands: Held | None = None
    zone_set_id: str | None = None
    before: tuple[str, str] = ("", "")
    sent_at: Instant
    resend_at: Instant

    def held(self) -> Held:
        """Return what the vehicle may still drive over or stand on by this order."""
        if self.stands is not None:
            return self.stands if self.outstanding is None else self.stands | self.outstanding.held()
        return self.path.joined(self.outstanding).held()

    def wanted_end(self) -> Node | None:
        """Return the node at which the next extension must begin."""
        for path in (self.queued, self.outstanding, self.path):
            if path is not None and path.end() is not None:
                return path.end()
        return None


class Fading(msgspec.Struct, frozen=True):
    """What a message that is perhaps still under way could grant, until it is surely dead."""

    held: Held
    until: Instant


class InstantRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An instant action: what the vehicle said of it (None: nothing yet), and when it is sent again."""

    action: Action
    status: ActionStatus | None = None
    result: str | None = None
    resend_at: Instant
    tries: int = 1
    given_up: bool = False

    @property
    def open(self) -> bool:
        """Whether something is still to be heard of it."""
        return not self.given_up and (self.status is None or not self.status.ended)


class Seen(msgspec.Struct, frozen=True):
    """The newest state by header id and timestamp (microseconds); nothing older than ``floor`` is believed."""

    header_id: int
    at: Instant
    floor: Instant = -(2**62)


class MasterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What never changes; ``session`` makes action ids unique and must be new with each start of the master."""

    identity: Identity
    session: str
    version: str = VERSION
    resend_us: int = RESEND_US
    message_life_us: int = MESSAGE_LIFE_US
    silence_us: int = SILENCE_US


class MasterState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the master knows of one vehicle; ``residual`` is where it stood before the order."""

    config: MasterConfig
    order: Commanded | None = None
    residual: Held = Held()
    fading: tuple[Fading, ...] = ()
    told: State | None = None
    heard_at: Instant | None = None
    seen: Seen | None = None
    connection: ConnectionState | None = None
    instants: tuple[InstantRecord, ...] = ()
    actions_made: int = 0
    factsheet: Factsheet | None = None
    headers: Mapping[Kind, int] = {}


class Assign(msgspec.Struct, frozen=True, kw_only=True):
    """Begin a new order; its id was never used before."""

    order_id: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    zone_set_id: str | None = None


class Extend(msgspec.Struct, frozen=True, kw_only=True):
    """Extend the base, or change the horizon alone, from the last node that was released."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()


class Cancel(msgspec.Struct, frozen=True):
    """Take the order back."""


class Perform(msgspec.Struct, frozen=True, kw_only=True):
    """Have an instant action performed."""

    action_type: str
    parameters: Mapping[str, Any] = {}
    blocking_type: BlockingType = BlockingType.NONE


class Placed(msgspec.Struct, frozen=True):
    """Somebody who can see the vehicle says where it stands: all else that it held is free."""

    held: Held


class Elapsed(msgspec.Struct, frozen=True):
    """Time passed."""


MasterInput = State | Connection | Factsheet | Assign | Extend | Cancel | Perform | Placed | Elapsed


class Send(msgspec.Struct, frozen=True):
    """Send this message."""

    message: Message


class Accepted(msgspec.Struct, frozen=True):
    """The vehicle took an order or an update."""

    order_id: str
    update_id: int


class Refused(msgspec.Struct, frozen=True):
    """The vehicle refused an order or an update; what it would grant is held until no copy can be under way."""

    order_id: str
    update_id: int
    errors: tuple[Error, ...]


class Passed(msgspec.Struct, frozen=True):
    """The vehicle has reached a node, or lies beyond it."""

    node_id: str
    sequence_id: int


class Ended(msgspec.Struct, frozen=True):
    """An order came to an end, or was found alive again (a phase that has not ended)."""

    order_id: str
    phase: Phase


class ActionTold(msgspec.Struct, frozen=True):
    """The vehicle said something new of an action, of the order or instant."""

    action_id: str
    status: ActionStatus
    result: str | None = None


class StrangeOrder(msgspec.Struct, frozen=True):
    """The vehicle drives by an order that this master did not give."""

    order_id: str


MasterOutput = Send | Accepted | Refused | Passed | Ended | ActionTold | StrangeOrder

Stepped = tuple[MasterState, tuple[MasterOutput, ...]]
"""What every step returns."""
