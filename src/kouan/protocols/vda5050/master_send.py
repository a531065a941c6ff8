"""What the master sends: orders, updates and instant actions, and the same again after silence."""

from typing import Any

import msgspec

from kouan.protocols.vda5050.header import timestamp
from kouan.protocols.vda5050.master_types import (
    Commanded,
    InstantRecord,
    MasterOutput,
    MasterState,
    Perform,
    Phase,
    Send,
    Stepped,
)
from kouan.protocols.vda5050.order import Action, ActionParameter, InstantActions, Order
from kouan.protocols.vda5050.state import ConnectionState
from kouan.protocols.vda5050.topics import Kind
from kouan.vocabulary.clock import Instant

replace = msgspec.structs.replace

MOST_TRIES = 20
"""How often an instant action is sent before it is given up. Our choice: 100 s at the default interval."""

KEPT_INSTANTS = 64
"""How many instant actions are remembered. Our choice."""


def _header(state: MasterState, kind: Kind, now: Instant) -> tuple[MasterState, dict[str, Any]]:
    number = state.headers.get(kind, 0)
    header = {
        "header_id": number,
        "timestamp": timestamp(now),
        "version": state.config.version,
        "manufacturer": state.config.identity.manufacturer,
        "serial_number": state.config.identity.serial_number,
    }
    return replace(state, headers={**state.headers, kind: number + 1}), header


def send_order(state: MasterState, order: Commanded, now: Instant) -> Stepped:
    """Send what is outstanding of an order; the same update keeps its number."""
    path = order.outstanding
    if path is None:
        return replace(state, order=order), ()
    state, header = _header(state, Kind.ORDER, now)
    message = Order(
        **header,
        order_id=order.order_id,
        order_update_id=order.update_id,
        nodes=path.nodes,
        edges=path.edges,
        zone_set_id=order.zone_set_id,
    )
    sent = replace(order, sent_at=now, resend_at=now + state.config.resend_us)
    return replace(state, order=sent), (Send(message),)


def perform(state: MasterState, wanted: Perform, now: Instant) -> Stepped:
    """Send a new instant action under an id that no other has."""
    parameters = tuple(ActionParameter(key=key, value=value) for key, value in wanted.parameters.items())
    action = Action(
        action_type=wanted.action_type,
        action_id=f"{state.config.session}-{state.actions_made}",
        blocking_type=wanted.blocking_type,
        action_parameters=parameters or None,
    )
    record = InstantRecord(action=action, resend_at=now + state.config.resend_us)
    kept = (*state.instants, record)[-KEPT_INSTANTS:]
    return _send_action(replace(state, actions_made=state.actions_made + 1, instants=kept), action, now)


def _send_action(state: MasterState, action: Action, now: Instant) -> Stepped:
    state, header = _header(state, Kind.INSTANT_ACTIONS, now)
    return state, (Send(InstantActions(**header, actions=(action,))),)


def _reachable(state: MasterState) -> bool:
    return state.connection in {None, ConnectionState.ONLINE}


def resend(state: MasterState, now: Instant) -> Stepped:
    """Send again what the vehicle has not answered, unless it is offline or a person is in control of it."""
    if not _reachable(state):
        return state, ()
    outputs: tuple[MasterOutput, ...] = ()
    order = state.order
    if order is not None and _waits(state, order) and now >= order.resend_at:
        state, outputs = send_order(state, order, now)
    for index, record in enumerate(state.instants):
        if record.status is not None or record.given_up or now < record.resend_at:
            continue
        tired = record.tries >= MOST_TRIES
        again = replace(record, resend_at=now + state.config.resend_us, tries=record.tries + 1, given_up=tired)
        state = replace(state, instants=(*state.instants[:index], again, *state.instants[index + 1 :]))
        if not tired:
            state, more = _send_action(state, record.action, now)
            outputs += more
    return state, outputs


def _waits(state: MasterState, order: Commanded) -> bool:
    asked = order.outstanding is not None and not order.refused and order.phase in {Phase.SENT, Phase.ACTIVE}
    return asked and (state.told is None or state.told.operating_mode.by_master)
