"""Declarations at the health kiosk: JSON, one message a payload."""

from kouan.protocols.health_kiosk.messages import HealthDeclared
from kouan.protocols.json_codec import JsonCodec

MAX_BYTES = 1024
"""Longest payload in bytes. Our choice: the longest message that the fields allow is shorter."""

CODEC: JsonCodec[HealthDeclared] = JsonCodec(HealthDeclared, MAX_BYTES)

encode = CODEC.encode
decode = CODEC.decode
