"""What the driver terminal tells. Its messages hold personal data: they never stand in an entry as they are."""

from typing import Annotated

import msgspec

from kouan.protocols.fields import DeviceMessage, PerMille, Track
from kouan.vocabulary.errors import InvalidValue

MrzLine = Annotated[str, msgspec.Meta(min_length=30, max_length=44, pattern=r"^[A-Z0-9<]+\Z")]

_SHAPES = {(44, 44): "TD3", (30, 30, 30): "TD1"}
"""Line lengths of the machine-readable zones read here: passports and cards (ICAO Doc 9303, parts 4 and 5)."""


class DriverRead(DeviceMessage, frozen=True, kw_only=True):
    """The driver's document, how well face and fingerprint match it, and how many people are in the cab.

    ``fingerprint_quality`` is 0 to 100 as in ISO/IEC 29794-4 (NFIQ 2). Raises InvalidValue (``mrz.shape``) when made
    with lines of any other lengths than 2 × 44 or 3 × 30.
    """

    track: Track
    mrz: Annotated[tuple[MrzLine, ...], msgspec.Meta(min_length=2, max_length=3)]
    face_score_pm: PerMille
    liveness_pm: PerMille
    fingerprint_score_pm: PerMille | None = None
    fingerprint_quality: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    occupants: Annotated[int, msgspec.Meta(ge=0, le=100)]

    def __post_init__(self) -> None:
        """Refuse lines that are neither of a passport nor of a card."""
        if tuple(len(line) for line in self.mrz) not in _SHAPES:
            raise InvalidValue("mrz", "mrz.shape", "must be 2 lines of 44 or 3 lines of 30 characters")
