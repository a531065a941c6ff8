"""What others ask of the network: bulletins at a port, the region's records at the hub."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from kouan.network.views import Flow, PortStanding, RegionAlarm
from kouan.protocols.network.messages import Bulletin, BulletinKind
from kouan.vocabulary.clock import Instant


class Kept(msgspec.Struct, frozen=True):
    """A bulletin that a port acts on, and when the port took it in (the port's own time).

    Of bulletins of one version the latest issued is kept. What is told of its age is ``now - bulletin.issued_at``.
    """

    bulletin: Bulletin
    received_at: Instant


class Bulletins(Protocol):
    """The bulletins that a port holds; each was verified and recorded before it shows here."""

    def latest(self, kind: BulletinKind) -> Kept | None:
        """Return the bulletin of the highest version, None where the port never had one."""
        ...

    def on_change(self, tell: Callable[[BulletinKind], None]) -> None:
        """Call ``tell`` each time that the items of a kind changed, after the change is durable; it must not block."""
        ...

    def fresh_at(self) -> Instant | None:
        """Return when the hub issued the latest bulletin that came in, None before the first: how fresh all is."""
        ...


class RegionRecords(Protocol):
    """The hub's projections of all ports."""

    async def standings(self) -> Sequence[PortStanding]:
        """Return how every port of the region stands, enrolled or not, in the order of the region's file."""
        ...

    async def alarms(self, limit: int = 100) -> Sequence[RegionAlarm]:
        """Return the latest alarms, those that nobody acknowledged first, newest first."""
        ...

    async def flow(self, port: str | None, since: Instant, until: Instant) -> Sequence[Flow]:
        """Return the traffic of one port, or of each, by hour from ``since`` to before ``until``, oldest first."""
        ...
