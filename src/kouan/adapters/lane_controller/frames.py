"""The nonce log's bytes: a magic line, then frames, each the records of one append under one checksum.

    frame = length of the payload + its CRC-32 + CRC-32 of these two (4 bytes each, big endian) + payload (JSON array)

A frame is made durable before anything rests on it, so only the last one can be torn, and nothing rests on that one.
Damage anywhere else means that the medium lies, and the log is refused.
"""

import struct
import zlib
from collections.abc import Sequence

import msgspec

from kouan.gate.lane_controller.records import Record
from kouan.vocabulary.errors import Corrupt

MAGIC = b"kouan nonce log 1\n"
"""The first bytes of a log; the number is the format's."""

_HEAD = struct.Struct(">II")
_CHECK = struct.Struct(">I")
HEAD_BYTES = _HEAD.size + _CHECK.size
"""Length of a frame's head. It has a checksum of its own, so that a damaged length is never taken for a torn tail."""

_RECORDS = msgspec.json.Decoder(tuple[Record, ...])


def encode(records: Sequence[Record]) -> bytes:
    """Return one frame that holds these records."""
    payload = msgspec.json.encode(tuple(records))
    head = _HEAD.pack(len(payload), zlib.crc32(payload))
    return head + _CHECK.pack(zlib.crc32(head)) + payload


def decode(data: bytes) -> tuple[list[Record], int]:
    """Return the records of a log's bytes, and how many of the bytes are sound; what follows them is a torn tail.

    Raises Corrupt where the log is of another format, or is damaged otherwise than by an append that was cut short.
    """
    if not data.startswith(MAGIC):
        if MAGIC.startswith(data):
            return [], 0
        raise Corrupt("the nonce log does not begin as one: restore it, or start with a new platform key")
    records: list[Record] = []
    offset = len(MAGIC)
    while (payload := _payload(data, offset)) is not None:
        records.extend(_read(payload, offset))
        offset += HEAD_BYTES + len(payload)
    return records, offset


def _payload(data: bytes, offset: int) -> bytes | None:
    """Return the payload of the frame at ``offset``, None where there is no more than a torn tail; raise Corrupt."""
    head = data[offset : offset + HEAD_BYTES]
    if len(head) < HEAD_BYTES or _is_blank(data, offset):
        return None
    length, checksum = _HEAD.unpack_from(head)
    if _CHECK.unpack_from(head, _HEAD.size)[0] != zlib.crc32(head[: _HEAD.size]):
        raise Corrupt(f"the nonce log is damaged at byte {offset}, in the head of a frame")
    end = offset + HEAD_BYTES + length
    payload = data[offset + HEAD_BYTES : end]
    if len(payload) == length and zlib.crc32(payload) == checksum:
        return payload
    if end < len(data):
        raise Corrupt(f"the nonce log is damaged at byte {offset}, before its end")
    return None


def _is_blank(data: bytes, offset: int) -> bool:
    """Say whether only zeros follow, which some file systems leave of an append after a power cut."""
    return data[offset] == 0 and data.count(0, offset) == len(data) - offset


def _read(payload: bytes, offset: int) -> tuple[Record, ...]:
    try:
        return _RECORDS.decode(payload)
    except msgspec.MsgspecError as error:
        raise Corrupt(
            f"the nonce log holds a frame at byte {offset} that is none of this version's: {error}"
        ) from error
