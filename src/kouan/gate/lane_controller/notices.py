# ruff: noqa: ARG001 - all handlers of inputs have one signature
"""What a platform tells a lane beside orders: resets, holds, and answers to polls."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec.structs import replace

from kouan.gate.lane_controller.clock import join, measure
from kouan.gate.lane_controller.memory import know, refuse_unwritten, reject, stamped, tell, tell_again
from kouan.gate.lane_controller.orders import check_age, check_audience, peek
from kouan.gate.lane_controller.records import EpochRaised, Latched, ResetTaken
from kouan.gate.lane_controller.rules import judge_reset
from kouan.gate.lane_controller.state import (
    AnswerCame,
    AnswerRead,
    HoldCame,
    IntentTaken,
    Known,
    LaneState,
    ResetCame,
    ResetWritten,
    Stage,
    Step,
    Write,
)
from kouan.protocols.barrier.messages import BarrierPosition
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import ActuationOutcome, LaneReset
from kouan.protocols.signed import platform_key
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Refused

CHALLENGES = 4
"""Polls that may be unanswered at once. Our choice: as many seconds as polls; a later answer is useless anyway."""


def reset_came(state: LaneState, came: ResetCame, now: int) -> Step:
    """Return the lane after a signed reset came: on its way through the log, or refused."""
    setting = state.setting
    try:
        unproven = peek(codec.RESETS, came.compact)
        check_audience(unproven, setting.port, setting.lane)
        check_age(unproven.expires_at, state.clock, now)
        known = state.known.get(unproven.reset_id)
        if known is not None:
            return tell_again(state, known, now)
        reset = codec.verify_reset(setting.keys, came.compact)
    except InvalidValue as error:
        return reject(state, error.rule)
    return _take_reset(state, reset, now)


def _take_reset(state: LaneState, reset: LaneReset, now: int) -> Step:
    issuer = platform_key(reset.port)
    known = Known(reset.reset_id, issuer, reset.nonce, reset.expires_at, Stage.WRITING)
    verdict = judge_reset(state, issuer, reset, now)
    if isinstance(verdict, Refused):
        return refuse_unwritten(state, known, verdict.reasons[0].code, now)
    lane = state.setting.lane
    taken = ResetTaken(lane, reset.reset_id, issuer, reset.nonce, reset.expires_at)
    write = Write((taken, Latched(lane, None)), ResetWritten(reset.reset_id), IntentTaken(reset.reset_id))
    return Step(replace(know(state, known), resetting=reset), (write,))


def reset_written(state: LaneState, came: ResetWritten, now: int) -> Step:
    """Return the lane without its latch, unless it was latched anew since the reset was given."""
    known = state.known.get(came.reset_id)
    if known is None or known.stage is not Stage.WRITING:
        return Step(state)
    if state.resetting is None or state.resetting.reset_id != came.reset_id:
        known = stamped(state, known, ActuationOutcome.REFUSED, "reset.latched_again", now)
        return tell(state, replace(known, stage=Stage.DONE), now)
    opening = state.opening
    still = all(position is BarrierPosition.CLOSED for position in state.positions.values())
    if opening is not None and still:
        opening = replace(opening, ended=True)
    state = replace(state, latch=None, resetting=None, opening=opening)
    known = replace(stamped(state, known, ActuationOutcome.RESET, None, now), stage=Stage.DONE)
    return tell(state, known, now)


def hold_came(state: LaneState, came: HoldCame, now: int) -> Step:
    """Return the lane after a hold: orders of a lower epoch are void from now on (I4)."""
    setting = state.setting
    try:
        check_audience(peek(codec.HOLDS, came.compact), setting.port, setting.lane)
        hold = codec.verify_hold(setting.keys, came.compact)
    except InvalidValue as error:
        return reject(state, error.rule)
    return Step(*raise_epoch(state, hold.epoch))


def raise_epoch(state: LaneState, epoch: int) -> tuple[LaneState, tuple[Write, ...]]:
    """Take a higher epoch at once, in memory, and ask for its writing: a hold is never forgotten nor late."""
    if epoch <= state.epoch:
        return state, ()
    return replace(state, epoch=epoch), (Write((EpochRaised(state.setting.lane, epoch),)),)


def challenge(state: LaneState, nonce: str, now: int) -> LaneState:
    """Return the lane with one more poll unanswered."""
    return replace(state, challenges=(*state.challenges, (nonce, now))[-CHALLENGES:])


def read_answer(keys: Mapping[str, Ed25519PublicKey], port: str, came: AnswerCame) -> AnswerRead:
    """Check an answer's signature, once for all lanes that have these keys."""
    try:
        return AnswerRead(codec.verify_poll_answer(keys, port, came.compact))
    except InvalidValue as error:
        return AnswerRead(None, error.rule)


def answer_came(state: LaneState, came: AnswerCame, now: int) -> Step:
    """Return the lane after an answer that is still to be checked."""
    return answer_read(state, read_answer(state.setting.keys, state.setting.port, came), now)


def answer_read(state: LaneState, came: AnswerRead, now: int) -> Step:
    """Return the lane after an answer to one of its polls: its clock, its epoch, and that it is connected."""
    answer = came.answer
    if answer is None:
        return reject(state, came.rule)
    sent = state.asked_at(answer.nonce)
    if sent is None:
        return reject(state, "poll.unasked")
    later = tuple([challenge for challenge in state.challenges if challenge[1] > sent])
    clock = join(state.clock, measure(sent, now, answer.time), now)
    epoch = answer.epochs.get(state.setting.lane)
    heard = state.epoch_heard or epoch is not None
    state = replace(state, clock=clock, heard_at=now, challenges=later, epoch_heard=heard)
    return Step(state) if epoch is None else Step(*raise_epoch(state, epoch))
