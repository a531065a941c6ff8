"""A deadline that cannot be noted does not keep the port busy."""

import asyncio
from types import SimpleNamespace
from typing import Any

from kouan.adapters.driver.release_watch import LEAST_S, ReleaseWatch
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND

START = 1_795_132_800 * SECOND


def test_a_deadline_that_passed_and_cannot_be_noted_is_looked_at_once_a_second() -> None:
    loop = VirtualLoop(START)
    looks: list[int] = []

    async def main() -> None:
        clock = VirtualClock(loop)

        async def wake() -> tuple[()]:
            looks.append(clock.now())
            return ()

        async def next_deadline() -> int:
            return START - 1

        desk: Any = SimpleNamespace(wake=wake)
        records: Any = SimpleNamespace(next_deadline=next_deadline)
        watching = asyncio.ensure_future(ReleaseWatch(desk, records, clock, lambda *_: None).run())
        await asyncio.sleep(10.5 * LEAST_S)
        watching.cancel()

    run(main(), loop)
    assert [at - START for at in looks] == [round(n * LEAST_S * SECOND) for n in range(11)]
