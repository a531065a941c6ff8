"""Who is on duty: planned by another, in time and within a day; a shift rests on a duty, and on nothing else."""

import itertools

import pytest
from msgspec.structs import replace

from kouan.access.people import Account, Agency, Principal, Role
from kouan.access.policy import may
from kouan.access.roster import EARLY_US, LONGEST_US, Duty, Wanted, cancel, covers, plan
from kouan.access.roster_file import read_roster
from kouan.access.shifts import SHIFT_US, on_shift, open_shift
from kouan.access.words import Action, Field, State
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import GRANTED, Refused

NOW = 1_770_000_000_000_000
HOUR = 3_600_000_000
WANG = Account("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,))
LI = Principal("li", "李", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
TOMORROW = Wanted("wang", "hall", NOW + HOUR, NOW + 9 * HOUR)
BEGUN = replace(TOMORROW, starts_at=NOW - HOUR)


def planned(wanted: Wanted = TOMORROW, account: Account | None = WANG, by: Principal = LI) -> Duty | str:
    """Return the duty that is planned, or the rule that refuses it."""
    found = plan(wanted, account, by, NOW)
    return found.reasons[0].code if isinstance(found, Refused) else found[0]


def test_a_duty_officer_plans_for_another_of_the_same_agency() -> None:
    duty = planned()
    assert isinstance(duty, Duty)
    assert (duty.username, duty.agency, duty.post, duty.planned_by, duty.reason) == (
        "wang", Agency.CUSTOMS, "hall", "li", None,
    )  # fmt: skip


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("agency", Agency)
def test_who_plans_is_a_duty_officer_of_the_agency_or_an_administrator(role: Role, agency: Agency) -> None:
    by = Principal("somebody", "Somebody", agency, (role,))
    wanted = role is Role.ADMINISTRATOR or (role is Role.DUTY_OFFICER and agency is Agency.CUSTOMS)
    assert isinstance(planned(by=by), Duty) == wanted
    if wanted:
        assert may(by, Action.PLAN_DUTY, Field.SHIFT, State.NONE) is GRANTED


def test_nobody_plans_their_own_duty() -> None:
    for roles in ((Role.DUTY_OFFICER,), (Role.DUTY_OFFICER, Role.ADMINISTRATOR)):
        own = Account("li", "李", Agency.CUSTOMS, roles)
        assert planned(replace(TOMORROW, username="li"), own, replace(LI, roles=roles)) == "duty.own"


@pytest.mark.parametrize(
    ("account", "rule"),
    [
        (None, "duty.unknown"),
        (replace(WANG, disabled=True), "duty.unknown"),
        (replace(WANG, roles=(Role.AUDITOR,)), "duty.no_shift"),
        (replace(WANG, agency=Agency.TRADE), "duty.no_shift"),
        (replace(WANG, agency=Agency.SITE), "duty.not_yours"),
    ],
)
def test_who_is_on_no_duty_is_not_planned(account: Account | None, rule: str) -> None:
    assert planned(account=account) == rule


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (replace(TOMORROW, until=TOMORROW.starts_at), "duty.span"),
        (replace(TOMORROW, until=TOMORROW.starts_at - 1), "duty.span"),
        (replace(TOMORROW, until=TOMORROW.starts_at + LONGEST_US + 1), "duty.span"),
        (Wanted("wang", "hall", NOW - 2 * HOUR, NOW, "late"), "duty.past"),
        (BEGUN, "duty.reason"),
        (replace(BEGUN, reason="  "), "duty.reason"),
    ],
)
def test_a_duty_is_within_a_day_not_over_and_has_a_reason_where_it_has_begun(wanted: Wanted, rule: str) -> None:
    assert planned(wanted) == rule


def test_what_is_confirmed_unplanned_says_why() -> None:
    duty = planned(replace(BEGUN, reason="a colleague fell ill"))
    assert isinstance(duty, Duty)
    assert duty.reason == "a colleague fell ill"


