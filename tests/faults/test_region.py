"""A hub and three edges in virtual time: cut, crashed and made whole; and checks that see what they are there for."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import msgspec
import pytest

from kouan.ledger.entries import Entry, canonical
from kouan.ledger.roles import Draft, Unit
from kouan.network.travel import Distances
from kouan.protocols.network.messages import BulletinKind
from kouan.proving.region.checks import violations
from kouan.proving.region.lorries import Lorries
from kouan.proving.region.run import PORTS, RegionSetting, simulate_region
from kouan.proving.region.traffic import OPENS, stories
from kouan.proving.region.world import SimulatedRegion
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.wiring.region_file import load_region
from kouan.wiring.region_gate import distances_of, port_facts_of
from kouan.wiring.twin.node import asking

FACTS = port_facts_of(load_region())
STORIES = stories()
FIRST, SECOND, THIRD = PORTS

Act = Callable[[SimulatedRegion, Lorries, VirtualLoop], Awaitable[Any]]


def in_a_region(act: Act, seed: int = 1) -> Any:
    """Do something with a region on a loop of its own."""
    loop = VirtualLoop(OPENS, Random(seed))

    async def main() -> Any:
        region = SimulatedRegion(FACTS, PORTS, seed, VirtualClock(loop), 1.0)
        lorries = Lorries(region, 2000, Random(seed), STORIES)
        try:
            await region.start()
            return await act(region, lorries, loop)
        finally:
            region.finish()

    return run(main(), loop)


async def a_quarter_of_an_hour(region: SimulatedRegion, lorries: Lorries) -> None:
    """Let lorries come for a while, one of them twice, then all go and the hub take everything."""
    lorries.begin()
    lorries.clone(FIRST, SECOND, 300.0)
    await asyncio.sleep(900)
    await lorries.stop()
    await asyncio.sleep(100)
    while any(region.behind(port) for port in PORTS):  # noqa: ASYNC110 - in virtual time nobody tells
        await asyncio.sleep(0.1)


def test_a_region_that_was_cut_and_crashed_for_hours_comes_together_and_nothing_is_lost_or_counted_twice() -> None:
    found = simulate_region(RegionSetting(seed=3, hours=3, lorries=250))
    assert found["violation_texts"] == []
    assert found["violations"] == 0
    assert found["behind_before_healing"][FIRST] > 500
    assert found["reconciled_virtual_s"] < 60
    assert found["faults"]["crashed_edge"] + found["faults"]["crashed_hub"] > 0


def test_the_same_seed_gives_the_same_ledgers() -> None:
    setting = RegionSetting(seed=5, hours=0.2, lorries=500)
    assert simulate_region(setting)["hub_root"] == simulate_region(setting)["hub_root"]


def test_distances_of_the_simulated_ports_make_every_clone_impossible() -> None:
    distances: Distances = distances_of(load_region())
    nearest = min(distances.least_us(one, other) for one in PORTS for other in PORTS if one != other)
    assert nearest / 1_000_000 > 3600


# ---- checks that must see what is wrong


def spoiled(spoil: Callable[[SimulatedRegion], None]) -> list[str]:
    async def act(region: SimulatedRegion, lorries: Lorries, _: VirtualLoop) -> list[str]:
        await a_quarter_of_an_hour(region, lorries)
        assert await violations(region, lorries.clones) == []
        spoil(region)
        return await violations(region, lorries.clones)

    found: list[str] = in_a_region(act)
    return found


def _row(region: SimulatedRegion, table: str, *key: Any) -> dict[str, Any]:
    found = region.hub.disk.tables.get(table, *key)
    assert found is not None
    return dict(found)


def change_one_entry(region: SimulatedRegion) -> None:
    row = _row(region, "network_entries", SECOND, 5)
    region.hub.disk.tables.put("network_entries", {**row, "entry": row["entry"].replace(b"1", b"2")}, SECOND, 5)


def lose_the_last_entry(region: SimulatedRegion) -> None:
    region.hub.disk.tables.delete("network_entries", SECOND, region.copied(SECOND))


def count_one_twice(region: SimulatedRegion) -> None:
    rows = [row for row in region.hub.disk.tables.rows("network_flow") if row["port"] == SECOND]
    region.hub.disk.tables.put(
        "network_flow", {**rows[0], "released_in": rows[0]["released_in"] + 1}, SECOND, rows[0]["hour"]
    )


def miss_the_clone(region: SimulatedRegion) -> None:
    (alarm,) = region.hub.disk.tables.rows("network_alarms")
    region.hub.disk.tables.delete("network_alarms", alarm["number"])


def accuse_somebody(region: SimulatedRegion) -> None:
    (alarm,) = region.hub.disk.tables.rows("network_alarms")
    other = {**alarm, "number": "x", "params": alarm["params"].replace("CLONE00", "GENUINE")}
    region.hub.disk.tables.put("network_alarms", other, "x")


def forget_a_hold(region: SimulatedRegion) -> None:
    keeper = region.edges[THIRD].edge.keeper
    kept = keeper.latest(BulletinKind.HOLDS)
    assert kept is not None
    keeper._kept[BulletinKind.HOLDS] = msgspec.structs.replace(
        kept, bulletin=msgspec.structs.replace(kept.bulletin, items=())
    )


def take_a_batch_twice(region: SimulatedRegion) -> None:
    entries = region.hub.disk.ledger("hub").entries
    batch = next(entry for entry in entries if entry.kind == "network.taken/1" and entry.stream == SECOND)
    entries.append(batch)


def witness_another_ledger(region: SimulatedRegion) -> None:
    region.edges[SECOND].disk.ledger(SECOND).hashes[3] = bytes(32)


def go_back(region: SimulatedRegion) -> None:
    entries = region.edges[SECOND].disk.ledger(SECOND).entries
    kept = next(entry for entry in entries if entry.kind == "network.bulletin/1")
    entries.append(kept)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change_one_entry, "first difference at 4"),
        (lose_the_last_entry, "the hub holds"),
        (count_one_twice, "the hub counts"),
        (miss_the_clone, "alarms over []"),
        (accuse_somebody, "GENUINE"),
        (forget_a_hold, f"{THIRD} holds []"),
        (take_a_batch_twice, "batches go from"),
        (witness_another_ledger, "is not this ledger's"),
        (go_back, "went from version"),
    ],
)
def test_a_check_sees_what_it_is_there_for(spoil: Callable[[SimulatedRegion], None], said: str) -> None:
    assert any(said in text for text in spoiled(spoil))


# ---- forks


async def write(region: SimulatedRegion, port: str, *keys: str) -> None:
    edge = region.edges[port]
    for key in keys:
        unit = Unit((Draft("gate.unparsed/1", "x", key, canonical({"key": key})),))
        await asking(edge, lambda unit=unit: edge.ledger.append(unit))  # type: ignore[misc]


def suspended(region: SimulatedRegion, port: str) -> Any:
    return _row(region, "network_ports", port)["suspended"]


def test_a_port_whose_ledger_was_restored_from_an_old_copy_is_not_taken_from_and_says_so() -> None:
    async def act(region: SimulatedRegion, _: Lorries, __: VirtualLoop) -> None:
        await write(region, SECOND, *(f"k{number}" for number in range(30)))
        await asyncio.sleep(30)
        taken = region.copied(SECOND)
        edge = region.edges[SECOND]
        edge.crash(1.0)
        file = edge.disk.ledger(SECOND)
        file.heads.clear()
        for entry in file.entries[10:]:
            file.numbers.pop(entry.key, None)
        del file.entries[10:], file.hashes[10:]
        last: Entry = file.entries[-1]
        file.standing = msgspec.structs.replace(file.standing, sequence=10, last=last.hash)
        await asyncio.sleep(5)
        await write(region, SECOND, *(f"other{number}" for number in range(40)))
        await asyncio.sleep(60)
        assert edge.edge.forwarder.progress.halted == "chain.fork"
        assert region.copied(SECOND) == taken
        assert suspended(region, FIRST) is None

    in_a_region(act)


def test_a_head_over_another_ledger_suspends_the_port_with_an_alarm_until_a_person_resumes_it() -> None:
    async def act(region: SimulatedRegion, _: Lorries, __: VirtualLoop) -> None:
        await write(region, SECOND, "a", "b", "c")
        await asyncio.sleep(25)
        file = region.edges[SECOND].disk.ledger(SECOND)
        signer = region.signers[SECOND]
        from kouan.ledger.heads import sign_head

        file.heads.append(
            sign_head(signer, port=SECOND, size=2, root=bytes(32), last=file.entries[1].hash, at=OPENS, epoch=1)
        )
        tables = region.hub.disk.tables
        tables.put("network_ports", {**_row(region, "network_ports", SECOND), "witnessed_size": 0}, SECOND)
        tables.settle()
        region.hub.crash(0.5)
        region.edges[SECOND].edge.forwarder._witnessed = 0
        await asyncio.sleep(25)
        assert suspended(region, SECOND) == "head.fork"
        (alarm,) = await region.hub.records.alarms()
        assert (alarm.code, alarm.priority, alarm.port) == ("region.suspended", 1, SECOND)
        before = region.copied(SECOND)
        await write(region, SECOND, "d")
        await asyncio.sleep(30)
        assert region.copied(SECOND) == before

    in_a_region(act)


def test_a_port_that_is_not_enrolled_is_not_listened_to() -> None:
    async def act(region: SimulatedRegion, _: Lorries, __: VirtualLoop) -> None:
        region.hub._keys = {SECOND: region.signers[SECOND].public_key}.get
        region.hub.crash(0.5)
        await write(region, FIRST, "a")
        await write(region, SECOND, "a")
        await asyncio.sleep(40)
        assert region.copied(FIRST) == 0
        assert region.copied(SECOND) > 0

    in_a_region(act)
