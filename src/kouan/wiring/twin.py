"""The port and its field in one process, in memory, on whatever loop runs them: the twin of the live port."""

import asyncio
from collections.abc import Callable, Mapping
from random import Random

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
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.places import PortName
from kouan.vocabulary.verdict import Refused
from kouan.wiring.gate_settings import load_rulebook, policy_of, setting_of
from kouan.wiring.messages import renderer
from kouan.wiring.port_file import PortFile


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


async def run_twin(
    port: PortFile,
    field_port: FieldPort,
    scenario: Scenario,
    seed: int,
    clock: Clock,
    stopped: Callable[[], bool],
    watcher: Watcher | None = None,
) -> Twin:
    """Run a port and its field in memory until ``stopped``; the same seed gives the same ledger."""
    chance = Random(f"twin/{seed}")
    broker = MemoryBroker(chance=Random(chance.getrandbits(64)), sleep=asyncio.sleep)
    disk = MemoryDisk()
    entropy = Random(chance.getrandbits(64))
    sealer = Sealer(SealingKeys(entropy.randbytes(32), entropy.randbytes(32)), entropy.randbytes)
    ledger = await MemoryLedger.open_writer(disk, port.name, clock, sealer)
    platform = seeded_signer(platform_key(port.name), entropy)
    controller = seeded_signer(lane_controller_key(port.name), entropy)
    agencies = {name.value: seeded_signer(agency_key(name.value, port.name), entropy) for name in Authority}
    keys: Mapping[str, Ed25519PublicKey] = {
        signer.key_id: signer.public_key for signer in (controller, *agencies.values())
    }
    papers, records = MemoryPapersRecords(disk, port.name), MemoryGateRecords(disk, port.name)
    desk = PapersAtGate(port.name, papers, records, ledger)
    subjects = MemorySubjects(disk, sealer)
    office = Office(PapersCounter(papers, ledger, subjects, clock, entropy.randbytes))
    driver = PortDriver(
        setting_of(port),
        policy_of(port, load_rulebook(port)),
        Roles(
            link=broker.platform_link(PortName(port.name)),
            ledger=ledger,
            records=records,
            papers=desk,
            drivers=desk,
            crossings=Crossings(papers, records, ledger),
            subjects=subjects,
            clock=clock,
            signer=platform,
            keys=keys,
            chance=entropy.randbytes,
            render=renderer(),
        ),
        watcher or Watcher(),
    )
    await driver.start()
    lanes = tuple(lane.name for lane in port.lanes)
    controller_link = broker.device_link("lane-controller", subscriptions=subscriptions(port.name))
    controlling = run_lane_controller(
        controller_link,
        MemoryNonceLog(Medium()),
        clock,
        controller,
        {platform.key_id: platform.public_key},
        port.name,
        lanes,
        chance=Random(chance.getrandbits(64)),
    )
    tasks = [asyncio.create_task(driver.run(), name="driver"), asyncio.create_task(controlling, name="controller")]
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
        Counterparts(papers=office, truth=truth, actuations=actuations, signers=agencies),
        clock,
        asyncio.sleep,
        seed,
        start_open=True,
    )

    def check() -> bool:
        for task in tasks:
            if task.done():
                task.result()
        return stopped()

    await field.run(check, lambda _: None)
    summary = field.summary()
    for task in tasks:
        task.cancel()
    driver.close()
    broker.close()
    return Twin(disk, ledger, truth, actuations, summary, tuple(office.refusals))
