import asyncio
from random import Random

from tests.unit.simulator.field_kit import START, OpenPort, Wire, run_for

from kouan.protocols import topics
from kouan.protocols.barrier.messages import Barrier, BarrierPosition, OpenBarrier
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.devices.barrier import AtLine, BarrierController
from kouan.simulator.logs import MemoryLog
from kouan.simulator.scenario import Episodes
from kouan.simulator.wire import Outbox, Voice


def with_barrier(act):
    """Run ``act(controller, opened, wire)`` in virtual time; return what was recorded and what was told."""
    loop = VirtualLoop(START)
    log, told, tasks = MemoryLog(), [], []

    async def main():
        wire = Wire(lambda topic, payload: told.append(topics.decode(topic, payload)))
        outbox = Outbox(wire, asyncio.sleep)
        clock = VirtualClock(loop)
        voice = Voice(outbox, "ganqimaodu", "I1", "barrier", clock, Random(1), Episodes())
        opened = []
        tasks.append(asyncio.get_running_loop().create_task(outbox.run()))

        def spawn(work):
            tasks.append(asyncio.get_running_loop().create_task(work))

        controller = BarrierController(
            "I1", voice, Random(1), asyncio.sleep, spawn, clock, log, (1.2, 2.0), opened.append
        )
        controller.boot()
        await act(controller, opened)
        await asyncio.sleep(5)

    run(main(), loop)
    return log.lines, told


def command(order_id="order-1", barrier=Barrier.RELEASE):
    return topics.encode(
        "kouan/ganqimaodu/I1/barrier/command",
        OpenBarrier(barrier=barrier, order_id=order_id, nonce="nonce-of-sixteen-"),
    )


def positions(told, barrier=Barrier.RELEASE):
    return [message.position for message in told if message.barrier is barrier]


def test_after_a_start_the_arms_are_unknown_and_then_closed():
    async def act(controller, opened):
        return

    _, told = with_barrier(act)
    assert positions(told) == [BarrierPosition.UNKNOWN, BarrierPosition.CLOSED]


def test_a_command_opens_one_arm_in_realistic_time_and_is_recorded_with_the_vehicle_at_the_line():
    async def act(controller, opened):
        controller.at_line = AtLine("X1", "V1", "1234УБА", 7)
        controller.command(command())
        await asyncio.sleep(5)
        assert controller.open_barriers == (Barrier.RELEASE,)
        assert opened[0].order_id == "order-1"

    lines, told = with_barrier(act)
    assert positions(told)[2:] == [BarrierPosition.OPENING, BarrierPosition.OPEN]
    opening, open_ = (message for message in told if message.order_id)
    assert 1_200_000 <= open_.at - opening.at <= 2_000_000
    assert [(line["order_id"], line["nth"], line["vehicle"], line["track"]) for line in lines] == [
        ("order-1", 1, "V1", 7)
    ]


def test_the_same_order_twice_is_two_actuations_and_a_double_opening():
    async def act(controller, opened):
        controller.command(command())
        controller.command(command())
        assert controller.double_openings == 1

    lines, told = with_barrier(act)
    assert [line["nth"] for line in lines] == [1, 2]
    assert positions(told).count(BarrierPosition.OPENING) == 1


def test_the_same_order_after_the_arm_came_down_opens_again_and_is_counted():
    async def act(controller, opened):
        controller.command(command())
        await asyncio.sleep(3)
        await controller.lower(Barrier.RELEASE)
        controller.command(command())
        await asyncio.sleep(3)
        assert len(opened) == 2
        assert controller.double_openings == 1

    lines, _ = with_barrier(act)
    assert [line["nth"] for line in lines] == [1, 2]


def test_bytes_that_are_no_command_move_nothing():
    async def act(controller, opened):
        for payload in (b"", b"{}", b"open", command()[:-1], b'{"barrier":"release"}'):
            controller.command(payload)
        assert controller.refused_commands == 5
        assert controller.closed

    lines, _ = with_barrier(act)
    assert not lines


def test_an_arm_that_was_opened_for_nobody_comes_down_again():
    port = OpenPort(after_s=20.0, order_for_nobody=True)
    moves = run_for(100, port=port).messages("barrier")
    told = [one for one in moves if one.device == "I1.barrier" and one.order_id == "nobody"]
    assert [message.position for message in told] == ["opening", "open", "closing", "closed"]


def test_each_double_command_of_a_port_is_in_the_record():
    seen = run_for(200, port=OpenPort(times=2))
    orders = {line["order_id"] for line in seen.actuations}
    assert len(seen.actuations) == 2 * len(orders)
    assert seen.summary.double_openings == len(orders)
