"""Readings of the container camera: JSON, one message a payload."""

from kouan.protocols.container_camera.messages import ContainerMessage
from kouan.protocols.json_codec import JsonCodec

MAX_BYTES = 2048
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[ContainerMessage] = JsonCodec(ContainerMessage, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
