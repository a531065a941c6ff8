"""Readings of the driver terminal: JSON, one message a payload."""

from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.json_codec import JsonCodec

MAX_BYTES = 1024
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[DriverRead] = JsonCodec(DriverRead, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
