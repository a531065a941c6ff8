"""Processes of the simulation: a crash stops their tasks where they stand, and nothing they do then has an effect."""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

import pytest

from kouan.adapters.lane_controller.memory_log import Medium
from kouan.gate.lane_controller.records import EpochRaised
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Corrupt, Unavailable
from kouan.wiring.twin.clocks import SkewedClock
from kouan.wiring.twin.life import Life, mortal_tasks
from kouan.wiring.twin.node import Node
from kouan.wiring.twin.watched import FencedNonceLog, tell_nobody


def live(main: Coroutine[Any, Any, None]) -> None:
    async def begin() -> None:
        mortal_tasks(asyncio.get_running_loop())
        await main

    run(begin(), VirtualLoop())


def test_a_dead_process_takes_no_further_step_and_reaches_no_finally() -> None:
    steps: list[str] = []

    async def work(name: str) -> None:
        try:
            while True:
                steps.append(name)
                await asyncio.sleep(1)
        finally:
            steps.append(f"{name} ended")

    async def parent() -> None:
        child = asyncio.create_task(work("child"))
        await work("parent")
        await child

    async def main() -> None:
        life, other = Life("one"), Life("other")
        life.spawn(parent(), "parent")
        other.spawn(work("other"), "other")
        await asyncio.sleep(1.5)
        life.stop()
        before = len(steps)
        await asyncio.sleep(3)
        assert set(steps[before:]) == {"other"}
        assert "parent ended" not in steps
        assert life.dropped == 2
        for each in (life, other):
            each.stop()
            each.rest()

    live(main())


def test_cancelling_a_task_of_a_dead_process_does_nothing_until_the_world_is_over() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("work")

    async def main() -> None:
        life = Life("one")
        task = life.spawn(work(), "work")
        await asyncio.sleep(1)
        life.stop()
        task.cancel()
        await asyncio.sleep(1)
        assert ended == []
        life.rest()
        task.cancel()
        await asyncio.wait([task])
        assert ended == ["work"]

    live(main())


@pytest.mark.parametrize("await_number", range(1, 12))
def test_a_process_can_die_at_each_of_its_awaits(await_number: int) -> None:
    done: list[int] = []

    async def work() -> None:
        for number in range(10):
            await asyncio.sleep(0.1)
            done.append(number)

    async def main() -> None:
        life = Life("one")
        life.spawn(work(), "work")
        life.at_step(await_number, life.stop)
        await asyncio.sleep(5)
        assert done == list(range(await_number - 2)) if await_number > 1 else done == []
        life.stop()
        life.rest()

    live(main())


def test_who_asks_a_process_that_dies_is_told_that_nobody_answers() -> None:
    async def answer() -> int:
        await asyncio.sleep(10)
        return 1

    async def main() -> None:
        life = Life("one")
        asking = asyncio.create_task(life.within(answer(), "asked"))
        await asyncio.sleep(1)
        life.stop()
        with pytest.raises(Unavailable):
            await asking
        with pytest.raises(Unavailable):
            await life.within(answer(), "asked again")
        life.rest()

    live(main())


def test_a_dead_controller_writes_nothing_more_to_its_log() -> None:
    async def main() -> None:
        life, medium = Life("controller"), Medium()
        log = FencedNonceLog(medium, life, tell_nobody, Random(1))
        await log.append([EpochRaised("I1", 1)])
        before = medium.durable
        life.stop()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(log.append([EpochRaised("I1", 2)]), 60)
        assert medium.durable == before
        life.rest()

    live(main())


class Stubborn(Node):
    """A process whose memory is damaged until somebody mends it."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__("stubborn", lambda _, kind, __: heard.append(kind), forgiving=True)
        self.damaged = False
        self.unreachable = 0

    async def open(self, life: Life) -> None:
        """Refuse a damaged memory, and wait for what cannot be reached."""
        if self.damaged:
            raise Corrupt("it was changed")
        if self.unreachable:
            self.unreachable -= 1
            raise Unavailable("not yet")
        life.spawn(asyncio.sleep(1000), "work")

    def fence(self) -> None:
        """Do nothing: it has no effect outside."""


def test_a_process_comes_back_after_a_crash_unless_its_memory_is_damaged() -> None:
    heard: list[str] = []

    async def main() -> None:
        node = Stubborn(heard)
        await node.start()
        keeping = asyncio.create_task(node.keep())
        await asyncio.sleep(1)
        assert node.crash(3.0)
        assert not node.crash()
        await asyncio.sleep(2.9)
        assert not node.alive
        node.unreachable = 2
        await asyncio.sleep(0.2)
        assert not node.alive
        await asyncio.sleep(2.5)
        assert node.alive
        node.before_start(lambda: setattr(node, "damaged", True))
        node.crash()
        await asyncio.sleep(60)
        assert node.broken
        assert not node.alive
        node.damaged = False
        node.mend()
        await asyncio.sleep(0.1)
        assert node.alive
        keeping.cancel()
        node.finish()

    live(main())
    assert heard == ["start", "crash", "failed", "failed", "start", "crash", "corrupt", "start"]


def test_a_wall_clock_is_set_while_the_monotonic_one_only_runs_a_little_fast() -> None:
    async def main() -> None:
        true = VirtualClock(asyncio.get_running_loop())  # type: ignore[arg-type]
        clock = SkewedClock(true)
        assert clock.now() == true.now()
        clock.jump(-3600 * SECOND)
        assert (clock.now() - true.now(), clock.monotonic() - true.monotonic()) == (-3600 * SECOND, 0)
        clock.jump(3600 * SECOND)
        clock.drift(100)
        await asyncio.sleep(1000)
        assert clock.now() - true.now() == clock.monotonic() - true.monotonic() == 100_000
        clock.put_right()
        await asyncio.sleep(1000)
        assert (clock.now() - true.now(), clock.monotonic() - true.monotonic()) == (0, 100_000)

    live(main())
