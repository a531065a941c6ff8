"""A yard's exit opens on a signed order for the lorry that was let out, at most once, whoever dies when."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.journeys.exit_kit import EXIT, RIG, TAKES_KG, VISIT, ExitPort, live
from tests.unit.yard.yard_kit import DOMESTIC, LOT

from kouan.adapters.lane_controller import frames
from kouan.gate.lane_controller.records import Intent, Latched, Outcome
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.lane_order.codec import verify_order
from kouan.protocols.lane_order.messages import LONGEST_LIFE_US
from kouan.proving.ledger_facts import barriers
from kouan.vocabulary.verdict import Reason, Refused, refuse
from kouan.yard.events import ExitOrdered
from kouan.yard.facts import Mend
from kouan.yard.states import Held, Leaving, Left

RECALLED = Reason("release.recalled")


async def mended(port: ExitPort, mend: Mend) -> None:
    """Say what a person saw."""
    assert not isinstance(await port.desk.visits.mend(VISIT, mend, "li", "looked"), Refused)


def ordered(port: ExitPort) -> list[ExitOrdered]:
    """Return the orders in the ledger."""
    return [msgspec.json.decode(each.body, type=ExitOrdered) for each in port.entries if "exit_ordered" in each.kind]


def away(port: ExitPort, heard_of: str, seconds: float) -> None:
    """Let the lane controller die when something is said on a topic of the exit."""

    def crash(topic: str) -> None:
        if topic.endswith(heard_of):
            port.broker.accepted.remove(crash)
            port.controller.crash(seconds)

    port.broker.accepted.append(crash)


def test_a_lorry_drives_out_by_an_order_that_was_recorded_and_signed_before() -> None:
    async def story(port: ExitPort) -> None:
        assert await port.leave()
        await asyncio.sleep(5)
        state = await port.state()
        assert isinstance(state, Left)
        assert state.net_kg == TAKES_KG
        assert port.calls == []
        assert port.kinds[-4:] == ["yard.exit_ordered/1", "yard.fact/1", "yard.fact/1", "yard.left/1"]
        (entry,) = ordered(port)
        assert port.commands == [entry.order.order_id]
        order = verify_order({port.platform._signer.key_id: port.platform._signer.public_key}, entry.order.jws.encode())
        assert (order.lane, order.passage, order.barrier, order.outcome) == (EXIT, VISIT, Barrier.EXIT, "GATE_OUT")
        assert (order.vehicle.plate, order.vehicle.axles, order.vehicle.track) == (DOMESTIC, 6, 1)
        assert order.nonce == entry.order.nonce == port.actuations.lines[0]["nonce"]
        assert 0 < order.expires_at - order.issued_at <= LONGEST_LIFE_US

    live(story)


def test_what_it_takes_leaves_the_book_with_the_order_and_its_pick_up_ends_when_it_is_out() -> None:
    async def story(port: ExitPort) -> None:
        leaving = asyncio.ensure_future(port.leave())
        await port.until(Leaving)
        await port.balanced()
        (order,) = await port.desk.records.open_pickups()
        assert (order.state, order.reserved_kg) == ("under_way", TAKES_KG)
        assert await leaving
        await asyncio.sleep(5)
        assert list(await port.desk.records.open_pickups()) == []

    live(story)


def refused_by(port: ExitPort) -> list[Any]:
    """Return the rules by which orders were refused, as people were told."""
    return [each.reason.params["rule"] for each in port.platform.told if each.reason.code == "yard.exit_refused"]


def latches(port: ExitPort) -> list[str | None]:
    """Return why the exit was latched, and None where it was reset, as the lane controller's log has it."""
    records, _ = frames.decode(port.controller.medium.durable)
    return [each.cause for each in records if isinstance(each, Latched)]


def test_whoever_takes_its_place_at_the_line_is_not_let_out_by_its_order() -> None:
    async def story(port: ExitPort) -> None:
        def swap(topic: str) -> None:
            if topic.endswith("driver_terminal/event"):  # the camera sees another vehicle at the same stop
                port.broker.accepted.remove(swap)
                port.exit._plates.read("蒙L99999", port.exit.plc.track)

        port.broker.accepted.append(swap)
        assert not await port.leave()
        assert refused_by(port) == ["vehicle.plate_differs"]
        assert (len(ordered(port)), port.commands) == (1, [])
        assert await port.stands() == "Ready"
        await port.balanced()
        assert await port.leave(), "the lorry itself leaves, by an order of its own"
        assert len({each.order.order_id for each in ordered(port)}) == 2

    live(story)


