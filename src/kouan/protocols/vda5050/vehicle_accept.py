"""Whether a vehicle takes an order or an update, and what it then holds (figure 8 and section 6.6.4)."""

import math

import msgspec

from kouan.protocols.vda5050 import order_rules, vehicle_actions
from kouan.protocols.vda5050.factsheet_words import ActionScope
from kouan.protocols.vda5050.order import Action, Edge, Node, Order
from kouan.protocols.vda5050.state import Error, ErrorLevel, Reference
from kouan.protocols.vda5050.vehicle_types import Stepped, Unreadable, VehicleState
from kouan.vocabulary.errors import InvalidValue

replace = msgspec.structs.replace

VALIDATION = "validationError"
ORDER = "orderError"
UPDATE = "orderUpdateError"
NO_ROUTE = "noRouteError"
"""Types of error on refusal. The first three are named in section 6.6.4; the last is what vehicles use in practice."""

KEPT_IDS = 256
"""How many past order and action ids a vehicle remembers. Our choice: days of work."""


def warning(error_type: str, why: str, **references: str | int) -> Error:
    """Return a warning with references."""
    return Error(
        error_type=error_type,
        error_level=ErrorLevel.WARNING,
        error_description=why,
        error_references=tuple(
            Reference(reference_key=key, reference_value=str(value)) for key, value in references.items()
        ),
    )


def busy(state: VehicleState) -> bool:
    """Return whether the vehicle is executing an order or waiting for an update of it."""
    return bool(state.nodes or state.cancels or vehicle_actions.unended(state))


def unreadable(state: VehicleState, found: Unreadable) -> Stepped:
    """Report bytes that were no message."""
    why = f"{found.mend} (rule {found.rule})"
    return warn(state, warning(VALIDATION, why, topic=found.kind, field=found.field)), ()


def warn(state: VehicleState, error: Error) -> VehicleState:
    """Add a warning, told until an order is accepted; the same is told once."""
    others = tuple(each for each in state.warnings if each.error_references != error.error_references)
    return replace(state, warnings=(*others, error)[-KEPT_IDS:])


def take(state: VehicleState, order: Order) -> Stepped:
    """Take an order or an update, or refuse it with a warning."""
    update = order.order_id == state.order_id and bool(order.order_id)
    if update and order.order_update_id == state.order_update_id:
        return replace(state, state_due=True), ()
    error = _malformed(order) or (_why_no_update(state, order) if update else _why_no_order(state, order))
    error = error or _unable(state, order)
    if error is not None:
        return replace(warn(state, error), state_due=True), ()
    return _append(state, order) if update else _begin(state, order)


def _about(order: Order) -> dict[str, str | int]:
    return {"headerId": order.header_id, "orderId": order.order_id, "orderUpdateId": order.order_update_id}


def _malformed(order: Order) -> Error | None:
    try:
        order_rules.check(order)
    except InvalidValue as error:
        return warning(VALIDATION, f"{error.mend} (rule {error.rule})", **_about(order), field=error.field)
    return None


def _why_no_order(state: VehicleState, order: Order) -> Error | None:
    if order.order_id in state.past_orders:
        return warning(ORDER, "the vehicle has had an order of this id", **_about(order))
    if busy(state):
        return warning(ORDER, "another order is under way", **_about(order))
    if not _stands_on(state, order.nodes[0]):
        return warning(
            NO_ROUTE, "the first node is not where the vehicle is", **_about(order), nodeId=order.nodes[0].node_id
        )
    return None


def _why_no_update(state: VehicleState, order: Order) -> Error | None:
    first = order.nodes[0]
    if order.order_update_id < state.order_update_id:
        return warning(UPDATE, "a later update is known", **_about(order))
    if state.closed or state.cancels:
        return warning(UPDATE, "the order was cancelled", **_about(order))
    end = state.base_end if busy(state) else (state.last_node_id, state.last_node_sequence_id)
    if (first.node_id, first.sequence_id) != end:
        why = "the first node is not the last one released"
        return warning(UPDATE, why, **_about(order), nodeId=first.node_id, sequenceId=first.sequence_id)
    return None


def _unable(state: VehicleState, order: Order) -> Error | None:
    profile = state.profile
    if not state.mode.by_master:
        return warning(ORDER, "a person is in control", **_about(order), operatingMode=state.mode)
    if order.zone_set_id is not None and order.zone_set_id != profile.zone_set_id:
        return warning(ORDER, "the zone set is another", **_about(order), zoneSetId=order.zone_set_id)
    for edge in order.edges:
        if edge.trajectory is not None and not profile.takes_trajectories:
            return warning(ORDER, "no trajectories", **_about(order), edgeId=edge.edge_id, field="trajectory")
        if edge.corridor is not None and not profile.takes_corridors:
            return warning(ORDER, "no corridors", **_about(order), edgeId=edge.edge_id, field="corridor")
    parts: tuple[Node | Edge, ...] = (*order.nodes, *order.edges)
    for part in parts:
        scope = ActionScope.NODE if isinstance(part, Node) else ActionScope.EDGE
        for action in part.actions:
            if not _able(state, action, scope):
                about = {"actionId": action.action_id, "actionType": action.action_type}
                return warning(ORDER, "an action that the vehicle cannot perform there", **_about(order), **about)
    return None


def _able(state: VehicleState, action: Action, scope: ActionScope) -> bool:
    ability = state.profile.abilities.get(action.action_type)
    return ability is not None and scope in ability.scopes


def _stands_on(state: VehicleState, node: Node) -> bool:
    if node.node_id == state.last_node_id and not state.between:
        return True
    here, there = state.position, node.node_position
    if here is None or there is None or not here.position_initialized or here.map_id != there.map_id:
        return False
    allowed = max(there.allowed_deviation_xy or 0.0, state.profile.centred_m)
    return math.hypot(here.x - there.x, here.y - there.y) <= allowed


def _end(nodes: tuple[Node, ...]) -> tuple[str, int]:
    last = [node for node in nodes if node.released][-1]
    return last.node_id, last.sequence_id


def _begin(state: VehicleState, order: Order) -> Stepped:
    first = order.nodes[0]
    kept = tuple(each for each in state.actions if each.sequence_id is None and not each.status.ended)
    begun = replace(
        state,
        order_id=order.order_id,
        order_update_id=order.order_update_id,
        past_orders=(*state.past_orders, order.order_id)[-KEPT_IDS:],
        nodes=order.nodes[1:],
        edges=order.edges,
        base_end=_end(order.nodes),
        closed=False,
        last_node_id=first.node_id,
        last_node_sequence_id=first.sequence_id,
        entered=None,
        between=False,
        actions=(*kept, *vehicle_actions.records_of(order.nodes, order.edges)),
        warnings=(),
        state_due=True,
    )
    return vehicle_actions.trigger(begun, first.sequence_id), ()


def _append(state: VehicleState, order: Order) -> Stepped:
    end = order.nodes[0].sequence_id
    base = tuple(node for node in state.nodes if node.released)
    driven = tuple(edge for edge in state.edges if edge.released)
    kept = tuple(each for each in state.actions if each.sequence_id is None or each.sequence_id <= end)
    appended = replace(
        state,
        order_update_id=order.order_update_id,
        nodes=(*base, *order.nodes[1:]),
        edges=(*driven, *order.edges),
        base_end=_end(order.nodes),
        actions=(*kept, *vehicle_actions.records_of(order.nodes[1:], order.edges)),
        warnings=(),
        state_due=True,
    )
    return appended, ()
