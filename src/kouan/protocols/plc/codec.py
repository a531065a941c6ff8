"""Messages of the lane PLC: JSON, one message a payload."""

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.plc.messages import PlcMessage

MAX_BYTES = 1024
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[PlcMessage] = JsonCodec(PlcMessage, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
