"""Messages between two processes of the measure: batches in MessagePack, each after its length."""

import asyncio
import struct
from collections.abc import Callable, Iterator

import msgspec

_LENGTH = struct.Struct(">I")


class Parcel(msgspec.Struct, frozen=True, array_like=True):
    """One message on a topic; ``telemetry`` is delivered once, and never again."""

    topic: str
    payload: bytes
    telemetry: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Parcel]).decode


class Batches:
    """Gathers what is put in one turn of the loop, and writes it as one batch."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._parcels: list[Parcel] = []

    def put(self, parcel: Parcel) -> None:
        """Send a message with all others of this turn."""
        if not self._parcels:
            self._loop.call_soon(self._flush)
        self._parcels.append(parcel)

    def _flush(self) -> None:
        data = _encode(self._parcels)
        self._parcels = []
        self._write(_LENGTH.pack(len(data)) + data)


class BatchReader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Parcel]:
        """Yield the messages of each batch that is complete with ``data``."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < end:
                return
            batch = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield from _decode(batch)
