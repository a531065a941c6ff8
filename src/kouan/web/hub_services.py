"""What the web layer needs of a region's hub; ``wiring`` fills it in."""

import dataclasses
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from kouan.access.people import Principal
from kouan.network.records import InForce
from kouan.protocols.network.messages import HoldItem, PreAuthorisedItem, RulebookItem, WatchItem
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Granted, Refused
from kouan.web.services import CommonServices, View


class RegionBoard(Protocol):
    """The region as it stands now, as its hub knows it."""

    def region(self) -> View:
        """Return the region with every port."""
        ...

    def port(self, port: str) -> View:
        """Return one port; raise NotFound."""
        ...

    def alarms(self, port: str | None = None) -> Sequence[View]:
        """Return the latest alarms, those that nobody acknowledged first; of one port if given."""
        ...

    async def flow(self, port: str | None, since: Instant, until: Instant) -> Sequence[View]:
        """Return the traffic by hour of one port, or of each; raise NotFound for a port that the region has not."""
        ...

    def changes(self) -> AsyncGenerator[tuple[str, View], None]:
        """Yield (event, data): first everything as it stands, then what changes, and ``heartbeat`` every 5 s.

        The events are ``port`` and ``alarms``. A slow reader skips to the latest state.
        """
        ...


class RegionDesk(Protocol):
    """Where people act on the region; a refusal says why, an unknown name raises NotFound."""

    async def acknowledge(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Record that somebody saw to an alarm, and why it needs no more attention; durable once answered."""
        ...

    async def resume(self, port: str, by: Principal, reason: str) -> Granted | Refused:
        """Take entries again of a port whose ledger contradicted itself; refused where nothing was suspended."""
        ...

    async def in_force(self) -> InForce:
        """Return what holds in the whole region now, and which ports act on it."""
        ...

    async def place_hold(self, hold: HoldItem, by: Principal) -> Granted | Refused:
        """Hold a plate or a container in the whole region; refused where neither or both are named."""
        ...

    async def lift_hold(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Lift a hold in the whole region; refused where it is not in force, or another authority's."""
        ...

    async def add_watch(self, item: WatchItem, by: Principal) -> tuple[str, Granted | Refused]:
        """Watch for something in the whole region; return the number under which it stands."""
        ...

    async def remove_watch(self, number: str, by: Principal) -> Granted | Refused:
        """Watch for something no more; refused where it is not watched for, or another authority watches."""
        ...

    async def preauthorise(self, item: PreAuthorisedItem, by: Principal) -> Granted | Refused:
        """Let a vehicle pass a disconnected port within its span of time; replaces what the plate had before."""
        ...

    async def withdraw(self, plate: str, by: Principal, reason: str) -> Granted | Refused:
        """End a vehicle's permit before its time; refused where it has none."""
        ...

    async def publish(self, book: RulebookItem, by: Principal) -> Granted | Refused:
        """Publish a rulebook to every port; refused where this version was published."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class HubServices(CommonServices):
    """Everything that a request to a hub may need; ``name`` is that of the region, by language."""

    place = "hub"
    name: Mapping[str, str]
    board: RegionBoard
    desk: RegionDesk

    @property
    def title(self) -> Mapping[str, str]:
        """The region's name, by language."""
        return self.name
