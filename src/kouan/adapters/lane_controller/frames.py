"""The nonce log's bytes: a magic line, then frames, each the records of one append under one checksum.

    frame = length of the payload + its CRC-32 + CRC-32 of these two (4 bytes each, big endian) + payload (JSON array)

A frame is made durable before anything rests on it, so only the last one can be torn, and nothing rests on that one.
A torn frame is one that a disk began and did not end: the file ends before the frame does, or sectors of it were never
written and read as zeros, which the payload never holds. Damage of any other kind means that the medium lies, and the
log is refused: a bit that flipped in the last frame would else be a nonce forgotten.
"""

import itertools
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

SECTOR_BYTES = 512
"""What a disk writes whole or not at all: the smallest logical block of ATA and NVMe disks."""

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
    if len(data) - offset < HEAD_BYTES:
        return None
    if not _is_head(data, offset):
        if _has_unwritten_sector(data, offset) and not _is_frame_after(data, offset):
            return None
        raise Corrupt(f"the nonce log is damaged at byte {offset}, in the head of a frame")
    length, checksum = _HEAD.unpack_from(data, offset)
    end = offset + HEAD_BYTES + length
    payload = data[offset + HEAD_BYTES : end]
    if len(payload) == length and zlib.crc32(payload) == checksum:
        return payload
    if end > len(data) or (end == len(data) and _has_unwritten_sector(data, offset)):
        return None
    raise Corrupt(f"the nonce log is damaged at byte {offset}, in a frame that was written")


def _is_head(data: bytes, offset: int) -> bool:
    head = data[offset : offset + HEAD_BYTES]
    return len(head) == HEAD_BYTES and _CHECK.unpack_from(head, _HEAD.size)[0] == zlib.crc32(head[: _HEAD.size])


def _has_unwritten_sector(data: bytes, offset: int) -> bool:
    """Say whether a sector's part of what follows ``offset`` is nothing but zeros."""
    starts = [offset, *range((offset // SECTOR_BYTES + 1) * SECTOR_BYTES, len(data), SECTOR_BYTES)]
    return any(not any(data[start:end]) for start, end in itertools.pairwise([*starts, len(data)]))


def _is_frame_after(data: bytes, offset: int) -> bool:
    """Say whether a whole frame stands somewhere after ``offset``; what is before it was written, and is damaged."""
    for place in range(offset + 1, len(data) - HEAD_BYTES + 1):
        if _is_head(data, place):
            length, checksum = _HEAD.unpack_from(data, place)
            payload = data[place + HEAD_BYTES : place + HEAD_BYTES + length]
            if length and len(payload) == length and zlib.crc32(payload) == checksum:
                return True
    return False


def _read(payload: bytes, offset: int) -> tuple[Record, ...]:
    try:
        return _RECORDS.decode(payload)
    except msgspec.MsgspecError as error:
        raise Corrupt(
            f"the nonce log holds a frame at byte {offset} that is none of this version's: {error}"
        ) from error
