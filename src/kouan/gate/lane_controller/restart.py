"""How a lane controller comes back after a crash: closed, and uncertain of what it does not know (I15)."""

from collections.abc import Sequence

from msgspec.structs import replace

from kouan.gate.lane_controller.memory import know
from kouan.gate.lane_controller.records import (
    EpochRaised,
    Horizon,
    Intent,
    Latched,
    Outcome,
    Record,
    Reported,
    ResetTaken,
    SightKept,
)
from kouan.gate.lane_controller.state import Known, LaneSetting, LaneState, OutcomeWritten, Stage, Step, Write
from kouan.gate.lane_controller.view import Opening
from kouan.protocols.lane_order.messages import LONGEST_LIFE_US, ActuationOutcome
from kouan.vocabulary.clock import SECOND

SETTLING_US = 2 * SECOND
"""Microseconds after a start in which no order is taken, nor one afterwards that was given before. Our choice: in that
time the broker delivers what the lane's devices said meanwhile, so that a vehicle that has left is known to have left,
and an arm that moved is known to have moved."""


def restart(setting: LaneSetting, records: Sequence[Record], now: int) -> Step:
    """Return the lane as its log leaves it at the monotonic instant ``now``, and what is still to be written.

    An intent without an outcome becomes ``uncertain`` and is reported to a person; it is never tried again (I1). Arms
    that never reported a position are unknown; those that did count as reported once the lane has settled.
    """
    state = LaneState(setting, now, latched_at=now)
    for record in records:
        if isinstance(record, Horizon) or record.lane == setting.lane:
            state = _recall(state, record, now)
    if state.opening is not None:
        opening = replace(state.opening, since=now, resumed=state.opening.crossed == 0)
        state = replace(state, opening=opening)
    unsure = [known for known in state.known.values() if known.stage is Stage.SETTLING]
    return Step(state, tuple(_unsure(setting.lane, known) for known in unsure))


def _recall(state: LaneState, record: Record, now: int) -> LaneState:  # noqa: PLR0911 - one return a kind of record
    match record:
        case Intent():
            return _intended(state, record)
        case ResetTaken():
            known = Known(record.reset_id, record.issuer, record.nonce, record.expires_at, Stage.DONE)
            known = replace(known, outcome=ActuationOutcome.RESET, at=record.expires_at, uncertainty_us=LONGEST_LIFE_US)
            return know(state, replace(known, told=True))
        case Outcome():
            return _ended(state, record)
        case Reported() if record.order_id in state.known:
            return know(state, replace(state.known[record.order_id], told=True))
        case EpochRaised():
            return replace(state, epoch=max(state.epoch, record.epoch))
        case Latched():
            return replace(state, latch=record.cause)
        case SightKept():
            return _seen(state, record, now + SETTLING_US)
        case Horizon():
            return replace(state, horizons={**state.horizons, record.issuer: record.expires_at})
        case _:
            return state


def _intended(state: LaneState, record: Intent) -> LaneState:
    """Take an intent as uncertain, until its outcome follows: it was commanded between issue and expiry, or never."""
    known = Known(record.order_id, record.issuer, record.nonce, record.expires_at, Stage.SETTLING)
    known = replace(known, outcome=ActuationOutcome.UNCERTAIN, rule="lane.restarted", at=record.expires_at)
    state = know(state, replace(known, uncertainty_us=LONGEST_LIFE_US))
    return replace(state, opening=Opening(record.order_id, None, ended=True))


def _ended(state: LaneState, record: Outcome) -> LaneState:
    known = state.known.get(record.order_id)
    if known is None:
        return state
    known = replace(known, stage=Stage.DONE, outcome=record.outcome, rule=record.rule, at=record.at)
    state = know(state, replace(known, uncertainty_us=record.uncertainty_us))
    opening = state.opening
    if opening is None or opening.order_id != record.order_id or opening.moved:
        return state
    if record.outcome is ActuationOutcome.ACTUATED:
        return replace(state, opening=replace(opening, ended=False))
    return replace(state, opening=opening if record.outcome is ActuationOutcome.UNCERTAIN else None)


def _seen(state: LaneState, record: SightKept, settled_at: int) -> LaneState:
    """Take what the devices said last; an opening only where no later order was intended."""
    view = replace(record.view, since=settled_at)
    state = replace(state, view=view, positions=record.positions, faults=record.faults, settled_at=settled_at)
    state = replace(state, sequences=record.sequences)
    opening = record.opening
    if opening is None or (state.opening is not None and state.opening.order_id != opening.order_id):
        return state
    return replace(state, opening=opening)


def _unsure(lane: str, known: Known) -> Write:
    outcome = Outcome(lane, known.order_id, ActuationOutcome.UNCERTAIN, known.rule, known.at, known.uncertainty_us)
    return Write((outcome,), OutcomeWritten(known.order_id))
