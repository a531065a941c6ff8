r"""The fields that many messages share, each with the range in which it is believed.

Patterns end in ``\Z``, not ``$``, because ``$`` also matches before a final line feed.
"""

from typing import Annotated

import msgspec

LARGEST = 2**53 - 1
"""Largest whole number on the wire: above it readers that keep numbers as doubles (RFC 8259, section 6) lose digits."""

DeviceName = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}\Z", description="The device's own name within its port."),
]
SequenceNumber = Annotated[
    int, msgspec.Meta(ge=0, le=LARGEST, description="Counts the messages of one device; starts anywhere, rises by one.")
]
At = Annotated[int, msgspec.Meta(ge=0, le=LARGEST, description="Microseconds since 1970-01-01T00:00:00Z.")]
Track = Annotated[
    int,
    msgspec.Meta(ge=0, le=2**31 - 1, description="The stop loop's occupancy count, which names one stop (PLC DINT)."),
]
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
PerMille = Annotated[int, msgspec.Meta(ge=0, le=1000, description="A share or a score in thousandths.")]

_QUIET = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
"""Control characters and marks of writing direction, with which a reading could disguise itself on a screen."""

Text = Annotated[
    str, msgspec.Meta(max_length=32, pattern=rf"^[^{_QUIET}]*\Z", description="A reading, as it was read.")
]
LongText = Annotated[str, msgspec.Meta(max_length=200, pattern=rf"^[^{_QUIET}]*\Z")]
Code = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,47}\Z", description="A short name from a device's own list.")
]
Codes = Annotated[tuple[Code, ...], msgspec.Meta(max_length=16)]
Identity = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]{1,96}\Z", description="An identifier of ours: visible ASCII without spaces.")
]
Nonce = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z", description="Used once, by one issuer.")]
Port = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z")]
Lane = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9-]{0,15}\Z")]
AuthorityName = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z][a-z_]{0,31}\Z", description="Who decides, as in border_inspection.")
]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=65_535, description="JPEG holds at most 65,535 (ITU-T T.81, B.2.2).")]
Axles = Annotated[int, msgspec.Meta(ge=0, le=32)]


class DeviceMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every JSON message of a device carries: which device, its running number, and when (microseconds)."""

    device: DeviceName
    seq: SequenceNumber
    at: At


class Image(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JPEG kept at the edge, by its SHA-256 in hex, and where in it the reading stands (x, y, width, height)."""

    sha256: Sha256
    box: tuple[Pixels, Pixels, Pixels, Pixels] | None = None
