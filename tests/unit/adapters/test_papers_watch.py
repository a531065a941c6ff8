"""An overdue declaration calls a person once, and a store that is away ends no watch."""

import asyncio
from typing import Any

from kouan.adapters.papers_watch import PRIORITY, PapersWatch
from kouan.journeys.papers_due import Overdue
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.verdict import Stands


class Due:
    """Tells of two overdue declarations, after it could not be reached once."""

    def __init__(self) -> None:
        self.looks = 0
        self.enough = asyncio.Event()

    async def look(self) -> tuple[Overdue, ...]:
        self.looks += 1
        if self.looks == 4:
            self.enough.set()
        if self.looks == 1:
            raise Unavailable("the store is away")
        return (Overdue("D1", 5), Overdue("D2", 6)) if self.looks == 2 else ()


class Late(Due):
    """Tells which declarations are overdue at an instant."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = frozenset({"D1", "D2"})

    async def look(self) -> tuple[Overdue, ...]:
        return ()

    async def late(self) -> tuple[int, frozenset[str]]:
        return 9, self.numbers


async def test_the_alarm_of_a_declaration_is_over_when_all_of_it_has_come() -> None:
    ended: list[tuple[str, int, list[str]]] = []
    due = Late()

    def back(code: str, before: int, stands: Stands) -> None:
        ended.append((code, before, [number for number in ("D1", "D2") if not stands({"declaration": number})]))

    watch = PapersWatch(due, lambda *_: None, back=back)  # type: ignore[arg-type]
    await watch.look()
    due.numbers = frozenset({"D2"})
    await watch.look()
    assert ended == [("declaration.overdue", 9, []), ("declaration.overdue", 9, ["D1"])]


async def test_each_overdue_declaration_is_an_alarm_whatever_went_wrong_before() -> None:
    alarms: list[Any] = []
    due = Due()
    watch = PapersWatch(due, lambda *alarm: alarms.append(alarm), every_s=0)  # type: ignore[arg-type]
    running = asyncio.create_task(watch.run())
    await due.enough.wait()
    running.cancel()
    assert [(alarm[2], alarm[3].code, alarm[3].params) for alarm in alarms] == [
        (PRIORITY, "declaration.overdue", {"declaration": "D1", "due": 5}),
        (PRIORITY, "declaration.overdue", {"declaration": "D2", "due": 6}),
    ]
