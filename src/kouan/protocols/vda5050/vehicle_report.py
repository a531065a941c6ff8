"""The state message of a vehicle, made of what its order machine holds."""

from typing import Any

import msgspec

from kouan.protocols.vda5050.factsheet import Factsheet
from kouan.protocols.vda5050.header import timestamp
from kouan.protocols.vda5050.order import Node
from kouan.protocols.vda5050.state import (
    ActionState,
    Connection,
    ConnectionState,
    EdgeState,
    NodeState,
    State,
    StatePosition,
)
from kouan.protocols.vda5050.topics import Kind
from kouan.protocols.vda5050.vehicle_types import ActionRecord, VehicleState
from kouan.vocabulary.clock import Instant

replace = msgspec.structs.replace


def running_low(state: VehicleState) -> bool:
    """Return whether the last released node is next or under the vehicle while the horizon goes on beyond it."""
    base = sum(node.released for node in state.nodes)
    return base <= 1 and base < len(state.nodes) and not state.cancels


def report(state: VehicleState, now: Instant) -> tuple[VehicleState, State]:
    """Return the state message for now, and the machine's state with its header counted."""
    counted, header = _header(state, Kind.STATE, now)
    message = State(
        **header,
        order_id=state.order_id,
        order_update_id=state.order_update_id,
        zone_set_id=state.profile.zone_set_id,
        last_node_id=state.last_node_id,
        last_node_sequence_id=state.last_node_sequence_id,
        node_states=tuple(_node_state(node) for node in state.nodes),
        edge_states=tuple(
            EdgeState(
                edge_id=edge.edge_id,
                sequence_id=edge.sequence_id,
                released=edge.released,
                edge_description=edge.edge_description,
                trajectory=edge.trajectory,
            )
            for edge in state.edges
        ),
        driving=state.driving,
        paused=state.paused,
        new_base_request=running_low(state),
        distance_since_last_node=state.distance_m,
        agv_position=state.position,
        velocity=state.velocity,
        loads=state.loads,
        action_states=tuple(_action_state(each) for each in state.actions),
        battery_state=state.battery,
        operating_mode=state.mode,
        errors=(*state.faults, *state.warnings),
        safety_state=state.safety,
    )
    return replace(counted, told_at=now, state_due=False), message


def _header(state: VehicleState, kind: Kind, now: Instant) -> tuple[VehicleState, dict[str, Any]]:
    number = state.headers.get(kind, 0)
    header = {
        "header_id": number,
        "timestamp": timestamp(now),
        "version": state.profile.version,
        "manufacturer": state.profile.identity.manufacturer,
        "serial_number": state.profile.identity.serial_number,
    }
    return replace(state, headers={**state.headers, kind: number + 1}), header


def _node_state(node: Node) -> NodeState:
    place = node.node_position
    return NodeState(
        node_id=node.node_id,
        sequence_id=node.sequence_id,
        released=node.released,
        node_description=node.node_description,
        node_position=None
        if place is None
        else StatePosition(x=place.x, y=place.y, theta=place.theta, map_id=place.map_id),
    )


def _action_state(record: ActionRecord) -> ActionState:
    return ActionState(
        action_id=record.action.action_id,
        action_type=record.action.action_type,
        action_status=record.status,
        action_description=record.action.action_description,
        result_description=record.result,
    )


def connection(state: VehicleState, told: ConnectionState, now: Instant) -> tuple[VehicleState, Connection]:
    """Return a connection message: to send on connecting and before parting, and to leave with the broker as will."""
    counted, header = _header(state, Kind.CONNECTION, now)
    return counted, Connection(**header, connection_state=told)


def factsheet(state: VehicleState, sheet: Factsheet, now: Instant) -> tuple[VehicleState, Factsheet]:
    """Return the vehicle's factsheet with a header for now."""
    counted, header = _header(state, Kind.FACTSHEET, now)
    return replace(counted, factsheet_due=False), replace(sheet, **header)


def told(state: VehicleState) -> tuple[object, ...]:
    """Return what must be told at once when it changes (section 6.10); place, speed and charge are not of it."""
    return (
        state.order_id,
        state.order_update_id,
        state.last_node_id,
        state.last_node_sequence_id,
        state.nodes,
        state.edges,
        state.actions,
        state.driving,
        state.paused,
        running_low(state),
        state.mode,
        state.safety,
        state.loads,
        state.battery.charging,
        state.faults,
        state.warnings,
    )
