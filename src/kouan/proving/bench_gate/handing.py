"""Handing in the papers of the lorries that will come, before anything is measured."""

import asyncio
from collections.abc import Sequence

from kouan.inspection.papers import DeclarationStatus
from kouan.journeys.hand_in import PapersCounter
from kouan.simulator.traders import confirmation, declaration, manifest
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Refused

CLEARED = DeclarationStatus.CLEARED
"""What customs says of exports before they come to the border."""

AT_ONCE = 64
"""Lorries whose papers are handed in at the same time. Our choice: their commits are shared."""


async def hand_in(counter: PapersCounter, lorries: Sequence[Lorry]) -> None:
    """Hand in confirmation, manifest and declaration of every lorry; raise KouanError where one is refused."""
    waiting = iter(lorries)

    async def clerk() -> None:
        for lorry in waiting:
            for answer in (
                await counter.confirmation(confirmation(lorry)),
                await counter.manifest(manifest(lorry)),
                await counter.declaration(declaration(lorry)),
                *([await counter.status(str(lorry.papers.declaration), CLEARED)] if lorry.direction == "out" else []),
            ):
                if isinstance(answer, Refused):
                    raise KouanError(f"papers of {lorry.crossing} are refused: {answer.reasons}")

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(clerk())