def test_an_order_for_another_stop_opens_nothing_and_the_goods_are_in_the_book_again() -> None:
    async def story(port: ExitPort) -> None:
        leaving = asyncio.ensure_future(port.leave(occupants=2))
        await port.until(Held)
        assert not await leaving, "it backed out before border inspection came"
        await port.desk.visits.excuse(VISIT, "zhao", "a second driver")
        await asyncio.sleep(5)
        assert refused_by(port) == ["vehicle.absent"]
        assert [each for each in port.kinds if "void" in each] == ["yard.exit_voided/1"]
        assert (await port.stands(), port.commands) == ("Ready", [])
        await port.balanced()
        assert await port.leave(occupants=2), "what was excused stays excused"

    live(story)


@pytest.mark.parametrize("dies", [False, True])
def test_goods_that_are_recalled_while_their_order_is_on_its_way_do_not_leave(dies: bool) -> None:
    async def story(port: ExitPort) -> None:
        recalled = list[Any]()

        async def withdraw() -> None:
            await port.desk.visits.withdraw(LOT, RECALLED)
            if dies:  # before the exit was told of it
                port.platform.crash(0.3)

        def recall(topic: str) -> None:
            if topic.endswith("driver_terminal/event"):
                port.controller.crash(2.5)
            if topic.endswith("/order/open") and not recalled:
                recalled.append(asyncio.ensure_future(withdraw()))

        port.broker.accepted.append(recall)
        assert not await port.leave()
        await asyncio.sleep(30)
        assert len(port.platform.lives) == 1 + dies
        if dies:  # the order went out once, to a controller that was away: nobody knows before somebody has looked
            assert "yard.exit_unanswered" in port.calls
            await mended(port, Mend.STILL_HERE)
        state = await port.state()
        assert isinstance(state, Held)
        assert state.reasons == (RECALLED,)
        assert port.commands == []
        assert port.platform.yard_driver.epochs[EXIT] == 1
        await port.balanced()

    live(story)


def test_a_release_that_is_gone_at_the_exit_makes_no_order_at_all() -> None:
    async def story(port: ExitPort) -> None:
        port.platform.releases.answer = refuse("release.may_not_leave")
        assert not await port.leave()
        assert await port.stands() == "Held"
        assert (ordered(port), port.commands) == ([], [])

    live(story)


def test_a_command_that_is_lost_on_its_way_calls_a_person_and_is_not_repeated() -> None:
    async def story(port: ExitPort) -> None:
        taken = port.exit.barrier.command
        port.exit.barrier.command = lambda payload: None  # type: ignore[method-assign]
        assert not await port.leave()
        assert port.calls == ["yard.exit_uncertain"]
        assert await port.stands() == "Leaving"
        port.exit.barrier.command = taken  # type: ignore[method-assign]
        assert not await port.leave(), "nothing is ordered again before a person has looked"
        assert port.commands == []
        await mended(port, Mend.STILL_HERE)
        await port.balanced()
        assert await port.leave()
        await asyncio.sleep(5)
        assert await port.stands() == "Left"

    live(story)


def test_an_order_that_nobody_answers_calls_a_person() -> None:
    async def story(port: ExitPort) -> None:
        away(port, "driver_terminal/event", 120.0)
        assert not await port.leave()
        await asyncio.sleep(30)
        assert "yard.exit_unanswered" in port.calls
        await asyncio.sleep(120)
        assert port.commands == [], "the order was over when the controller came back"
        await mended(port, Mend.STILL_HERE)
        assert await port.leave()

    live(story)


def test_a_lorry_that_nobody_saw_drive_out_is_out_once_a_person_saw_so() -> None:
    async def story(port: ExitPort) -> None:
        port.exit.plc.crossed = lambda vehicles, order_id: None  # type: ignore[method-assign]
        assert await port.leave()
        await asyncio.sleep(180)
        assert port.calls == ["yard.exit_unseen"]
        await mended(port, Mend.SEEN_GONE)
        assert await port.stands() == "Left"

    live(story)


def test_two_lorries_in_one_opening_call_a_person_and_latch_the_exit_until_somebody_resets_it() -> None:
    async def story(port: ExitPort) -> None:
        crossed = port.exit.plc.crossed
        port.exit.plc.crossed = lambda vehicles, order_id: crossed(2, order_id)  # type: ignore[method-assign]
        assert await port.leave()
        await asyncio.sleep(5)
        assert port.calls == ["yard.exit_tailgating"]
        assert latches(port)[-1:] == ["tailgating"]
        assert port.desk.exits is not None
        await port.desk.exits.reset(EXIT, "li", "looked: the road is free")
        await asyncio.sleep(5)
        assert latches(port)[-1] is None
        assert [each.kind for each in port.entries if "exit_reset" in each.kind] == ["yard.exit_reset/1"]

    live(story)


