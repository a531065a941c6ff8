"""The yard of the platform in process: composed as the live one is, over records in memory."""

from collections.abc import Awaitable, Callable
from random import Random

import msgspec

from kouan.adapters.driver.release_watch import ReleaseWatch
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.release import MemoryReleaseRecords
from kouan.adapters.memory.rules import MemoryRuleRecords
from kouan.adapters.memory.targeting import MemoryTargetingRecords
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.adapters.rules.dry_runs import recorded
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.journeys.yard_papers import ReleasedByInspection
from kouan.ledger.roles import Subjects
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.link import Link
from kouan.simulator.roles import LotsDesk, YardDesk
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.verdict import Alert
from kouan.web.services import ReleaseServices
from kouan.wiring.port_file import PortFile
from kouan.wiring.rules import rules_of
from kouan.wiring.twin.platform import Platform
from kouan.wiring.yard import YardParts, YardStores, release_and_yard, yard_exits
from kouan.yard.roles import GoodsReleased


class TwinYard(msgspec.Struct, frozen=True):
    """A port's yard joined to its release, and what tells release of papers and deadlines."""

    parts: YardParts
    releases: MemoryReleaseRecords
    released: GoodsReleased
    papers: PapersForRelease
    watch: ReleaseWatch


OpenYard = Callable[
    [PortFile, MemoryDisk, MemoryLedger, Link, PrivateKeySigner, Subjects, Clock, Random, Alert],
    Awaitable[TwinYard | None],
]
"""What ``open_yard`` is."""


class YardInProcess(msgspec.Struct, frozen=True):
    """How a twin runs a yard: how its platform opens it, and at whose counters the field's people stand."""

    open: OpenYard
    office: Callable[[Platform], YardDesk]
    lots: Callable[[Platform], LotsDesk]


async def open_yard(
    port: PortFile, disk: MemoryDisk, ledger: MemoryLedger, link: Link, signer: PrivateKeySigner, subjects: Subjects,
    clock: Clock, entropy: Random, alarm: Alert,
) -> TwinYard | None:  # fmt: skip
    """Compose the yard of a port on a disk that outlives it, under the rules that ship; None where it has no yard."""
    name, papers, gate = port.name, MemoryPapersRecords(disk, port.name), MemoryGateRecords(disk, port.name)
    releases = MemoryReleaseRecords(disk, name)
    read = recorded(gate, ledger, MemoryTargetingRecords(disk, name), releases)
    rules = rules_of(name, MemoryRuleRecords(disk, name), ledger, signer, clock, lambda: read)
    await rules.desk.start()
    desk = ReleaseDesk(releases, ledger, rules.release, clock, Random(entropy.getrandbits(64)))
    services = ReleaseServices(records=releases, desk=desk, papers=PapersForRelease(desk, releases, papers))
    stores = YardStores(MemoryYardRecords(disk, name), releases, papers, ledger, subjects)
    exits = yard_exits(port, link, signer, entropy.randbytes, ledger, gate, clock)
    parts = release_and_yard(port, stores, services, clock, entropy.randbytes, alarm, rules.overrun, exits)
    if parts is None:
        return None
    watch = ReleaseWatch(desk, releases, clock, alarm)
    return TwinYard(parts, releases, ReleasedByInspection(releases, clock), services.papers, watch)
