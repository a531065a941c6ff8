"""The rules between the parts of an order (sections 6.6.1 and 6.6.2)."""

from collections.abc import Sequence

from kouan.protocols.vda5050.order import Action, Edge, Node, Order, Trajectory
from kouan.vocabulary.errors import InvalidValue


def check(order: Order) -> None:
    """Refuse an order that contradicts itself.

    Raises InvalidValue with the field and one of ``order.id``, ``order.nodes``, ``order.edges``, ``order.sequence``,
    ``order.base``, ``order.ends``, ``order.actions``, ``order.trajectory``.
    """
    if not order.order_id:
        raise InvalidValue("orderId", "order.id", "must not be empty: that is what a vehicle without an order tells")
    check_path(order.nodes, order.edges)


def check_path(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    """Refuse nodes and edges that make no path; raise as ``check`` does."""
    if not nodes:
        raise InvalidValue("nodes", "order.nodes", "must hold one node or more")
    if len(edges) != len(nodes) - 1:
        raise InvalidValue("edges", "order.edges", f"must be {len(nodes) - 1}, one less than there are nodes")
    _sequence(nodes, edges)
    _base(nodes, edges)
    _ends(nodes, edges)
    _actions(nodes, edges)
    for index, edge in enumerate(edges):
        if edge.trajectory is not None:
            _trajectory(edge.trajectory, f"edges[{index}].trajectory")


def _sequence(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    first = nodes[0].sequence_id
    if first % 2:
        raise InvalidValue("nodes[0].sequenceId", "order.sequence", "must be even: edges have the odd numbers")
    for index, node in enumerate(nodes):
        if node.sequence_id != first + 2 * index:
            raise InvalidValue(f"nodes[{index}].sequenceId", "order.sequence", f"must be {first + 2 * index}")
    for index, edge in enumerate(edges):
        if edge.sequence_id != first + 2 * index + 1:
            raise InvalidValue(f"edges[{index}].sequenceId", "order.sequence", f"must be {first + 2 * index + 1}")


def _base(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    if not nodes[0].released:
        raise InvalidValue("nodes[0].released", "order.base", "must be true: the first node belongs to the base")
    for index, edge in enumerate(edges):
        if edge.released and not nodes[index].released:
            raise InvalidValue(f"edges[{index}].released", "order.base", "must be false after the base has ended")
        if edge.released != nodes[index + 1].released:
            raise InvalidValue(f"nodes[{index + 1}].released", "order.base", "must be as of the edge that leads there")


def _ends(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    for index, edge in enumerate(edges):
        if edge.start_node_id != nodes[index].node_id:
            raise InvalidValue(f"edges[{index}].startNodeId", "order.ends", "must be the node before the edge")
        if edge.end_node_id != nodes[index + 1].node_id:
            raise InvalidValue(f"edges[{index}].endNodeId", "order.ends", "must be the node after the edge")


def _actions(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    seen: set[str] = set()
    both: tuple[tuple[str, Sequence[Node | Edge]], ...] = (("nodes", nodes), ("edges", edges))
    for name, parts in both:
        for index, part in enumerate(parts):
            _unique(part.actions, f"{name}[{index}]", seen)


def _unique(actions: Sequence[Action], path: str, seen: set[str]) -> None:
    for index, action in enumerate(actions):
        if not action.action_id or action.action_id in seen:
            field = f"{path}.actions[{index}].actionId"
            raise InvalidValue(field, "order.actions", "must be neither empty nor the id of another action")
        seen.add(action.action_id)


def _trajectory(curve: Trajectory, path: str) -> None:
    wanted = len(curve.control_points) + curve.degree + 1
    if len(curve.control_points) <= curve.degree:
        field = f"{path}.controlPoints"
        raise InvalidValue(field, "order.trajectory", f"must be more than the degree, which is {curve.degree}")
    if len(curve.knot_vector) != wanted:
        field = f"{path}.knotVector"
        raise InvalidValue(field, "order.trajectory", f"must have {wanted} knots: control points + degree + 1")
    if list(curve.knot_vector) != sorted(curve.knot_vector):
        raise InvalidValue(f"{path}.knotVector", "order.trajectory", "must not fall")
