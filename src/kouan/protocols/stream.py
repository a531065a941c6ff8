"""Channels that carry a piece of a byte stream, cut anywhere; the device's own reader makes sense of it."""

import msgspec

from kouan.vocabulary.errors import InvalidValue


class Chunk(msgspec.Struct, frozen=True):
    """A piece of a device's byte stream, as it came."""

    data: bytes


class ChunkCodec:
    """Passes bytes through, at most ``max_bytes`` of them."""

    message_type = Chunk

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes

    def encode(self, message: Chunk) -> bytes:
        """Return the bytes; raise InvalidValue (``stream.size``) if there are too many."""
        self.decode(message.data)
        return message.data

    def decode(self, payload: bytes) -> Chunk:
        """Return the chunk; raise InvalidValue (``stream.size``) if there are too many bytes."""
        if len(payload) > self.max_bytes:
            raise InvalidValue("", "stream.size", f"must be at most {self.max_bytes} bytes, not {len(payload)}")
        return Chunk(bytes(payload))
