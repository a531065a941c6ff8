"""When something that needs attention is a new alarm, whose it is, and who may say that they saw to it."""

import msgspec
import pytest

from kouan.access.people import Agency, Principal, Role
from kouan.command.alarm_list import SETTLED, AlarmList
from kouan.command.alarms import PORT, Alarm, AlarmState, acknowledged, acknowledges, raised, returned
from kouan.ledger.roles import Unit
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Reason, Refused

DUTY = Principal("chen", "Chen", Agency.SITE, (Role.DUTY_OFFICER,))
OPERATOR = Principal("li", "Li", Agency.SITE, (Role.LANE_OPERATOR,))
CUSTOMS = Principal("wang", "Wang", Agency.CUSTOMS, (Role.INSPECTOR,))
BORDER = Principal("bao", "Bao", Agency.BORDER_INSPECTION, (Role.INSPECTOR,))
AUDITOR = Principal("sun", "Sun", Agency.SITE, (Role.AUDITOR,))
TAILGATING = Reason("order.tailgating", {"vehicles": 2})
OVERDUE = Reason("release.calls", {"lot": "D1-1", "regime": "free"})


class Recorded:
    """A list of alarms, and every unit that it had recorded."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.list = AlarmList(self.units.append)

    def call(self, reason: Reason, at: int, *, lane: str = "I3", priority: int = 2, lasts: bool = True) -> None:
        self.list.call(lane, "", priority, reason, at, lasts=lasts)

    def acknowledge(self, by: Principal, at: int) -> None:
        done = acknowledged(self.list.shown(1)[0], by, "seen", at)
        assert not isinstance(done, Refused)
        self.list.put(done[0])

    @property
    def kinds(self) -> list[str]:
        return [draft.kind for unit in self.units for draft in unit.drafts]

    @property
    def states(self) -> list[AlarmState]:
        return [alarm.state for alarm in self.list.shown(100)]


def alarm(code: str, *, lasts: bool = True) -> Alarm:
    return raised("I3", "", 2, Reason(code), 5, lasts=lasts)[0]


def test_what_stands_is_raised_once() -> None:
    found = Recorded()
    found.call(TAILGATING, 5)
    found.call(TAILGATING, 6)
    assert (found.states, found.kinds) == ([AlarmState.UNACKNOWLEDGED], ["command.alarm_raised/1"])
    found.call(TAILGATING, 7, lane="I4")
    assert len(found.states) == 2


def test_an_acknowledged_alarm_is_over_when_its_cause_is_and_a_new_one_afterwards() -> None:
    found = Recorded()
    found.call(TAILGATING, 5)
    found.acknowledge(DUTY, 6)
    found.call(TAILGATING, 7)
    assert found.states == [AlarmState.ACKNOWLEDGED]
    assert found.list.over(8, lambda alarm: alarm.lane == "I3")
    assert found.states == [AlarmState.NORMAL]
    found.call(TAILGATING, 9)
    assert found.states == [AlarmState.UNACKNOWLEDGED, AlarmState.NORMAL]
    assert len({each.number for each in found.list.shown(9)}) == 2


def test_what_returned_to_normal_is_shown_until_somebody_has_seen_it() -> None:
    found = Recorded()
    found.call(TAILGATING, 5)
    found.list.over(6, lambda _: True)
    assert found.states == [AlarmState.RETURNED]
    found.acknowledge(DUTY, 7)
    assert found.states == [AlarmState.NORMAL]
    assert found.list.shown(1)[0].returned_at == 6


def test_an_alarm_that_comes_and_goes_is_one_line_until_it_is_acknowledged() -> None:
    found = Recorded()
    for at in (10, 20, 30):
        found.call(TAILGATING, at)
        found.list.over(at + 1, lambda _: True)
    found.call(TAILGATING, 40)
    assert found.states == [AlarmState.UNACKNOWLEDGED]
    assert (found.list.shown(1)[0].at, found.list.shown(1)[0].returned_at) == (40, None)
    assert found.kinds == ["command.alarm_raised/1", "command.alarm_returned/1"] * 3 + ["command.alarm_raised/1"]
    keys = [draft.key for unit in found.units for draft in unit.drafts]
    assert len(set(keys)) == len(keys)


def test_what_has_no_end_stands_until_it_is_acknowledged_and_is_over_with_that() -> None:
    found = Recorded()
    found.call(OVERDUE, 5, lane="", lasts=False)
    assert not found.list.over(6, lambda _: True)
    found.acknowledge(CUSTOMS, 7)
    assert found.states == [AlarmState.NORMAL]
    found.call(OVERDUE, 8, lane="", lasts=False)
    assert found.states == [AlarmState.UNACKNOWLEDGED, AlarmState.NORMAL]


def test_what_happens_while_an_acknowledgement_is_taken_down_is_not_forgotten() -> None:
    found = Recorded()
    found.call(TAILGATING, 5)
    done = acknowledged(found.list.shown(1)[0], DUTY, "seen", 6)
    assert not isinstance(done, Refused)
    found.list.over(7, lambda _: True)
    found.list.acknowledge(done[0], 8)
    assert (found.states, found.list.shown(1)[0].returned_at) == ([AlarmState.NORMAL], 7)


def test_what_is_raised_again_while_it_is_acknowledged_is_a_new_alarm() -> None:
    found = Recorded()
    found.call(TAILGATING, 5)
    done = acknowledged(found.list.shown(1)[0], DUTY, "seen", 6)
    assert not isinstance(done, Refused)
    found.list.over(7, lambda _: True)
    found.call(TAILGATING, 8)
    found.list.acknowledge(done[0], 9)
    fresh, settled = found.list.shown(9)
    assert (fresh.state, settled.state) == (AlarmState.UNACKNOWLEDGED, AlarmState.NORMAL)
    assert fresh.number != settled.number == done[0].number
    assert found.kinds[-1] == "command.alarm_raised/1"


def test_the_unacknowledged_stand_first_and_among_them_the_gravest() -> None:
    found = Recorded()
    for at, priority in enumerate((1, 3, 2, 1)):
        found.call(Reason(f"order.x{at}"), at, priority=priority)
    found.acknowledge(DUTY, 9)
    assert [(each.at, each.priority) for each in found.list.shown(9)] == [(0, 1), (2, 2), (1, 3), (3, 1)]
    assert [each.at for each in found.list.shown(2)] == [0, 2]


def test_a_list_remembers_few_that_are_settled_and_all_that_are_not() -> None:
    found = Recorded()
    for at in range(3 * SETTLED):
        found.call(Reason("order.unreported", {"order": str(at)}), at, lasts=False)
        if at % 2:
            found.acknowledge(DUTY, at)
    assert found.states.count(AlarmState.UNACKNOWLEDGED) == 3 * SETTLED // 2
    assert found.states.count(AlarmState.NORMAL) == SETTLED
    with pytest.raises(NotFound):
        found.list.find("A-0")


@pytest.mark.parametrize(
    ("code", "who"),
    [
        ("order.tailgating", {DUTY}),
        ("broker.withheld", {DUTY}),
        ("network.hub_silent", {DUTY}),
        ("lane.latched", {DUTY}),
        ("customs.withdrawn", {CUSTOMS}),
        ("radiation.late_alarm", {CUSTOMS}),
        ("release.calls", {CUSTOMS}),
        ("border_inspection.withdrawn", {BORDER}),
        ("yard.scale_drifts", {DUTY, OPERATOR}),
        ("hold.too_late", {DUTY, OPERATOR, CUSTOMS, BORDER}),
    ],
)
def test_an_alarm_is_acknowledged_by_those_whose_it_is(code: str, who: set[Principal]) -> None:
    everybody = (DUTY, OPERATOR, CUSTOMS, BORDER, AUDITOR)
    answers = {each: acknowledged(alarm(code), each, "seen", 9) for each in everybody}
    assert {each for each, answer in answers.items() if not isinstance(answer, Refused)} == who
    assert all(
        answer.reasons[0].code == "alarm.not_yours" for answer in answers.values() if isinstance(answer, Refused)
    )


def test_a_duty_officer_of_any_authority_sees_to_the_port() -> None:
    for agency in (Agency.SITE, Agency.CUSTOMS, Agency.BORDER_INSPECTION):
        assert acknowledges(msgspec.structs.replace(DUTY, agency=agency)) == (PORT, agency.value)
    assert acknowledges(msgspec.structs.replace(DUTY, agency=Agency.TRADE)) == ()
    assert acknowledges(AUDITOR) == ()


def test_entries_say_whose_the_alarm_is_who_saw_to_it_and_with_what_word() -> None:
    one = alarm("customs.withdrawn")
    _, over = returned(one, 7)
    done = acknowledged(one, CUSTOMS, "the declaration was mended", 8)
    assert not isinstance(done, Refused)
    bodies = [msgspec.json.decode(unit.drafts[0].body) for unit in (over, done[1])]
    assert bodies == [
        {"at": 7, "code": "customs.withdrawn", "owners": ["customs"]},
        {"at": 8, "by": "wang", "code": "customs.withdrawn", "owners": ["customs"],
         "word": "the declaration was mended"},
    ]  # fmt: skip
    assert {unit.drafts[0].stream for unit in (over, done[1])} == {one.number}
