"""Grades: what a score is worth, as it is kept with the model."""

import msgspec

from kouan.vocabulary.verdict import GRANTED, Granted, Reason, Refused


class Precision(msgspec.Struct, frozen=True):
    """Which part of the highest share is false, in ppm."""

    share_pm: int
    precision_ppm: int


class Bin(msgspec.Struct, frozen=True):
    """One row of the reliability table: mean score and found rate in ppm of so many candidates."""

    score_ppm: int
    found_ppm: int
    examined: int


class Grade(msgspec.Struct, frozen=True):
    """How good a score is, in ppm; ``lookup`` is the look-up's precision. ``failed`` says why it must not be used."""

    examined: int
    found: int
    base_ppm: int
    average_precision_ppm: int
    lookup_average_precision_ppm: int
    brier_ppm: int
    expected_error_ppm: int
    precision: tuple[Precision, ...]
    lookup: tuple[Precision, ...]
    reliability: tuple[Bin, ...]
    failed: tuple[Reason, ...]

    @property
    def verdict(self) -> Granted | Refused:
        """Whether the score may be used."""
        return Refused(self.failed) if self.failed else GRANTED
