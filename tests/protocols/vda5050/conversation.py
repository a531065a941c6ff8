"""A vehicle and a master that talk over a bad link, and a world that knows where the vehicle really is."""

import random
from typing import Any

import msgspec

from kouan.protocols.vda5050 import codec, master_order, vehicle_order, vehicle_report
from kouan.protocols.vda5050.factsheet_words import ActionScope
from kouan.protocols.vda5050.master_types import (
    Assign,
    Cancel,
    Elapsed,
    Extend,
    MasterConfig,
    MasterState,
    Perform,
    Send,
)
from kouan.protocols.vda5050.order import Action, BlockingType, Edge, Node, NodePosition
from kouan.protocols.vda5050.state import ActionStatus, AgvPosition, ConnectionState, OperatingMode
from kouan.protocols.vda5050.topics import Identity, Kind
from kouan.protocols.vda5050.vehicle_types import (
    Ability,
    AbortAction,
    ActionProgressed,
    Drove,
    LeftNode,
    Localized,
    ModeChanged,
    Moved,
    PauseAction,
    Profile,
    Publish,
    ReachedNode,
    Restarted,
    ResumeAction,
    StartAction,
    Tick,
    VehicleState,
)
from kouan.vocabulary.clock import SECOND

RING = 10
"""Nodes n0 … n9 in a ring, ten metres apart on a line that the vehicle drives round and round."""

IDENTITY = Identity("KOUAN", "agv-1")
EVERYWHERE = frozenset({ActionScope.NODE, ActionScope.EDGE, ActionScope.INSTANT})
ABILITIES = {"beep": Ability(scopes=EVERYWHERE), "lift": Ability(scopes=EVERYWHERE, interruptible=False)}
LONGEST_DELAY_S = 15
LIFE = 20 * SECOND


def action(name: str, kind: str = "beep", blocking: str = "NONE") -> Action:
    return Action(action_type=kind, action_id=name, blocking_type=BlockingType(blocking))


def node(place: int, sequence_id: int, *, released: bool = True, actions: tuple[Action, ...] = ()) -> Node:
    where = NodePosition(x=10.0 * (place % RING), y=0.0, map_id="line", allowed_deviation_xy=5.0)
    return Node(
        node_id=f"n{place % RING}", sequence_id=sequence_id, released=released, actions=actions, node_position=where
    )


def edge(place: int, sequence_id: int, *, released: bool = True, actions: tuple[Action, ...] = ()) -> Edge:
    return Edge(
        edge_id=f"e{place % RING}",
        sequence_id=sequence_id,
        released=released,
        start_node_id=f"n{place % RING}",
        end_node_id=f"n{(place + 1) % RING}",
        actions=actions,
    )


def path(place: int, sequence_id: int, base: int, horizon: int = 0) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """A way from a place, of so many edges released and so many planned."""
    total = base + horizon
    nodes = tuple(node(place + i, sequence_id + 2 * i, released=i <= base) for i in range(total + 1))
    edges = tuple(edge(place + i, sequence_id + 2 * i + 1, released=i < base) for i in range(total))
    return nodes, edges