def test_a_duty_is_cancelled_by_its_agency_with_a_reason() -> None:
    duty = planned()
    assert isinstance(duty, Duty)
    border = replace(LI, agency=Agency.BORDER_INSPECTION)
    found = [cancel(duty, by, reason, NOW) for by, reason in ((border, "why"), (LI, " "), (LI, "why"))]
    rules = [each.reasons[0].code if isinstance(each, Refused) else None for each in found]
    assert rules == ["duty.not_yours", "duty.reason", None]


def test_a_shift_is_opened_on_ones_own_duty_from_half_an_hour_before_it_until_its_end() -> None:
    duty = planned()
    assert isinstance(duty, Duty)
    wang = Principal("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,))
    edges = (duty.starts_at - EARLY_US - 1, duty.starts_at - EARLY_US, duty.until - 1, duty.until)
    opened = [open_shift(wang, duty, now) for now in edges]
    assert [isinstance(each, Refused) for each in opened] == [True, False, False, True]
    others = (replace(wang, username="li"), replace(wang, agency=Agency.SITE))
    assert all(isinstance(open_shift(who, duty, duty.starts_at), Refused) for who in others)
    gone = replace(duty, cancelled_at=NOW)
    assert isinstance(open_shift(wang, gone, duty.starts_at), Refused)
    refused = open_shift(wang, None, NOW)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "access.no_duty"


def test_a_shift_ends_with_its_duty_or_after_twelve_hours_and_counts_for_nothing_without_one() -> None:
    wang = Principal("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR,))
    for hours, start in itertools.product((1, 8, 12, 24), (0, 1)):
        duty = planned(Wanted("wang", "hall", NOW + 1, NOW + 1 + hours * HOUR))
        assert isinstance(duty, Duty)
        opened = open_shift(wang, duty, NOW + start)
        assert not isinstance(opened, Refused)
        shift, end = opened[0], min(NOW + start + SHIFT_US, duty.until)
        assert [on_shift(shift, wang, now) for now in (NOW + start, end - 1, end)] == [True, True, False]
        assert covers(duty, "wang", Agency.CUSTOMS, end - 1)
        assert not on_shift(replace(shift, duty=None), wang, NOW + start)


ROSTER = """用户名,岗位,开始,结束,原因
wang,查验大厅,2026-11-23 08:00,2026-11-23 20:00,
li,H986,2026/11/23 20:00,2026-11-24T08:00:00+08:00,替班
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_roster_is_read_from_a_text_table_in_the_ports_time(encoding: str) -> None:
    first, second = read_roster(ROSTER.encode(encoding), "Asia/Shanghai")
    eight = 1_795_392_000 * 1_000_000
    assert first.wanted == Wanted("wang", "查验大厅", eight, eight + 12 * HOUR)
    assert second.wanted == Wanted("li", "H986", eight + 12 * HOUR, eight + 24 * HOUR, "替班")


def test_a_line_that_is_wrong_is_told_by_its_field_and_the_others_are_read() -> None:
    lines = ("username,post,from,until", "wang,,2026-11-23,2026-11-24", "wang,hall,soon,2026-11-24")
    text = "\n".join((*lines, "wang,hall,2026-11-23,2026-11-24"))
    found = read_roster(text.encode(), "Asia/Shanghai")
    assert [(row.row, row.wrong and (row.wrong.field, row.wrong.rule)) for row in found] == [
        (2, ("post", "field.text")), (3, ("starts_at", "roster.time")), (4, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file.empty"),
        (b"\xff\xff\xff", "file.encoding"),
        (b"name,when\nwang,now\n", "roster.header"),
        (b"username,post,from,until\n" + b"wang,hall,x,y\n" * 1001, "file.size"),
    ],
)
def test_what_is_no_roster_is_refused_whole(content: bytes, rule: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_roster(content, "Asia/Shanghai")
    assert refused.value.rule == rule
