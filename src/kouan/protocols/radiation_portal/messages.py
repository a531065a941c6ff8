"""The lines of a Rapiscan radiation portal, and the occupancies that they tell of.

Counts are those of four detectors (master upper and lower, slave upper and lower): in one second in background and
neutron lines, in 200 ms in gamma scan and alarm lines.
"""

import enum
from typing import Annotated

import msgspec

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue

Detectors = tuple[int, int, int, int]
"""One count for each detector: master upper, master lower, slave upper, slave lower."""


class CountKind(enum.StrEnum):
    """The two letters that open a line of counts."""

    GAMMA_BACKGROUND = "GB"
    NEUTRON_BACKGROUND = "NB"
    GAMMA_SCAN = "GS"
    NEUTRON_SCAN = "NS"
    GAMMA_ALARM = "GA"
    NEUTRON_ALARM = "NA"
    GAMMA_HIGH = "GH"
    GAMMA_LOW = "GL"
    NEUTRON_HIGH = "NH"


class SetupKind(enum.StrEnum):
    """The letters that open a line of settings."""

    GAMMA_1 = "SG1"
    GAMMA_2 = "SG2"
    GAMMA_3 = "SG3"
    NEUTRON_1 = "SN1"
    NEUTRON_2 = "SN2"


class CountLine(msgspec.Struct, frozen=True):
    """Counts of the four detectors, and what they are counts of."""

    kind: CountKind
    counts: Detectors

    @property
    def total(self) -> int:
        """The counts of all four detectors together."""
        return sum(self.counts)


class EndLine(msgspec.Struct, frozen=True):
    """GX: an occupancy ended. Its number, and the neutron background in thousandths of a count a second."""

    occupancy: int
    neutron_background_milli: int = 0


class SpeedLine(msgspec.Struct, frozen=True):
    """SP: the time for one foot in units of 100 µs, and the speed in thousandths of a mph and hundredths of a km/h."""

    foot_100us: int
    mph_milli: int
    kmph_centi: int

    @classmethod
    def of(cls, speed_mmps: int) -> "SpeedLine":
        """Return the line for a speed in millimetres a second; raise InvalidValue unless it is above zero."""
        if speed_mmps <= 0:
            raise InvalidValue("speed_mmps", "line.speed", "must be above zero")
        return cls(
            min(99_999, 3_048_000 // speed_mmps),
            min(99_999, speed_mmps * 3_600_000 // 1_609_344),
            min(99_999, speed_mmps * 360 // 1000),
        )

    @property
    def speed_mmps(self) -> int:
        """The speed in millimetres a second, from the field in km/h."""
        return self.kmph_centi * 1000 // 360


class TamperLine(msgspec.Struct, frozen=True):
    """TT (a cabinet is open) or TC (all are closed)."""

    open: bool


class SetupLine(msgspec.Struct, frozen=True):
    """Settings, kept as the text that came: we read none of them."""

    kind: SetupKind
    values: Annotated[tuple[str, ...], msgspec.Meta(max_length=8)]


Line = CountLine | EndLine | SpeedLine | TamperLine | SetupLine


class Garbled(msgspec.Struct, frozen=True):
    """A line that is none of the known ones: by which rule it was refused, and its first bytes."""

    rule: str
    raw: bytes


class Occupancy(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle in the portal, from its first scan to the end line. Rates are counts a second of all detectors.

    ``number`` is the portal's own, None where the end line was lost. ``incomplete`` says that lines were garbled or
    are missing, so that the absence of an alarm proves nothing. ``faults`` are the letters of the fault lines in force
    (GH, GL, NH); a background of 0 was not seen yet.
    """

    number: int | None
    started_at: Instant
    ended_at: Instant
    gamma_alarm: bool
    neutron_alarm: bool
    gamma_peak_cps: int
    gamma_background_cps: int
    neutron_peak_cps: int
    neutron_background_cps: int
    speed_mmps: int | None = None
    faults: tuple[str, ...] = ()
    tamper: bool = False
    incomplete: bool = False

    @property
    def alarm(self) -> bool:
        """Whether gamma or neutrons alarmed."""
        return self.gamma_alarm or self.neutron_alarm