class Conversation:
    """Both machines, the messages under way, and where the vehicle is: on a node, or on the edge that follows it."""

    def __init__(self, seed: int, *, stops_between_nodes: bool = True) -> None:
        self.random = random.Random(seed)
        self.now = 1_700_000_000 * SECOND
        profile = Profile(identity=IDENTITY, abilities=ABILITIES, stops_between_nodes=stops_between_nodes)
        self.vehicle = VehicleState(profile=profile)
        config = MasterConfig(identity=IDENTITY, session=f"s{seed}", message_life_us=LIFE, silence_us=20 * SECOND)
        self.master = MasterState(config=config)
        self.under_way: list[tuple[int, int, Kind, bytes]] = []
        self.sent: list[tuple[Kind, bytes]] = []
        self.events: list[Any] = []
        self.performing: dict[str, int] = {}
        self.place = self.random.randrange(RING)
        self.on_edge = False
        self.orders = self.checked = 0
        self.loss = self.twice = 0.0
        self.delay_us = 0
        self.to_vehicle(Localized(f"n{self.place}"))
        self.locate()

    # --- the link

    def carry(self, message: codec.Message) -> None:
        kind, payload = codec.kind_of(message), codec.encode(message)
        self.sent.append((kind, payload))
        for _ in range(1 + (self.random.random() < self.twice)):
            if self.random.random() >= self.loss:
                late = self.random.randint(0, self.delay_us)
                self.under_way.append((self.now + late, self.random.randrange(1 << 30), kind, payload))

    def deliver(self) -> None:
        due = sorted(each for each in self.under_way if each[0] <= self.now)
        self.under_way = [each for each in self.under_way if each[0] > self.now]
        for _, _, kind, payload in due:
            message = codec.decode(kind, payload)
            if kind.from_master:
                self.to_vehicle(message)
            else:
                self.to_master(message)

    # --- the machines

    def to_vehicle(self, event: Any) -> None:
        self.vehicle, outputs = vehicle_order.step(self.vehicle, event, self.now)
        for output in outputs:
            match output:
                case Publish(message):
                    self.carry(message)
                case StartAction(begun):
                    self.performing[begun.action_id] = self.random.randint(0, 6)
                case AbortAction(name) | PauseAction(name):
                    self.performing.pop(name, None)
                case ResumeAction(name):
                    self.performing[name] = 1
                case _:
                    pass
        self.check()

    def to_master(self, event: Any) -> None:
        self.master, outputs = master_order.step(self.master, event, self.now)
        for output in outputs:
            if isinstance(output, Send):
                self.carry(output.message)
            else:
                self.events.append(output)
        self.check()

    def check(self) -> None:
        """What the vehicle may drive, and where it stands, is held."""
        self.checked += 1
        held = master_order.held(self.master)
        driven = {each.node_id for each in self.vehicle.nodes if each.released}
        assert driven <= set(held.nodes)
        assert {each.edge_id for each in self.vehicle.edges if each.released} <= set(held.edges)
        if self.master.told is not None:
            here = f"e{self.place}" if self.on_edge else f"n{self.place}"
            assert here in (held.edges if self.on_edge else held.nodes)

    # --- the world

    def locate(self) -> None:
        x = 10.0 * self.place + (3.0 if self.on_edge else 0.0)
        position = AgvPosition(x=x, y=0.0, theta=0.0, map_id="line", position_initialized=True)
        self.to_vehicle(Moved(position=position))

    def drive(self) -> None:
        clear = vehicle_order.clearance(self.vehicle)
        if clear.nodes:
            if not self.vehicle.driving:
                self.to_vehicle(Drove(driving=True))
            self.onward()
        elif self.vehicle.driving:
            braking = self.vehicle.nodes and self.vehicle.nodes[0].released and self.random.random() < 0.5
            if braking and self.vehicle.mode.by_master:
                self.onward()
            self.to_vehicle(Drove(driving=False))

    def onward(self) -> None:
        """Enter the edge, or reach the node at its end."""
        if not self.on_edge:
            ahead = self.vehicle.edges[0]
            assert ahead.edge_id == f"e{self.place}"
            self.on_edge = True
            self.to_vehicle(LeftNode(ahead.sequence_id))
        elif self.random.random() < 0.6:
            ahead_node = self.vehicle.nodes[0]
            self.on_edge = False
            self.place = (self.place + 1) % RING
            assert ahead_node.node_id == f"n{self.place}"
            self.to_vehicle(ReachedNode(ahead_node.sequence_id))
        self.locate()

    def perform(self) -> None:
        for name, left in list(self.performing.items()):
            self.performing[name] = left - 1
            if left == 3:
                self.to_vehicle(ActionProgressed(name, ActionStatus.RUNNING))
            if left <= 0:
                del self.performing[name]
                ended = ActionStatus.FAILED if self.random.random() < 0.1 else ActionStatus.FINISHED
                self.to_vehicle(ActionProgressed(name, ended))

    def second(self) -> None:
        """Let a second pass."""
        self.now += SECOND
        self.deliver()
        self.drive()
        self.perform()
        self.to_vehicle(Tick())
        self.to_master(Elapsed())
        self.deliver()

    # --- trouble and commands

    def trouble(self) -> None:
        kind = self.random.choice(["restart", "mode", "link", "connection", "request"])
        if kind == "restart":
            self.performing.clear()
            self.to_vehicle(Restarted())
            if not self.on_edge:
                self.to_vehicle(Localized(f"n{self.place}"))
            self.locate()
            if self.vehicle.driving:
                self.to_vehicle(Drove(driving=False))
        elif kind == "mode":
            self.to_vehicle(ModeChanged(self.random.choice(list(OperatingMode))))
        elif kind == "link":
            self.loss = self.random.choice([0.0, 0.2, 0.6, 1.0])
            self.twice = self.random.choice([0.0, 0.5])
            self.delay_us = self.random.choice([0, 2, LONGEST_DELAY_S]) * SECOND
        elif kind == "connection":
            told = self.random.choice(list(ConnectionState))
            self.vehicle, message = vehicle_report.connection(self.vehicle, told, self.now)
            self.carry(message)
        else:
            self.to_vehicle(msgspec.structs.replace(self.unknown(), header_id=0))

    def unknown(self) -> Any:
        perform = Perform(action_type="dance")
        _, (send,) = master_order.step(MasterState(config=self.master.config), perform, self.now)[:2]
        return msgspec.structs.replace(send.message, actions=(action(f"x{self.random.random()}", "dance"),))

    def command(self) -> None:
        kind = self.random.choice(["drive", "drive", "drive", "extend", "extend", "cancel", "perform"])
        order = self.master.order
        if kind == "drive" and master_order.may_assign(self.master):
            self.assign(self.random.randint(0, 4), self.random.randint(0, 3))
        elif kind == "extend" and master_order.may_extend(self.master):
            self.extend(self.random.randint(0, 3), self.random.randint(0, 2))
        elif kind == "cancel" and order is not None and not order.phase.ended:
            self.to_master(Cancel())
        elif kind == "perform":
            wanted = self.random.choice(
                ["startPause", "stopPause", "stateRequest", "factsheetRequest", "beep", "dance"]
            )
            self.to_master(Perform(action_type=wanted))

    def assign(self, base: int, horizon: int) -> None:
        self.orders += 1
        nodes, edges = path(self.place, 0, base, horizon)
        self.to_master(Assign(order_id=f"o{self.orders}", nodes=self.acting(nodes), edges=edges))

    def extend(self, base: int, horizon: int) -> None:
        end = self.master.order.wanted_end()
        nodes, edges = path(int(end.node_id[1:]), end.sequence_id, base, horizon)
        self.to_master(Extend(nodes=(nodes[0], *self.acting(nodes[1:])), edges=edges))

    def acting(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The nodes, some of them with something to do."""
        return tuple(
            msgspec.structs.replace(
                each,
                actions=tuple(
                    action(
                        f"a{self.random.getrandbits(60)}",
                        self.random.choice(["beep", "lift"]),
                        self.random.choice(["NONE", "SOFT", "HARD"]),
                    )
                    for _ in range(self.random.choice([0, 0, 1, 3]))
                ),
            )
            for each in nodes
        )

    def heal(self) -> None:
        """End all trouble, and let the line settle."""
        self.loss = self.twice = 0.0
        self.delay_us = 0
        self.to_vehicle(ModeChanged(OperatingMode.AUTOMATIC))
        self.vehicle, message = vehicle_report.connection(self.vehicle, ConnectionState.ONLINE, self.now)
        self.carry(message)
        for _ in range(LONGEST_DELAY_S + 1):
            self.second()
        self.to_master(Perform(action_type="stopPause"))
        for _ in range(150):
            self.second()
