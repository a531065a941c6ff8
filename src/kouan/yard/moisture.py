"""Mass with its moisture: dry mass is conserved, wet mass is what a scale shows.

Dry mass is kept in decigrams (0.1 g): whole kilograms times a moisture in hundredths of a percent are a whole number of
them, so that no rounding ever creates or loses a grain. Goods without a moisture (machines, vegetables) have moisture
0: all their mass counts as dry.
"""

import msgspec

from kouan.vocabulary.errors import InvalidValue

DECIGRAMS: int = 10_000
"""Decigrams in a kilogram, and hundredths of a percent in the whole: the same number, so that it comes out even."""

WETTEST_BP = 9_000
"""Highest moisture that is believed, in hundredths of a percent. Our choice: wetter than 90 % is no goods."""


class Moist(msgspec.Struct, frozen=True):
    """A wet mass in whole kilograms at a moisture in hundredths of a percent (835 is 8.35 %).

    Raises InvalidValue (``moisture.range``, ``mass.range``) when made with a moisture outside 0 to ``WETTEST_BP`` or a
    mass below zero.
    """

    wet_kg: int
    moisture_bp: int = 0

    def __post_init__(self) -> None:
        """Refuse what no scale and no laboratory can find."""
        require_moisture(self.moisture_bp)
        if self.wet_kg < 0:
            raise InvalidValue("wet_kg", "mass.range", "must not be less than 0")

    @property
    def dry_dg(self) -> int:
        """The dry mass in decigrams, exactly."""
        return self.wet_kg * (DECIGRAMS - self.moisture_bp)


def require_moisture(moisture_bp: int) -> int:
    """Return a moisture; raise InvalidValue (``moisture.range``) where it is none."""
    if not 0 <= moisture_bp <= WETTEST_BP:
        mend = f"must be from 0 to {WETTEST_BP} hundredths of a percent, not {moisture_bp}"
        raise InvalidValue("moisture_bp", "moisture.range", mend)
    return moisture_bp


def wet_kg_of(dry_dg: int, moisture_bp: int) -> int:
    """Return the wet mass of a dry mass at a moisture, to the nearest kilogram, halves away from zero."""
    share = DECIGRAMS - require_moisture(moisture_bp)
    size = (abs(dry_dg) * 2 + share) // (2 * share)
    return size if dry_dg >= 0 else -size


def mixed_bp(first: tuple[int, int], second: tuple[int, int]) -> int:
    """Return the moisture of two parts laid together, each (dry decigrams, moisture in hundredths of a percent).

    Water and dry mass add up; the result is to the nearest hundredth of a percent, halves up.
    """
    wets = [dry_dg * DECIGRAMS // (DECIGRAMS - moisture_bp) for dry_dg, moisture_bp in (first, second)]
    wet, dry = sum(wets), first[0] + second[0]
    if wet <= 0:
        return second[1]
    return ((wet - dry) * DECIGRAMS * 2 + wet) // (2 * wet)
