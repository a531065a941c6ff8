"""A port's gate and the hub of its region: what the bulletins say there, and what follows from them."""

from collections.abc import Awaitable, Callable

import msgspec

from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.journeys.region_at_gate import RegionAtGate
from kouan.ledger.roles import Ledger
from kouan.network.roles import Bulletins
from kouan.network.travel import Distances
from kouan.network.views import PortFacts
from kouan.vocabulary.clock import Clock
from kouan.wiring.region_file import RegionFile, load_region

OpenBulletins = Callable[[Ledger], Awaitable[Bulletins]]
"""Opens the bulletins that a port holds, which are recorded in its ledger before anything follows from them."""


def port_facts_of(region: RegionFile) -> tuple[PortFacts, ...]:
    """Return what is known of a region's ports without asking them, in the order of its file."""
    return tuple(
        PortFacts(
            port=port.name,
            title=msgspec.to_builtins(port.title),
            kind=port.kind.value,
            latitude_udeg=port.latitude_udeg,
            longitude_udeg=port.longitude_udeg,
            hours=port.hours,
        )
        for port in region.ports
    )


def distances_of(region: RegionFile) -> Distances:
    """Return how far the ports of a region lie apart."""
    return Distances({port.port: port for port in port_facts_of(region)})


def region_at_gate(port: str, papers: PapersAtGate, bulletins: Bulletins, clock: Clock) -> RegionAtGate:
    """Return what the region told of vehicles, for a port's gate."""
    return RegionAtGate(port, papers, bulletins, distances_of(load_region()), clock)
