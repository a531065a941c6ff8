"""One run of a simulated region: days of lorries under cuts and crashes, then whole roads, then the checks."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from kouan.network import units
from kouan.network.records import PreAuthorisedRecord
from kouan.proving.region.checks import violations
from kouan.proving.region.impostor import Impostor, Trick
from kouan.proving.region.lorries import Lorries
from kouan.proving.region.nodes import HUB
from kouan.proving.region.traffic import OPENS, Story, stories
from kouan.proving.region.weather import Nemesis, Weather
from kouan.proving.region.world import SimulatedRegion
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Unavailable
from kouan.wiring.region_file import load_region
from kouan.wiring.region_gate import port_facts_of
from kouan.wiring.twin.node import asking

PORTS = ("ganqimaodu", "ceke", "mandula")
"""The ports that are simulated: three road ports of Inner Mongolia, 190 to 870 km apart."""

POLL_S = 5.0
"""How often a simulated edge looks for entries that nobody told it of. Our choice: seldom, because each look costs."""

CLONES = 6
"""Cloned plates in a run."""

CLONED_WITHIN_S = (60.0, 3600.0)
"""How soon a cloned plate stands at the second port: less than any two of the ports allow."""

PERMITTED = "PERMIT01"
"""The plate that is pre-authorised at the beginning of a run."""

PERMIT_US = 1800 * SECOND
"""How long it is. Our choice: short of every run, so that its end is seen."""

GIVE_UP_S = 3600.0
"""Virtual seconds after which a region that does not come together is said to have failed. Our choice."""

SETTLE_S = 75.0
"""Virtual seconds that heads and bulletins are given after the last entry was taken: a head is due every 20 s, a
question every 10 s, a bulletin every 20 s."""


class RegionSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated: so many hours, lorries a day at each port; the first port is cut off for the whole time."""

    seed: int = 7
    hours: float = 72.0
    lorries: int = 300


def simulate_region(setting: RegionSetting, tell: Callable[[float], None] = lambda _: None) -> Mapping[str, Any]:
    """Simulate, and return what was found; ``violations`` is 0 where all held.

    ``tell`` is told what share of the time has passed, from 0 to 1. The same setting gives the same ledgers.
    """
    loop = VirtualLoop(OPENS, Random(f"order/{setting.seed}"))
    return run(_simulate(setting, stories(), loop, tell), loop)


async def _simulate(
    setting: RegionSetting, told: Sequence[Story], loop: VirtualLoop, tell: Callable[[float], None]
) -> Mapping[str, Any]:
    began_s = time.process_time()
    chance = Random(f"region-run/{setting.seed}")
    facts = port_facts_of(load_region())
    region = SimulatedRegion(facts, PORTS, setting.seed, VirtualClock(loop), POLL_S)
    lorries = Lorries(region, setting.lorries, Random(chance.getrandbits(64)), told)
    nemesis = Nemesis(region, Random(chance.getrandbits(64)))
    impostor = Impostor(region, Random(chance.getrandbits(64)))
    try:
        await region.start()
        permit = PreAuthorisedRecord(PERMITTED, None, "carrier", OPENS, OPENS + PERMIT_US, True, "desk", OPENS)
        await asking(region.hub, lambda: region.hub.ledger.append(units.preauthorising(permit, OPENS)))
        region.hub.issuer.wake()
        lorries.begin()
        impostor.begin()
        nemesis.begin(PORTS[0])
        cloning = asyncio.create_task(_clone(lorries, setting, Random(chance.getrandbits(64))), name="clones")
        while loop.time() < setting.hours * 3600:
            await asyncio.sleep(min(600.0, setting.hours * 360))
            tell(min(1.0, loop.time() / (setting.hours * 3600)))
        cloning.cancel()
        await lorries.stop()
        broke_s = time.process_time()
        behind = {port: region.behind(port) for port in PORTS}
        nemesis.heal()
        took_s = await _come_together(region, loop)
        healed_s = time.process_time()
        await asyncio.sleep(SETTLE_S)
        await _come_together(region, loop)  # what was recorded since: bulletins
        impostor.stop()
        found = await violations(region, lorries.clones)
        found += [
            f"the fault {kind} never fired" for kind in Weather if setting.hours >= 24 and not nemesis.fired[kind]
        ]
    finally:
        region.finish()
    hub = region.hub.disk.ledger(HUB)
    return {
        "hours": setting.hours,
        "seed": setting.seed,
        "ports": len(PORTS),
        "lorries": lorries.count,
        "entries": sum(len(region.edges[port].disk.ledger(port).entries) for port in PORTS),
        "behind_before_healing": behind,
        "reconciled_virtual_s": round(took_s, 3),
        "reconciled_cpu_s": round(healed_s - broke_s, 3),
        "cloned": len(lorries.clones),
        "impostures": {trick.value: impostor.sent[trick] for trick in Trick},
        "hub_entries": len(hub.entries),
        "hub_root": hub.standing.frontier.root().hex(),
        "faults": {kind.value: nemesis.fired[kind] for kind in Weather},
        "cpu_s": round(time.process_time() - began_s, 2),
        "violations": len(found),
        "violation_texts": found[:20],
    }


async def _clone(lorries: Lorries, setting: RegionSetting, chance: Random) -> None:
    """Let plates be cloned here and there, the last one early enough that both are seen before the end."""
    spans = sorted(chance.uniform(0, max(0.0, setting.hours * 3600 - 2 * CLONED_WITHIN_S[1])) for _ in range(CLONES))
    passed = 0.0
    for at_s in spans:
        await asyncio.sleep(at_s - passed)
        passed = at_s
        first, second = chance.sample(PORTS, 2)
        lorries.clone(first, second, chance.uniform(*CLONED_WITHIN_S))


async def _come_together(region: SimulatedRegion, loop: VirtualLoop) -> float:
    """Wait until the hub holds everything; return how long that took. Raises Unavailable where it never does."""
    began_s = loop.time()
    while any(region.behind(port) for port in region.ports):
        if loop.time() - began_s > GIVE_UP_S:
            behind = {port: region.behind(port) for port in region.ports}
            raise Unavailable(f"after {GIVE_UP_S:g} virtual seconds the hub still lacks {behind}")
        await asyncio.sleep(0.1)
    return loop.time() - began_s
