"""Harming what a dead process left behind: it must refuse to go on with it until somebody has restored it."""

import asyncio
from collections.abc import Callable
from typing import Any

from kouan.proving.nemesis.world import World
from kouan.wiring.twin.node import Node

Restore = Callable[[], None]


async def refuses(world: World, node: Node, harm: Callable[[], Restore | None], restored_after_s: float) -> bool:
    """Crash a process, harm its memory before it starts again, and restore it later; say whether it refused to start.

    ``harm`` returns what undoes it, None where there is nothing to harm. A start all the same is noted as a wrong.
    """
    if node.broken or not node.crash():
        return False
    undo: list[Restore | None] = []
    refused: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def tells(answer: bool) -> Callable[[Any], bool]:
        def happened(_: Any) -> bool:
            if undo and not refused.done():
                refused.set_result(answer)
            return refused.done()

        return happened

    world.when(f"{node.name} corrupt", tells(True))
    world.when(f"{node.name} start", tells(False))
    node.before_start(lambda: undo.append(harm()))
    answer = await refused
    restore = undo[0]
    if restore is None:
        return False
    if not answer:
        world.wrong("I19", f"the {node.name} went on with a memory that was harmed")
        return False
    await asyncio.sleep(restored_after_s)
    restore()
    node.mend()
    return True
