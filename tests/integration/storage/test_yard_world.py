"""Mass in is mass out and stock and stated loss, over every sequence, with many acting at once; on both players."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.storage.players import MemoryPlayer, Player, PostgresPlayer
from tests.integration.storage.server import Server
from tests.integration.storage.yard_world import GRADE, LOTS, PLACES, RELEASED_KG, SITES, World
from tests.unit.yard.yard_kit import SETTINGS

from kouan.adapters.memory import yard_statements
from kouan.adapters.memory.tables import GUARDS, Row, Tables
from kouan.journeys.yard_goods import YardGoods
from kouan.journeys.yard_scales import YardScales
from kouan.journeys.yard_visits import Done, YardVisits
from kouan.ledger.roles import Appended, Ledger, Unit, UnitRefused
from kouan.vocabulary.verdict import Reason, Refused, refuse
from kouan.yard.book import LossReason
from kouan.yard.events import CallPerson, Command, IssueExit, LetOut, OpenExit
from kouan.yard.facts import Mend
from kouan.yard.people import Aboard
from kouan.yard.roles import Released
from kouan.yard.states import Held, Leaving, Left, Ready
from kouan.yard.tickets import Ticket
from kouan.yard.warrants import WantedWarrant

COAL, WARRANTED = LOTS
OTHER_LOT = "071320251000000003-1"


@pytest.fixture
async def world(player: Player) -> World:
    return await World(player, await player.open_writer()).start()


async def test_a_lorry_brings_goods_and_another_takes_them(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    loaded = await world.loaded(COAL, 2, 30_000)
    assert isinstance(loaded, Done)
    assert isinstance(loaded.state, Ready)
    gone = await world.visits.leave("yard-o2", 1, ("wang",))
    assert isinstance(gone, Done)
    assert isinstance(gone.state, Left)
    assert any(isinstance(each, LetOut) for each in gone.commands)
    lot = await world.records.find_lot(COAL)
    assert lot is not None
    assert (lot.in_kg, lot.out_kg, lot.taken_kg, lot.reserved_kg) == (80_000, 30_000, 30_000, 0)
    assert [each.net_kg for each in world.papers.asked] == [80_000]
    await world.check()


async def test_goods_whose_exit_did_not_open_lie_in_the_book_again_and_may_leave_once_more(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    await world.loaded(COAL, 2, 30_000)
    before = await world.records.find_stack(PLACES["coal"][0])
    for _ in range(2):
        assert isinstance(await world.do("show", 2, COAL, 2, 0), Done)
        lot = await world.records.find_lot(COAL)
        assert lot is not None
        assert (lot.out_kg, lot.taken_kg, lot.reserved_kg) == (30_000, 0, 30_000)
        await world.check()
        assert isinstance(await world.report("yard-o2", "refused"), Done)
        assert isinstance(await world.state("yard-o2"), Ready)
        stack = await world.records.find_stack(PLACES["coal"][0])
        assert before is not None
        assert stack is not None
        assert (stack.dry_dg, stack.moisture_bp) == (before.dry_dg, before.moisture_bp)
        await world.check()
    await world.do("show", 2, COAL, 2, 0)
    await world.report("yard-o2", "actuated")
    await world.do("cross", 2, COAL, 2, 0)
    assert isinstance(await world.state("yard-o2"), Left)
    assert sorted(each.net_kg for each in await world.records.nets(0, 2**53)) == [30_000, 80_000]
    await world.check()


async def test_goods_stay_out_of_the_book_where_another_lot_lies_in_their_place_by_now(world: World) -> None:
    await world.whole_visit(COAL, 1, 30_000)
    await world.loaded(COAL, 2, 30_000)
    assert isinstance(await world.do("show", 2, COAL, 2, 0), Done)
    place = PLACES["coal"][0]
    laid = await world.goods.restack("none", place, PLACES["coal"][1], 10, "li")
    assert isinstance(laid, Refused), "nothing lies there by the book"
    await world.deliver(OTHER_LOT, 3)
    await world.weigh("yard-p3", 45_000, "g3")
    await world.visits.begin_handling("yard-p3", place, "wang")
    await world.visits.tally("yard-p3", "wang")
    await world.weigh("yard-p3", 15_000, "t3")
    refused = await world.report("yard-o2", "refused")
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "yard.another_lot"
    assert isinstance(await world.state("yard-o2"), Leaving), "nothing was ordered anew: a person looks"
    await world.check()


async def test_a_recall_that_comes_as_the_exit_is_ordered_makes_no_order(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    await world.loaded(COAL, 2, 30_000)
    world.releases.answer = refuse("release.may_not_leave")
    held = await world.do("show", 2, COAL, 2, 0)
    assert isinstance(held, Done)
    assert isinstance(held.state, Held)
    assert [each for each in held.commands if isinstance(each, OpenExit | IssueExit)] == []
    lot = await world.records.find_lot(COAL)
    assert lot is not None
    assert lot.out_kg == 0
    await world.check()


async def test_goods_that_are_not_released_cannot_even_be_ordered(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    world.releases.answer = refuse("release.may_not_leave")
    assert isinstance(await world.order(COAL, 2, 30_000), Refused)


async def test_goods_recalled_while_a_lorry_loads_do_not_leave(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    await world.loaded(COAL, 2, 30_000)
    world.releases.answer = refuse("release.may_not_leave")
    held = await world.visits.leave("yard-o2", 1, ("wang",))
    assert isinstance(held, Done)
    assert isinstance(held.state, Held)
    assert CallPerson("yard-o2", 1, Reason("release.may_not_leave")) in held.commands
    lot = await world.records.find_lot(COAL)
    assert lot is not None
    assert lot.out_kg == 0
    again = await world.visits.mend("yard-o2", Mend.TURN_AWAY, "wang", "recalled: unload")
    assert isinstance(again, Done)
    await world.weigh("yard-o2", 15_020, "empty")
    gone = await world.visits.leave("yard-o2", 1, ("wang",))
    assert isinstance(gone, Done)
    assert isinstance(gone.state, Left)
    assert (await world.records.find_lot(COAL) or lot).reserved_kg == 0
    await world.check()


async def test_all_lorries_together_never_take_more_than_is_released(world: World) -> None:
    for number in (1, 2, 3):
        await world.whole_visit(COAL, number, 80_000)
    placed = await asyncio.gather(*[world.order(COAL, number, 40_000) for number in range(10, 19)])
    granted = [each for each in placed if not isinstance(each, Refused)]
    assert 1 <= len(granted) <= RELEASED_KG // 40_000
    await world.check()


async def test_two_lorries_leaving_one_stack_at_once_both_count(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    await world.loaded(COAL, 2, 30_000)
    await world.loaded(COAL, 3, 40_000)
    await asyncio.gather(*[world.visits.leave(f"yard-o{number}", 1, ("wang",)) for number in (2, 3, 2, 3)])
    lot = await world.records.find_lot(COAL)
    assert lot is not None
    assert lot.out_kg == 70_000
    await world.check()


async def test_a_ticket_is_written_off_once_however_often_it_comes(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    await world.deliver(COAL, 2)
    again = await world.visits.weigh("yard-p2", Ticket("g1", "W1", "蒙B00002", 95_000, world.clock.now()))
    assert isinstance(again, Refused)
    assert again.reasons[0].code == "yard.ticket_twice"
    await world.check()


async def test_papers_that_do_not_cover_a_net_hold_the_lorry_until_they_do(world: World) -> None:
    world.papers.refuses = refuse("write_off.exceeded")
    await world.whole_visit(COAL, 1, 80_000)
    record = await world.records.find_visit("yard-p1")
    assert record is not None
    assert record.state == "held"
    assert await world.records.find_net("yard-p1") is None
    await world.check()


async def test_a_sample_leaves_the_stack_once_however_often_it_is_told(world: World) -> None:
    await world.deliver(COAL, 1)
    await world.weigh("yard-p1", 95_000, "g")
    await world.visits.begin_handling("yard-p1", "coal/A/1/1", "wang")
    await world.visits.sample("yard-p1", "S1", 10, "SEAL1", "wang")
    await world.visits.tally("yard-p1", "wang", 800)
    await world.weigh("yard-p1", 15_000, "t")
    for sample, outcome in (("S1", Refused), ("S2", Done), ("S2", Refused)):
        assert isinstance(await world.visits.sample("yard-p1", sample, 10, "SEAL1", "wang"), outcome)
    await world.loaded(COAL, 2, 30_000)
    assert isinstance(await world.visits.sample("yard-o2", "S3", 10, "SEAL1", "wang"), Refused)
    lot = await world.records.find_lot(COAL)
    assert lot is not None
    assert (lot.in_kg, lot.out_kg) == (80_000, 20)
    await world.check()


async def test_a_stowaway_holds_the_vehicle_and_no_name_stands_anywhere(world: World) -> None:
    await world.deliver(COAL, 1)
    await world.weigh("yard-p1", 95_000, "g")
    await world.visits.begin_handling("yard-p1", "coal/A/1/1", "wang")
    await world.visits.tally("yard-p1", "wang", 800)
    await world.weigh("yard-p1", 15_000, "t")
    held = await world.visits.leave("yard-p1", 2, ("bat", "stowaway"))
    assert isinstance(held, Done)
    assert isinstance(held.state, Held)
    assert isinstance(held.state.leaving, Aboard)
    ledger: Ledger = world.ledger
    bodies = b"".join(bytes(entry.body) for entry in await ledger.read())
    assert b"stowaway" not in bodies
    assert b'"bat"' not in bodies
    excused = await world.visits.excuse("yard-p1", "zhao", "a second driver came on foot")
    assert isinstance(excused, Done)
    assert isinstance(excused.state, Left)


async def test_warrants_never_exceed_what_lies_there_and_bind_it(world: World) -> None:
    await world.whole_visit(WARRANTED, 1, 50_000, moisture_bp=1_000)
    asked = [WantedWarrant(f"w{number}", "warehouse", "coking-1", "FIRM", 15_000) for number in range(6)]
    issued = await asyncio.gather(*[world.goods.issue_warrant(each, "li") for each in asked])
    assert sum(not isinstance(each, Refused) for each in issued) == 3
    await world.loaded(WARRANTED, 2, 30_000)
    kept = await world.visits.leave("yard-o2", 1, ("wang",))
    assert isinstance(kept, Refused)
    assert kept.reasons[0].code == "warrant.uncovered"
    for number, each in enumerate(issued):
        if not isinstance(each, Refused):
            await world.goods.redeem_warrant(f"w{number}", "FIRM", "li")
    gone = await world.visits.leave("yard-o2", 1, ("wang",))
    assert isinstance(gone, Done)
    await world.check()


async def test_a_pledged_warrant_is_the_banks_to_let_go(world: World) -> None:
    await world.whole_visit(WARRANTED, 1, 50_000)
    await world.goods.issue_warrant(WantedWarrant("w1", "warehouse", "coking-1", "FIRM", 15_000), "li")
    await world.goods.pledge_warrant("w1", "FIRM", "BANK", "li")
    assert isinstance(await world.goods.transfer_warrant("w1", "FIRM", "OTHER", "li"), Refused)
    assert isinstance(await world.goods.redeem_warrant("w1", "FIRM", "li"), Refused)
    assert isinstance(await world.goods.release_warrant("w1", "FIRM", "li"), Refused)
    await world.goods.release_warrant("w1", "BANK", "li")
    moved = await world.goods.transfer_warrant("w1", "FIRM", "OTHER", "li")
    assert not isinstance(moved, Refused)
    assert moved.holder == "OTHER"


async def test_a_scale_that_drifts_is_put_out_of_use_and_weighs_nothing(world: World) -> None:
    for minute in range(3):
        await world.scales.weighed("W1", "蒙BREF01", 49_100, world.clock.now() + minute)
    standing = await world.records.find_scale("W1")
    assert standing is not None
    assert (standing.in_use, standing.reason) == (0, "drift")
    await world.deliver(COAL, 1)
    weighed = await world.scales.weighed("W1", "蒙B00001", 95_000, world.clock.now())
    assert weighed.ticket.cause == "yard.scale_out_of_use"
    record = await world.records.find_visit("yard-p1")
    assert record is not None
    assert record.state == "arrived"
    other = await world.scales.weighed("W2", "蒙B00001", 95_000, world.clock.now() + 1)
    assert isinstance(other.visit, Done)
    world.clock.advance(10)
    await world.scales.adjusted("W1", "calibrated with weights", "wang")
    assert (await world.scales.checks())[0].finding == "unchecked"


class Overtaken:
    """A ledger in which somebody else is faster, once."""

    def __init__(self, ledger: Ledger, other: Callable[[], Awaitable[object]]) -> None:
        self._ledger, self._other = ledger, [other]

    async def append(self, unit: Unit) -> Appended | UnitRefused:
        if self._other:
            await self._other.pop()()
        return await self._ledger.append(unit)


async def test_a_drifting_scale_is_put_out_of_use_though_somebody_changes_it_at_the_same_moment(world: World) -> None:
    later = world.clock.now() + 1
    slow = Overtaken(world.ledger, lambda: world.scales.zero_checked("W1", later))
    scales = YardScales(SETTINGS, world.records, slow, world.visits, world.clock, later * 2)  # type: ignore[arg-type]
    assert not isinstance(await scales.put_out_of_use("W1", "drift", "reference vehicle"), Refused)
    standing = await world.records.find_scale("W1")
    assert standing is not None
    assert (standing.in_use, standing.reason, standing.zero_checked_at) == (0, "drift", later)


async def test_the_exit_stays_shut_where_a_recall_comes_at_the_very_moment_of_leaving(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    await world.loaded(COAL, 2, 30_000)
    told: list[Command] = []
    slow = Overtaken(world.ledger, lambda: world.visits.withdraw(COAL, Reason("release.may_not_leave")))
    visits = YardVisits(
        SETTINGS,
        world.records,
        slow,
        world.releases,
        world.papers,
        world.clock,
        bytes,
        told.append,  # type: ignore[arg-type]
    )
    left = await visits.leave("yard-o2", 1, ("wang",))
    assert isinstance(left, Done)
    assert isinstance(left.state, Held)
    assert [each for each in told if isinstance(each, LetOut)] == []
    record = await world.records.find_visit("yard-o2")
    assert record is not None
    assert record.state == "held"
    await world.check()


async def test_a_number_that_stands_for_another_loss_is_refused(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    assert not isinstance(await world.goods.lose("l1", PLACES["coal"][0], 500, LossReason.DUST, "li"), Refused)
    again = await world.goods.lose("l1", PLACES["coal"][0], 9_000, LossReason.SPILLAGE, "wang")
    assert isinstance(again, Refused)
    assert again.reasons[0].code == "yard.number_used"
    lot = await world.records.find_lot(COAL)
    assert lot is not None
    assert lot.loss_kg == 500


async def test_goods_are_moved_onto_a_stack_that_somebody_else_laid_meanwhile(world: World) -> None:
    await world.whole_visit(COAL, 1, 80_000)
    here, there = PLACES["coal"]
    slow = Overtaken(world.ledger, lambda: world.goods.restack("r1", here, there, 10_000, "li"))
    goods = YardGoods(SETTINGS, world.records, slow, world.releases, world.clock)  # type: ignore[arg-type]
    assert not isinstance(await goods.restack("r2", here, there, 20_000, "wang"), Refused)
    stack = await world.records.find_stack(there)
    assert stack is not None
    assert stack.version == 2
    await world.check()


async def test_a_warrant_that_is_pledged_at_the_same_moment_is_not_transferred(world: World) -> None:
    await world.whole_visit(WARRANTED, 1, 80_000)
    await world.goods.issue_warrant(WantedWarrant("w1", "warehouse", GRADE, "FIRM", 10_000), "li")
    slow = Overtaken(world.ledger, lambda: world.goods.pledge_warrant("w1", "FIRM", "BANK", "li"))
    goods = YardGoods(SETTINGS, world.records, slow, world.releases, world.clock)  # type: ignore[arg-type]
    refused = await goods.transfer_warrant("w1", "FIRM", "OTHER", "wang")
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "warrant.pledged"


async def test_the_same_arrival_reported_twice_is_one_visit(world: World) -> None:
    first, second = await world.deliver(COAL, 1), await world.deliver(COAL, 1)
    assert isinstance(first, Done)
    assert first.state == second.state


NAMES = (
    "deliver", "order", "admit", "heavy", "light", "handle", "tally", "sample", "leave", "smuggle", "excuse", "mend",
    "withdraw", "cancel", "lose", "restack", "dry", "determine", "warrant", "pledge", "redeem", "show", "report",
    "cross", "wait",
)  # fmt: skip
ACT = st.tuples(
    st.sampled_from(NAMES), st.integers(1, 4), st.sampled_from(LOTS), st.integers(1, 60_000), st.integers(0, 1)
)
USUAL = [
    [("heavy", n, COAL, 40_001 + 2 * n, 0) for n in (1, 2, 3, 4)],
    [("handle", n, LOTS[n % 2], 1, n % 2) for n in (1, 2, 3, 4)],
    [("tally", n, COAL, 801, 0) for n in (1, 2, 3, 4)],
    [("light", n, COAL, 1, 0) for n in (1, 2, 3, 4)],
    [("order", n, LOTS[n % 2], 9_000 * n, 0) for n in (1, 2, 3, 4)],
    [("admit", n, COAL, 2, 0) for n in (1, 2, 3, 4)],
    [("light", n, COAL, 2, 0) for n in (1, 2, 3, 4)],
    [("handle", n, LOTS[n % 2], 2, n % 2) for n in (1, 2, 3, 4)],
    [("tally", n, COAL, 2, 0) for n in (1, 2, 3, 4)],
    [("heavy", n, COAL, 9_000 * n, 0) for n in (1, 2, 3, 4)],
    [("show" if n % 2 else "leave", n, COAL, 2, 0) for n in (1, 2, 3, 4)],
    [("report", n, COAL, 6, 0) for n in (1, 2, 3, 4)],
    [("cross", n, COAL, 2, 0) for n in (1, 2, 3, 4)],
]
"""What usually happens, eight vehicles side by side; a plan breaks into it anywhere."""

PLANS = st.lists(st.lists(ACT, max_size=8), min_size=len(USUAL), max_size=len(USUAL) + 6)


async def live(player: Player, plan: list[list[tuple[str, int, str, int, int]]]) -> World:
    world = await World(player, await player.open_writer()).start()
    await world.at_once([("deliver", n, LOTS[n % 2], 1, 0) for n in (1, 2, 3, 4)])
    for number, broken in enumerate(plan):
        usual = USUAL[number] if number < len(USUAL) else []
        await world.at_once([*usual, *broken])
    return world


@given(PLANS)
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
def test_mass_is_conserved_over_every_sequence_in_memory(plan: list[list[tuple[str, int, str, int, int]]]) -> None:
    import random

    async def main() -> None:
        player = MemoryPlayer(random.Random(7))
        await live(player, plan)
        await player.close()

    asyncio.run(main())


@given(PLANS)
@settings(
    deadline=None, max_examples=6, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
def test_mass_is_conserved_over_every_sequence_in_postgres(
    server: Server, plan: list[list[tuple[str, int, str, int, int]]]
) -> None:
    async def main() -> None:
        player = PostgresPlayer(server, server.new_database())
        await live(player, plan)
        await player.close()

    asyncio.run(main())


def waved_through(monkeypatch: pytest.MonkeyPatch, name: str, does: Callable[[Tables, Row], int]) -> None:
    """Let a guard of the in-memory store do something else."""
    monkeypatch.setitem(GUARDS, name, msgspec.structs.replace(GUARDS[name], apply=does))


async def test_a_store_that_forgets_who_was_faster_is_caught(
    memory: MemoryPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await World(memory, await memory.open_writer()).start()
    await world.whole_visit(COAL, 1, 80_000)
    await world.loaded(COAL, 2, 30_000)
    await world.loaded(COAL, 3, 40_000)
    await world.check()
    monkeypatch.setattr(yard_statements, "_follows", lambda *_: True)
    await asyncio.gather(*[world.visits.leave(f"yard-o{number}", 1, ("wang",)) for number in (2, 3)])
    with pytest.raises(AssertionError):
        await world.check()


async def test_a_store_that_takes_a_ticket_twice_is_caught(
    memory: MemoryPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await World(memory, await memory.open_writer()).start()
    waved_through(monkeypatch, "yard.add_ticket", lambda *_: 1)
    waved_through(
        monkeypatch, "yard.add_net", lambda tables, row: tables.put("yard_nets", row, row["port"], row["visit"]) or 1
    )
    await world.whole_visit(COAL, 1, 80_000)
    await world.deliver(COAL, 2)
    await world.weigh("yard-p2", 95_000, "g1")
    await world.visits.begin_handling("yard-p2", "coal/A/1/1", "wang")
    await world.visits.tally("yard-p2", "wang")
    await world.weigh("yard-p2", 15_000, "t2")
    with pytest.raises(AssertionError):
        await world.check()


async def test_a_store_that_does_not_cover_warrants_is_caught(
    memory: MemoryPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await World(memory, await memory.open_writer()).start()
    await world.whole_visit(WARRANTED, 1, 50_000)
    waved_through(monkeypatch, "yard.cover_warrants", lambda *_: 1)
    wanted = [WantedWarrant(f"w{number}", "warehouse", "coking-1", "FIRM", 15_000) for number in range(6)]
    await asyncio.gather(*[world.goods.issue_warrant(each, "li") for each in wanted])
    with pytest.raises(AssertionError):
        await world.check()


async def test_the_usual_day_gets_through(player: Player) -> None:
    world = await live(player, [[] for _ in USUAL])
    assert world.answers["leave"] >= 1
    assert world.answers["show"] >= 1
    states = [await world.state(f"yard-o{number}") for number in (1, 2, 3, 4)]
    assert sum(isinstance(state, Left) for state in states) >= 3
    assert SITES[COAL] == "coal"
    assert isinstance(world.releases.answer, Released)
