"""Presence and faults of a device: JSON, one message a payload."""

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.status.messages import DeviceStatus

MAX_BYTES = 2048
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[DeviceStatus] = JsonCodec(DeviceStatus, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
