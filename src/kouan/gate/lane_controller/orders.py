"""Reading what a platform signed for a lane, in the order that costs a flood of forgeries least.

Nothing unsigned is believed. What is read before the signature is checked only ever rejects: size, form, audience and
age. So a forged order is dropped at the price of a look, and a signature is checked only where everything else fits.
"""

import base64
import binascii
from typing import TypeVar

from kouan.gate.lane_controller.clock import ClockEstimate
from kouan.protocols import jws
from kouan.protocols.lane_order.messages import HoldNotice, LaneReset, OpenOrder
from kouan.protocols.signed import SignedCodec
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue

LONG_EXPIRED_US = 10 * SECOND
"""Age after expiry, in microseconds, from which an order is dropped unread. Our choice: twice an order's longest life;
nobody waits for an answer to it any more, so none is given."""

MessageT = TypeVar("MessageT", OpenOrder, HoldNotice, LaneReset)


def peek(codec: SignedCodec[MessageT], compact: bytes) -> MessageT:
    """Return what a compact form says, unverified, so that it may be rejected early.

    Raises InvalidValue: ``jws.size``, ``jws.form``, or the rule that the message itself breaks.
    """
    if len(compact) > jws.MAX_BYTES:
        raise InvalidValue("jws", "jws.size", f"must be at most {jws.MAX_BYTES} bytes")
    parts = compact.split(b".")
    if len(parts) != 3:
        raise InvalidValue("jws", "jws.form", "must be three parts joined by dots")
    try:
        payload = base64.b64decode(parts[1] + b"=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidValue("jws", "jws.form", f"cannot be read: {error}") from error
    return codec.json.decode(payload)


def check_audience(message: OpenOrder | HoldNotice | LaneReset, port: str, lane: str) -> None:
    """Raise InvalidValue unless the message is for this lane of this port (I11)."""
    if message.port != port:
        raise InvalidValue("port", "order.other_port", f"must be {port}")
    if message.lane != lane:
        raise InvalidValue("lane", "order.other_lane", f"must be {lane}")


def check_age(expires_at: Instant, clock: ClockEstimate | None, now: int) -> None:
    """Raise InvalidValue for what expired so long ago that nobody waits for its answer."""
    if clock is None:
        return
    earliest = clock.platform_time(now) - clock.uncertainty_us(now)
    if earliest > expires_at + LONG_EXPIRED_US:
        raise InvalidValue("expires_at", "order.long_expired", "must be in force")
