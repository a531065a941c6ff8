"""Drift of scales: by reference vehicles of known mass, and by the same load on two scales."""

import enum
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kouan.yard.records import TicketRecord
from kouan.yard.robust import Estimate, estimate, median_of
from kouan.yard.tickets import Weighing

WINDOW = 5
"""Reference weighings that count, the latest. Our choice: a median of five turns with the third that is wrong."""

FEWEST_PAIRS = 6
"""Fewest pairs of two scales of which anything is said: an interval of 950 ‰ needs six (``robust``)."""


class Finding(enum.StrEnum):
    """What reference weighings say of a scale."""

    UNCHECKED = "unchecked"
    STEADY = "steady"
    SUSPECT = "suspect"
    DRIFTING = "drifting"


class Check(msgspec.Struct, frozen=True):
    """A scale against reference vehicles: the finding, the estimate, and how much is permitted, in kilograms."""

    scale: str
    finding: Finding
    estimate: Estimate | None
    permitted_kg: int


class PairedOffset(msgspec.Struct, frozen=True):
    """How far a scale shows beside the others: the median over its partners, with how many partners and pairs.

    ``apart`` says that it differs from most of its partners, to the same side, beyond doubt and beyond what is
    permitted. The method finds which scale is the odd one as long as most scales are right.
    """

    scale: str
    offset_kg: int
    partners: int
    pairs: int
    apart: bool


def permitted_kg(mass_kg: int, division_kg: int) -> int:
    """Return the maximum permissible error in service of a class III scale at a load, in whole kilograms.

    Initially ½ e up to 500 e, 1 e up to 2,000 e and 1½ e beyond; in service twice that (OIML R 76-1:2006, 3.5.1 and
    3.5.2).
    """
    divisions = mass_kg // division_kg
    steps = 1 if divisions <= 500 else 2 if divisions <= 2_000 else 3
    return steps * division_kg


def check_scale(scale: str, weighings: Sequence[tuple[int, int]], division_kg: int) -> Check:
    """Judge a scale by its reference weighings, oldest first, as (shown, known) in kilograms.

    It is drifting where the median of the latest lies beyond what is permitted, or the last two do, to the same side:
    one alone may be a wheel off the deck, and makes it suspect, which asks for another weighing at once.
    """
    latest = weighings[-WINDOW:]
    differences = [shown - known for shown, known in latest]
    found = estimate(differences)
    if found is None:
        return Check(scale, Finding.UNCHECKED, None, 0)
    permitted = max(permitted_kg(known, division_kg) for _, known in latest)
    beyond = [0 if abs(each) <= permitted else (1 if each > 0 else -1) for each in differences]
    twice = len(beyond) >= 2 and beyond[-1] != 0 and beyond[-1] == beyond[-2]
    if twice or (len(beyond) >= 3 and abs(found.median_kg) > permitted):
        finding = Finding.DRIFTING
    else:
        finding = Finding.SUSPECT if beyond[-1] else Finding.STEADY
    return Check(scale, finding, found, permitted)


def references_of(tickets: Iterable[TicketRecord]) -> list[tuple[int, int]]:
    """Return the reference weighings among tickets of one scale, in the order given, as (shown, known)."""
    return [(each.mass_kg, each.known_kg) for each in tickets if each.known_kg is not None]


def pairs_of(tickets: Iterable[TicketRecord]) -> Mapping[tuple[str, str], list[int]]:
    """Return, by two scales in order of their names, what the second showed more for the same load, ticket by ticket.

    The same load is the same visit's, gross or tare. What counted as unweighed is compared too: that is how a scale out
    of use proves itself again.
    """
    loads: dict[tuple[str, str], dict[str, int]] = {}
    for ticket in tickets:
        if ticket.visit is not None and ticket.kind in (Weighing.GROSS, Weighing.TARE):
            loads.setdefault((ticket.visit, ticket.kind), {})[ticket.scale] = ticket.mass_kg
    found: dict[tuple[str, str], list[int]] = {}
    for _, shown in sorted(loads.items()):
        scales = sorted(shown)
        for place, first in enumerate(scales):
            for second in scales[place + 1 :]:
                found.setdefault((first, second), []).append(shown[second] - shown[first])
    return found


def paired_offsets(tickets: Iterable[TicketRecord], permitted: int) -> tuple[PairedOffset, ...]:
    """Return how each scale shows beside the others, by name; ``permitted`` is in kilograms."""
    against: dict[str, list[Estimate]] = {}
    for (first, second), more in sorted(pairs_of(tickets).items()):
        found = estimate(more)
        if found is None or found.n < FEWEST_PAIRS:
            continue
        less = estimate([-each for each in more])
        against.setdefault(second, []).append(found)
        against.setdefault(first, []).extend([] if less is None else [less])
    return tuple(_offset(scale, found, permitted) for scale, found in sorted(against.items()))


def _offset(scale: str, found: Sequence[Estimate], permitted: int) -> PairedOffset:
    offset_kg = median_of(sorted(each.median_kg for each in found))
    above = sum(each.low_kg > 0 for each in found)
    below = sum(each.high_kg < 0 for each in found)
    most = 2 * max(above, below) > len(found) and len(found) >= 2
    return PairedOffset(
        scale, offset_kg, len(found), sum(each.n for each in found), most and abs(offset_kg) > permitted
    )
