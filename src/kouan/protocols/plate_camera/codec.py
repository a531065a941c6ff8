"""Readings of a plate camera: JSON, one message a payload."""

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.plate_camera.messages import PlateRead

MAX_BYTES = 1024
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[PlateRead] = JsonCodec(PlateRead, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
