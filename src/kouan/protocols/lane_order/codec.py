"""Orders, holds, resets, answers to polls and reports as signed JSON; polls as plain JSON."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.protocols import jws
from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.lane_order.messages import ControllerReport, HoldNotice, LaneReset, OpenOrder, Poll, PollAnswer
from kouan.protocols.signed import SignedCodec, lane_controller_key, platform_key

MAX_BYTES = 4096
"""Longest message in bytes before signing. Our choice: the longest message that the fields allow is shorter."""

ORDER_TYPE = "kouan-order+jws"
HOLD_TYPE = "kouan-hold+jws"
RESET_TYPE = "kouan-reset+jws"
POLL_TYPE = "kouan-poll+jws"
REPORT_TYPE = "kouan-report+jws"
"""The ``typ`` in the headers of signed messages. Our choice of names, as RFC 8725, section 3.11 asks for."""

ANSWERS: JsonCodec[PollAnswer] = JsonCodec(PollAnswer, MAX_BYTES)
POLLS: JsonCodec[Poll] = JsonCodec(Poll, MAX_BYTES)
ORDERS: SignedCodec[OpenOrder] = SignedCodec(
    ORDER_TYPE, JsonCodec(OpenOrder, MAX_BYTES), lambda order: platform_key(order.port)
)
HOLDS: SignedCodec[HoldNotice] = SignedCodec(
    HOLD_TYPE, JsonCodec(HoldNotice, MAX_BYTES), lambda hold: platform_key(hold.port)
)
RESETS: SignedCodec[LaneReset] = SignedCodec(
    RESET_TYPE, JsonCodec(LaneReset, MAX_BYTES), lambda reset: platform_key(reset.port)
)
REPORTS: SignedCodec[ControllerReport] = SignedCodec(
    REPORT_TYPE, JsonCodec(ControllerReport, MAX_BYTES), lambda report: lane_controller_key(report.port)
)

encode_poll = POLLS.encode
decode_poll = POLLS.decode
sign_order = ORDERS.sign
verify_order = ORDERS.verify
sign_hold = HOLDS.sign
verify_hold = HOLDS.verify
sign_reset = RESETS.sign
verify_reset = RESETS.verify
sign_report = REPORTS.sign
verify_report = REPORTS.verify


def sign_poll_answer(signer: jws.Signer, port: str, answer: PollAnswer) -> bytes:
    """Return the answer signed by the platform of ``port``, which the answer itself does not name."""
    return _answers_of(port).sign(signer, answer)


def verify_poll_answer(keys: Mapping[str, Ed25519PublicKey], port: str, compact: bytes) -> PollAnswer:
    """Return the answer; raise InvalidValue unless the platform of ``port`` signed it."""
    return _answers_of(port).verify(keys, compact)


def _answers_of(port: str) -> SignedCodec[PollAnswer]:
    return SignedCodec(POLL_TYPE, ANSWERS, lambda _: platform_key(port))
