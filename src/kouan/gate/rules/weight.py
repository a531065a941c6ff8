"""The gross weight: whether the weighbridge (地磅) may be believed, and whether it agrees with the papers (I9)."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse

_HOUR = 3600 * SECOND


class Age(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Longest time since the zero check, in hours."""

    hours: int


class Frames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fewest equal frames that make a weight stable."""

    fewest: int


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Allowed difference: per mille of what is expected or kilograms, whichever is more."""

    share_pm: int
    mass_kg: int

    def allows_kg(self, expected_kg: int) -> int:
        """Return the allowed difference in kilograms."""
        return max(self.mass_kg, expected_kg * self.share_pm // 1000)


class Overload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits in kilograms: by number of axles where stated (keys are digits), else so much an axle."""

    per_axle_kg: int
    by_axles: dict[str, int] = {}

    def limit_kg(self, axles: int) -> int:
        """Return the largest gross weight in kilograms for so many axles."""
        return self.by_axles.get(str(axles), self.per_axle_kg * axles)


@rule(NoParams)
def weighbridge_in_calibration(case: Case, _params: NoParams) -> Verdict:
    """Grant where the weighbridge's calibration had not run out when it weighed (I9)."""
    found = case.weight
    if found is None or found.at < found.calibrated_until:
        return GRANTED
    return refuse("weight.out_of_calibration", days=(found.at - found.calibrated_until) // (24 * _HOUR))


@rule(Age)
def weighbridge_zero_checked(case: Case, params: Age) -> Verdict:
    """Grant where the zero was checked within the last 24 h (I9) or less, before weighing."""
    found = case.weight
    limit = min(params.hours, 24) * _HOUR
    if found is None or 0 <= found.at - found.zero_checked_at <= limit:
        return GRANTED
    return refuse("weight.zero_unchecked", hours=(found.at - found.zero_checked_at) // _HOUR)


@rule(Frames)
def weight_stable(case: Case, params: Frames) -> Verdict:
    """Grant where enough equal frames came in a row: the frames' XOR misses transpositions (``identifiers``)."""
    found = case.weight
    if found is None or found.stable_frames >= params.fewest:
        return GRANTED
    return refuse("weight.unstable", frames=found.stable_frames, fewest=params.fewest)


@rule(Tolerance)
def gross_weight_matches_papers(case: Case, params: Tolerance) -> Verdict:
    """Grant where the weight is that of the declared goods and the declared tare, within the tolerance."""
    found, papers = case.weight, case.papers
    if found is None or papers is None or papers.confirmation is None or papers.load != "loaded":
        return GRANTED
    if papers.tare_kg is None:
        return refuse("weight.no_tare")
    expected = papers.tare_kg + sum(consignment.declared_gross_kg for consignment in papers.consignments)
    return _within(found.mass_kg, expected, params, "weight.differs")


@rule(Tolerance)
def empty_means_empty(case: Case, params: Tolerance) -> Verdict:
    """Grant where a vehicle announced as empty, or with empty containers, weighs no more than its tare."""
    found, papers = case.weight, case.papers
    if found is None or papers is None or papers.confirmation is None or papers.load == "loaded":
        return GRANTED
    if papers.tare_kg is None:
        return refuse("weight.no_tare")
    return _within(found.mass_kg, papers.tare_kg, params, "weight.not_empty")


def _within(measured_kg: int, expected_kg: int, tolerance: Tolerance, code: str) -> Verdict:
    allowed_kg = tolerance.allows_kg(expected_kg)
    if abs(measured_kg - expected_kg) <= allowed_kg:
        return GRANTED
    return refuse(code, measured_kg=measured_kg, expected_kg=expected_kg, allowed_kg=allowed_kg)


@rule(Overload)
def not_overloaded(case: Case, params: Overload) -> Verdict:
    """Grant where the gross weight is within the limit for this number of axles."""
    found, stands = case.weight, case.positioned
    if found is None or stands is None:
        return GRANTED
    limit_kg = params.limit_kg(stands.axles)
    if found.mass_kg <= limit_kg:
        return GRANTED
    return refuse("weight.overloaded", measured_kg=found.mass_kg, limit_kg=limit_kg, axles=stands.axles)
