"""Commands to the signal light and the display: JSON, one message a payload."""

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.signs.messages import DisplayCommand, LightCommand

MAX_BYTES = 16_384
"""Longest payload in bytes. Our choice: 16 lines of 200 characters at four bytes each, and the two names, fit."""

LIGHT: JsonCodec[LightCommand] = JsonCodec(LightCommand, MAX_BYTES)
DISPLAY: JsonCodec[DisplayCommand] = JsonCodec(DisplayCommand, MAX_BYTES)

encode_light = LIGHT.encode
decode_light = LIGHT.decode
encode_display = DISPLAY.encode
decode_display = DISPLAY.decode
