"""What people at the hub decide reaches every port, is refused where it makes no sense, and never overfills a list."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import msgspec
import pytest

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.network.desk import HubDesk
from kouan.adapters.network.port_copy import Hub
from kouan.network import units
from kouan.network.records import RegionHold
from kouan.network.views import RegionAlarm
from kouan.protocols.network.messages import (
    MAX_ITEMS,
    BulletinKind,
    HoldItem,
    PreAuthorisedItem,
    RulebookItem,
    WatchItem,
)
from kouan.proving.region.run import PORTS
from kouan.proving.region.traffic import OPENS
from kouan.proving.region.world import REGION, SimulatedRegion
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import GRANTED, Refused
from kouan.wiring.region_file import load_region
from kouan.wiring.region_gate import distances_of, port_facts_of

WANG = Principal("wang", "Wang", Agency.CUSTOMS, (Role.REGION_OFFICER,))
HOUR = 3_600_000_000
HOLD = HoldItem(number="h1", authority="customs", kind="detain", plate="A", reason="-")
WATCH = WatchItem(plate="B", reason="-", authority="customs")
PERMIT = PreAuthorisedItem(plate="C", carrier="c", not_before=OPENS, expires_at=OPENS + HOUR, low_risk=True)
BOOK = RulebookItem(name="ganqimaodu", version="9", effective_from=OPENS + HOUR, text="id = 'ganqimaodu'")


def at_the_desk(act: Callable[[SimulatedRegion, HubDesk], Awaitable[Any]]) -> Any:
    loop = VirtualLoop(OPENS)

    async def main() -> Any:
        region = SimulatedRegion(port_facts_of(load_region()), PORTS, 1, VirtualClock(loop), 1.0)
        try:
            await region.start()
            node = region.hub
            distances = distances_of(load_region())
            hub = Hub(REGION, node.ledger, node.records, region.signers[PORTS[0]], distances, region.clock)
            resumed: list[str] = []

            async def resume(port: str) -> None:
                resumed.append(port)

            chance = Random(1)
            return await act(
                region, HubDesk(hub, node.issuer.wake, resume, lambda: chance.randbytes(16).hex(), node.issuer.spread)
            )
        finally:
            region.finish()

    return run(main(), loop)


def items(region: SimulatedRegion, kind: BulletinKind) -> list[tuple[Any, ...]]:
    kept = [edge.edge.keeper.latest(kind) for edge in region.edges.values()]
    return [() if one is None else tuple(one.bulletin.items) for one in kept]


def code(verdict: Any) -> str:
    assert isinstance(verdict, Refused)
    return verdict.reasons[0].code


def test_what_is_decided_is_at_every_port_within_a_second_and_gone_as_soon() -> None:
    async def act(region: SimulatedRegion, desk: HubDesk) -> None:
        await asyncio.sleep(3)
        assert await desk.place_hold(HOLD, WANG) == GRANTED
        number, verdict = await desk.add_watch(WATCH, WANG)
        assert verdict == GRANTED
        assert await desk.preauthorise(PERMIT, WANG) == GRANTED
        assert await desk.publish(BOOK, WANG) == GRANTED
        await asyncio.sleep(1)
        assert items(region, BulletinKind.HOLDS) == [(HOLD,)] * 3
        assert items(region, BulletinKind.WATCH_LIST) == [(WATCH,)] * 3
        assert items(region, BulletinKind.PRE_AUTHORISED) == [(PERMIT,)] * 3
        assert items(region, BulletinKind.RULEBOOK) == [(BOOK,)] * 3
        assert await desk.lift_hold("h1", WANG, "cleared") == GRANTED
        assert await desk.remove_watch(number, WANG) == GRANTED
        await asyncio.sleep(1)
        assert items(region, BulletinKind.HOLDS) == [()] * 3
        assert items(region, BulletinKind.WATCH_LIST) == [()] * 3

    at_the_desk(act)


def test_only_the_authority_that_placed_it_ends_a_hold_or_a_watch() -> None:
    police = Principal("li", "Li", Agency.BORDER_INSPECTION, (Role.REGION_OFFICER,))

    async def act(_: SimulatedRegion, desk: HubDesk) -> list[str]:
        await desk.place_hold(HOLD, WANG)
        number, _verdict = await desk.add_watch(WATCH, WANG)
        return [code(await desk.lift_hold("h1", police, "-")), code(await desk.remove_watch(number, police))]

    assert at_the_desk(act) == ["network.not_yours"] * 2


def test_a_permit_that_is_withdrawn_is_gone_from_every_port_within_a_second() -> None:
    async def act(region: SimulatedRegion, desk: HubDesk) -> str:
        await asyncio.sleep(3)
        await desk.preauthorise(PERMIT, WANG)
        await asyncio.sleep(1)
        assert await desk.withdraw("C", WANG, "stolen") == GRANTED
        await asyncio.sleep(1)
        assert items(region, BulletinKind.PRE_AUTHORISED) == [()] * 3
        return code(await desk.withdraw("C", WANG, "again"))

    assert at_the_desk(act) == "network.not_in_force"


def test_the_desk_says_what_is_in_force_and_which_ports_act_on_it() -> None:
    async def act(region: SimulatedRegion, desk: HubDesk) -> None:
        first, second, third = region.ports
        await asyncio.sleep(3)
        link = region.edges[first].link
        assert link is not None
        link.down.cut = True
        await desk.place_hold(HOLD, WANG)
        await asyncio.sleep(15)
        found = await desk.in_force()
        assert [(one.number, one.placed_by) for one in found.holds] == [("h1", "wang")]
        spread = {one.port: one for one in found.spread if one.kind is BulletinKind.HOLDS}
        assert spread[second].held == spread[second].version == spread[third].held == 2
        assert (spread[first].held, spread[first].version) == (1, 2)
        heard_at = spread[first].heard_at
        assert heard_at is not None
        assert region.clock.now() - heard_at < 11_000_000

    at_the_desk(act)


def test_a_permit_ends_by_itself_without_anybody_touching_it() -> None:
    async def act(region: SimulatedRegion, desk: HubDesk) -> None:
        await desk.preauthorise(PERMIT, WANG)
        await asyncio.sleep(3700)
        assert items(region, BulletinKind.PRE_AUTHORISED) == [()] * 3

    at_the_desk(act)


def test_what_makes_no_sense_is_refused() -> None:
    async def act(_: SimulatedRegion, desk: HubDesk) -> list[str]:
        both = HoldItem(number="h2", authority="customs", kind="detain", plate="A", container="B", reason="-")
        await desk.place_hold(HOLD, WANG)
        await desk.publish(BOOK, WANG)
        past = PreAuthorisedItem(plate="C", carrier="c", not_before=OPENS, expires_at=OPENS - 1, low_risk=True)
        return [
            code(await desk.place_hold(both, WANG)),
            code(await desk.place_hold(HOLD, WANG)),
            code(await desk.lift_hold("nothing", WANG, "-")),
            code((await desk.add_watch(WatchItem(reason="-", authority="customs"), WANG))[1]),
            code(await desk.remove_watch("nothing", WANG)),
            code(await desk.preauthorise(past, WANG)),
            code(await desk.publish(BOOK, WANG)),
            code(await desk.resume("ceke", WANG, "-")),
        ]

    assert at_the_desk(act) == [
        "network.one_target",
        "network.number_taken",
        "network.not_in_force",
        "network.one_target",
        "network.not_in_force",
        "network.span",
        "network.version_taken",
        "network.not_suspended",
    ]


def test_a_list_is_never_longer_than_a_bulletin() -> None:
    async def act(region: SimulatedRegion, desk: HubDesk) -> list[Any]:
        def item(number: int) -> HoldItem:
            return HoldItem(number=f"h{number}", authority="customs", kind="detain", plate=f"P{number}", reason="-")

        many = [
            units.placing(RegionHold(**msgspec.structs.asdict(item(number)), placed_by="wang", placed_at=OPENS))
            for number in range(MAX_ITEMS - 1)
        ]
        await region.hub.ledger.append(units.together(*many))
        verdicts = [await desk.place_hold(item(number), WANG) for number in (MAX_ITEMS - 1, MAX_ITEMS)]
        await asyncio.sleep(2)
        assert [len(found) for found in items(region, BulletinKind.HOLDS)] == [MAX_ITEMS] * 3
        return verdicts

    verdicts = at_the_desk(act)
    assert verdicts[0] == GRANTED
    assert code(verdicts[-1]) == "network.full"


def test_an_alarm_is_acknowledged_once_and_an_unknown_one_not_at_all() -> None:
    async def act(region: SimulatedRegion, desk: HubDesk) -> str:
        await region.hub.ledger.append(units.alarming(RegionAlarm("a", "ceke", OPENS, 2, "region.suspended", {})))
        assert await desk.acknowledge("a", WANG, "seen") == GRANTED
        with pytest.raises(NotFound):
            await desk.acknowledge("b", WANG, "seen")
        return code(await desk.acknowledge("a", WANG, "seen"))

    assert at_the_desk(act) == "network.acknowledged"
