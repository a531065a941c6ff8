"""Alarms in a store; each test runs on PostgreSQL and in memory."""

from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.access.people import Agency, Principal, Role
from kouan.command.alarms import Alarm, acknowledged, raised, returned
from kouan.ledger.roles import Appended, Unit, UnitRefused
from kouan.vocabulary.verdict import Reason, Refused

DUTY = Principal("chen", "Chen", Agency.SITE, (Role.DUTY_OFFICER,))
OTHER = msgspec.structs.replace(DUTY, username="zhao")


class Alarms:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def keep(self, step: tuple[Alarm, Unit] | Refused) -> Alarm:
        assert not isinstance(step, Refused)
        answer = await self._ledger.append(step[1])
        assert isinstance(answer, Appended)
        return step[0]

    async def call(self, at: int, code: str = "order.tailgating", before: Alarm | None = None) -> Alarm:
        return await self.keep(raised("I3", "P1", 1, Reason(code, {"vehicles": 2}), at, lasts=True, before=before))

    async def refused(self, unit: Unit) -> str | None:
        answer = await self._ledger.append(unit)
        return answer.guard if isinstance(answer, UnitRefused) else None


@pytest.fixture
async def alarms(player: Player) -> Alarms:
    return Alarms(await player.open_writer())


async def test_an_alarm_is_found_as_it_was_raised_ended_and_acknowledged(player: Player, alarms: Alarms) -> None:
    alarm = await alarms.call(5)
    assert await player.alarms.find(alarm.number) == alarm
    alarm = await alarms.keep(returned(alarm, 7))
    assert await player.alarms.find(alarm.number) == alarm
    alarm = await alarms.keep(acknowledged(alarm, DUTY, "已清理", 9))
    assert await player.alarms.find(alarm.number) == alarm
    assert (alarm.acknowledged_by, alarm.word, alarm.returned_at) == ("chen", "已清理", 7)
    assert await player.alarms.find("A-0") is None


async def test_only_the_first_acknowledges(player: Player, alarms: Alarms) -> None:
    alarm = await alarms.call(5)
    mine, theirs = (acknowledged(alarm, by, "seen", 9) for by in (DUTY, OTHER))
    assert not isinstance(theirs, Refused)
    await alarms.keep(mine)
    late = msgspec.structs.replace(theirs[1], drafts=())
    assert await alarms.refused(late) == "command.acknowledge_alarm"
    found = await player.alarms.find(alarm.number)
    assert found is not None
    assert found.acknowledged_by == "chen"


async def test_what_nobody_raised_is_not_acknowledged(alarms: Alarms) -> None:
    done = acknowledged(raised("I3", "", 1, Reason("lane.latched"), 5, lasts=True)[0], DUTY, "seen", 9)
    assert not isinstance(done, Refused)
    assert await alarms.refused(done[1]) == "command.acknowledge_alarm"


async def test_what_is_over_stands_again_unless_it_was_acknowledged(player: Player, alarms: Alarms) -> None:
    alarm = await alarms.keep(returned(await alarms.call(5), 6))
    again = await alarms.call(8, before=alarm)
    found = await player.alarms.find(alarm.number)
    assert (found, again.returned_at, again.at) == (again, None, 8)
    done = await alarms.keep(acknowledged(again, DUTY, "seen", 9))
    await alarms.call(10, before=done)
    assert await player.alarms.find(alarm.number) == done


async def test_the_latest_are_those_first_that_are_not_settled(player: Player, alarms: Alarms) -> None:
    numbers = []
    for at in range(4):
        alarm = await alarms.call(at, f"order.x{at}")
        numbers.append(alarm.number)
        if at in (1, 3):
            await alarms.keep(acknowledged(await alarms.keep(returned(alarm, 20)), DUTY, "seen", 21))
    wanted = [numbers[2], numbers[0], numbers[3], numbers[1]]
    assert [each.number for each in await player.alarms.latest()] == wanted
    assert [each.number for each in await player.alarms.latest(3)] == wanted[:3]
