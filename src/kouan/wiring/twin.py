"""The port and its field in one process, in memory, on whatever loop runs them: the twin of the live port."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kouan.adapters.driver.port_driver import PortDriver, Roles, Watcher
from kouan.adapters.lane_controller.driver import run_lane_controller, subscriptions
from kouan.adapters.lane_controller.memory_log import Medium, MemoryNonceLog
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.link import MemoryBroker
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.gate.procedures import Authority
from kouan.journeys.crossing import Crossings
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.signed import agency_key, lane_controller_key, platform_key
from kouan.simulator.field import (
    Counterparts,
    Field,
    Links,
    Summary,
    agency_subscriptions,
    lane_subscriptions,
)
from kouan.simulator.logs import MemoryLog
from kouan.simulator.port_file import FieldPort
from kouan.simulator.roles import Document
from kouan.simulator.scenario import Scenario
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.places import PortName
from kouan.vocabulary.verdict import Refused
from kouan.wiring.gate_settings import load_rulebook, policy_of, setting_of
from kouan.wiring.messages import renderer
from kouan.wiring.port_file import PortFile

DEAD_S = 2.0
"""How long a platform that crashed is away. Our choice: a process starts in a second or two."""


class Twin(msgspec.Struct, frozen=True):
    """What a run in memory leaves behind."""

    disk: MemoryDisk
    ledger: MemoryLedger
    truth: MemoryLog
    actuations: MemoryLog
    summary: Summary
    refusals: tuple[str, ...] = ()


class Office:
    """The field's PapersOffice in process: what HTTP does for a live port, without HTTP."""

    def __init__(self, counter: PapersCounter) -> None:
        self._counter = counter
        self.refusals: list[str] = []

    async def submit(self, kind: str, document: Document) -> bool:
        """Hand in one document; return whether it was accepted."""
        take = {"confirmation": self._counter.confirmation, "manifest": self._counter.manifest}
        answer = await take.get(kind, self._counter.declaration)(document)
        if isinstance(answer, Refused):
            self.refusals.append(f"{kind}: {answer.reasons}")
        return not isinstance(answer, Refused)


def seeded_signer(key_id: str, chance: Random) -> PrivateKeySigner:
    """Return a signer whose key follows from a seed; for simulations only."""
    return PrivateKeySigner(key_id, Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)))


class Platform:
    """The platform in process, on a disk and a broker that outlive it; ``start`` it again after ``crash``."""

    def __init__(
        self,
        port: PortFile,
        disk: MemoryDisk,
        broker: MemoryBroker,
        clock: Clock,
        entropy: Random,
        signer: PrivateKeySigner,
        keys: Mapping[str, Ed25519PublicKey],
        watcher: Watcher,
    ) -> None:
        self.ledger: MemoryLedger
        self.office: Office
        self._port = port
        self._disk = disk
        self._broker = broker
        self._clock = clock
        self._entropy = entropy
        self._signer = signer
        self._keys = keys
        self._watcher = watcher
        self._sealer = Sealer(SealingKeys(entropy.randbytes(32), entropy.randbytes(32)), entropy.randbytes)
        self._driver: PortDriver
        self._running: asyncio.Task[None]
        self._died: asyncio.Future[None]

    async def start(self) -> None:
        """Become the ledger's writer, take up what an earlier one left, and take in messages."""
        port, disk, clock = self._port, self._disk, self._clock
        self.ledger = await MemoryLedger.open_writer(disk, port.name, clock, self._sealer)
        papers, records = MemoryPapersRecords(disk, port.name), MemoryGateRecords(disk, port.name)
        desk = PapersAtGate(port.name, papers, records, self.ledger)
        subjects = MemorySubjects(disk, self._sealer)
        self.office = Office(PapersCounter(papers, self.ledger, subjects, clock, self._entropy.randbytes))
        roles = Roles(
            link=self._broker.platform_link(PortName(port.name)),
            ledger=self.ledger,
            records=records,
            papers=desk,
            drivers=desk,
            crossings=Crossings(papers, records, self.ledger),
            subjects=subjects,
            clock=clock,
            signer=self._signer,
            keys=self._keys,
            chance=self._entropy.randbytes,
            render=renderer(),
        )
        self._driver = PortDriver(setting_of(port), policy_of(port, load_rulebook(port)), roles, self._watcher)
        await self._driver.start()
        self._running = asyncio.create_task(self._driver.run(), name="driver")
        self._died = asyncio.get_running_loop().create_future()

    def check(self) -> None:
        """Raise what the driver failed with, if it did."""
        if self._running.done() and not self._running.cancelled():
            self._running.result()

    async def submit(self, kind: str, document: Document) -> bool:
        """Hand in one document, as the field's PapersOffice; raise Unavailable where the platform dies over it."""
        asking = asyncio.ensure_future(self.office.submit(kind, document))
        either: tuple[asyncio.Future[Any], ...] = (asking, self._died)
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        asking.cancel()
        raise Unavailable("the platform died")

    def stop(self) -> None:
        """Take in nothing more."""
        self._running.cancel()
        self._driver.close()

    def crash(self) -> None:
        """Die as a killed process does: what is not committed is gone, what is not settled comes again."""
        self.ledger.crash()
        self.stop()
        self._died.set_result(None)


