"""The header of every message, and its timestamps."""

import datetime as dt
from typing import Annotated

import msgspec

from kouan.protocols.fields import LARGEST
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue

VERSION = "2.1.0"
"""The version of the standard that the messages of this package follow."""

PI = 3.14159265359
"""Bound of angles in radians, with the digits that the published schemas give it."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST, description="uint32 in the standard; we read up to 2⁵³ − 1.")]
Angle = Annotated[float, msgspec.Meta(ge=-PI, le=PI, description="Radians.")]
Positive = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Timestamp = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\Z",
        description="ISO 8601 with its offset from UTC (RFC 3339, section 5.6).",
    ),
]


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A piece of a message: camelCase on the wire, absent where it has no value, open to fields that we do not know."""


class Header(Part, frozen=True, kw_only=True):
    """What every message begins with; ``header_id`` counts the messages of one topic.

    Raises InvalidValue (``field.timestamp``) when made with a timestamp that names no moment.
    """

    header_id: Whole
    timestamp: Timestamp
    version: str
    manufacturer: str
    serial_number: str

    def __post_init__(self) -> None:
        """Refuse a timestamp that names no moment, as the 30th of February."""
        instant(self.timestamp)


def timestamp(at: Instant) -> str:
    """Return microseconds since the epoch as a timestamp in UTC with milliseconds."""
    moment = _EPOCH + dt.timedelta(microseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def instant(text: str) -> Instant:
    """Return a timestamp as microseconds since the epoch; raise InvalidValue (``field.timestamp``) if it is none."""
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidValue("timestamp", "field.timestamp", "must be a moment, as 2026-11-23T08:15:00.000Z") from error
