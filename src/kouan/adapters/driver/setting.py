"""What a port is driven with: its settings, the players of its roles, and who watches."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.driver.messenger import Render
from kouan.adapters.driver.yard import YardDriver
from kouan.gate.driver_identity import AnnouncedDrivers
from kouan.gate.procedures import Procedure
from kouan.gate.roles import GateRecords, PapersDesk, Region
from kouan.journeys.crossing import Crossings
from kouan.ledger.roles import Ledger, Subjects
from kouan.protocols.jws import Signer
from kouan.protocols.link import Link
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason, Stands, nothing_stands

if TYPE_CHECKING:
    from kouan.adapters.driver.lane_driver import LaneDriver


class LaneSetting(msgspec.Struct, frozen=True):
    """What the driver must know of a lane: its direction, and whether that may change."""

    name: str
    direction: Direction
    tidal: bool = False


class Setting(msgspec.Struct, frozen=True):
    """What the driver must know of a port. ``calibrated_until`` is the end of the weighbridges' calibration."""

    port: str
    lanes: tuple[LaneSetting, ...]
    zone: tzinfo
    devices: Mapping[str, tuple[Procedure, ...]]
    calibrated_until: Instant


class Roles(msgspec.Struct, frozen=True):
    """The players with which the driver works.

    ``keys`` are the public keys of agencies and lane controller by key id; ``chance`` returns that many random bytes;
    ``render`` makes text of a reason in a language; ``region`` is None where the port has no hub,
    ``yard`` where it has no yard.
    """

    link: Link
    ledger: Ledger
    records: GateRecords
    papers: PapersDesk
    drivers: AnnouncedDrivers
    crossings: Crossings
    subjects: Subjects
    clock: Clock
    signer: Signer
    keys: Mapping[str, Ed25519PublicKey]
    chance: Callable[[int], bytes]
    render: Render
    region: Region | None = None
    yard: YardDriver | None = None


class Watcher:
    """What is told of every change, after the commit that it rests on; does nothing by itself."""

    def lane_changed(self, lane: "LaneDriver") -> None:
        """A lane or its passage changed."""

    def alarm(self, lane: str, passage: str, priority: int, reason: Reason) -> None:
        """Something needs attention: priority 1 (emergency) to 4 (advisory)."""

    def back(self, code: str, before: Instant | None = None, stands: Stands = nothing_stands) -> None:
        """What alarms of a code were raised for is over, but for those of which ``stands`` says otherwise.

        Those raised from ``before`` on are not concerned: what ``stands`` knows may be older.
        """

    def queue(self, direction: Direction, waiting: int) -> None:
        """The queue before the gate was counted."""

    def source(self, place: str, device: str, online: bool) -> None:
        """A device came or went."""

    def ordered(self, span_us: int) -> None:
        """An order is durable and goes out, so many microseconds after what it rests on came in."""

    def unparsed(self, topic: str, rule: str) -> None:
        """A message could not be read, and was kept."""
