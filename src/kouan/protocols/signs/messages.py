"""Commands to the signal light and to the text display of a lane."""

import enum
from typing import Annotated

import msgspec

from kouan.protocols.fields import LongText, Text


class LightColour(enum.StrEnum):
    """What the signal light shows."""

    RED = "red"
    GREEN = "green"
    OFF = "off"


class LightCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Show this colour until told otherwise."""

    colour: LightColour


Lines = Annotated[tuple[LongText, ...], msgspec.Meta(max_length=8, description="Lines of text, from the top.")]


class DisplayLines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same text in Chinese and in English."""

    zh: Lines = ()
    en: Lines = ()


class DisplayCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Show these lines, the plate that is addressed and the way to take, until told otherwise."""

    lines: DisplayLines
    plate: Text | None = None
    route: Text | None = None
