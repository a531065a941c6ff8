"""What a plate camera tells."""

import enum

from kouan.protocols.fields import DeviceMessage, Image, PerMille, Text, Track


class PlatePosition(enum.StrEnum):
    """Which end of the vehicle: the tractor's front, or the rear, where the trailer's plate hangs."""

    FRONT = "front"
    REAR = "rear"


class PlateColour(enum.StrEnum):
    """The plate's ground colour."""

    BLUE = "blue"
    YELLOW = "yellow"
    GREEN = "green"
    WHITE = "white"
    BLACK = "black"
    UNKNOWN = "unknown"


class PlateRead(DeviceMessage, frozen=True, kw_only=True):
    """A plate as the camera read it, unparsed; empty where it saw none."""

    track: Track
    position: PlatePosition
    text: Text
    confidence_pm: PerMille
    colour: PlateColour
    image: Image | None = None
