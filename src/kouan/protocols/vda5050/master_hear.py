"""What a state of the vehicle tells the master about the order. Only what can never become untrue frees anything."""

import msgspec

from kouan.protocols.vda5050.header import instant
from kouan.protocols.vda5050.master_types import (
    Accepted,
    ActionTold,
    Commanded,
    Ended,
    Held,
    InstantRecord,
    MasterOutput,
    MasterState,
    Passed,
    Path,
    Phase,
    Refused,
    Seen,
    Stepped,
    StrangeOrder,
)
from kouan.protocols.vda5050.state import ConnectionState, Error, State
from kouan.vocabulary.clock import Instant

replace = msgspec.structs.replace

REFUSALS = frozenset({"validationError", "orderError", "orderUpdateError", "noRouteError"})
"""Types of error that refuse an order (section 6.6.4), for vehicles that do not say which order they mean."""

CANCEL = "cancelOrder"


def newer(seen: Seen | None, state: State) -> Seen | None:
    """Return the mark of a state that is newer than all before, or None for a late or a doubled one.

    The header id rises with each message; it begins anew when the vehicle restarts, and then the timestamp is later.
    A clock that was set back is believed by the header id, but not past the last restart, before which header ids
    were higher.
    """
    at = instant(state.timestamp)
    if seen is None:
        return Seen(state.header_id, at)
    if state.header_id > seen.header_id and at >= seen.floor:
        return Seen(state.header_id, at, seen.floor)
    if state.header_id <= seen.header_id and at > seen.at:
        return Seen(state.header_id, at, at)
    return None


def on_order(state: State) -> bool:
    """Return whether the vehicle has something left to drive."""
    return bool(state.node_states or state.edge_states)


def idle(state: State) -> bool:
    """Return whether the vehicle stands and has nothing left to drive."""
    return not (on_order(state) or state.driving)


def hear(master: MasterState, state: State, now: Instant) -> Stepped:
    """Take a state of the vehicle; one that is not new changes nothing."""
    seen = newer(master.seen, state)
    if seen is None:
        return master, ()
    before = master.told
    connection = master.connection and ConnectionState.ONLINE
    residual = master.residual
    if before is not None and before.last_node_id and not state.last_node_id:
        residual |= Held((before.last_node_id,))  # it no longer knows where it stands: there, as far as we know
    master = replace(master, seen=seen, told=state, heard_at=now, connection=connection, residual=residual)
    outputs: list[MasterOutput] = _actions_told(before, state)
    master = replace(master, instants=tuple(_instant(each, state) for each in master.instants))
    order = master.order
    if order is not None and order.order_id == state.order_id:
        order, more = _ours(order, state)
        outputs.extend(more)
        if order.reached is not None and order.reached > order.start:
            master = replace(master, residual=Held())
        master = replace(master, order=order)
    else:
        if order is not None and order.accepted is not None and not order.phase.ended:
            # It knew the order and has forgotten it, or took another: it may stand anywhere on the way.
            master = replace(master, order=replace(order, phase=Phase.LOST, queued=None))
            outputs.append(Ended(order.order_id, Phase.LOST))
        if state.node_states and (before is None or before.order_id != state.order_id):
            outputs.append(StrangeOrder(state.order_id))
    master, refused = _refusal(master, state, before.errors if before else ())
    return master, (*outputs, *refused)