def test_whoever_breaks_through_the_exit_is_an_emergency() -> None:
    async def story(port: ExitPort) -> None:
        port.exit.plc.crossed(1, None)
        await asyncio.sleep(5)
        assert port.calls == ["yard.broke_through"]
        assert port.platform.told[0].priority == 1

    live(story)


def test_a_document_without_a_vehicle_at_the_line_lets_nobody_out() -> None:
    async def story(port: ExitPort) -> None:
        port.exit._plates.read = lambda plate, track: None  # type: ignore[method-assign]
        assert not await port.leave()
        await asyncio.sleep(30)
        assert port.calls == ["yard.exit_unread"]
        assert await port.stands() == "Ready"

    live(story)


def test_somebody_else_in_the_lorry_holds_it_and_border_inspections_word_opens_for_it_at_this_stop() -> None:
    async def story(port: ExitPort) -> None:
        leaving = asyncio.ensure_future(port.leave(occupants=2))
        await port.until(Held)
        assert port.commands == []
        await port.desk.visits.excuse(VISIT, "zhao", "a second driver")
        assert await leaving
        await asyncio.sleep(5)
        assert await port.stands() == "Left"

    live(story)


def test_a_lorry_with_a_copied_plate_at_the_line_is_what_the_checkers_would_find() -> None:
    """Nothing at an exit can tell a plate from its copy; by the field's own record it is another lorry."""

    async def story(port: ExitPort) -> None:
        read = port.exit._plates.read
        port.exit._plates.read = lambda plate, track: read(DOMESTIC, track)  # type: ignore[method-assign]
        assert await port.leave(replace(RIG, plate="蒙L99999"))
        await asyncio.sleep(5)

    live(story, broken=("I3",))


# Death anywhere -------------------------------------------------------------------------------------------------------


async def goes_on(port: ExitPort) -> None:
    """Do what driver and officer do until the lorry is out: show himself again, and look where nobody knows."""
    out = await port.leave()
    for _ in range(12):
        await asyncio.sleep(30)
        state = await port.state()
        if isinstance(state, Left):
            assert out
            return
        if isinstance(state, Leaving) and state.doubt is not None:
            await mended(port, Mend.SEEN_GONE if out else Mend.STILL_HERE)
        elif not isinstance(state, Leaving) and not out:
            assert port.desk.exits is not None
            await port.desk.exits.reset(EXIT, "li", "looked: nothing stands in the way")
            out = await port.leave()
    raise AssertionError(f"the lorry is still here: {await port.stands()}, {port.calls}")


def dies(which: str, kind: str, after: int) -> tuple[Callable[[str, str, Any], None], list[ExitPort]]:
    """Return who hears of everything and lets a process die some steps after the first thing of a kind."""
    ports: list[ExitPort] = []
    waits = [True]

    def heard(node: str, happened: str, data: Any) -> None:
        if waits and ports and _is(happened, data, kind):
            waits.clear()
            victim = getattr(ports[0], which)
            victim.life.at_step(after, victim.crash)

    return heard, ports


def _is(happened: str, data: Any, kind: str) -> bool:
    match happened:
        case "wire":
            return str(data[0]).endswith(kind)
        case "nonce":
            return isinstance(data, Intent if kind == "intent" else Outcome) and kind in ("intent", "outcome")
        case _:
            return happened == kind


MOMENTS = [
    (which, kind, after)
    for which, kind, steps in (
        ("platform", "driver_terminal/event", range(0, 60, 4)),
        ("platform", "report", range(0, 30, 4)),
        ("platform", "plc/event", range(0, 40, 8)),
        ("controller", "order/open", range(0, 40, 3)),
        ("controller", "intent", range(12)),
        ("controller", "command", range(12)),
        ("controller", "outcome", range(0, 12, 2)),
    )
    for after in steps
]


@pytest.mark.parametrize(("which", "kind", "after"), MOMENTS)
def test_wherever_a_process_dies_the_exit_opens_once_an_order_and_the_lorry_gets_out(
    which: str, kind: str, after: int
) -> None:
    heard, ports = dies(which, kind, after)

    async def story(port: ExitPort) -> None:
        ports.append(port)
        await goes_on(port)
        assert len(getattr(port, which).lives) == 2, "nobody died"
        entries = [
            {"kind": each.kind, "seq": each.seq, "stream": each.stream, "body": msgspec.json.decode(each.body)}
            for each in port.entries
        ]
        assert barriers(entries, port.actuations.lines) == []
        assert (port.exit.gone, len(port.commands)) == (1, 1)

    live(story, heard, Random(after))
