"""A whole port with its hub: the gate clears lorries while the hub is gone, and the hub has everything afterwards."""

import asyncio
from random import Random

import msgspec

from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.memory.network import MemoryEdgeRecords
from kouan.ledger.roles import Ledger
from kouan.network.roles import Bulletins
from kouan.protocols.network.messages import BulletinKind, HoldItem
from kouan.proving.region.nodes import join
from kouan.proving.region.traffic import OPENS
from kouan.proving.region.world import SimulatedRegion
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import load_scenario
from kouan.vocabulary.clock import SECOND
from kouan.wiring.edge import Edge, open_edge
from kouan.wiring.port_file import load, path_of
from kouan.wiring.region_file import load_region
from kouan.wiring.region_gate import port_facts_of
from kouan.wiring.twin.port import SimulatedPort
from kouan.wiring.twin.watched import tell_nobody

PORT, OTHER = "ganqimaodu", "ceke"


class WholePort:
    """The simulated port of ``run_twin`` as an edge of a simulated region, with a road that can be cut."""

    def __init__(self, loop: VirtualLoop) -> None:
        clock = VirtualClock(loop)
        self.region = SimulatedRegion(port_facts_of(load_region()), (PORT, OTHER), 1, clock, 1.0)
        self.link: MemoryLink | None = None
        self.edge: Edge
        self.port = SimulatedPort(
            load(PORT),
            load_port(path_of(PORT)),
            load_scenario("calm"),
            1,
            clock,
            tell_nobody,
            bulletins=self.open,
        )
        self.region.signers[PORT] = self.port.head_signer
        self.region.hub._keys = {PORT: self.port.head_signer.public_key}.get

    async def open(self, ledger: Ledger) -> Bulletins:
        """Open the edge beside the platform, in the platform's own process."""
        assert isinstance(ledger, MemoryLedger)
        before, self.link = self.link, join(self.region.broker, PORT, self.link)
        if before is None:
            self.link.up.cut = self.link.down.cut = True
        records = MemoryEdgeRecords(self.port.disk, PORT)
        self.edge = await open_edge(PORT, self.region.identity, ledger, records, self.link, self.region.clock, 1.0)
        self.running = [asyncio.create_task(part) for part in self.edge.parts()]
        return self.edge.keeper

    def mend(self) -> None:
        assert self.link is not None
        self.link.up.cut = self.link.down.cut = False

    def cleared(self) -> int:
        closed = [entry for entry in self.port.disk.ledger(PORT).entries if entry.kind == "gate.closed/1"]
        return sum(1 for entry in closed if msgspec.json.decode(entry.body)["state"] == "cleared")


def test_a_port_whose_hub_is_gone_from_the_start_clears_lorries_and_is_taken_once_it_is_there() -> None:
    loop = VirtualLoop(OPENS, Random(1))

    async def main() -> None:
        whole = WholePort(loop)
        region = whole.region
        try:
            await region.hub.start()
            await whole.port.start()
            stop_at = OPENS + 150 * SECOND
            field = asyncio.create_task(whole.port.run(lambda: region.clock.now() >= stop_at))
            await asyncio.sleep(60)
            progress = whole.edge.forwarder.progress
            assert progress.taken is None
            assert progress.size > 200
            assert whole.edge.keeper.fresh_at() is None
            assert region.copied(PORT) == 0
            whole.mend()
            await asyncio.sleep(20)
            held = HoldItem(number="h1", authority="customs", kind="detain", plate="1234УБА", reason="-")
            await _hold(region, held)
            whole.port.platform.crash()
            await field
            await asyncio.sleep(60)
            assert whole.cleared() > 20
            kept = whole.edge.keeper.latest(BulletinKind.HOLDS)
            assert kept is not None
            assert kept.bulletin.items == (held,)
            while region.copied(PORT) < len(whole.port.disk.ledger(PORT).entries):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
            own = [entry.encode() for entry in whole.port.disk.ledger(PORT).entries]
            assert await region.copy_of(PORT) == own
            standing = next(one for one in await region.hub.records.standings() if one.port == PORT)
            assert standing.day_in + standing.day_out == whole.cleared()
            assert standing.witnessed_size > 0
            assert standing.suspended is None
            assert standing.alarms == ()
        finally:
            whole.port.finish()
            region.finish()

    run(main(), loop)


async def _hold(region: SimulatedRegion, item: HoldItem) -> None:
    from kouan.network import units
    from kouan.network.records import RegionHold

    hold = RegionHold(**msgspec.structs.asdict(item), placed_by="wang", placed_at=region.clock.now())
    await region.hub.ledger.append(units.placing(hold))
    region.hub.issuer.wake()
