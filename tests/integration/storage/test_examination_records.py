"""Examinations; each test runs on PostgreSQL and in memory."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.inspection.examination.records import ExaminationRecord
from kouan.inspection.records import params_of
from kouan.ledger.roles import Appended, Statement, Unit

FIRST = ExaminationRecord(
    "X1", 1, "ordered", "蒙B023H6", "p1", "customs site", None, None, 90, 10, 10, None, None, b"{}"
)


def changed(record: ExaminationRecord, **fields: Any) -> ExaminationRecord:
    return msgspec.structs.replace(record, **fields)


class Examinations:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def granted(self, name: str, record: ExaminationRecord) -> bool:
        guard = Statement(f"examination.{name}", params_of(record))
        return isinstance(await self._ledger.append(Unit((), (guard,))), Appended)


@pytest.fixture
async def examinations(player: Player) -> Examinations:
    return Examinations(await player.open_writer())


async def test_a_vehicle_has_one_examination_that_goes_on(player: Player, examinations: Examinations) -> None:
    assert await examinations.granted("open", FIRST)
    assert not await examinations.granted("open", FIRST)
    assert not await examinations.granted("open", changed(FIRST, number="X2"))
    assert await player.examinations.open_of_plate("蒙B023H6") == FIRST
    closed = changed(FIRST, version=2, state="closed", closed_at=50, outcome="may_leave")
    assert await examinations.granted("update", closed)
    assert await player.examinations.open_of_plate("蒙B023H6") is None
    again = changed(FIRST, number="X2", ordered_at=60)
    assert await examinations.granted("open", again)
    assert await player.examinations.latest_of_plate("蒙B023H6") == again
    assert await player.examinations.find_examination("X1") == closed
    assert await player.examinations.find_examination("X9") is None
    assert await player.examinations.latest_of_plate("none") is None


async def test_a_change_needs_the_version_before_it_and_an_examination_that_goes_on(
    player: Player, examinations: Examinations
) -> None:
    assert await examinations.granted("open", FIRST)
    planned = changed(FIRST, version=2, state="planned", bay="B1", starts_at=30)
    assert not await examinations.granted("update", changed(planned, version=3))
    assert not await examinations.granted("update", changed(planned, number="X9"))
    assert await examinations.granted("update", planned)
    assert not await examinations.granted("update", planned)
    closed = changed(planned, version=3, closed_at=40)
    assert await examinations.granted("update", closed)
    assert not await examinations.granted("update", changed(closed, version=4))
    assert await player.examinations.find_examination("X1") == closed


async def test_of_two_changes_at_once_one_is_refused(player: Player, examinations: Examinations) -> None:
    assert await examinations.granted("open", FIRST)
    rivals = [changed(FIRST, version=2, bay=bay) for bay in ("B1", "B2", "B3")]
    granted = await asyncio.gather(*[examinations.granted("update", rival) for rival in rivals])
    assert sorted(granted) == [False, False, True]


async def test_examinations_are_listed_by_the_order_in_which_they_were_ordered(
    player: Player, examinations: Examinations
) -> None:
    records = [changed(FIRST, number=f"X{n}", plate=f"P{n}", ordered_at=at) for n, at in enumerate((30, 10, 20, 10))]
    for record in records:
        assert await examinations.granted("open", record)
    assert await examinations.granted("update", changed(records[2], version=2, closed_at=70))
    names = [record.number for record in await player.examinations.open_examinations()]
    assert names == ["X1", "X3", "X0"]
    listed = await player.examinations.list_examinations()
    assert [record.number for record in listed] == ["X0", "X2", "X3", "X1"]
    assert [record.number for record in await player.examinations.list_examinations(before=30, limit=2)] == ["X2", "X3"]
