"""The order machine of the master for one vehicle: what was commanded, what was told, and what is still held.

It believes nothing that the standard does not promise. Passed nodes are never reported one by one: they follow from
the last node. A state may be late or doubled. A base cannot be taken back, and a cancel may be lost. So what was
released stays held until the vehicle tells that it is past it, or that it stands without an order (invariant I18).
"""

import msgspec

from kouan.protocols.vda5050 import order_rules
from kouan.protocols.vda5050.factsheet import Factsheet
from kouan.protocols.vda5050.master_hear import CANCEL, hear, idle, on_order
from kouan.protocols.vda5050.master_send import perform, resend, send_order
from kouan.protocols.vda5050.master_types import (
    Assign,
    Cancel,
    Commanded,
    Elapsed,
    Ended,
    Extend,
    Fading,
    Held,
    MasterInput,
    MasterOutput,
    MasterState,
    Path,
    Perform,
    Phase,
    Placed,
    Stepped,
)
from kouan.protocols.vda5050.state import Connection, ConnectionState, State
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict, InvalidValue

replace = msgspec.structs.replace


def held(state: MasterState) -> Held:
    """Return every node and edge of a base over which the vehicle may still drive or on which it may stand.

    By its control point: how far its tail reaches behind is for the traffic to know. Whatever the vehicle itself
    says that it will drive is in it, whoever ordered it.
    """
    all_of_it = state.residual
    if state.order is not None:
        all_of_it |= state.order.held()
    for fading in state.fading:
        all_of_it |= fading.held
    if state.told is not None:
        last = (state.told.last_node_id,) if state.told.last_node_id else ()
        nodes = tuple(each.node_id for each in state.told.node_states if each.released)
        edges = tuple(each.edge_id for each in state.told.edge_states if each.released)
        all_of_it |= Held((*last, *nodes), edges)
    return all_of_it


def lost(state: MasterState, now: Instant) -> bool:
    """Return whether the vehicle is silent or parted from the broker; what it holds stays held."""
    silent = state.heard_at is None or now - state.heard_at > state.config.silence_us
    return silent or state.connection in {ConnectionState.OFFLINE, ConnectionState.CONNECTIONBROKEN}


def may_assign(state: MasterState) -> bool:
    """Return whether a new order can be begun: none is open, and the vehicle said that it stands and obeys."""
    told, order = state.told, state.order
    if told is None or not idle(told) or not told.operating_mode.by_master:
        return False
    return order is None or order.phase.ended


def may_extend(state: MasterState) -> bool:
    """Return whether the order can be extended: it is open or finished, and the vehicle refused nothing of it."""
    order = state.order
    return order is not None and order.phase in {Phase.SENT, Phase.ACTIVE, Phase.FINISHED} and not order.refused


def step(state: MasterState, event: MasterInput, now: Instant) -> Stepped:
    """Return the state after an input, and what to send and to note.

    Raises Conflict for a command that its state does not allow (``may_assign``, ``may_extend``), InvalidValue for
    nodes and edges that make no order (``order_rules.check_path``) or do not begin where the base ends
    (``order.stitch``). Nothing that comes from the vehicle raises.
    """
    after, outputs = _taken(state, event, now)
    after, ended = _faded(after, now)
    after, more = _cancel_again(after, now)
    after, again = _dequeued(after, now)
    after, resent = resend(after, now)
    return after, (*outputs, *ended, *more, *again, *resent)


def _taken(state: MasterState, event: MasterInput, now: Instant) -> Stepped:
    match event:
        case State():
            return hear(state, event, now)
        case Connection():
            return _connected(state, event), ()
        case Factsheet():
            return replace(state, factsheet=event), ()
        case Elapsed():
            return state, ()
        case _:
            return _commanded(state, event, now)


def _commanded(state: MasterState, event: Assign | Extend | Cancel | Perform | Placed, now: Instant) -> Stepped:
    match event:
        case Assign():
            return _assign(state, event, now)
        case Extend():
            return _extend(state, event), ()
        case Cancel():
            return _cancel(state, now)
        case Perform():
            return perform(state, event, now)
        case Placed():
            return _placed(state, event), ()


def _connected(state: MasterState, event: Connection) -> MasterState:
    """Note the connection. After a new one the next state is believed whatever its numbers: the clock may be new."""
    anew = event.connection_state is ConnectionState.ONLINE and state.connection not in {None, ConnectionState.ONLINE}
    return replace(state, connection=event.connection_state, seen=None if anew else state.seen)


def _assign(state: MasterState, event: Assign, now: Instant) -> Stepped:
    if not may_assign(state):
        raise Conflict("a new order needs a vehicle that stands, obeys and has none")
    if not event.order_id or (state.order is not None and event.order_id == state.order.order_id):
        raise InvalidValue("order_id", "order.id", "must be neither empty nor the id of the order before")
    order_rules.check_path(event.nodes, event.edges)
    before = state.order
    if before is not None:
        under_way = Fading(before.held(), before.sent_at + 2 * state.config.message_life_us)
        state = replace(state, residual=state.residual | before.held(), fading=(*state.fading, under_way))
    order = Commanded(
        order_id=event.order_id,
        phase=Phase.SENT,
        start=event.nodes[0].sequence_id,
        outstanding=Path(event.nodes, event.edges),
        zone_set_id=event.zone_set_id,
        before=(state.told.order_id, state.told.last_node_id) if state.told else ("", ""),
        sent_at=now,
        resend_at=now,
    )
    return send_order(state, order, now)


