"""What the reader of electronic seals (关锁) tells."""

import enum

from kouan.protocols.fields import DeviceMessage, Text, Track


class SealCondition(enum.StrEnum):
    """The state in which the seal was found."""

    INTACT = "intact"
    TAMPERED = "tampered"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class SealRead(DeviceMessage, frozen=True, kw_only=True):
    """One interrogation of a seal; ``number`` is None where none could be read."""

    track: Track
    number: Text | None
    condition: SealCondition
