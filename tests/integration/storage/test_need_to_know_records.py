"""Shifts, and who read what; each test runs on PostgreSQL and in memory."""

from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import PORT, Player

from kouan.access.need import Asking, Purpose
from kouan.access.people import Agency, Principal, Role
from kouan.access.reads import ReadRecord, ReadsAsked, note_reads
from kouan.access.roster import LONGEST_US, DutiesAsked, Duty, cancel, keep
from kouan.access.shifts import SHIFT_US, Shift, close_shift, on_shift, open_shift
from kouan.access.words import Field
from kouan.ledger.roles import Appended, Unit, UnitRefused
from kouan.vocabulary.verdict import Refused

WANG = Principal("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,))
ASKING = Asking(WANG, PORT, Purpose.CONTROL, True)
LI = Principal("li", "李", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
HEALTH, PAPERS = frozenset({Field.HEALTH}), frozenset({Field.PAPERS, Field.HEALTH})


ALWAYS = Duty("D-1", "wang", Agency.CUSTOMS, "hall", 0, 10 * LONGEST_US, "li", 0)


def begun(now: int, duty: Duty = ALWAYS) -> tuple[Shift, Unit]:
    opened = open_shift(WANG, duty, now)
    assert not isinstance(opened, Refused)
    return opened


async def test_one_shift_is_open_at_a_time_and_ends_once(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(keep(ALWAYS))
    assert await player.accounts.find_shift("wang") is None
    shift, unit = begun(100)
    assert isinstance(await ledger.append(unit), Appended)
    assert await player.accounts.find_shift("wang") == shift
    assert isinstance(await ledger.append(begun(101)[1]), UnitRefused)
    assert isinstance(await ledger.append(close_shift(WANG, 200)), Appended)
    found = await player.accounts.find_shift("wang")
    assert (found and found.closed_at, on_shift(found, WANG, 201)) == (200, False)
    assert isinstance(await ledger.append(close_shift(WANG, 202)), UnitRefused)
    assert isinstance(await ledger.append(begun(300)[1]), Appended)


async def test_a_shift_that_was_forgotten_open_ends_by_itself(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(keep(ALWAYS))
    await ledger.append(begun(100)[1])
    found = await player.accounts.find_shift("wang")
    assert [on_shift(found, WANG, now) for now in (99, 100, 99 + SHIFT_US, 100 + SHIFT_US)] == [
        False,
        True,
        True,
        False,
    ]
    assert isinstance(await ledger.append(close_shift(WANG, 100 + SHIFT_US)), UnitRefused)
    assert isinstance(await ledger.append(begun(100 + SHIFT_US)[1]), Appended)


@pytest.mark.parametrize(
    "other",
    [
        Principal("li", "李", Agency.CUSTOMS, (Role.INSPECTOR,)),
        Principal("wang", "王", Agency.SITE, (Role.INSPECTOR,)),
        Principal("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,), machine=True),
    ],
    ids=["another", "of_another_agency", "a_machine"],
)
def test_a_shift_is_one_persons_for_one_agency(other: Principal) -> None:
    shift, _ = begun(100)
    assert on_shift(shift, WANG, 150)
    assert not on_shift(shift, other, 150)


async def test_one_entry_is_found_again_by_each_matter_that_was_read(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(note_reads(ASKING, {"passage:P1": HEALTH, "passage:P2": PAPERS}, "a", 100))
    await ledger.append(note_reads(ASKING, {"passage:P1": PAPERS}, "b", 200))
    first = ReadRecord("passage:P1", "access:read:a", 100, "wang", Agency.CUSTOMS, "control", "health")
    second = ReadRecord("passage:P1", "access:read:b", 200, "wang", Agency.CUSTOMS, "control", "health papers")
    find = player.accounts.find_reads
    assert list(await find(ReadsAsked("passage:P1"))) == [second, first]
    assert list(await find(ReadsAsked("passage:P1", before=200))) == [first]
    assert list(await find(ReadsAsked("passage:P1", since=101))) == [second]
    assert list(await find(ReadsAsked("passage:P1"), limit=1)) == [second]
    assert [each.fields for each in await find(ReadsAsked("passage:P2"))] == ["health papers"]
    assert list(await find(ReadsAsked("passage:P3"))) == []
    assert [entry.kind for entry in await ledger.read()] == ["access.read/1"] * 2


async def test_reads_are_found_by_who_read_what_for_what_and_when(player: Player) -> None:
    ledger = await player.open_writer()
    li = msgspec.structs.replace(ASKING, who=Principal("li", "李", Agency.SITE, (Role.AUDITOR,)), purpose=Purpose.AUDIT)
    for at, asking in ((100, ASKING), (200, li), (300, ASKING)):
        await ledger.append(note_reads(asking, {"passage:P1": HEALTH, "visit:V1": HEALTH}, str(at), at))

    async def found(**asked: Any) -> list[tuple[int, str, str]]:
        return [(one.at, one.username, one.about) for one in await player.accounts.find_reads(ReadsAsked(**asked))]

    everything = [
        (at, who, about)
        for at, who in ((300, "wang"), (200, "li"), (100, "wang"))
        for about in ("visit:V1", "passage:P1")
    ]
    assert await found() == everything
    assert await found(username="li") == [one for one in everything if one[1] == "li"]
    assert await found(purpose="audit", about="visit:V1") == [(200, "li", "visit:V1")]
    assert await found(since=200, before=300) == [one for one in everything if one[0] == 200]
    assert await found(username="li", purpose="control") == []


async def test_a_person_has_one_duty_at_a_time_and_the_roster_shows_those_that_stand(player: Player) -> None:
    ledger = await player.open_writer()
    first = Duty("D-1", "wang", Agency.CUSTOMS, "hall", 100, 200, "li", 50)
    again = Duty("D-2", "wang", Agency.CUSTOMS, "hall", 199, 300, "li", 50, "a colleague fell ill")
    after = msgspec.structs.replace(again, starts_at=200)
    other = Duty("D-3", "zhao", Agency.SITE, "yard", 100, 200, "li", 50)
    answers = [await ledger.append(keep(duty)) for duty in (first, again, after, other, first)]
    assert [isinstance(each, UnitRefused) for each in answers] == [False, True, False, False, False]
    find = player.accounts.find_duties
    assert list(await find(DutiesAsked(0, 1000))) == [first, other, after]
    assert list(await find(DutiesAsked(0, 1000), 1)) == [first]
    assert list(await find(DutiesAsked(200, 1000))) == [after]
    assert list(await find(DutiesAsked(0, 200))) == [first, other]
    assert list(await find(DutiesAsked(0, 1000, username="wang"))) == [first, after]
    assert list(await find(DutiesAsked(0, 1000, agency=Agency.SITE))) == [other]
    assert await player.accounts.find_duty("D-2") == after
    assert await player.accounts.find_duty("D-9") is None


async def test_a_cancelled_duty_ends_the_shift_on_it_and_no_other_and_carries_no_more(player: Player) -> None:
    ledger = await player.open_writer()
    duty = Duty("D-1", "wang", Agency.CUSTOMS, "hall", 100, 10_000, "li", 50)
    await ledger.append(keep(duty))
    assert isinstance(await ledger.append(begun(150, duty)[1]), Appended)
    gone = cancel(duty, LI, "sent home", 170)
    assert isinstance(gone, Unit)
    assert isinstance(await ledger.append(gone), Appended)
    found = await player.accounts.find_shift("wang")
    assert (found and found.closed_at, on_shift(found, WANG, 171)) == (170, False)
    assert list(await player.accounts.find_duties(DutiesAsked(0, 100_000))) == []
    assert isinstance(await ledger.append(begun(180, duty)[1]), UnitRefused)
    again = await ledger.append(gone)
    assert isinstance(again, Appended)
    assert again.repeated
    other = msgspec.structs.replace(duty, number="D-2")
    await ledger.append(keep(other))
    await ledger.append(begun(200, other)[1])
    found = await player.accounts.find_shift("wang")
    assert (found and found.duty, on_shift(found, WANG, 201)) == ("D-2", True)
