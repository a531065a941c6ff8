"""What the container camera tells."""

import enum

from kouan.protocols.fields import Codes, DeviceMessage, Image, PerMille, Text, Track


class ContainerPosition(enum.StrEnum):
    """Where on the chassis the container stands; a single long one is in front."""

    FRONT = "front"
    REAR = "rear"


class ContainerRead(DeviceMessage, frozen=True, kw_only=True, tag="ContainerRead"):
    """A container's number and size-type code (ISO 6346) as read, unparsed, and its damage in the camera's codes."""

    track: Track
    position: ContainerPosition
    number: Text
    size_type: Text
    confidence_pm: PerMille
    damage: Codes = ()
    image: Image | None = None


class NoContainer(DeviceMessage, frozen=True, kw_only=True, tag="NoContainer"):
    """The camera looked and saw no container."""

    track: Track
    confidence_pm: PerMille


ContainerMessage = ContainerRead | NoContainer
