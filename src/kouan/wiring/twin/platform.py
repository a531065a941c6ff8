"""The platform in process: it recovers from its disk, and the broker brings again what it did not settle."""

import asyncio
from collections.abc import Coroutine, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.driver.desk import PortDesk
from kouan.adapters.driver.port_driver import PortDriver
from kouan.adapters.driver.region import RegionFollower
from kouan.adapters.driver.setting import Roles, Watcher
from kouan.adapters.heads import HeadSigner
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.papers_watch import PapersWatch
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.journeys.crossing import Crossings
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.journeys.papers_due import PapersDue
from kouan.network.roles import Bulletins
from kouan.protocols.jws import PrivateKeySigner
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.places import PortName
from kouan.wiring.gate_settings import load_rulebook, policy_of, setting_of
from kouan.wiring.messages import renderer
from kouan.wiring.port_file import PortFile
from kouan.wiring.region_gate import OpenBulletins, region_at_gate
from kouan.wiring.twin.life import Life
from kouan.wiring.twin.node import Node
from kouan.wiring.twin.watched import Tell, tell_nobody

if TYPE_CHECKING:  # a twin without a yard needs nothing of what a yard is made of
    from kouan.wiring.twin.yard import OpenYard, TwinYard


class Platform(Node):
    """The platform on a disk and a broker that outlive it."""

    def __init__(
        self,
        port: PortFile,
        disk: MemoryDisk,
        broker: MemoryBroker,
        clock: Clock,
        entropy: Random,
        signer: PrivateKeySigner,
        head_signer: PrivateKeySigner,
        keys: Mapping[str, Ed25519PublicKey],
        watcher: Watcher,
        *,
        tell: Tell = tell_nobody,
        forgiving: bool = False,
        bulletins: OpenBulletins | None = None,
        yard: "OpenYard | None" = None,
    ) -> None:
        """``bulletins`` are what the hub of the region says to this port; None where it has no hub.

        ``yard`` opens its supervised yard; None where that is not run.
        """
        super().__init__("platform", tell, forgiving=forgiving)
        self.ledger: MemoryLedger
        self.driver: PortDriver
        self.counter: PapersCounter
        self.desk: PortDesk
        self.clock = clock
        self._port = port
        self._disk = disk
        self._broker = broker
        self._entropy = entropy
        self._signer = signer
        self._head_signer = head_signer
        self._keys = keys
        self._watcher = watcher
        self._bulletins = bulletins
        self._open_yard = yard
        self.yard: TwinYard | None = None
        self._policy = policy_of(port, load_rulebook(port), hub=bulletins is not None)
        self._sealer = Sealer(SealingKeys(entropy.randbytes(32), entropy.randbytes(32)), entropy.randbytes)

    async def open(self, life: Life) -> None:
        """Become the ledger's writer, take up what an earlier life left, and take in messages."""
        await life.within(self._begin(life), "platform-start")

    def fence(self) -> None:
        """Write nothing more, and send nothing more."""
        if hasattr(self, "ledger"):
            self.ledger.crash()
        self._link.end()

    async def _begin(self, life: Life) -> None:
        port, disk, clock = self._port, self._disk, self.clock
        self._link = self._broker.platform_link(PortName(port.name))
        self.ledger = await MemoryLedger.open_writer(disk, port.name, clock, self._sealer)
        papers, records = MemoryPapersRecords(disk, port.name), MemoryGateRecords(disk, port.name)
        subjects = MemorySubjects(disk, self._sealer)
        if self._open_yard is not None:
            self.yard = await self._open_yard(
                port, disk, self.ledger, self._link, self._signer, subjects, clock, self._entropy, self._watcher.alarm
            )
        came = None if self.yard is None else self.yard.papers.came
        self.counter = PapersCounter(papers, self.ledger, subjects, clock, self._entropy.randbytes, came=came)
        bulletins = None if self._bulletins is None else await self._bulletins(self.ledger)
        roles = self._roles(papers, records, bulletins)
        self.driver = PortDriver(setting_of(port), self._policy, roles, self._watcher)
        self.desk = PortDesk(self.driver, records, papers, clock, lambda: self._entropy.randbytes(16).hex())
        await self.driver.start()
        if bulletins is not None:
            follower = RegionFollower(bulletins, self.driver, self.desk.holds)
            await follower.start()
            life.spawn(follower.run(), "region")
        life.spawn(self._run(self.driver.run()), "driver")
        life.spawn(self._run(self.ledger.writer.ended()), "writer")
        due = PapersWatch(PapersDue(papers, self.ledger, clock), self._watcher.alarm)
        life.spawn(self._run(due.run()), "papers")
        if self.yard is not None:
            life.spawn(self._run(self.yard.parts.driver.run()), "yard")
            life.spawn(self._run(self.yard.watch.run()), "release")
        heads = HeadSigner(self.ledger, self.ledger.writer, self._head_signer, port.name, clock)
        life.spawn(heads.run(), "heads")

    def _roles(self, papers: MemoryPapersRecords, records: MemoryGateRecords, bulletins: Bulletins | None) -> Roles:
        desk = PapersAtGate(self._port.name, papers, records, self.ledger)
        region = None if bulletins is None else region_at_gate(self._port.name, desk, bulletins, self.clock)
        yard = self.yard
        return Roles(
            link=self._link,
            ledger=self.ledger,
            records=records,
            papers=region or desk,
            drivers=desk,
            crossings=Crossings(papers, records, self.ledger, None if yard is None else yard.parts.arrivals),
            subjects=MemorySubjects(self._disk, self._sealer),
            clock=self.clock,
            signer=self._signer,
            keys=self._keys,
            chance=self._entropy.randbytes,
            render=renderer(),
            region=region,
            yard=None if yard is None else yard.parts.driver,
        )

    async def _run(self, part: Coroutine[Any, Any, None]) -> None:
        """Run a part without which this is no port; the process ends with it."""
        try:
            await part
            self.failed(KouanError("the platform's link was closed"))
        except KouanError as error:
            self.failed(error)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - as a process that dies of it
            self.failed(KouanError(f"the platform failed: {error!r}"))