async def run_twin(
    port: PortFile,
    field_port: FieldPort,
    scenario: Scenario,
    seed: int,
    clock: Clock,
    stopped: Callable[[], bool],
    watcher: Watcher | None = None,
    crashes: Sequence[Instant] = (),
) -> Twin:
    """Run a port and its field in memory until ``stopped``; the same seed gives the same ledger.

    At each of ``crashes`` the platform dies, and starts again ``DEAD_S`` later.
    """
    chance = Random(f"twin/{seed}")
    broker = MemoryBroker(chance=Random(chance.getrandbits(64)), sleep=asyncio.sleep)
    disk = MemoryDisk()
    entropy = Random(chance.getrandbits(64))
    signer = seeded_signer(platform_key(port.name), entropy)
    controller = seeded_signer(lane_controller_key(port.name), entropy)
    agencies = {name.value: seeded_signer(agency_key(name.value, port.name), entropy) for name in Authority}
    keys = {one.key_id: one.public_key for one in (controller, *agencies.values())}
    platform = Platform(port, disk, broker, clock, entropy, signer, keys, watcher or Watcher())
    await platform.start()
    lanes = tuple(lane.name for lane in port.lanes)
    controller_link = broker.device_link("lane-controller", subscriptions=subscriptions(port.name))
    controlling = run_lane_controller(
        controller_link,
        MemoryNonceLog(Medium()),
        clock,
        controller,
        {signer.key_id: signer.public_key},
        port.name,
        lanes,
        chance=Random(chance.getrandbits(64)),
    )
    tasks = [asyncio.create_task(controlling, name="controller")]
    if crashes:
        tasks.append(asyncio.create_task(_crash(platform, clock, crashes), name="crashes"))
    truth, actuations = MemoryLog(), MemoryLog()
    field_links = {
        name: broker.device_link(f"field-{name}", subscriptions=lane_subscriptions(port.name, name)) for name in lanes
    }
    field = Field(
        field_port,
        scenario,
        Links(
            field_links,
            broker.device_link("field-agencies", subscriptions=agency_subscriptions(port.name)),
            broker.device_link("field-approach"),
        ),
        Counterparts(papers=platform, truth=truth, actuations=actuations, signers=agencies),
        clock,
        asyncio.sleep,
        seed,
        start_open=True,
    )

    def check() -> bool:
        platform.check()
        for task in tasks:
            if task.done():
                task.result()
        return stopped()

    await field.run(check, lambda _: None)
    summary = field.summary()
    for task in tasks:
        task.cancel()
    platform.stop()
    broker.close()
    return Twin(disk, platform.ledger, truth, actuations, summary, tuple(platform.office.refusals))


async def _crash(platform: Platform, clock: Clock, crashes: Sequence[Instant]) -> None:
    for at in crashes:
        await asyncio.sleep(max(0, at - clock.now()) / SECOND)
        platform.crash()
        await asyncio.sleep(DEAD_S)
        await platform.start()
    await asyncio.get_running_loop().create_future()
