"""Readings of a seal reader: JSON, one message a payload."""

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.seal_reader.messages import SealRead

MAX_BYTES = 1024
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[SealRead] = JsonCodec(SealRead, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