def _extend(state: MasterState, event: Extend) -> MasterState:
    order = state.order
    if order is None or not may_extend(state):
        raise Conflict("only an order that is open or finished, and not refused, can be extended")
    order_rules.check_path(event.nodes, event.edges)
    end, first = order.wanted_end(), event.nodes[0]
    if end is None or (end.node_id, end.sequence_id) != (first.node_id, first.sequence_id):
        raise InvalidValue("nodes[0]", "order.stitch", "must be the last node that was released")
    path = Path((end, *event.nodes[1:]), event.edges)
    return replace(state, order=replace(order, queued=order.queued.joined(path) if order.queued else path))


def _cancel(state: MasterState, now: Instant) -> Stepped:
    order = state.order
    if order is None or order.phase.ended:
        raise Conflict("there is no order to cancel")
    cancelling = replace(state, order=replace(order, phase=Phase.CANCELLING, queued=None))
    if any(each.open and each.action.action_type == CANCEL for each in state.instants):
        return cancelling, ()
    return perform(cancelling, Perform(action_type=CANCEL), now)


def _placed(state: MasterState, event: Placed) -> MasterState:
    if not may_assign(state):
        raise Conflict("a vehicle that may be driving stands nowhere")
    return replace(state, order=None, residual=event.held)


def _dead(state: MasterState, order: Commanded, now: Instant) -> bool:
    """Return whether no copy of what is outstanding can be under way, and the vehicle has spoken since."""
    dead_at = order.sent_at + 2 * state.config.message_life_us
    return now >= dead_at and state.heard_at is not None and state.heard_at >= dead_at


def _faded(state: MasterState, now: Instant) -> Stepped:
    """Free what was sent and not taken, once no copy of it can be under way and the vehicle shows that it never was."""
    state = replace(state, fading=tuple(each for each in state.fading if each.until > now))
    order, told = state.order, state.told
    given_up = order is not None and (order.refused or order.phase in {Phase.CANCELLING, Phase.CANCELLED})
    if order is None or told is None or not given_up or order.phase is Phase.LOST or order.outstanding is None:
        return state, ()
    if not _dead(state, order, now):
        return state, ()
    if order.accepted is not None:
        if told.order_id != order.order_id:
            return state, ()
        return replace(state, order=replace(order, outstanding=None, refused=False)), ()
    stands = _never_driven(order, told)
    if stands is None:
        return replace(state, order=replace(order, phase=Phase.LOST)), (Ended(order.order_id, Phase.LOST),)
    refused = replace(order, phase=Phase.REFUSED, outstanding=None, stands=stands)
    return replace(state, order=refused), (Ended(order.order_id, Phase.REFUSED),)


def _never_driven(order: Commanded, told: State) -> Held | None:
    """Return what a vehicle holds of an order that it does not know, or None if it may have driven by it.

    It may have taken the order, driven, restarted and forgotten it, and all that unheard. A vehicle that still tells
    the order before has not. One that had none before, and tells the same node, got no farther than the next edge.
    """
    if told.order_id and told.order_id == order.before[0]:
        return Held()
    if not told.order_id and told.last_node_id and (told.order_id, told.last_node_id) == order.before:
        first = order.outstanding or Path()
        return Path(first.nodes[:1], first.edges[:1]).held()
    return None


def _cancel_again(state: MasterState, now: Instant) -> Stepped:
    """Cancel anew an order that lives on after its cancel had overtaken it; forget a cancel that is too late."""
    order, told = state.order, state.told
    open_ones = tuple(each for each in state.instants if each.open and each.action.action_type == CANCEL)
    if order is not None and order.phase is Phase.CANCELLING:
        lives = told is not None and told.order_id == order.order_id and on_order(told)
        return perform(state, Perform(action_type=CANCEL), now) if lives and not open_ones else (state, ())
    over = (order is None or order.phase.ended) and told is not None and not on_order(told)
    if not open_ones or not over:
        return state, ()
    closed = (replace(each, given_up=True) if each in open_ones else each for each in state.instants)
    return replace(state, instants=tuple(closed)), ()


def _dequeued(state: MasterState, now: Instant) -> Stepped:
    """Send the next update when the one before is accepted: a vehicle takes it only where its own base ends."""
    order = state.order
    if order is None or order.queued is None or order.outstanding is not None or order.accepted is None:
        return state, ()
    obeys = state.told is not None and state.told.operating_mode.by_master
    if order.phase not in {Phase.ACTIVE, Phase.FINISHED} or not obeys:
        return state, ()
    outputs: tuple[MasterOutput, ...] = ()
    if order.phase is Phase.FINISHED:
        outputs = (Ended(order.order_id, Phase.ACTIVE),)
    following = replace(order, phase=Phase.ACTIVE, update_id=order.update_id + 1, outstanding=order.queued, queued=None)
    state, sent = send_order(state, following, now)
    return state, (*outputs, *sent)
