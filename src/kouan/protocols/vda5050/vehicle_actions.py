"""How a vehicle performs its actions: triggers, blocking types, pause and break (sections 6.10.2, 6.11 and 6.12)."""

from collections.abc import Callable

import msgspec

from kouan.protocols.vda5050.order import BlockingType, Edge, Node
from kouan.protocols.vda5050.state import ActionStatus
from kouan.protocols.vda5050.vehicle_types import (
    AbortAction,
    ActionRecord,
    PauseAction,
    ResumeAction,
    StartAction,
    Stepped,
    VehicleOutput,
    VehicleState,
)

replace = msgspec.structs.replace

KEPT_INSTANTS = 32
"""How many instant actions that have ended stay in the state. Our choice: the standard keeps all until a new order."""

_PERFORMED = {ActionStatus.INITIALIZING, ActionStatus.RUNNING, ActionStatus.PAUSED}


def records_of(nodes: tuple[Node, ...], edges: tuple[Edge, ...]) -> tuple[ActionRecord, ...]:
    """Return a waiting record for every action, in the order in which the vehicle will come to them."""
    both: tuple[Node | Edge, ...] = (*nodes, *edges)
    parts = sorted(both, key=lambda part: part.sequence_id)
    return tuple(ActionRecord(action=action, sequence_id=part.sequence_id) for part in parts for action in part.actions)


def unended(state: VehicleState) -> tuple[ActionRecord, ...]:
    """Return the order's actions that have not ended."""
    return tuple(each for each in state.actions if each.sequence_id is not None and not each.status.ended)


def blocks_driving(state: VehicleState) -> bool:
    """Return whether an action that was triggered and has not ended forbids driving."""
    return any(
        each.triggered and not each.status.ended and each.action.blocking_type is not BlockingType.NONE
        for each in state.actions
    )


def change(
    state: VehicleState, chosen: Callable[[ActionRecord], bool], made: Callable[[ActionRecord], ActionRecord]
) -> VehicleState:
    """Return the state with every chosen record made anew."""
    return replace(state, actions=tuple(made(each) if chosen(each) else each for each in state.actions))


def finish(state: VehicleState, action_id: str, status: ActionStatus, result: str | None = None) -> VehicleState:
    """Return the state with one action ended."""
    return change(
        state,
        lambda each: each.action.action_id == action_id,
        lambda each: replace(each, status=status, result=result or each.result),
    )


def trigger(state: VehicleState, sequence_id: int) -> VehicleState:
    """Return the state with the actions of a node or an edge triggered."""
    return change(state, lambda each: each.sequence_id == sequence_id, lambda each: replace(each, triggered=True))


def leave_edge(state: VehicleState, sequence_id: int) -> Stepped:
    """End the actions of an edge: what ran is finished, what never began has failed."""
    outputs: list[VehicleOutput] = []

    def ended(record: ActionRecord) -> ActionRecord:
        if record.status not in _PERFORMED:
            return replace(record, status=ActionStatus.FAILED, result="the edge was left before it could begin")
        outputs.append(AbortAction(record.action.action_id))
        return replace(record, status=ActionStatus.FINISHED)

    after = change(state, lambda each: each.sequence_id == sequence_id and not each.status.ended, ended)
    return after, tuple(outputs)


def start_what_may(state: VehicleState) -> Stepped:
    """Start every triggered action whose turn it is.

    In the order of the list: what is HARD runs alone, nothing overtakes it, and what is SOFT or HARD waits for
    standstill (section 6.12).
    """
    outputs: list[VehicleOutput] = []
    records = list(state.actions)
    before = False
    for index, record in enumerate(records):
        if not record.triggered or record.status.ended:
            continue
        blocking = record.action.blocking_type
        hard = blocking is BlockingType.HARD
        stands = blocking is BlockingType.NONE or not state.driving
        if record.status is ActionStatus.WAITING and stands and not (hard and before) and not state.paused:
            records[index] = replace(record, status=ActionStatus.INITIALIZING)
            outputs.append(StartAction(record.action))
        if hard:
            break
        before = True
    return replace(state, actions=tuple(records)), tuple(outputs)


def break_off(state: VehicleState, *, all_of_them: bool = False) -> Stepped:
    """Fail the order's waiting actions and break off the running ones that can be; ``all_of_them`` asks not."""
    outputs: list[VehicleOutput] = []
    abilities = state.profile.abilities

    def broken(record: ActionRecord) -> ActionRecord:
        if record.status in _PERFORMED:
            ability = abilities.get(record.action.action_type)
            if ability is not None and not ability.interruptible and not all_of_them:
                return record
            outputs.append(AbortAction(record.action.action_id))
        return replace(record, status=ActionStatus.FAILED, result="the order was cancelled")

    after = change(state, lambda each: each.sequence_id is not None and not each.status.ended, broken)
    return after, tuple(outputs)


def pause(state: VehicleState) -> Stepped:
    """Halt the running actions that can be halted."""
    outputs: list[VehicleOutput] = []
    abilities = state.profile.abilities

    def chosen(record: ActionRecord) -> bool:
        ability = abilities.get(record.action.action_type)
        running = record.status in {ActionStatus.INITIALIZING, ActionStatus.RUNNING}
        return running and ability is not None and ability.pausable

    def halted(record: ActionRecord) -> ActionRecord:
        outputs.append(PauseAction(record.action.action_id))
        return replace(record, status=ActionStatus.PAUSED)

    after = change(state, chosen, halted)
    return replace(after, paused=True), tuple(outputs)


def resume(state: VehicleState) -> Stepped:
    """Go on with the halted actions."""
    outputs: list[VehicleOutput] = []

    def resumed(record: ActionRecord) -> ActionRecord:
        outputs.append(ResumeAction(record.action.action_id))
        return replace(record, status=ActionStatus.RUNNING)

    after = change(state, lambda each: each.status is ActionStatus.PAUSED, resumed)
    return replace(after, paused=False), tuple(outputs)


def forget_old_instants(state: VehicleState) -> VehicleState:
    """Drop the oldest instant actions that have ended, beyond ``KEPT_INSTANTS``."""
    ended = [each for each in state.actions if each.sequence_id is None and each.status.ended]
    if len(ended) <= KEPT_INSTANTS:
        return state
    dropped = {each.action.action_id for each in ended[:-KEPT_INSTANTS]}
    return replace(state, actions=tuple(each for each in state.actions if each.action.action_id not in dropped))
