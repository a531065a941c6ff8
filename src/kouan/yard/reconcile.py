"""Tickets reconciled by carrier (磅单核对): what the port weighed against what the carrier's ticket says."""

from collections.abc import Iterable

import msgspec

from kouan.yard.records import NetRecord
from kouan.yard.robust import Estimate, estimate


class Outlier(msgspec.Struct, frozen=True):
    """One ticket that differs by more than is tolerated."""

    visit: str
    ticket: str
    port_kg: int
    ticket_kg: int


class CarrierAccount(msgspec.Struct, frozen=True):
    """One carrier's tickets: how many, the sums, what the port found more, and those that stand out.

    ``unticketed`` counts deliveries without a ticket of the carrier's. ``short`` says that the carrier's loads come in
    lighter than its tickets say, beyond doubt: the whole interval lies below zero.
    """

    carrier: str
    tickets: int
    unticketed: int
    port_kg: int
    ticket_kg: int
    difference: Estimate | None
    outliers: tuple[Outlier, ...]
    short: bool


def reconcile(nets: Iterable[NetRecord], tolerance_pm: int) -> tuple[CarrierAccount, ...]:
    """Return every carrier's account, by name; ``tolerance_pm`` is in parts per thousand of a ticket's mass."""
    by_carrier: dict[str, list[NetRecord]] = {}
    for net in nets:
        by_carrier.setdefault(net.carrier, []).append(net)
    return tuple(_account(carrier, found, tolerance_pm) for carrier, found in sorted(by_carrier.items()))


def _account(carrier: str, nets: list[NetRecord], tolerance_pm: int) -> CarrierAccount:
    ticketed = [
        (net, net.ticket, net.ticket_kg) for net in nets if net.ticket is not None and net.ticket_kg is not None
    ]
    difference = estimate([net.net_kg - ticket_kg for net, _, ticket_kg in ticketed])
    outliers = tuple(
        Outlier(net.visit, ticket, net.net_kg, ticket_kg)
        for net, ticket, ticket_kg in ticketed
        if abs(net.net_kg - ticket_kg) * 1000 > tolerance_pm * ticket_kg
    )
    return CarrierAccount(
        carrier=carrier,
        tickets=len(ticketed),
        unticketed=len(nets) - len(ticketed),
        port_kg=sum(net.net_kg for net, _, _ in ticketed),
        ticket_kg=sum(ticket_kg for _, _, ticket_kg in ticketed),
        difference=difference,
        outliers=outliers,
        short=difference is not None and difference.high_kg < 0 and difference.confidence_pm >= 900,
    )