def _ours(order: Commanded, state: State) -> tuple[Commanded, list[MasterOutput]]:
    outputs: list[MasterOutput] = []
    if order.outstanding is not None and state.order_update_id == order.update_id:
        ended = order.phase.ended
        order = replace(
            order,
            accepted=order.update_id,
            path=order.path.joined(order.outstanding),
            outstanding=None,
            refused=False,
            stands=None,
            phase=Phase.CANCELLING if order.phase in {Phase.CANCELLING, Phase.CANCELLED} else Phase.ACTIVE,
        )
        outputs.append(Accepted(order.order_id, order.update_id))
        if ended:
            outputs.append(Ended(order.order_id, order.phase))
    if order.accepted is None or state.order_update_id < order.accepted:
        return order, outputs
    if order.phase.ended and on_order(state):
        alive = Phase.CANCELLING if order.phase is Phase.CANCELLED else Phase.ACTIVE
        order = replace(order, phase=alive, stands=None)
        outputs.append(Ended(order.order_id, alive))
    where = _reached(order.path, state)
    if where is not None and (order.reached is None or where > order.reached):
        passed = (node for node in order.path.nodes if node.sequence_id <= where)
        outputs.extend(
            Passed(node.node_id, node.sequence_id)
            for node in passed
            if order.reached is None or node.sequence_id > order.reached
        )
        order = replace(order, reached=where, path=order.path.since(where))
    order, more = _ended(order, state, where)
    return order, [*outputs, *more]


def _reached(path: Path, state: State) -> int | None:
    """Return the sequence id of the last node, where id and number are of this path and it is not still to come.

    A vehicle that has just taken an order may still tell the last node of the one before.
    """
    number = state.last_node_sequence_id
    known = any(node.sequence_id == number and node.node_id == state.last_node_id for node in path.base().nodes)
    to_come = any(each.sequence_id <= number for each in state.node_states)
    return number if known and not to_come else None


def _ended(order: Commanded, state: State, where: int | None) -> tuple[Commanded, list[MasterOutput]]:
    if order.phase.ended or not idle(state):
        return order, []
    end = order.path.end()
    done = end is not None and order.reached == end.sequence_id
    cancelling = order.phase is Phase.CANCELLING
    if done and not _performs(state) and (cancelling or order.outstanding is None):
        phase = Phase.CANCELLED if cancelling and order.outstanding is not None else Phase.FINISHED
    elif done:
        return order, []
    elif cancelling and state.operating_mode.by_master:
        phase = Phase.CANCELLED
    else:
        phase = Phase.LOST
    stands = None
    if phase is Phase.CANCELLED and where is not None:
        stands = Path(order.path.nodes[:1], order.path.edges[:1]).held()
    return replace(order, phase=phase, queued=None if phase is not Phase.FINISHED else order.queued, stands=stands), [
        Ended(order.order_id, phase)
    ]


def _performs(state: State) -> bool:
    return any(not each.action_status.ended and each.action_type != CANCEL for each in state.action_states)


def _actions_told(before: State | None, state: State) -> list[MasterOutput]:
    known = {each.action_id: each.action_status for each in before.action_states} if before else {}
    return [
        ActionTold(each.action_id, each.action_status, each.result_description)
        for each in state.action_states
        if known.get(each.action_id) is not each.action_status
    ]


def _instant(record: InstantRecord, state: State) -> InstantRecord:
    told = next((each for each in state.action_states if each.action_id == record.action.action_id), None)
    if not record.open:
        return record
    if told is None:  # what was told once and is gone was forgotten, as after a restart
        return replace(record, given_up=record.status is not None)
    return replace(record, status=told.action_status, result=told.result_description)


def _refusal(master: MasterState, state: State, before: tuple[Error, ...]) -> Stepped:
    order = master.order
    if order is None or order.outstanding is None or order.refused or order.phase.ended:
        return master, ()
    errors = tuple(error for error in state.errors if _refuses(error, order, known=error in before))
    if not errors:
        return master, ()
    return (
        replace(master, order=replace(order, refused=True, queued=None)),
        (Refused(order.order_id, order.update_id, errors),),
    )


def _refuses(error: Error, order: Commanded, *, known: bool) -> bool:
    references = {each.reference_key: each.reference_value for each in error.error_references or ()}
    if references.get("orderId", order.order_id) != order.order_id:
        return False
    if references.get("orderUpdateId", str(order.update_id)) != str(order.update_id):
        return False
    exact = "orderId" in references and "orderUpdateId" in references
    return exact or (error.error_type in REFUSALS and "actionId" not in references and not known)
