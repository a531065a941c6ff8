"""The virtual loop: time that jumps, an order that a seed draws, and nothing that the machine decides."""

import asyncio
import logging
from collections.abc import Callable
from random import Random

import pytest

from kouan.proving.virtual_loop import Deadlock, VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import KouanError

SEEDS = range(20)


def order_of(chance: Random | None, tasks: int = 6) -> list[int]:
    """Return the order in which tasks that are ready at once go on."""
    went: list[int] = []

    async def step(number: int) -> None:
        await asyncio.sleep(1)
        went.append(number)

    async def main() -> None:
        await asyncio.gather(*[step(number) for number in range(tasks)])

    run(main(), VirtualLoop(chance=chance))
    return went


def test_without_chance_what_is_ready_at_once_runs_in_the_order_of_its_coming() -> None:
    assert order_of(None) == list(range(6))


def test_one_seed_draws_one_order_and_seeds_draw_different_ones() -> None:
    drawn = [tuple(order_of(Random(seed))) for seed in SEEDS]
    assert drawn == [tuple(order_of(Random(seed))) for seed in SEEDS]
    assert len(set(drawn)) > len(SEEDS) // 2


def test_every_order_of_three_tasks_is_drawn_by_some_seed() -> None:
    assert len({tuple(order_of(Random(seed), tasks=3)) for seed in range(100)}) == 6


@pytest.mark.parametrize("seed", SEEDS)
def test_the_callbacks_of_one_future_keep_their_order_whatever_the_seed(seed: int) -> None:
    async def main() -> list[int]:
        told: list[int] = []
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in range(4)]
        for future in futures:
            for number in range(3):
                future.add_done_callback(lambda _, number=number: told.append(number))
            future.set_result(None)
        await asyncio.sleep(1)
        return told

    told = run(main(), VirtualLoop(chance=Random(seed)))
    assert told == [0, 1, 2] * 4


def test_time_jumps_to_the_next_timer_and_stands_still_while_anything_is_ready() -> None:
    loop = VirtualLoop(5 * SECOND)
    clock = VirtualClock(loop)

    async def main() -> tuple[int, int, int]:
        await asyncio.sleep(0)
        before = clock.monotonic()
        await asyncio.sleep(86_400)
        return before, clock.monotonic(), clock.now()

    assert run(main(), loop) == (0, 86_400 * SECOND, 86_405 * SECOND)


def test_a_timer_that_was_cancelled_moves_no_clock() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        asyncio.get_running_loop().call_later(1000, lambda: None).cancel()
        await asyncio.sleep(1)

    run(main(), loop)
    assert loop.time() == 1.0


def test_a_program_that_would_wait_for_ever_is_told_so() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        run(main(), VirtualLoop())


@pytest.mark.parametrize(
    "ask",
    [
        lambda loop: loop.run_in_executor(None, print),
        lambda loop: loop.call_soon_threadsafe(print),
    ],
)
def test_threads_are_refused(ask: Callable[[asyncio.AbstractEventLoop], object]) -> None:
    async def main() -> None:
        ask(asyncio.get_running_loop())

    with pytest.raises(KouanError, match="no threads"):
        run(main(), VirtualLoop())


def test_what_a_callback_raises_is_logged_and_the_loop_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("of no consequence")

    async def main() -> str:
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(1)
        return "still here"

    with caplog.at_level(logging.ERROR, logger="asyncio"):
        assert run(main(), VirtualLoop()) == "still here"
    assert "of no consequence" in caplog.text


def test_what_is_left_at_the_end_is_cancelled_even_where_it_waits_in_its_finally() -> None:
    ended: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append("stubborn")

    async def main() -> str:
        left = asyncio.create_task(stubborn())
        await asyncio.sleep(1)
        return "done" if not left.done() else "too early"

    assert run(main(), VirtualLoop()) == "done"
    assert ended == ["stubborn"]
