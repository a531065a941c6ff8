"""Reports of the disinfection unit: JSON, one message a payload."""

from kouan.protocols.disinfection.messages import DisinfectionDone
from kouan.protocols.json_codec import JsonCodec

MAX_BYTES = 512
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[DisinfectionDone] = JsonCodec(DisinfectionDone, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
