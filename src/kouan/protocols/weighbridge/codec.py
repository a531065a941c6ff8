"""XK3190 frames: 02, sign, six digits, decimals, XOR of those eight in two hex characters, 03."""

import functools
import operator
import re

from kouan.protocols.stream import ChunkCodec
from kouan.protocols.weighbridge.messages import Frame, Garbled
from kouan.vocabulary.errors import InvalidValue

FRAME_BYTES = 12
"""Length of a frame (indicator XK3190-D10, continuous sending)."""

MAX_BYTES = 4096
"""Longest piece of the stream taken at once, in bytes. Our choice: over four seconds of a line at 9600 baud."""

KEPT_BYTES = 32
"""How much of garbled bytes is kept to be looked at. Our choice: two frames and a half."""

MOST_DECIMALS = 4
"""Most digits after the point (the indicator's decimal position is 0 to 4)."""

_START = 0x02
_FRAME = re.compile(rb"\x02(?P<body>(?P<sign>[+-])(?P<digits>[0-9]{6})(?P<decimals>[0-4]))(?P<check>[0-9A-F]{2})\x03")

CHUNKS = ChunkCodec(MAX_BYTES)


def _check(body: bytes) -> bytes:
    return b"%02X" % functools.reduce(operator.xor, body)


@functools.lru_cache(maxsize=4096)
def encode_frame(frame: Frame) -> bytes:
    """Return the frame's twelve bytes; raise InvalidValue (``frame.range``) if it shows what the indicator cannot."""
    if not (abs(frame.shown) <= 999_999 and 0 <= frame.decimals <= MOST_DECIMALS):
        mend = f"must show at most six digits, at most {MOST_DECIMALS} after the point"
        raise InvalidValue("frame", "frame.range", mend)
    body = b"%c%06d%d" % (b"-" if frame.shown < 0 else b"+", abs(frame.shown), frame.decimals)
    return b"\x02" + body + _check(body) + b"\x03"


@functools.lru_cache(maxsize=4096)
def _frame(candidate: bytes) -> Frame | str:
    """Return the frame, or the rule that the twelve bytes break; remembered, because a standing load repeats itself."""
    match = _FRAME.fullmatch(candidate)
    if match is None:
        return "frame.form"
    if _check(match["body"]) != match["check"]:
        return "frame.check"
    size = int(match["digits"])
    return Frame(-size if match["sign"] == b"-" else size, int(match["decimals"]))


class FrameReader:
    """Finds the frames in a byte stream that may be cut anywhere and may be garbled.

    After bytes that are no frame it goes on at the next 02, so one broken frame costs at most itself. It keeps at
    most ``FRAME_BYTES`` − 1 bytes between calls.
    """

    def __init__(self) -> None:
        self._rest = b""
        self.garbled_bytes = 0

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are kept."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Frame | Garbled]:
        """Return what the bytes complete, in order; raise InvalidValue (``stream.size``) above ``MAX_BYTES``."""
        buffer = self._rest + CHUNKS.decode(data).data
        found: list[Frame | Garbled] = []
        at = 0
        while at < len(buffer):
            if buffer[at] != _START:
                at = self._skip(buffer, at, "frame.noise", found)
            elif len(buffer) - at < FRAME_BYTES:
                break
            else:
                read = _frame(buffer[at : at + FRAME_BYTES])
                if isinstance(read, Frame):
                    found.append(read)
                    at += FRAME_BYTES
                else:
                    at = self._skip(buffer, at, read, found)
        self._rest = buffer[at:]
        return found

    def _skip(self, buffer: bytes, at: int, rule: str, found: list[Frame | Garbled]) -> int:
        start = buffer.find(_START, at + 1)
        end = len(buffer) if start < 0 else start
        self.garbled_bytes += end - at
        found.append(Garbled(rule, buffer[at : min(end, at + KEPT_BYTES)]))
        return end
