"""Positions of a barrier, and the command to open one: JSON, one message a payload."""

from kouan.protocols.barrier.messages import BarrierChanged, OpenBarrier
from kouan.protocols.json_codec import JsonCodec

MAX_BYTES = 1024
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

EVENTS: JsonCodec[BarrierChanged] = JsonCodec(BarrierChanged, MAX_BYTES)
COMMANDS: JsonCodec[OpenBarrier] = JsonCodec(OpenBarrier, MAX_BYTES)

encode = EVENTS.encode
decode = EVENTS.decode
encode_command = COMMANDS.encode
decode_command = COMMANDS.decode
