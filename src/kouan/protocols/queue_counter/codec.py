"""Counts of waiting vehicles: JSON, one message a payload."""

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.queue_counter.messages import QueueCounted

MAX_BYTES = 512
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[QueueCounted] = JsonCodec(QueueCounted, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
