"""Weighing tickets (磅单), and whether a scale may be believed (I9)."""

import enum

import msgspec

from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import GRANTED, Reason, Refused, Verdict, refuse

ZERO_HOLDS_US = seconds(24 * 3600)
"""How long a zero check counts (I9)."""

HEAVIEST_KG = 200_000
"""Heaviest vehicle that a ticket is taken of, in kilograms. Our choice: a double road train weighs some 150 t."""


class Weighing(enum.StrEnum):
    """What stood on the scale: a vehicle with goods, without, a reference vehicle, or somebody unknown."""

    GROSS = "gross"
    TARE = "tare"
    REFERENCE = "reference"
    OTHER = "other"


class Ticket(msgspec.Struct, frozen=True):
    """One weighing of one vehicle on one scale, in whole kilograms; ``cause`` says why it counts as unweighed."""

    number: str
    scale: str
    plate: str
    mass_kg: int
    at: Instant
    cause: str | None = None


class ScaleState(msgspec.Struct, frozen=True):
    """What is known of a scale: whether people let it be used, its last zero check, and the end of its calibration."""

    in_use: bool
    zero_checked_at: Instant | None
    calibrated_until: Instant
    reason: str | None = None


def may_weigh(scale: ScaleState, at: Instant) -> Verdict:
    """Say whether a weight of this scale counts: in use, in calibration, its zero checked within 24 h (I9)."""
    reasons: list[Reason] = []
    if not scale.in_use:
        reasons.append(Reason("yard.scale_out_of_use", {"why": scale.reason or "–"}))
    if at >= scale.calibrated_until:
        reasons.append(Reason("yard.scale_out_of_calibration"))
    if scale.zero_checked_at is None or not 0 <= at - scale.zero_checked_at <= ZERO_HOLDS_US:
        reasons.append(Reason("yard.scale_zero_unchecked"))
    return Refused(tuple(reasons)) if reasons else GRANTED


def as_found(ticket: Ticket, scale: ScaleState) -> Ticket:
    """Return the ticket with why it counts as unweighed, where it does."""
    verdict = may_weigh(scale, ticket.at)
    if isinstance(verdict, Refused):
        return msgspec.structs.replace(ticket, cause=verdict.reasons[0].code)
    if not 0 < ticket.mass_kg <= HEAVIEST_KG:
        return msgspec.structs.replace(ticket, cause="yard.mass_out_of_range")
    return ticket


class Net(msgspec.Struct, frozen=True):
    """What was left or taken in one visit: gross − tare, in whole kilograms, and the two tickets that say so."""

    visit: str
    gross: Ticket
    tare: Ticket

    @property
    def mass_kg(self) -> int:
        """Gross minus tare."""
        return self.gross.mass_kg - self.tare.mass_kg


def net_of(visit: str, gross: Ticket, tare: Ticket) -> Net | Refused:
    """Return the net of two tickets; refused unless both count, are of one vehicle and differ as they must."""
    unweighed = next((each for each in (gross, tare) if each.cause is not None), None)
    if unweighed is not None:
        return refuse("yard.unweighed", ticket=unweighed.number, cause=unweighed.cause or "")
    if gross.plate != tare.plate:
        return refuse("yard.another_vehicle", plate=tare.plate, expected=gross.plate)
    if gross.number == tare.number:
        return refuse("yard.ticket_twice", ticket=gross.number)
    if gross.mass_kg <= tare.mass_kg:
        return refuse("yard.no_net", gross_kg=gross.mass_kg, tare_kg=tare.mass_kg)
    return Net(visit, gross, tare)


def within(net_kg: int, ordered_kg: int, tolerance_kg: int) -> Verdict:
    """Say whether a net lies within the tolerance of what was ordered."""
    if abs(net_kg - ordered_kg) <= tolerance_kg:
        return GRANTED
    return refuse("yard.out_of_tolerance", net_kg=net_kg, ordered_kg=ordered_kg, tolerance_kg=tolerance_kg)
