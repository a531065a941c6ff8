"""How the vehicle stands at the stop line."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


@rule(NoParams)
def stands_alone(case: Case, _params: NoParams) -> Verdict:
    """Grant where the loops and curtains see one vehicle only (I5)."""
    found = case.positioned
    if found is None or found.alone:
        return GRANTED
    return refuse("positioning.not_alone")


class Axles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fewest and most axles of a vehicle that this lane takes."""

    fewest: int
    most: int


@rule(Axles)
def axles_make_sense(case: Case, params: Axles) -> Verdict:
    """Grant where the axle count is that of a lorry, because orders name the vehicle by it (I3)."""
    found = case.positioned
    if found is None or params.fewest <= found.axles <= params.most:
        return GRANTED
    return refuse("positioning.axles", axles=found.axles, fewest=params.fewest, most=params.most)


class Length(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Longest vehicle in millimetres."""

    longest_mm: int


@rule(Length)
def length_fits(case: Case, params: Length) -> Verdict:
    """Grant where the vehicle fits between the barriers."""
    found = case.positioned
    if found is None or found.length_mm <= params.longest_mm:
        return GRANTED
    return refuse("positioning.too_long", length_mm=found.length_mm, longest_mm=params.longest_mm)
