"""A region on the running loop: a hub, its broker, and edges on roads that can be cut."""

import asyncio
from collections.abc import Sequence
from random import Random

from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.keys import MemoryKey
from kouan.network.views import PortFacts
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.network.codec import hub_key
from kouan.proving.region.nodes import EdgeNode, HubNode, keys_by_port
from kouan.vocabulary.clock import Clock
from kouan.wiring.edge import HubIdentity
from kouan.wiring.keys import ledger_key
from kouan.wiring.twin.life import mortal_tasks
from kouan.wiring.twin.node import Node

REGION = "inner-mongolia"


class SimulatedRegion:
    """A hub and its edges. Make it, ``start`` it, and ``finish`` it, whatever happened."""

    def __init__(
        self, facts: Sequence[PortFacts], ports: Sequence[str], seed: int, clock: Clock, poll_s: float
    ) -> None:
        """``facts`` are all ports of the region, ``ports`` those that are simulated."""
        mortal_tasks(asyncio.get_running_loop())
        chance = Random(f"region/{seed}")
        self.clock = clock
        self.ports = tuple(ports)
        self.broker = MemoryBroker(chance=Random(chance.getrandbits(64)))
        signer = PrivateKeySigner(hub_key(REGION), MemoryKey(chance.randbytes(32)))
        self.identity = HubIdentity(REGION, signer.key_id, signer.public_key)
        self.signers = {port: PrivateKeySigner(ledger_key(port), MemoryKey(chance.randbytes(32))) for port in ports}
        self.hub = HubNode(
            REGION, MemoryDisk(), self.broker, clock, signer, facts, keys_by_port(self.signers), lambda: self.ports,
            Random(chance.getrandbits(64)),
        )  # fmt: skip
        self.edges = {
            port: EdgeNode(
                port, self.identity, MemoryDisk(), self.broker, clock, self.signers[port],
                Random(chance.getrandbits(64)), poll_s,
            )
            for port in ports
        }  # fmt: skip
        self._keeping: list[asyncio.Task[None]] = []

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every process."""
        return (self.hub, *self.edges.values())

    async def start(self) -> None:
        """Start every process, and start it again whenever it dies."""
        for node in self.nodes:
            await node.start()
            self._keeping.append(asyncio.create_task(node.keep(), name=f"keep-{node.name}"))

    def behind(self, port: str) -> int:
        """Return how many durable entries of a port the hub does not hold."""
        return len(self.edges[port].disk.ledger(port).entries) - self.copied(port)

    def copied(self, port: str) -> int:
        """Return how many entries of a port the hub holds."""
        row = self.hub.disk.tables.get("network_ports", port)
        return 0 if row is None else int(row["taken"])

    async def copy_of(self, port: str) -> list[bytes]:
        """Return the hub's copy of a port's ledger."""
        return list(await self.hub.records.entries(port, 0, self.copied(port) + 1))

    def own(self, port: str) -> list[bytes]:
        """Return a port's own ledger."""
        return [entry.encode() for entry in self.edges[port].disk.ledger(port).entries]

    def finish(self) -> None:
        """End everything; nothing has any effect from here on."""
        for task in self._keeping:
            task.cancel()
        for node in self.nodes:
            node.finish()
        self.broker.close()
