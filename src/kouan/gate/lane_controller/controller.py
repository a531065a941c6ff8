# ruff: noqa: ARG001 - all handlers of inputs have one signature
"""The lane controller of one lane: a pure step from what reached it to what it asks for.

An order passes through five stages, each durable or acknowledged before the next (I1, I11):

    judged → intent written → judged again → barrier commanded → outcome written → reported

Deny wins over everything, and everything that is missing, late, unknown or contradictory denies. The controller never
lowers an arm, never tries an order twice and never opens on its own account.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from kouan.gate.lane_controller import devices, notices
from kouan.gate.lane_controller.memory import (
    forget,
    know,
    refuse_unwritten,
    reject,
    report_of,
    stamped,
    tell,
    tell_again,
)
from kouan.gate.lane_controller.notices import raise_epoch
from kouan.gate.lane_controller.orders import check_age, check_audience, peek
from kouan.gate.lane_controller.records import Intent, Outcome, Reported
from kouan.gate.lane_controller.rules import is_lost, judge_order
from kouan.gate.lane_controller.state import (
    Actuate,
    AnswerCame,
    AnswerRead,
    Commanded,
    HoldCame,
    Input,
    IntentTaken,
    IntentWritten,
    Known,
    LaneState,
    OrderCame,
    OutcomeWritten,
    PollSent,
    Report,
    ReportTaken,
    ResetCame,
    ResetWritten,
    Stage,
    StatusChanged,
    Step,
    Write,
)
from kouan.gate.lane_controller.view import Opening
from kouan.protocols.barrier.messages import OpenBarrier
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import ActuationOutcome, OpenOrder
from kouan.protocols.signed import platform_key
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Refused

REPORT_RETRY_US = SECOND
"""Microseconds after which a report that the carrier did not take is sent again."""

SWEEP_US = 60 * SECOND
"""Microseconds between two looks for orders that are long over. Our choice: a day's orders are not gone through each
second, and refused ones, of which few are remembered, still make room as soon again as they are kept."""


def step(state: LaneState, came: Input, now: int) -> Step:
    """Return the lane after one input at the monotonic instant ``now``, and what it asks for, in order."""
    return _HANDLERS.get(type(came), devices.see)(state, came, now)


def _order_came(state: LaneState, came: OrderCame, now: int) -> Step:
    setting = state.setting
    try:
        unproven = peek(codec.ORDERS, came.compact)
        check_audience(unproven, setting.port, setting.lane)
        check_age(unproven.expires_at, state.clock, now)
        known = state.known.get(unproven.order_id)
        if known is not None:
            return tell_again(state, known, now)
        order = codec.verify_order(setting.keys, came.compact)
    except InvalidValue as error:
        return reject(state, error.rule)
    state, raised = raise_epoch(state, order.epoch)
    taken = _take(state, order, now)
    return Step(taken.state, raised + taken.effects)


def _take(state: LaneState, order: OpenOrder, now: int) -> Step:
    issuer = platform_key(order.port)
    verdict = judge_order(state, issuer, order, now)
    known = Known(order.order_id, issuer, order.nonce, order.expires_at, Stage.WRITING)
    if isinstance(verdict, Refused):
        return refuse_unwritten(state, known, verdict.reasons[0].code, now)
    intent = Intent(state.setting.lane, order.order_id, issuer, order.nonce, order.expires_at)
    return Step(
        replace(know(state, known), pending=order),
        (Write((intent,), IntentWritten(order.order_id), IntentTaken(order.order_id)),),
    )


def _intent_written(state: LaneState, came: IntentWritten, now: int) -> Step:
    order = state.pending
    known = state.known.get(came.order_id)
    if order is None or known is None or order.order_id != came.order_id or known.stage is not Stage.WRITING:
        return Step(state)
    verdict = judge_order(state, known.issuer, order, now)
    if isinstance(verdict, Refused):
        return _settle(state, known, ActuationOutcome.REFUSED, verdict.reasons[0].code, now)
    opening = Opening(order.order_id, order.barrier, since=now)
    state = replace(know(state, replace(known, stage=Stage.COMMANDING)), opening=opening)
    return Step(state, (Actuate(OpenBarrier(barrier=order.barrier, order_id=order.order_id, nonce=order.nonce)),))


def _intent_taken(state: LaneState, came: IntentTaken, now: int) -> Step:
    if state.resetting is not None and state.resetting.reset_id == came.order_id:
        state = replace(state, resetting=None)
    if state.pending is not None and state.pending.order_id == came.order_id:
        state = replace(state, pending=None)
    known = state.known.get(came.order_id)
    if known is None or known.stage is not Stage.WRITING:
        return Step(state)
    return refuse_unwritten(state, known, "order.nonce_used", now)


def _commanded(state: LaneState, came: Commanded, now: int) -> Step:
    known = state.known.get(came.order_id)
    if known is None or known.stage is not Stage.COMMANDING:
        return Step(state)
    if came.sure:
        return _settle(state, known, ActuationOutcome.ACTUATED, None, now)
    return _settle(state, known, ActuationOutcome.UNCERTAIN, "barrier.command_uncertain", now)


def _settle(state: LaneState, known: Known, outcome: ActuationOutcome, rule: str | None, now: int) -> Step:
    """Write what became of an intended order; it is reported when that is durable."""
    known = replace(stamped(state, known, outcome, rule, now), stage=Stage.SETTLING)
    record = Outcome(state.setting.lane, known.order_id, outcome, rule, known.at, known.uncertainty_us)
    return Step(know(state, known), (Write((record,), OutcomeWritten(known.order_id)),))


def _outcome_written(state: LaneState, came: OutcomeWritten, now: int) -> Step:
    known = state.known.get(came.order_id)
    if known is None or known.stage is not Stage.SETTLING:
        return Step(state)
    if state.pending is not None and state.pending.order_id == came.order_id:
        state = replace(state, pending=None)
    return tell(state, replace(known, stage=Stage.DONE), now)


def _report_taken(state: LaneState, came: ReportTaken, now: int) -> Step:
    known = state.known.get(came.order_id)
    if known is None or known.told:
        return Step(state)
    state = know(state, replace(known, told=True))
    return Step(state, (Write((Reported(state.setting.lane, came.order_id),)),) if known.durable else ())


def _poll_sent(state: LaneState, came: PollSent, now: int) -> Step:
    state = notices.challenge(state, came.nonce, now)
    if now - state.swept_at >= SWEEP_US:
        state = replace(forget(state, now), swept_at=now)
    state = _doubted(state, now)
    effects: list[Report] = []
    for order_id in state.untold:
        known = state.known[order_id]
        if known.told_at is None or now - known.told_at >= REPORT_RETRY_US:
            told = tell(state, known, now)
            state = told.state
            effects.append(report_of(state, known))
    return Step(state, tuple(effects))


def _doubted(state: LaneState, now: int) -> LaneState:
    """Take back that an arm was moved which was never seen to: its command was lost on its way, and a person is needed.

    What stands in the log stays: nobody moves that arm for this order again.
    """
    opening = state.opening
    known = None if opening is None else state.known.get(opening.order_id)
    if opening is None or known is None or known.outcome is not ActuationOutcome.ACTUATED or not is_lost(opening, now):
        return state
    doubted = stamped(state, known, ActuationOutcome.UNCERTAIN, "barrier.never_moved", now)
    return know(state, replace(doubted, told=False, told_at=None))


_HANDLERS: Mapping[type, Callable[[LaneState, Any, int], Step]] = {
    OrderCame: _order_came,
    IntentWritten: _intent_written,
    IntentTaken: _intent_taken,
    Commanded: _commanded,
    OutcomeWritten: _outcome_written,
    ReportTaken: _report_taken,
    ResetCame: notices.reset_came,
    ResetWritten: notices.reset_written,
    HoldCame: notices.hold_came,
    PollSent: _poll_sent,
    AnswerCame: notices.answer_came,
    AnswerRead: notices.answer_read,
    StatusChanged: devices.see_status,
}
