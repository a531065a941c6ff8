"""MQTT 3.1.1 control packets, as far as a client with QoS 0 and 1 needs them; sans I/O.

Source: MQTT Version 3.1.1, OASIS Standard, 29 October 2014; the numbers in brackets are its chapters.
"""

import enum
import struct
from collections.abc import Iterator

import msgspec

from kouan.vocabulary.errors import InvalidValue

MAX_PACKET_BYTES = 1 << 20
"""Longest packet read. Our choice: four times the longest payload that the broker takes."""


class Kind(enum.IntEnum):
    """Types of control packet [2.2.1]."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


PINGREQ = bytes((Kind.PINGREQ << 4, 0))
DISCONNECT = bytes((Kind.DISCONNECT << 4, 0))

CONNACK_REASONS = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "the broker does not allow this client identifier",
    3: "the broker is not available",
    4: "wrong user name or password",
    5: "not authorised",
}
"""What a CONNACK's return code means [3.2.2.3]."""


class Will(msgspec.Struct, frozen=True):
    """What the broker publishes (retained, QoS 1) when this client is gone without a word."""

    topic: str
    payload: bytes


class Publish(msgspec.Struct, frozen=True):
    """One message from the broker; ``packet_id`` is None at QoS 0."""

    topic: str
    payload: bytes
    packet_id: int | None
    retain: bool


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    length = len(body)
    header = bytearray((first,))
    while True:  # seven bits a byte, least significant first, the eighth says that more follow [2.2.3]
        length, digit = divmod(length, 128)
        header.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(header) + body


def connect(
    client_id: str, *, user: str, password: str, clean_session: bool, keep_alive_s: int, will: Will | None
) -> bytes:
    """Return a CONNECT packet [3.1]."""
    flags = 0xC0 | (0x02 if clean_session else 0)
    payload = _text(client_id)
    if will is not None:
        flags |= 0x04 | 0x08 | 0x20
        payload += _text(will.topic) + struct.pack("!H", len(will.payload)) + will.payload
    payload += _text(user) + _text(password)
    return _packet(Kind.CONNECT << 4, _text("MQTT") + struct.pack("!BBH", 4, flags, keep_alive_s) + payload)


def publish(topic: str, payload: bytes, *, packet_id: int | None, retain: bool) -> bytes:
    """Return a PUBLISH packet [3.3], at QoS 1 if it has an id."""
    first = Kind.PUBLISH << 4 | (0x01 if retain else 0)
    if packet_id is None:
        return _packet(first, _text(topic) + payload)
    return _packet(first | 0x02, _text(topic) + struct.pack("!H", packet_id) + payload)


def again(publish_packet: bytes) -> bytes:
    """Return the same PUBLISH packet marked as sent before [3.3.1.1]."""
    return bytes((publish_packet[0] | 0x08,)) + publish_packet[1:]


def puback(packet_id: int) -> bytes:
    """Return a PUBACK packet [3.4]."""
    return struct.pack("!BBH", Kind.PUBACK << 4, 2, packet_id)


def subscribe(packet_id: int, filters: tuple[str, ...]) -> bytes:
    """Return a SUBSCRIBE packet [3.8] that asks for QoS 1 at most."""
    body = struct.pack("!H", packet_id) + b"".join(_text(each) + b"\x01" for each in filters)
    return _packet(Kind.SUBSCRIBE << 4 | 0x02, body)


def packet_id_of(body: bytes) -> int:
    """Return the id with which the body of a PUBACK or SUBACK begins."""
    if len(body) < 2:
        raise InvalidValue("mqtt.packet", "mqtt.form", "an acknowledgement must name a packet")
    return body[0] << 8 | body[1]


def read_publish(flags: int, body: bytes) -> Publish:
    """Return the message of a PUBLISH packet; raise InvalidValue if it cannot be read."""
    try:
        end = 2 + (body[0] << 8 | body[1])
        topic = body[2:end].decode()
        packet_id = None
        if flags & 0x06:
            packet_id = body[end] << 8 | body[end + 1]
            end += 2
    except (IndexError, UnicodeDecodeError) as error:
        raise InvalidValue("mqtt.publish", "mqtt.form", f"cannot be read: {error}") from error
    return Publish(topic, body[end:], packet_id, bool(flags & 0x01))


class PacketReader:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield (type, flags, body) of each packet that is complete with ``data``; raise InvalidValue on nonsense."""
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while (bounds := _bounds(buffer, start)) is not None:
                body, end = bounds
                first = buffer[start]
                start = end
                yield first >> 4, first & 0x0F, bytes(buffer[body:end])
        finally:
            del buffer[:start]


def _bounds(buffer: bytearray, start: int) -> tuple[int, int] | None:
    """Return where the body of the packet at ``start`` begins and ends; None while it is incomplete."""
    length = 0
    for position in range(start + 1, min(start + 5, len(buffer))):
        digit = buffer[position]
        length |= (digit & 0x7F) << 7 * (position - start - 1)
        if digit < 0x80:
            if length > MAX_PACKET_BYTES:
                raise InvalidValue("mqtt.packet", "mqtt.size", f"must be at most {MAX_PACKET_BYTES} bytes")
            body = position + 1
            return (body, body + length) if body + length <= len(buffer) else None
    if len(buffer) - start >= 5:
        raise InvalidValue("mqtt.packet", "mqtt.form", "a length has at most four bytes")
    return None
